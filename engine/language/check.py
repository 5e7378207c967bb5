"""From syntax to the typed tree: names, types, units, ranges. Every mistake of an expression is found in one run.

The checker proves three things about an accepted expression: its types fit, no integer in it can leave 64 bits,
and nothing is divided by zero or taken from an empty list (unless the expression guards it: inside
`if count(x) > 0 then …` and after `count(x) > 0 and …` the count is known to be positive).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction

from engine.language import builtins, numbers
from engine.language.numbers import Overflow, UnitMismatch
from engine.language.problems import Problem, nearest
from engine.language.scope import PERSON, SUBJECT, Scope, Symbol
from engine.language.syntax import Source, Syntax, SyntaxProblem, parse
from engine.language.tree import Keys, Node
from engine.language.types import (
    BOOLEAN,
    DATE,
    DAYS,
    EXACT,
    LITERAL_UNIT,
    MONTHS,
    TEXT,
    UNKNOWN,
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
    Unknown,
    join_units,
    literal_number,
)

COMPARISONS = {"=": "equal", "!=": "unequal", "<": "less", "<=": "at_most", ">": "more", ">=": "at_least"}
FLIPPED = {"less": "more", "at_most": "at_least", "more": "less", "at_least": "at_most"}
NEGATED = {
    "less": "at_least",
    "at_least": "less",
    "more": "at_most",
    "at_most": "more",
    "equal": "unequal",
    "unequal": "equal",
}
STATUS_WORDS = ("held", "eligible", "status")


@dataclass(frozen=True, slots=True)
class Frame:
    """A body that runs over a list: its variable, and whether bare names of the item are in reach."""

    variable: Node
    alias: str  # "" when bare names are in reach


class Failed(Exception):
    """This part of the expression has a problem, which has been written down."""


class Checker:
    """Checks one expression. `problems` holds what was found."""

    def __init__(self, source: Source, scope: Scope) -> None:
        self.source = source
        self.scope = scope
        self.problems: list[Problem] = []
        self._frames: list[Frame] = []
        self._keys = Keys()
        self._known: dict[int, tuple[int | None, int | None]] = {}

    # --- problems ---------------------------------------------------------------------------------------

    def fail(self, at: Syntax | Node, code: str, message: str, hint: str = "") -> Failed:
        self.problems.append(Problem(self.source.span(at.start, at.end), code, message, hint))
        return Failed()

    # --- entry ------------------------------------------------------------------------------------------

    def check(self, syntax: Syntax) -> Node:
        """The typed node. Raises `Failed` after writing down what is wrong."""
        handler = getattr(self, f"_{syntax.kind}")
        try:
            node: Node = handler(syntax)
        except Overflow as overflow:
            raise self.fail(
                syntax,
                "overflow",
                f"this can reach {overflow.reach:.2g}, more than 64 bits hold (9.2e18)",
                "give the facts in it smaller ranges, or round earlier to fewer decimals",
            ) from None
        except UnitMismatch:
            raise self.fail(syntax, "unit", "the units do not fit together") from None
        return self._narrowed(node)

    def several(self, syntaxes: tuple[Syntax, ...]) -> tuple[Node, ...]:
        """Checks all of them before giving up, so that every problem is found."""
        nodes: list[Node] = []
        failed = False
        for syntax in syntaxes:
            try:
                nodes.append(self.check(syntax))
            except Failed:
                failed = True
        if failed:
            raise Failed
        return tuple(nodes)

    def node(self, at: Syntax, op: str, args: tuple[Node, ...], of: Type, name: str = "", value: object = None) -> Node:
        return Node(op, args, of, name, value, at.start, at.end)

    # --- guards -----------------------------------------------------------------------------------------

    def _narrowed(self, node: Node) -> Node:
        """The node with the range that the guards around it prove."""
        if not self._known or not isinstance(node.type, Number) or node.type.decimals is None:
            return node
        lo, hi = self._known.get(self._keys.of(node), (None, None))
        if lo is None and hi is None:
            return node
        of = node.type
        low = of.lo if lo is None else max(of.lo, lo)
        high = of.hi if hi is None else min(of.hi, hi)
        if low > high:  # this branch is never taken; its range says nothing
            return node
        return replace(node, type=replace(of, lo=low, hi=high))

    @contextmanager
    def given(self, condition: Node, truth: bool) -> Iterator[None]:
        """Inside, the condition is known to be true (or false)."""
        before = dict(self._known)
        for node, lo, hi in _consequences(condition, truth):
            key = self._keys.of(node)
            old_lo, old_hi = self._known.get(key, (None, None))
            new_lo = lo if old_lo is None else old_lo if lo is None else max(lo, old_lo)
            new_hi = hi if old_hi is None else old_hi if hi is None else min(hi, old_hi)
            self._known[key] = (new_lo, new_hi)
        yield
        self._known = before

    # --- literals and names -----------------------------------------------------------------------------

    def _number(self, syntax: Syntax) -> Node:
        if self.scope.exact:
            return self.node(syntax, "const", (), EXACT, value=Fraction(syntax.value))
        value, of = literal_number(syntax.value)
        numbers.fits(value)
        return self.node(syntax, "const", (), of, value=value)

    def _text(self, syntax: Syntax) -> Node:
        return self.node(syntax, "const", (), TEXT, value=builtins.unquote(syntax.value))

    def _true(self, syntax: Syntax) -> Node:
        return self.node(syntax, "const", (), BOOLEAN, value=True)

    def _false(self, syntax: Syntax) -> Node:
        return self.node(syntax, "const", (), BOOLEAN, value=False)

    def _null(self, syntax: Syntax) -> Node:
        if not self.scope.exact:
            raise self.fail(
                syntax,
                "null",
                "rules may not write `null` or test for missing facts",
                "a missing fact is unknown and the engine says so by itself; write the rule for known facts",
            )
        return self.node(syntax, "const", (), UNKNOWN, value=None)

    def _at_literal(self, syntax: Syntax) -> Node:
        return builtins.at_literal(self, syntax)

    def _name(self, syntax: Syntax) -> Node:
        return self.resolve(syntax, syntax.value)

    def resolve(self, at: Syntax, name: str) -> Node:
        """What a bare name means here: innermost body first, then the person, then the household."""
        for frame in reversed(self._frames):
            variable = replace(frame.variable, start=at.start, end=at.end)
            if frame.alias == name or (not frame.alias and name == "item"):
                return variable
            if not frame.alias and isinstance(variable.type, Record):
                found = self.field_of(at, variable, name)
                if found is not None:
                    return found
        if self.scope.person:
            found = self._of_subject(at, name)
            if found is not None:
                return found
        if name == "on" and not self.scope.exact:
            return self.node(at, "on", (), DATE)
        if name == "people" and not self.scope.exact:
            return self.node(at, "people", (), List(Record(PERSON), self.scope.people_at_most))
        symbol = self.scope.names.get(name)
        if symbol is not None:
            return self._symbol(at, symbol)
        raise self._unknown_name(at, name)

    def _of_subject(self, at: Syntax, name: str) -> Node | None:
        if name not in self.scope.records.get(PERSON, {}):
            return None
        if any(frame.variable.type == Record(PERSON) for frame in self._frames):
            raise self.fail(
                at,
                "outer-person",
                f"inside this list of people, `{name}` of the person whom the file speaks of is out of reach",
                "make a household definition of it, or name the variable: `some p in people satisfies p."
                f"{name} …`",
            )
        subject = self.node(at, "variable", (), Record(PERSON), name=SUBJECT)
        return self.field_of(at, subject, name)

    @property
    def of_one_person(self) -> bool:
        """Is this said of one person? There, "per person" adds nothing to a unit."""
        return self.scope.person or any(frame.variable.type == Record(PERSON) for frame in self._frames)

    def unit_here(self, of: Type) -> Type:
        """The type with the unit it has here: without `person` where one person is spoken of."""
        if not isinstance(of, Number | Ratio) or not self.of_one_person:
            return of
        rest = tuple((name, n) for name, n in of.unit.dimensions if name != PERSON)
        return of if rest == of.unit.dimensions else replace(of, unit=replace(of.unit, dimensions=rest))

    def _symbol(self, at: Syntax, symbol: Symbol) -> Node:
        if symbol.kind != "parameter":
            return self.node(at, symbol.kind, (), self.unit_here(symbol.type), symbol.name)
        if symbol.table:
            call = "name(n)" if symbol.table == "size" else "marginal(x, name)"
            raise self.fail(
                at, "table", f"`{symbol.name}` is a table", f"read it as {call.replace('name', symbol.name)}"
            )
        keys = tuple(self.resolve(at, key) for key in symbol.by)
        return self.node(at, "parameter", keys, self.unit_here(symbol.type), symbol.name)

    def field_of(self, at: Syntax, record: Node, name: str) -> Node | None:
        """Fact, item field or computed value `name` of a record, or None when it has no such thing."""
        assert isinstance(record.type, Record)
        for field_name, of in record.type.fields:
            if field_name == name:
                return self.node(at, "field", (record,), of, name)
        symbol = self.scope.records.get(record.type.name, {}).get(name)
        if symbol is None:
            return None
        op = "field" if symbol.kind == "fact" else "computed"
        return self.node(at, op, (record,), self.unit_here(symbol.type), symbol.name)

    def _unknown_name(self, at: Syntax, name: str) -> Failed:
        why = self.scope.forbidden.get(name)
        if why:
            return self.fail(at, "not-readable", f"`{name}` may not be read here: {why}")
        if name in self.scope.policies:
            return self.fail(
                at, "policy-alone", f"`{name}` is a policy; say which of its statuses is meant", _status_hint(name)
            )
        if name in self.scope.records.get(PERSON, {}):
            return self.fail(
                at,
                "unknown-name",
                f"`{name}` belongs to a person, and this file speaks of the household",
                f"write `some p in people satisfies p.{name} …` or filter a list: `people[{name} …]`",
            )
        return self.fail(at, "unknown-name", f"unknown name `{name}`", nearest(name, self._names_in_reach()))

    def _names_in_reach(self) -> set[str]:
        names = set(self.scope.names) | {"on", "people"}
        names.update(*(self.scope.records.get(PERSON, {}) for _ in range(self.scope.person)))
        for frame in self._frames:
            if isinstance(frame.variable.type, Record):
                names.update(self.scope.records.get(frame.variable.type.name, {}))
            if frame.alias:
                names.add(frame.alias)
        return names

    # --- paths and policies -----------------------------------------------------------------------------

    def _path(self, syntax: Syntax) -> Node:
        (inner,) = syntax.children
        word = syntax.value
        policy = self._policy(inner)
        if policy is not None:
            return self._status(syntax, *policy)
        base = self.check(inner)
        if isinstance(base.type, Record):
            found = self.field_of(syntax, base, word)
            if found is None:
                raise self._no_field(syntax, base.type, word)
            return found
        if isinstance(base.type, List) and isinstance(base.type.item, Record):
            with self.body(base, "") as variable:
                found = self.field_of(syntax, variable, word)
            if found is None:
                raise self._no_field(syntax, base.type.item, word)
            of = List(found.type, base.type.at_most, base.type.undecided)
            return self.node(syntax, "map", (base, found), of, value=variable.name)
        return builtins.part_of(self, syntax, base, word)

    def _no_field(self, at: Syntax, of: Record, word: str) -> Failed:
        known = set(self.scope.records.get(of.name, {})) | {name for name, _ in of.fields}
        return self.fail(at, "unknown-name", f"{of} has no `{word}`", nearest(word, known))

    def _policy(self, inner: Syntax) -> tuple[str, Node | None] | None:
        """A policy's name, with the person whose status is meant (`p.tekun`), when `inner` is one."""
        if inner.kind == "name" and inner.value in self.scope.policies and not self._is_alias(inner.value):
            return inner.value, None
        if inner.kind == "path" and inner.value in self.scope.policies:
            owner = self.check(inner.children[0])
            if owner.type == Record(PERSON):
                return inner.value, owner
        return None

    def _is_alias(self, name: str) -> bool:
        return any(frame.alias == name for frame in self._frames)

    def _status(self, at: Syntax, policy: str, person: Node | None) -> Node:
        word = at.value
        if word not in STATUS_WORDS:
            raise self.fail(
                at,
                "not-readable",
                f"`{policy}.{word}` may not be read: rules read statuses, not outcome texts, amounts or scores",
                _status_hint(policy),
            )
        name = f"{policy}.{word}"
        why = self.scope.forbidden.get(name)
        if why:
            raise self.fail(at, "not-readable", f"`{name}` may not be read here: {why}")
        op, op_of_person = ("fact", "field") if word == "held" else ("value", "computed")
        if self.scope.policies[policy] == "household":
            if person is not None:
                raise self.fail(at, "policy-unit", f"`{policy}` is decided for the household; write `{name}`")
            return self.node(at, op, (), BOOLEAN, name)
        if person is None:
            person = self._nearest_person(at)
        if person is None:
            raise self.fail(
                at,
                "policy-unit",
                f"`{policy}` is decided for each person",
                f"write `some p in people satisfies p.{name}`",
            )
        return self.node(at, op_of_person, (person,), BOOLEAN, name)

    def _nearest_person(self, at: Syntax) -> Node | None:
        for frame in reversed(self._frames):
            if frame.variable.type == Record(PERSON) and not frame.alias:
                return replace(frame.variable, start=at.start, end=at.end)
        if self.scope.person and not any(frame.variable.type == Record(PERSON) for frame in self._frames):
            return self.node(at, "variable", (), Record(PERSON), name=SUBJECT)
        return None

    # --- bodies over lists ------------------------------------------------------------------------------

    @contextmanager
    def body(self, of: Node, alias: str) -> Iterator[Node]:
        """Inside, a variable runs over the list; its name says how deep it stands, so equal bodies are equal."""
        assert isinstance(of.type, List)
        variable = Node("variable", (), of.type.item, name=f"v{len(self._frames)}")
        self._frames.append(Frame(variable, alias))
        try:
            yield variable
        finally:
            self._frames.pop()

    def list_of(self, syntax: Syntax) -> Node:
        node = self.check(syntax)
        if isinstance(node.type, List):
            return node
        if self.scope.exact:  # FEEL reads a single value as a list of one
            return self.node(syntax, "list", (node,), List(node.type, 1))
        raise self.fail(syntax, "type", f"a list is needed here, and this is {node.type}")

    def _filter(self, syntax: Syntax) -> Node:
        inner, condition = syntax.children
        base = self.list_of(inner)
        assert isinstance(base.type, List)
        with self.body(base, "") as variable:
            test = self.check(condition)
        if isinstance(test.type, Number):
            return builtins.index(self, syntax, base, test)
        if not isinstance(test.type, Boolean | Unknown):
            raise self.fail(condition, "type", f"a filter needs a condition, and this is {test.type}")
        of = replace(base.type, undecided=True)
        return self.node(syntax, "filter", (base, test), of, value=variable.name)

    def _some(self, syntax: Syntax) -> Node:
        return self._quantified(syntax, syntax.children[0].children, syntax.kind)

    def _every(self, syntax: Syntax) -> Node:
        return self._quantified(syntax, syntax.children[0].children, syntax.kind)

    def _quantified(self, syntax: Syntax, iterators: tuple[Syntax, ...], op: str) -> Node:
        if not iterators:
            return self.boolean(syntax.children[1])
        base = self.list_of(iterators[0].children[0])
        with self.body(base, iterators[0].value) as variable:
            test = self._quantified(syntax, iterators[1:], op)
        return self.node(syntax, op, (base, test), BOOLEAN, iterators[0].value, variable.name)

    def _for(self, syntax: Syntax) -> Node:
        iterators = syntax.children[0].children
        if len(iterators) > 1:
            raise self.fail(syntax, "unsupported", "`for` over several lists at once is not in the profile")
        base = self.list_of(iterators[0].children[0])
        assert isinstance(base.type, List)
        with self.body(base, iterators[0].value) as variable:
            result = self.check(syntax.children[1])
        of = List(result.type, base.type.at_most, base.type.undecided)
        return self.node(syntax, "map", (base, result), of, iterators[0].value, variable.name)

    # --- logic ------------------------------------------------------------------------------------------

    def boolean(self, syntax: Syntax) -> Node:
        node = self.check(syntax)
        if isinstance(node.type, Boolean | Unknown):
            return node
        raise self.fail(syntax, "type", f"a condition is needed here (true or false), and this is {node.type}")

    def _and(self, syntax: Syntax) -> Node:
        return self._guarding(syntax, "and", True)

    def _or(self, syntax: Syntax) -> Node:
        return self._guarding(syntax, "or", False)

    def _guarding(self, syntax: Syntax, op: str, truth: bool) -> Node:
        """`and`, `or`: what comes later is checked under what comes before."""
        left = self.boolean(syntax.children[0])
        with self.given(left, truth):
            right = self.boolean(syntax.children[1])
        merged = (*(left.args if left.op == op else (left,)), right)
        return self.node(syntax, op, merged, BOOLEAN)

    def _not(self, syntax: Syntax) -> Node:
        return self.node(syntax, "not", (self.boolean(syntax.children[0]),), BOOLEAN)

    def _if(self, syntax: Syntax) -> Node:
        condition = self.boolean(syntax.children[0])
        with self.given(condition, True):
            yes = self.check(syntax.children[1])
        with self.given(condition, False):
            no = self.check(syntax.children[2])
        yes, no, of = self.joined(syntax, yes, no)
        return self.node(syntax, "if", (condition, yes, no), of)

    def _group(self, syntax: Syntax) -> Node:
        return self.check(syntax.children[0])

    # --- comparison -------------------------------------------------------------------------------------

    def _compare(self, syntax: Syntax) -> Node:
        left, right = self.several(syntax.children)
        return self.comparison(syntax, COMPARISONS[syntax.value], left, right)

    def comparison(self, at: Syntax, op: str, left: Node, right: Node) -> Node:
        a, b = left.type, right.type
        if isinstance(a, Number | Ratio) and isinstance(b, Number | Ratio):
            self.same_unit(at, left, right)
            if isinstance(a, Number) and isinstance(b, Number):
                left, right = numbers.aligned(left, right)
            else:
                numbers.compare_parts(a, b)
            return self.node(at, op, (left, right), BOOLEAN)
        unknown = isinstance(a, Unknown) or isinstance(b, Unknown)
        left, right, of = self.joined(at, left, right)
        ordered = unknown or isinstance(of, Date | Duration) or (isinstance(of, Text) and self.scope.exact)
        if op not in ("equal", "unequal") and not ordered:
            raise self.fail(at, "type", f"{a} and {b} have no order; only `=`, `!=` and `in` compare them")
        return self.node(at, op, (left, right), BOOLEAN)

    def same_unit(self, at: Syntax, left: Node, right: Node) -> None:
        assert isinstance(left.type, Number | Ratio) and isinstance(right.type, Number | Ratio)
        if not self.scope.exact and join_units(left.type.unit, right.type.unit) is None:
            raise self.fail(
                at,
                "unit",
                f"`{self._written(left)}` is in {left.type.unit} and `{self._written(right)}` in {right.type.unit}",
                "only like can be compared, added or subtracted",
            )

    def _written(self, node: Node) -> str:
        return " ".join(self.source.text[node.start : node.end].split())

    def joined(self, at: Syntax, a: Node, b: Node) -> tuple[Node, Node, Type]:
        """Two values that may stand in the same place, and the type of that place."""
        x, y = a.type, b.type
        if isinstance(x, Unknown) or isinstance(y, Unknown):
            return a, b, y if isinstance(x, Unknown) else x
        if isinstance(x, Number | Ratio) and isinstance(y, Number | Ratio):
            self.same_unit(at, a, b)
            if isinstance(x, Number) and isinstance(y, Number):
                a, b = numbers.aligned(a, b)
            assert isinstance(a.type, Number | Ratio) and isinstance(b.type, Number | Ratio)
            return a, b, numbers.hull("join", [a.type, b.type])
        if isinstance(x, Enum) and isinstance(y, Text):
            return a, self._choice(b, x), x
        if isinstance(y, Enum) and isinstance(x, Text):
            return self._choice(a, y), b, y
        if isinstance(x, Enum) and isinstance(y, Enum) and x.values == y.values:
            return a, b, x
        if isinstance(x, List) and isinstance(y, List):
            item = x.item if isinstance(y.item, Unknown) else y.item
            if isinstance(x.item, Unknown) or isinstance(y.item, Unknown) or x.item == y.item:
                return a, b, List(item, max(x.at_most, y.at_most), x.undecided or y.undecided)
        if isinstance(x, Record) and isinstance(y, Record) and self.scope.exact:
            return a, b, x
        if x == y:
            return a, b, x
        hint = 'write `date("…")`' if {type(x), type(y)} == {Date, Text} else ""
        raise self.fail(at, "type", f"`{self._written(a)}` is {x} and `{self._written(b)}` is {y}", hint)

    def _choice(self, node: Node, of: Enum) -> Node:
        if node.op != "const":
            raise self.fail(node, "type", f"a text cannot be compared with {of}")
        if node.value not in of.values:
            raise self.fail(
                node,
                "unknown-choice",
                f'"{node.value}" is not a value of `{of.name}`',
                nearest(node.value, of.values) or f"one of {', '.join(of.values)}",
            )
        return replace(node, type=of)

    def _between(self, syntax: Syntax) -> Node:
        value, low, high = self.several(syntax.children)
        tests = (
            self.comparison(syntax, "at_least", value, low),
            self.comparison(syntax, "at_most", value, high),
        )
        return self.node(syntax, "between", (value, *tests), BOOLEAN)

    def _in(self, syntax: Syntax) -> Node:
        value = self.check(syntax.children[0])
        target = syntax.children[1]
        tests = target.children if target.kind == "tests" else (target,)
        checked = tuple(self._test(value, test) for test in tests)
        return self.node(syntax, "in", (value, *checked), BOOLEAN)

    def _test(self, value: Node, test: Syntax) -> Node:
        if test.kind == "unary_test":
            return self.comparison(test, COMPARISONS[test.value], value, self.check(test.children[0]))
        if test.kind in ("closed_closed", "closed_open", "open_closed", "open_open"):
            low, high = self.several(test.children)
            first, last = test.kind.split("_")
            bounds = (
                self.comparison(test, "at_least" if first == "closed" else "more", value, low),
                self.comparison(test, "at_most" if last == "closed" else "less", value, high),
            )
            return self.node(test, "and", bounds, BOOLEAN)
        if test.kind == "list" and test.children and not isinstance(value.type, List):
            return self.node(test, "or", tuple(self._test(value, item) for item in test.children), BOOLEAN)
        other = self.check(test)
        if isinstance(other.type, List) and not isinstance(value.type, List):
            return builtins.contains(self, test, other, value)
        return self.comparison(test, "equal", value, other)

    # --- arithmetic -------------------------------------------------------------------------------------

    def number(self, syntax: Syntax) -> Node:
        node = self.check(syntax)
        if isinstance(node.type, Number | Ratio):
            return node
        if isinstance(node.type, Unknown):
            return replace(node, type=EXACT)
        raise self.fail(syntax, "type", f"a number is needed here, and this is {node.type}")

    def _binary(self, syntax: Syntax) -> Node:
        left, right = self.several(syntax.children)
        numeric = (Number, Ratio, Unknown)
        if not isinstance(left.type, numeric) or not isinstance(right.type, numeric):
            return builtins.date_arithmetic(self, syntax, left, right)
        left = replace(left, type=EXACT) if isinstance(left.type, Unknown) else left
        right = replace(right, type=EXACT) if isinstance(right.type, Unknown) else right
        if syntax.value in "+-":
            self.same_unit(syntax, left, right)
            op = "add" if syntax.value == "+" else "subtract"
            of, left, right = numbers.sum_type(op, left, right)
            return self.node(syntax, op, (left, right), of)
        if syntax.value == "**":
            return builtins.power(self, syntax, left, right)
        if syntax.value == "*":
            return self.product(syntax, left, right)
        return self.quotient(syntax, left, right)

    def product(self, at: Syntax, left: Node, right: Node) -> Node:
        assert isinstance(left.type, Number | Ratio) and isinstance(right.type, Number | Ratio)
        return self.node(at, "multiply", (left, right), numbers.product_type(left.type, right.type))

    def quotient(self, at: Syntax, left: Node, right: Node) -> Node:
        a, b = left.type, right.type
        assert isinstance(a, Number | Ratio) and isinstance(b, Number | Ratio)
        if not self.scope.exact and numbers.limits(b)[0] <= 0:
            written = self._written(right)
            raise self.fail(
                right,
                "unguarded-division",
                f"`{written}` can be zero or less here",
                f"guard the division: `if {written} > 0 then … else …`",
            )
        return self.node(at, "divide", (left, right), numbers.quotient_type(a, b))

    def _negative(self, syntax: Syntax) -> Node:
        node = self.check(syntax.children[0])
        if isinstance(node.type, Duration):
            return self.node(syntax, "negate", (node,), node.type)
        if isinstance(node.type, Unknown):
            return node
        if isinstance(node.type, Ratio):
            zero = self.node(syntax, "const", (), Number(0, LITERAL_UNIT, 0, 0), value=0)
            of, _, _ = numbers.sum_type("subtract", zero, node)
            return self.node(syntax, "subtract", (zero, node), of)
        if not isinstance(node.type, Number):
            raise self.fail(syntax, "type", f"a number is needed after `-`, and this is {node.type}")
        if node.op == "const":
            of_number = node.type
            return self.node(
                syntax, "const", (), replace(of_number, lo=-of_number.hi, hi=-of_number.lo), value=-node.value
            )
        return self.node(syntax, "negate", (node,), replace(node.type, lo=-node.type.hi, hi=-node.type.lo))

    # --- lists, records, calls --------------------------------------------------------------------------

    def _list(self, syntax: Syntax) -> Node:
        return builtins.list_literal(self, syntax)

    def _record(self, syntax: Syntax) -> Node:
        return builtins.record_literal(self, syntax)

    def _call(self, syntax: Syntax) -> Node:
        return builtins.call(self, syntax)

    def _interval(self, syntax: Syntax) -> Node:
        raise self.fail(syntax, "syntax", "a range stands only after `in`")

    _closed_closed = _closed_open = _open_closed = _open_open = _unary_test = _interval

    def _named(self, syntax: Syntax) -> Node:
        raise self.fail(syntax, "syntax", "a named argument stands only inside a function's brackets")


def _status_hint(policy: str) -> str:
    return (
        f"`{policy}.held` (a status is on record), `{policy}.eligible` (what this decision computes) "
        f"or `{policy}.status` (either)"
    )


def _consequences(condition: Node, truth: bool) -> Iterator[tuple[Node, int | None, int | None]]:
    """What a condition says about ranges when it is true (or false): node, lower and upper bound."""
    if condition.op == "not":
        yield from _consequences(condition.args[0], not truth)
    elif (condition.op == "and" and truth) or (condition.op == "or" and not truth):
        for arg in condition.args:
            yield from _consequences(arg, truth)
    elif condition.op == "between" and truth:
        for arg in condition.args[1:]:
            yield from _consequences(arg, truth)
    elif condition.op in NEGATED and len(condition.args) == 2:
        op = condition.op if truth else NEGATED[condition.op]
        left, right = condition.args
        if left.op == "const" and op in FLIPPED:
            left, right, op = right, left, FLIPPED[op]
        yield from _bound(op, left, right)


def _bound(op: str, node: Node, limit: Node) -> Iterator[tuple[Node, int | None, int | None]]:
    if limit.op != "const" or not isinstance(node.type, Number) or node.type.decimals is None:
        return
    value = Fraction(limit.value)
    while node.op == "scale":
        value, node = value / node.value, node.args[0]
    assert isinstance(node.type, Number)
    floor = value.numerator // value.denominator
    ceiling = -(-value.numerator // value.denominator)
    if op == "more":
        yield node, floor + 1, None
    elif op == "at_least":
        yield node, ceiling, None
    elif op == "less":
        yield node, None, ceiling - 1
    elif op == "at_most":
        yield node, None, floor
    elif op == "equal":
        yield node, ceiling, floor
    elif op == "unequal" and node.type.lo == value:
        yield node, floor + 1, None


def check_expression(source: Source, scope: Scope) -> tuple[Node | None, list[Problem]]:
    """Parses and checks one expression: the typed tree, or None and what is wrong."""
    try:
        syntax = parse(source)
    except SyntaxProblem as error:
        return None, [error.problem]
    checker = Checker(source, scope)
    try:
        node = checker.check(syntax)
    except Failed:
        return None, checker.problems
    return (None if checker.problems else node), checker.problems


def check_syntax(
    source: Source, syntax: Syntax, scope: Scope
) -> tuple[Node | None, list[Problem]]:
    """The same for an expression that has been parsed before."""
    checker = Checker(source, scope)
    try:
        node = checker.check(syntax)
    except Failed:
        return None, checker.problems
    return (None if checker.problems else node), checker.problems


