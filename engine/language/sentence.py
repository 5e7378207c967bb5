"""The `sentence` reading of the typed tree: an expression as people say it, from the labels of its names.

Every part that binds less tightly than the place it stands in comes in brackets, and a truth named by a label
stands in quotation marks beside `and`, `or` and `not`, so that a sentence can be read in one way only.
Hidden `scale` nodes do not show.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from engine.language.labels import Labels
from engine.language.scope import PERSON, SUBJECT
from engine.language.tree import BINDERS, Node, free_variables, walk
from engine.language.types import (
    NO_UNIT,
    Boolean,
    Date,
    Duration,
    Enum,
    List,
    Number,
    Ratio,
    Record,
    Text,
    Type,
    Unit,
    to_plain,
)
from engine.language.wording import Wording

# how tightly a text holds together; a place asks for at least its own
OPEN, OR, AND, TEST, SUM, PRODUCT, WHOLE = range(7)
COMPARISONS = ("less", "at_most", "more", "at_least", "equal", "unequal")
NAMES = frozenset({"fact", "value", "parameter", "field", "computed"})
STATUSES = ("held", "eligible", "status")


def sentence(node: Node, labels: Labels, words: Wording) -> str:
    """The sentence of an expression."""
    return Sentence(labels, words).part(node, OPEN)


class Sentence:
    """One reading. `named` holds the letters of variables that an inner list needs to speak of."""

    def __init__(self, labels: Labels, words: Wording) -> None:
        self.labels, self.words = labels, words
        self.bound: list[str] = []
        self.named: dict[str, str] = {}

    # --- parts ------------------------------------------------------------------------------------------

    def part(self, node: Node, level: int) -> str:
        """The text of a node for a place that needs this level, in brackets when it holds less tightly."""
        text, own = self.read(node)
        return text if own >= level else self.words.brackets(text)

    def truth(self, node: Node, level: int) -> str:
        """A condition among others: a label stands in quotation marks."""
        if node.op in NAMES and not _status_word(node.name):
            return self.words.quoted(self.part(node, OPEN))
        return self.part(node, level)

    def read(self, node: Node) -> tuple[str, int]:
        """The text of a node and how tightly it holds together."""
        if node.op in NAMES:
            own = {"": WHOLE, "status": OR}.get(_status_word(node.name), TEST)
            return self._with_figure(node, self._name(node)), own
        method: Callable[[Node], tuple[str, int]] = getattr(self, _METHODS.get(node.op, f"_{node.op}"))
        return method(node)

    def _with_figure(self, node: Node, text: str) -> str:
        figure = self.labels.figure(node)
        return f"{text} {figure}" if figure else text

    def say(self, key: str, **parts: str) -> str:
        return self.words.say(key, **parts)

    # --- leaves -----------------------------------------------------------------------------------------

    def constant(self, node: Node, beside: Unit = NO_UNIT) -> tuple[str, int]:
        """A literal; a bare number takes the unit of what it is compared with."""
        value, of = node.value, node.type
        if value is None:
            return self.words["unknown"], WHOLE
        if isinstance(of, Boolean):
            return self.words.truth(value), WHOLE
        if isinstance(of, Number):
            exact = Fraction(value) / 10 ** (of.decimals or 0)
            unit = beside if of.unit.any_unit else of.unit
            text = self.labels.quantity(self.words.number(exact, self.labels.decimals(unit)), unit)
            return text, SUM if exact < 0 else WHOLE
        if isinstance(of, Date):
            return self.words.date(value), WHOLE
        if isinstance(of, Duration):
            return self.words.duration(value, of), WHOLE
        if isinstance(of, Text | Enum):
            return self.words.quoted(self.labels.choice(of, value)), WHOLE
        return str(to_plain(value, of)), WHOLE

    def _const(self, node: Node) -> tuple[str, int]:
        return self.constant(node)

    def _on(self, node: Node) -> tuple[str, int]:
        return self.words["on"], WHOLE

    def _people(self, node: Node) -> tuple[str, int]:
        return self.words["people"], WHOLE

    def _variable(self, node: Node) -> tuple[str, int]:
        return self._who(node), WHOLE

    def _who(self, variable: Node) -> str:
        if variable.name == SUBJECT:
            return self.words["subject"]
        if variable.name in self.named:
            return self.named[variable.name]
        return self.words["that.person" if variable.type == Record(PERSON) else "that.item"]

    # --- names ------------------------------------------------------------------------------------------

    def _name(self, node: Node) -> str:
        if _status_word(node.name):
            return self._status(node)
        owner = self._owner(node.args[0]) if node.op in ("field", "computed") else ""
        if node.op in ("field", "computed"):
            of = node.args[0].type
            label = self.labels.field(of.name if isinstance(of, Record) else "", node.name)
            return self.say("of", owner=owner, name=label) if owner else label
        label = self.labels.name(node.name)
        if node.op == "parameter" and node.args and not self._usual_keys(node):
            keys = self.words.listed(self.part(key, TEST) for key in node.args)
            return self.say("keyed", name=label, keys=keys)
        return self.say("level", name=label) if self.labels.is_level(node.name) else label

    def _status(self, node: Node, negated: str = "") -> str:
        """A status of another policy. Whose it is comes first, as in `A: already receives …`."""
        owner = self._owner(node.args[0]) if node.op in ("field", "computed") else ""
        policy = self.words.quoted(self.labels.policy(node.name.rpartition(".")[0]))
        said = self.say(negated + _status_word(node.name), policy=policy)
        return self.say("said.of", owner=owner, said=said) if owner else said

    def _owner(self, record: Node) -> str:
        """Whose fact: "" where it can only be the one that is spoken of."""
        if record.op != "variable":
            return self.part(record, WHOLE)
        if record.name in self.named:
            return self.named[record.name]
        if record.name == SUBJECT:
            return self.words["subject"] if self.bound else ""
        return "" if self.bound and self.bound[-1] == record.name else self._who(record)

    def _usual_keys(self, node: Node) -> bool:
        written = tuple(arg.name for arg in node.args if arg.op in ("fact", "field"))
        return written == self.labels.keys(node.name)

    # --- comparison -------------------------------------------------------------------------------------

    def _compared(self, node: Node, beside: Node) -> str:
        """One side of a comparison."""
        if node.op == "const":
            unit = beside.type.unit if isinstance(beside.type, Number | Ratio) else NO_UNIT
            return self.constant(node, NO_UNIT if unit.any_unit else unit)[0]
        if isinstance(node.type, Boolean):
            return self.truth(node, WHOLE)
        level = WHOLE if self.words["brackets.compared"] else SUM
        return self.part(node, level)

    def _comparison(self, node: Node) -> tuple[str, int]:
        left, right = (_bare(arg) for arg in node.args)
        key = node.op + _kind(node.op, left.type, right.type)
        return self.say(key, a=self._compared(left, right), b=self._compared(right, left)), TEST

    def _between(self, node: Node) -> tuple[str, int]:
        value, low, high = node.args
        x, a, b = _bare(value), _bare(low.args[1]), _bare(high.args[1])
        return self.say(
            "between", x=self._compared(x, a), a=self._compared(a, x), b=self._compared(b, x)
        ), TEST

    def _in(self, node: Node) -> tuple[str, int]:
        return self._membership(node, "in.choices"), TEST

    def _membership(self, node: Node, key: str) -> str:
        value, tests = _bare(node.args[0]), node.args[1:]
        x = self._compared(value, _bare(tests[0].args[-1]) if tests[0].args else value)
        choices = _choices(value, tests)
        if choices is not None:
            said = self.words.listed(self._compared(choice, value) for choice in choices)
            return self.say(key, x=x, choices=said if len(choices) > 1 else self.words.brackets(said))
        if len(tests) == 1 and tests[0].op == "contains":
            return self.say("in.list", x=x, list=self.part(tests[0].args[0], WHOLE))
        return self.say("in.tests", x=x, tests=self.words.several(self._test(value, test) for test in tests))

    def _test(self, value: Node, test: Node) -> str:
        """One test of `x in (…)`, said without the x."""
        if test.op in COMPARISONS and _bare(test.args[0]) == value:
            return self.say(f"test.{test.op}", b=self._compared(_bare(test.args[1]), value))
        if test.op == "and" and len(test.args) == 2:
            first, last = test.args
            sides = {"at_least": "closed", "at_most": "closed", "more": "open", "less": "open"}
            key = f"range.{sides.get(first.op)}_{sides.get(last.op)}"
            if key in self.words.table:
                a, b = _bare(first.args[1]), _bare(last.args[1])
                return self.say(key, a=self._compared(a, value), b=self._compared(b, value))
        return self.part(test, OPEN)

    # --- logic ------------------------------------------------------------------------------------------

    def _and(self, node: Node) -> tuple[str, int]:
        return self.words["and"].join(self.truth(arg, TEST) for arg in node.args), AND

    def _or(self, node: Node) -> tuple[str, int]:
        return self.words["or"].join(self.truth(arg, TEST) for arg in node.args), OR

    def _not(self, node: Node) -> tuple[str, int]:
        (inner,) = node.args
        if inner.op == "in" and _choices(_bare(inner.args[0]), inner.args[1:]) is not None:
            return self._membership(inner, "not.in.choices"), TEST
        if inner.op in NAMES and _status_word(inner.name):
            return self._status(inner, "not."), TEST
        return self.say("not", a=self.truth(inner, WHOLE)), TEST

    def _if(self, node: Node) -> tuple[str, int]:
        condition, yes, no = node.args
        tail = self.part(no, OPEN) if no.op == "if" else self._branch(no)
        return self.say("if", condition=self.truth(condition, OR), yes=self._branch(yes), no=tail), OPEN

    def _branch(self, node: Node) -> str:
        return self.truth(node, TEST) if isinstance(node.type, Boolean) else self.part(node, SUM)

    # --- arithmetic -------------------------------------------------------------------------------------

    def _operation(self, node: Node) -> tuple[str, int]:
        own, left, right = _OPERATIONS[node.op]
        a, b = node.args
        return self.say(node.op, a=self.part(a, left), b=self.part(b, right)), own

    def _scale(self, node: Node) -> tuple[str, int]:
        return self.read(node.args[0])

    def _absolute(self, node: Node) -> tuple[str, int]:
        return self.say("absolute", a=self.part(node.args[0], WHOLE)), TEST

    def _negate(self, node: Node) -> tuple[str, int]:
        return self.say("negate", a=self.part(node.args[0], WHOLE)), SUM

    def _round(self, node: Node) -> tuple[str, int]:
        a, way = self.part(node.args[0], WHOLE), self.words[f"way.{node.name}"]
        if node.value == 0:
            return self.say("round.whole", a=a, way=way), TEST
        return self.say("round.digits", a=a, way=way, n=str(node.value)), TEST

    def _of_several(self, node: Node) -> tuple[str, int]:
        return self.say(node.op, items=self.words.several(self.part(arg, SUM) for arg in node.args)), WHOLE

    def _size_table(self, node: Node) -> tuple[str, int]:
        return self.say("size_table", name=self.labels.name(node.name), n=self.part(node.args[0], SUM)), WHOLE

    def _marginal(self, node: Node) -> tuple[str, int]:
        return self.say("marginal", x=self.part(node.args[0], WHOLE), name=self.labels.name(node.name)), TEST

    # --- lists ------------------------------------------------------------------------------------------

    def _body(self, node: Node, level: int) -> tuple[str, str]:
        """The list of a binder and its body. The variable gets a letter when an inner body speaks of it."""
        members, body = node.args
        said = self.part(members, WHOLE)
        if _spoken_of_deeper(body, node.value):
            letters = self.words["letters"].split()
            who = letters[len(self.named) % len(letters)] + "′" * (len(self.named) // len(letters))
            said = self.say("called", list=said, who=who)
            self.named[node.value] = who
        self.bound.append(node.value)
        try:
            text = self.part(body, level)
        finally:
            self.bound.pop()
            self.named.pop(node.value, None)
        return said, text

    def _filter(self, node: Node) -> tuple[str, int]:
        members, test = self._body(node, OPEN)
        return self.say("filter", list=members, test=test), WHOLE

    def _map(self, node: Node) -> tuple[str, int]:
        members, body = self._body(node, WHOLE)
        return self.say("map", list=members, body=body), WHOLE

    def _quantified(self, node: Node) -> tuple[str, int]:
        members, test = self._body(node, OPEN)
        return self.say(f"{node.op}.{_one(node.args[0])}", list=members, test=test), TEST

    def _count(self, node: Node) -> tuple[str, int]:
        (members,) = node.args
        if members.op == "filter":
            base, test = self._body(members, OPEN)
            text = self.say(f"count.where.{_one(members)}", list=base, test=test)
        else:
            text = self.say(f"count.{_one(members)}", list=self.part(members, WHOLE))
        return self._with_figure(node, text), WHOLE

    def _of_list(self, node: Node) -> tuple[str, int]:
        text = self.say(node.op, list=self.part(node.args[0], WHOLE))
        return self._with_figure(node, text), TEST if node.op in ("all", "any") else WHOLE

    def _contains(self, node: Node) -> tuple[str, int]:
        members, wanted = node.args
        return self.say("contains", list=self.part(members, WHOLE), x=self.part(_bare(wanted), WHOLE)), TEST

    def _index(self, node: Node) -> tuple[str, int]:
        members, at = node.args
        back = at.op == "const" and at.value is not None and at.value < 0
        n = str(abs(at.value)) if back else self.part(at, WHOLE)
        return self.say("index.back" if back else "index", list=self.part(members, WHOLE), n=n), WHOLE

    def _extreme_one(self, node: Node) -> tuple[str, int]:
        members, by = self._body(node, WHOLE)
        return self.say(f"{node.op}.{_one(node.args[0])}", list=members, by=by), WHOLE

    def _all_but(self, node: Node) -> tuple[str, int]:
        members, item = node.args
        return self.say("all_but", list=self.part(members, WHOLE), item=self.part(item, WHOLE)), WHOLE

    def _list(self, node: Node) -> tuple[str, int]:
        if not node.args:
            return self.words["list.empty"], WHOLE
        items = self.words.several(self.part(_bare(arg), SUM) for arg in node.args)
        return self.say("list.written", items=items), WHOLE

    # --- dates ------------------------------------------------------------------------------------------

    def _date_part(self, node: Node) -> tuple[str, int]:
        return self.say(f"date_part.{node.name}", date=self.part(node.args[0], WHOLE)), WHOLE

    def _duration_part(self, node: Node) -> tuple[str, int]:
        return self.say(
            "duration_part", a=self.part(node.args[0], WHOLE), part=self.words[f"part.{node.name}"]
        ), WHOLE

    def _span(self, node: Node) -> tuple[str, int]:
        key = (
            "months_duration" if node.op == "months_between" and isinstance(node.type, Duration) else node.op
        )
        a, b = (self.part(arg, WHOLE) for arg in node.args)
        return self.say(key, a=a, b=b), WHOLE

    def _moved(self, node: Node) -> tuple[str, int]:
        """A date so much later: by a duration, or by a number of years, months or days."""
        date, step = node.args
        if isinstance(step.type, Duration) or step.op != "multiply":
            span = self.part(step, SUM)
        else:
            unit = {("add_months", 12): "years", ("add_months", 1): "months"}.get(
                (node.op, step.args[0].value), "days"
            )
            span = self.say(f"span.{unit}", n=self.part(step.args[1], WHOLE))
        return self.say("later", date=self.part(date, WHOLE), span=span), SUM

    def _month_start(self, node: Node) -> tuple[str, int]:
        return self.say("month_start", date=self.part(node.args[0], WHOLE)), WHOLE

    # --- policies ---------------------------------------------------------------------------------------

    def _outcome(self, node: Node) -> tuple[str, int]:
        concerns, closed, eligible, discretion = (self.part(arg, OPEN) for arg in node.args)
        return self.say(
            "outcome", concerns=concerns, closed=closed, eligible=eligible, discretion=discretion
        ), WHOLE

    def _is_eligible(self, node: Node) -> tuple[str, int]:
        return self.say("is_eligible", outcome=self.part(node.args[0], WHOLE)), TEST


# how tightly an operation holds together, and what it asks of its two sides
_OPERATIONS = {
    "add": (SUM, SUM, PRODUCT),
    "subtract": (SUM, SUM, PRODUCT),
    "multiply": (PRODUCT, PRODUCT, WHOLE),
    "divide": (PRODUCT, PRODUCT, WHOLE),
    "modulo": (TEST, WHOLE, WHOLE),
}
# operations that are said in the same way; every other one has a method of its own name
_METHODS: dict[str, str] = {
    **dict.fromkeys(COMPARISONS, "_comparison"),
    **dict.fromkeys(_OPERATIONS, "_operation"),
    **dict.fromkeys(("least", "greatest"), "_of_several"),
    **dict.fromkeys(("some", "every"), "_quantified"),
    **dict.fromkeys(("sum", "min", "max", "all", "any"), "_of_list"),
    **dict.fromkeys(("with_greatest", "with_least"), "_extreme_one"),
    **dict.fromkeys(("months_between", "years_between", "days_between", "seconds_between"), "_span"),
    **dict.fromkeys(("add_months", "add_seconds"), "_moved"),
}


def _status_word(name: str) -> str:
    """`held`, `eligible` or `status` of a policy's status, "" for any other name."""
    policy, _, word = name.rpartition(".")
    return word if policy and word in STATUSES else ""


def _bare(node: Node) -> Node:
    """The number as it was written, without the hidden change of its decimals."""
    while node.op == "scale":
        node = node.args[0]
    return node


def _kind(op: str, left: Type, right: Type) -> str:
    """Numbers, dates and choices are compared in different words."""
    if op in ("equal", "unequal"):
        return "" if isinstance(left, Number | Ratio) and isinstance(right, Number | Ratio) else ".choice"
    return ".date" if isinstance(left, Date) or isinstance(right, Date) else ""


def _choices(value: Node, tests: Sequence[Node]) -> list[Node] | None:
    """The values of `x in (a, b)`, or None when a test is more than a value."""
    found: list[Node] = []
    for test in tests:
        if test.op == "or":
            inner = _choices(value, test.args)
            if inner is None:
                return None
            found += inner
        elif test.op == "equal" and _bare(test.args[0]) == value:
            found.append(_bare(test.args[1]))
        else:
            return None
    return found or None


def _spoken_of_deeper(body: Node, variable: str) -> bool:
    """Does a body inside this body speak of its variable?"""
    return any(one.op in BINDERS and variable in free_variables(one.args[1]) for one in walk(body))


def _one(members: Node) -> str:
    """What a list consists of: people or entries."""
    return "person" if isinstance(members.type, List) and members.type.item == Record(PERSON) else "item"
