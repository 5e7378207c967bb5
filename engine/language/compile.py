"""From typed trees to one generated Python function: the fast reading for one household.

The function computes every value of a program in dependency order: household values as local variables,
person values in loops over the people. Equal subtrees are computed once, in the outermost place where their
variables are bound. One unknown check guards a whole strict subtree; `and`, `or`, `if`, quantifiers and
filters decide when they can. Everything is computed eagerly: a guarded division whose guard fails yields
unknown, which the guard then ignores.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.language import dates, runtime
from engine.language.scope import PERSON, SUBJECT
from engine.language.tree import BINDERS, Keys, Node
from engine.language.types import Duration, List, Number, Ratio, Record

Values = Sequence[Any]
Run = Callable[[Values, Sequence[Values], Values, int], tuple[list[Any], list[list[Any]]]]


@dataclass(frozen=True, slots=True)
class Computed:
    """One value to compute: its name, whose it is ("household" or "person") and its tree."""

    name: str
    of: str
    node: Node


@dataclass(frozen=True, slots=True)
class Program:
    """What to compute from what. Inputs are given by position; unknown inputs are None."""

    household: tuple[str, ...]
    person: tuple[str, ...]
    items: Mapping[str, tuple[str, ...]]  # per list: the fields of an item, in order
    parameters: tuple[str, ...]
    computed: tuple[Computed, ...]


@dataclass(frozen=True, slots=True)
class Compiled:
    """`run(household, people, parameters, on)` gives the household's values and a column per person value."""

    run: Run
    household: tuple[str, ...]
    person: tuple[str, ...]
    own_place: Mapping[str, int]  # where a household value stands
    column_place: Mapping[str, int]  # where a person value's column stands
    source: str


@dataclass(frozen=True, slots=True)
class Code:
    """Python text of a value. It may be evaluated when none of the variables in `checks` is None.

    `den`: the denominator's text, for an exact quotient.
    """

    text: str
    checks: tuple[str, ...] = ()
    den: str = ""


@dataclass(slots=True, eq=False)
class Block:
    """Lines under construction. `variable`: the tree variable that the block's loop binds."""

    indent: int
    variable: str = ""
    python: str = ""  # how the variable is written in Python
    lines: list[str] = field(default_factory=list)
    memo: dict[int, Code] = field(default_factory=dict)

    def add(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)


# adds the lines that follow a loop's body: the block, the body's code, the result variable
Step = Callable[[Block, Code, str], None]

COMPARE = {"equal": "==", "unequal": "!=", "less": "<", "at_most": "<=", "more": ">", "at_least": ">="}
INFIX = {"add": "+", "subtract": "-", "multiply": "*"}
# how two numbers compare that each lie between two bounds: helper, negated
RANGES = {
    "less": ("less_range", False),
    "at_least": ("less_range", True),
    "at_most": ("at_most_range", False),
    "more": ("at_most_range", True),
    "equal": ("equal_range", False),
    "unequal": ("equal_range", True),
}


def compile_program(program: Program) -> Compiled:
    return _Generator(program).generate()


class _Generator:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.keys = Keys()
        self.uses: Counter[int] = Counter()
        self.free: dict[int, frozenset[str]] = {}
        self.names = 0
        self.blocks: list[Block] = [Block(1)]
        self.household = {name: i for i, name in enumerate(program.household)}
        self.person = {name: i for i, name in enumerate(program.person)}
        self.parameters = {name: i for i, name in enumerate(program.parameters)}
        self.values: dict[str, Code] = {}  # household values computed so far
        self.columns: dict[str, str] = {}  # person values computed in earlier loops
        self.in_loop: dict[str, Code] = {}  # person values computed in this loop
        for computed in program.computed:
            self._prepare(computed.node)

    def _prepare(self, node: Node) -> int:
        """Counts uses and free variables, once for every distinct subtree."""
        key = self.keys.of(node)
        self.uses[key] += 1
        if self.uses[key] == 1:
            args = [self._prepare(arg) for arg in node.args]
            free = frozenset[str]().union(*(self.free[arg] for arg in args))
            if node.op == "variable":
                free = frozenset({node.name})
            self.free[key] = free - {node.value} if node.op in BINDERS else free
        return key

    # --- the whole function -----------------------------------------------------------------------------

    def generate(self) -> Compiled:
        root = self.blocks[0]
        order_household: list[str] = []
        order_person: list[str] = []
        waiting = list(self.program.computed)
        done: set[str] = set()
        needs = {computed.name: _reads(computed.node) for computed in waiting}
        known = set(needs)
        while waiting:
            ready = [c for c in waiting if c.of != PERSON and not (needs[c.name] & known) - done]
            for computed in ready:
                self.values[computed.name] = self.named(self.code(computed.node))
            order_household += [c.name for c in ready]
            if not ready:
                of_people = self._ready_people(waiting, needs, known, done)
                ready = [c for c in waiting if c.name in of_people]
                self._loop(ready)
                order_person += [c.name for c in ready]
            done |= {c.name for c in ready}
            waiting = [c for c in waiting if c.name not in done]
        results = ", ".join(self.values[name].text for name in order_household)
        columns = ", ".join(self.columns[name] for name in order_person)
        root.add(f"return [{results}], [{columns}]")
        source = "\n".join(["def run(H, P, A, ON):", "    R = range(len(P))", *root.lines, ""])
        namespace = dict(_NAMESPACE)
        exec(compile(source, "<rules>", "exec"), namespace)  # noqa: S102 - our own generated text
        return Compiled(
            namespace["run"],
            tuple(order_household),
            tuple(order_person),
            {name: place for place, name in enumerate(order_household)},
            {name: place for place, name in enumerate(order_person)},
            source,
        )

    @staticmethod
    def _ready_people(
        waiting: list[Computed], needs: dict[str, frozenset[str]], known: set[str], done: set[str]
    ) -> set[str]:
        """Person values that one loop can compute: what they need is done, or of the same person and loop."""
        ready: set[str] = set()
        for computed in waiting:
            if computed.of != PERSON:
                continue
            others = _reads_of_others(computed.node) & known
            if not others - done and not (needs[computed.name] & known) - done - ready:
                ready.add(computed.name)
        if not ready:
            raise ValueError(f"values that need each other: {sorted(c.name for c in waiting)}")
        return ready

    def _loop(self, computed: list[Computed]) -> None:
        root = self.blocks[0]
        block = Block(2, SUBJECT, "i")
        self.blocks.append(block)
        self.in_loop = {}
        for one in computed:
            column = self.fresh("C")
            code = self.named(self.code(one.node))
            self.in_loop[one.name] = code
            self.columns[one.name] = column
            block.add(f"{column}.append({code.text})")
        self.blocks.pop()
        self.in_loop = {}
        for one in computed:
            root.add(f"{self.columns[one.name]} = []")
        root.add("for i in R:")
        root.lines.extend(block.lines or ["        pass"])

    def fresh(self, prefix: str = "v") -> str:
        self.names += 1
        return f"{prefix}{self.names}"

    # --- placing code -----------------------------------------------------------------------------------

    def target(self, node: Node) -> Block:
        """The outermost block where every variable of the node is bound."""
        free = self.free[self.keys.of(node)] if node.op != "variable" else frozenset({node.name})
        for block in reversed(self.blocks):
            if block.variable in free:
                return block
        return self.blocks[0]

    def code(self, node: Node, variable: bool = False) -> Code:
        """Code for a node; what is used twice becomes a local variable, the rest when `variable` asks."""
        key = self.keys.of(node)
        if key not in self.uses:
            self._prepare(node)
        block = self.target(node)
        code = block.memo.get(key)
        if code is not None and not (variable and (code.checks or code.den)):
            return code
        above = self.blocks
        self.blocks = above[: above.index(block) + 1]
        if code is None:
            code = self._emit(node)
        if variable or (self.uses[key] > 1 and node.op not in ("const", "variable")):
            code = self.named(code)
        self.blocks = above
        block.memo[key] = code
        return code

    def value(self, node: Node) -> Code:
        """Code that is a variable, None when unknown, or a text that needs no check."""
        return self.code(node, variable=True)

    def named(self, code: Code) -> Code:
        """The same value in a local variable that is None when the value is unknown."""
        if code.den:
            name = self.assign(f"({code.text}, {code.den})", code.checks)
            return Code(name, (name,) if code.checks else ())
        if code.text.isidentifier() and code.checks in ((), (code.text,)):
            return code
        if not code.checks and code.text.isalnum():
            return code
        name = self.assign(code.text, code.checks)
        return Code(name, (name,) if code.checks else ())

    def assign(self, text: str, checks: Sequence[str]) -> str:
        name = self.fresh()
        if checks:
            unknown = " or ".join(f"{check} is None" for check in checks)
            text = f"None if {unknown} else {text}"
        self.blocks[-1].add(f"{name} = {text}")
        return name

    def maybe(self, text: str) -> Code:
        """A text that may itself turn out None, in a variable that says so."""
        name = self.assign(text, ())
        return Code(name, (name,))

    def strict(self, node: Node, form: Callable[..., str], *args: Node) -> Code:
        codes = [self.code(arg) for arg in args or node.args]
        return Code(form(*(code.text for code in codes)), _all_checks(codes))

    def fraction(self, node: Node) -> Code:
        """Any number as numerator and denominator."""
        code = self.code(node)
        if isinstance(node.type, Ratio):
            if not code.den:  # a named quotient
                return Code(f"{code.text}[0]", code.checks, f"{code.text}[1]")
            return code
        assert isinstance(node.type, Number)
        return Code(code.text, code.checks, str(10**node.type.decimals))

    # --- every kind of node -----------------------------------------------------------------------------

    def _emit(self, node: Node) -> Code:
        handler: Callable[[Node], Code] | None = getattr(self, f"_{node.op}", None)
        if handler is not None:
            return handler(node)
        if node.op in COMPARE:
            return self._comparison(node)
        if node.op in INFIX:
            return self._arithmetic(node)
        return self.strict(node, lambda *texts: f"{_FUNCTIONS[node.op]}({', '.join(texts)})")

    # leaves

    def _const(self, node: Node) -> Code:
        if node.value is None:
            return Code("None", ("None",))
        text = repr(node.value)
        return Code(f"({text})" if text.startswith("-") else text)

    def _on(self, node: Node) -> Code:
        return Code("ON")

    def _people(self, node: Node) -> Code:
        return Code("(list(R), [])")

    def _fact(self, node: Node) -> Code:
        return self.maybe(f"H[{self.household[node.name]}]")

    def _value(self, node: Node) -> Code:
        if node.name in self.values:
            return self.values[node.name]
        return self.maybe(f"H[{self.household[node.name]}]")

    def _parameter(self, node: Node) -> Code:
        table = self.maybe(f"A[{self.parameters[node.name]}]")
        if not node.args:
            return table
        keys = [self.code(arg) for arg in node.args]
        key = keys[0].text if len(keys) == 1 else f"({', '.join(key.text for key in keys)})"
        text = f"{table.text}.get({key})"
        return self.maybe(f"None if {_unknown(_all_checks([table, *keys]))} else {text}")

    def _size_table(self, node: Node) -> Code:
        return self._looked_up(node, "size_table")

    def _marginal(self, node: Node) -> Code:
        return self._looked_up(node, "marginal")

    def _looked_up(self, node: Node, helper: str) -> Code:
        table = self.maybe(f"A[{self.parameters[node.name]}]")
        argument = self.code(node.args[0])
        checks = _all_checks([table, argument])
        return self.maybe(f"None if {_unknown(checks)} else {helper}({table.text}, {argument.text})")

    def _variable(self, node: Node) -> Code:
        block = next(block for block in reversed(self.blocks) if block.variable == node.name)
        nullable = not isinstance(node.type, Record)
        return Code(block.python, (block.python,) if nullable else ())

    def _field(self, node: Node) -> Code:
        record = self.code(node.args[0])
        of = node.args[0].type
        assert isinstance(of, Record)
        if of.name == PERSON:
            text = f"P[{record.text}][{self.person[node.name]}]"
        else:
            text = f"{record.text}[{self.program.items[of.name].index(node.name)}]"
        return self.maybe(f"None if {_unknown(record.checks)} else {text}" if record.checks else text)

    def _computed(self, node: Node) -> Code:
        record = node.args[0]
        if record.op == "variable" and record.name == SUBJECT and node.name in self.in_loop:
            return self.in_loop[node.name]
        code = self.code(record)
        if node.name in self.columns:
            text = f"{self.columns[node.name]}[{code.text}]"
        else:
            text = f"P[{code.text}][{self.person[node.name]}]"
        return self.maybe(f"None if {_unknown(code.checks)} else {text}" if code.checks else text)

    # numbers

    def _arithmetic(self, node: Node) -> Code:
        if isinstance(node.type, Ratio):
            a, b = (self.fraction(arg) for arg in node.args)
            checks = _all_checks([a, b])
            if node.op == "multiply":
                return Code(f"({a.text} * {b.text})", checks, f"({a.den} * {b.den})")
            if a.den == b.den:
                return Code(f"({a.text} {INFIX[node.op]} {b.text})", checks, a.den)
            num = f"({a.text} * {b.den} {INFIX[node.op]} {b.text} * {a.den})"
            return Code(num, checks, f"({a.den} * {b.den})")
        return self.strict(node, lambda a, b: f"({a} {INFIX[node.op]} {b})")

    def _divide(self, node: Node) -> Code:
        a, b = (self.fraction(arg) for arg in node.args)
        return Code(f"({a.text} * {b.den})", _all_checks([a, b]), f"({a.den} * {b.text})")

    def _negate(self, node: Node) -> Code:
        return self.strict(node, lambda a: f"(-{a})")

    def _scale(self, node: Node) -> Code:
        return self.strict(node, lambda a: f"({a} * {node.value})")

    def _modulo(self, node: Node) -> Code:
        a, b = (self.code(arg) for arg in node.args)
        return self.maybe(
            f"None if {_unknown(_all_checks([a, b]), f'{b.text} == 0')} else {a.text} % {b.text}"
        )

    def _absolute(self, node: Node) -> Code:
        return self.strict(node, lambda a: f"abs({a})")

    def _round(self, node: Node) -> Code:
        digits = node.value
        inner = node.args[0]
        code = self.fraction(inner)
        num = code.text if digits == 0 else f"{code.text} * {10**digits}"
        text = f"round_{node.name}({num}, {code.den})"
        if isinstance(inner.type, Number):
            return Code(text, code.checks)
        return self.maybe(f"None if {_unknown(code.checks, f'{code.den} <= 0')} else {text}")

    def _least(self, node: Node) -> Code:
        return self._smallest_of(node, "min", "<=")

    def _greatest(self, node: Node) -> Code:
        return self._smallest_of(node, "max", ">=")

    def _smallest_of(self, node: Node, function: str, operator: str) -> Code:
        if not isinstance(node.type, Ratio):
            return self.strict(node, lambda *texts: f"{function}({', '.join(texts)})")
        best = self.fraction(node.args[0])
        for arg in node.args[1:]:
            other = self.fraction(arg)
            checks = _all_checks([best, other])
            first = f"({best.text}, {best.den})"
            second = f"({other.text}, {other.den})"
            test = f"{best.text} * {other.den} {operator} {other.text} * {best.den}"
            name = self.assign(f"{first} if {test} else {second}", checks)
            best = Code(f"{name}[0]", (name,) if checks else (), f"{name}[1]")
        return best

    # truth

    def _comparison(self, node: Node) -> Code:
        a, b = node.args
        if _undecided_count(a) or _undecided_count(b):
            return self._ranges(node)
        if isinstance(a.type, Ratio) or isinstance(b.type, Ratio):
            x, y = self.fraction(a), self.fraction(b)
            left = x.text if y.den == "1" else f"{x.text} * {y.den}"
            right = y.text if x.den == "1" else f"{y.text} * {x.den}"
            return Code(f"({left} {COMPARE[node.op]} {right})", _all_checks([x, y]))
        return self.strict(node, lambda x, y: f"({x} {COMPARE[node.op]} {y})")

    def _ranges(self, node: Node) -> Code:
        """A count with undecided entries lies between two numbers; the comparison decides when it can."""
        (left, a), (right, b) = (self._reach(arg) for arg in node.args)
        if a.den != b.den:
            left, right = (
                [f"({text}) * {other.den}" for text in part] for part, other in ((left, b), (right, a))
            )
        helper, negate = RANGES[node.op]
        text = f"{helper}({', '.join((*left, *right))})"
        text = f"opposite({text})" if negate else text
        checks = _all_checks([a, b])
        return self.maybe(f"None if {_unknown(checks)} else {text}" if checks else text)

    def _reach(self, node: Node) -> tuple[list[str], Code]:
        """The least and the greatest numerator of a side, and its checks and denominator."""
        count, factor = (node.args[0], node.value) if node.op == "scale" else (node, 1)
        if not _undecided_count(node):
            code = self.fraction(node)
            return [code.text, code.text], code
        members = self.value(count.args[0])
        low, more = f"len({members.text}[0])", f"len({members.text}[1])"
        assert isinstance(node.type, Number)
        return [f"{low} * {factor}", f"({low} + {more}) * {factor}"], Code(
            "", members.checks, str(10 ** (node.type.decimals or 0))
        )

    def _and(self, node: Node) -> Code:
        return self._kleene(node.args, "and")

    def _or(self, node: Node) -> Code:
        return self._kleene(node.args, "or")

    def _between(self, node: Node) -> Code:
        return self._kleene(node.args[1:], "and")

    def _in(self, node: Node) -> Code:
        return self._kleene(node.args[1:], "or")

    def _kleene(self, args: Sequence[Node], op: str) -> Code:
        codes = [self.value(arg) for arg in args]
        if not any(code.checks for code in codes):
            return Code("(" + f" {op} ".join(code.text for code in codes) + ")")
        settled = "False" if op == "and" else "True"
        tests = [
            f"{code.text} is {settled}" if code.checks else f"not {code.text}" if op == "and" else code.text
            for code in codes
        ]
        unknown = _unknown(_all_checks(codes))
        rest = "True" if op == "and" else "False"
        return self.maybe(f"{settled} if {' or '.join(tests)} else None if {unknown} else {rest}")

    def _not(self, node: Node) -> Code:
        return self.strict(node, lambda a: f"(not {a})")

    def _if(self, node: Node) -> Code:
        condition, ratio = self.value(node.args[0]), isinstance(node.type, Ratio)
        yes, no = (self._branch(arg, ratio) for arg in node.args[1:])
        nullable = bool(yes.checks or no.checks)
        if not condition.checks:
            text = f"({yes.text} if {condition.text} else {no.text})"
            code = self.maybe(text) if nullable else Code(text)
        else:
            same = f"{yes.text} == {no.text}"
            if ratio:
                same = f"same_quotient({yes.text}, {no.text})"
            c = condition.text
            agreed = f"({yes.text} if {same} else None)"
            code = self.maybe(f"{agreed} if {c} is None else {yes.text} if {c} else {no.text}")
        if ratio:
            code = self.named(code)
            return Code(f"{code.text}[0]", code.checks, f"{code.text}[1]")
        return code

    def _branch(self, node: Node, ratio: bool) -> Code:
        if not ratio:
            return self.value(node)
        code = self.fraction(node)
        return self.named(code)

    # lists

    def _list(self, node: Node) -> Code:
        texts = [self.value(arg).text for arg in node.args]
        return Code(f"(({', '.join(texts)}{',' if texts else ''}), ())")

    def over(self, node: Node, members: Code, part: int, result: str, after: Step) -> None:
        """A loop over one part of a list, with the node's body inside."""
        item = self.fresh("j")
        block = Block(self.blocks[-1].indent + 1, node.value, item)
        self.blocks.append(block)
        after(block, self.value(node.args[1]), result)
        self.blocks.pop()
        outer = self.blocks[-1]
        outer.add(f"for {item} in {members.text}[{part}]:")
        outer.lines.extend(block.lines)

    def _bodies(self, node: Node, start: str, sure: Step, maybe: Step) -> str:
        """Runs a body over a list into a result variable, which stays None when the list is unknown."""
        members = self.value(node.args[0])
        result = self.fresh()
        outer = self.blocks[-1]
        if members.checks:
            outer.add(f"{result} = None")
            inner = Block(outer.indent + 1)
            self.blocks.append(inner)
        self.blocks[-1].add(f"{result} = {start}")
        self.over(node, members, 0, result, sure)
        if _undecided(node.args[0]):
            self.over(node, members, 1, result, maybe)
        if members.checks:
            self.blocks.pop()
            outer.add(f"if {members.text} is not None:")
            outer.lines.extend(inner.lines)
        return result

    def _filter(self, node: Node) -> Code:
        def sure(block: Block, test: Code, result: str) -> None:
            item = block.python
            block.add(f"if {test.text}: {result}[0].append({item})")
            if test.checks:
                block.add(f"elif {test.text} is None: {result}[1].append({item})")

        def maybe(block: Block, test: Code, result: str) -> None:
            block.add(f"if {test.text} is not False: {result}[1].append({block.python})")

        return self._in_result(node, "([], [])", sure, maybe)

    def _map(self, node: Node) -> Code:
        def sure(block: Block, body: Code, result: str) -> None:
            block.add(f"{result}[0].append({body.text})")

        def maybe(block: Block, body: Code, result: str) -> None:
            block.add(f"{result}[1].append({body.text})")

        return self._in_result(node, "([], [])", sure, maybe)

    def _in_result(self, node: Node, start: str, sure: Step, maybe: Step) -> Code:
        nullable = bool(self.value(node.args[0]).checks)
        result = self._bodies(node, start, sure, maybe)
        return Code(result, (result,) if nullable else ())

    def _some(self, node: Node) -> Code:
        return self._quantified(node, "False", "True")

    def _every(self, node: Node) -> Code:
        return self._quantified(node, "True", "False")

    def _quantified(self, node: Node, start: str, decisive: str) -> Code:
        def sure(block: Block, test: Code, result: str) -> None:
            block.add(f"if {test.text} is {decisive}:")
            block.add(f"    {result} = {decisive}")
            block.add("    break")
            block.add(f"if {test.text} is None: {result} = None")

        def maybe(block: Block, test: Code, result: str) -> None:
            block.add(f"if {result} is {decisive}: break")
            block.add(f"if {test.text} is not {start}: {result} = None")

        result = self._bodies(node, start, sure, maybe)
        return Code(result, (result,))

    def _count(self, node: Node) -> Code:
        members = self.value(node.args[0])
        text = f"len({members.text}[0])"
        if not _undecided(node.args[0]):
            return Code(text, members.checks)
        unknown = _unknown(members.checks, f"{members.text}[1]")
        return self.maybe(f"None if {unknown} else {text}")

    def _aggregate(self, node: Node, helper: str) -> Code:
        members = self.value(node.args[0])
        text = f"{helper}({members.text})"
        return self.maybe(f"None if {_unknown(members.checks)} else {text}" if members.checks else text)

    def _sum(self, node: Node) -> Code:
        return self._aggregate(node, "total")

    def _min(self, node: Node) -> Code:
        return self._aggregate(node, "smallest")

    def _max(self, node: Node) -> Code:
        return self._aggregate(node, "largest")

    def _all(self, node: Node) -> Code:
        return self._aggregate(node, "every_true")

    def _any(self, node: Node) -> Code:
        return self._aggregate(node, "any_true")

    def _contains(self, node: Node) -> Code:
        members, wanted = (self.code(arg) for arg in node.args)
        checks = _all_checks([members, wanted])
        text = f"contains({members.text}, {wanted.text})"
        return self.maybe(f"None if {_unknown(checks)} else {text}" if checks else text)

    def _index(self, node: Node) -> Code:
        members, position = (self.code(arg) for arg in node.args)
        checks = _all_checks([members, position])
        text = f"element({members.text}, {position.text})"
        return self.maybe(f"None if {_unknown(checks)} else {text}" if checks else text)

    def _with_greatest(self, node: Node) -> Code:
        return self._chosen(node, "max")

    def _with_least(self, node: Node) -> Code:
        return self._chosen(node, "min")

    def _chosen(self, node: Node, pick: str) -> Code:
        def sure(block: Block, key: Code, result: str) -> None:
            block.add(f"{result}.append({key.text})")

        def maybe(block: Block, key: Code, result: str) -> None:
            block.add(f"{result}.append(None)")

        keys = self._bodies(node, "[]", sure, maybe)
        members = self.value(node.args[0])
        return self.maybe(
            f"None if {keys} is None or {members.text}[1] else chosen({members.text}[0], {keys}, {pick})"
        )

    def _all_but(self, node: Node) -> Code:
        members, item = (self.code(arg) for arg in node.args)
        return Code(f"without({members.text}, {item.text})", _all_checks([members, item]))

    # dates

    def _date_part(self, node: Node) -> Code:
        return self.strict(node, lambda a: f"date_part({a}, {node.name!r})")

    def _duration_part(self, node: Node) -> Code:
        of = node.args[0].type
        assert isinstance(of, Duration)
        return self.strict(node, lambda a: f"duration_part({a}, {of.kind!r}, {node.name!r})")

    def _seconds_between(self, node: Node) -> Code:
        return self.strict(node, lambda a, b: f"days_between({a}, {b}) * 86400")

    def _add_months(self, node: Node) -> Code:
        return self._moved(node)

    def _add_seconds(self, node: Node) -> Code:
        return self._moved(node)

    def _moved(self, node: Node) -> Code:
        codes = [self.code(arg) for arg in node.args]
        text = f"{node.op}({codes[0].text}, {codes[1].text})"
        checks = _all_checks(codes)
        return self.maybe(f"None if {_unknown(checks)} else {text}" if checks else text)

    # policies

    def _outcome(self, node: Node) -> Code:
        texts = [self.value(arg).text for arg in node.args]
        return Code(f"outcome({', '.join(texts)})")

    def _is_eligible(self, node: Node) -> Code:
        return self.maybe(f"is_eligible({self.code(node.args[0]).text})")


def _undecided(node: Node) -> bool:
    return isinstance(node.type, List) and node.type.undecided


def _undecided_count(node: Node) -> bool:
    """A count that may be a range, also with more decimals written to it."""
    count = node.args[0] if node.op == "scale" else node
    return count.op == "count" and _undecided(count.args[0])


def _all_checks(codes: Sequence[Code]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(check for code in codes for check in code.checks))


def _unknown(checks: Sequence[str], *further: str) -> str:
    return " or ".join([*(f"{check} is None" for check in checks), *further]) or "False"


def _reads(node: Node) -> frozenset[str]:
    """Names of the computed values that a tree reads, of whomever."""
    own = frozenset({node.name}) if node.op in ("value", "computed") else frozenset[str]()
    return own.union(*(_reads(arg) for arg in node.args))


def _reads_of_others(node: Node) -> frozenset[str]:
    """Names of person values that a tree reads of someone else than the subject."""
    own = frozenset[str]()
    if node.op == "computed" and not (node.args[0].op == "variable" and node.args[0].name == SUBJECT):
        own = frozenset({node.name})
    return own.union(*(_reads_of_others(arg) for arg in node.args))


def _same_quotient(a: tuple[int, int] | None, b: tuple[int, int] | None) -> bool:
    return a is not None and b is not None and a[0] * b[1] == b[0] * a[1]


_FUNCTIONS = {
    "months_between": "months_between",
    "years_between": "years_between",
    "days_between": "days_between",
    "month_start": "month_start",
}

_NAMESPACE: dict[str, Any] = {
    **{name: getattr(runtime, name) for name in dir(runtime) if not name.startswith("_")},
    **{name: getattr(dates, name) for name in dir(dates) if not name.startswith("_")},
    "same_quotient": _same_quotient,
}
