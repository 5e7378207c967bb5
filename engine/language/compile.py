"""From typed trees to one generated Python function: the fast reading for one household.

The function computes every value of a program in dependency order: household values as local variables,
person values in loops over the people. Equal subtrees are computed once, in the outermost place where their
variables are bound. One unknown check guards a whole strict subtree; `and`, `or`, `if`, quantifiers and
filters decide when they can. Everything is computed eagerly: a guarded division whose guard fails yields
unknown, which the guard then ignores.
"""

from __future__ import annotations

import marshal
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import FunctionType
from typing import Any

from engine.language import dates, runtime
from engine.language.emit import lists, names, numbers, truths
from engine.language.emit.code import OWN_INDEX, OWN_ROWS, Block, Code, all_checks
from engine.language.scope import PERSON, SUBJECT
from engine.language.tree import BINDERS, Keys, Node
from engine.language.types import Number, Ratio

Values = Sequence[Any]
Run = Callable[[Values, Sequence[Values], Values, int], tuple[list[Any], list[list[Any]]]]


@dataclass(frozen=True, slots=True)
class Computed:
    """One value to compute: its name, whose it is ("household" or "person") and its tree."""

    name: str
    of: str
    node: Node


@dataclass(frozen=True, eq=False)
class Program:
    """What to compute from what. Inputs are given by position; unknown inputs are None.

    A program is itself only: what other readings make of it once is kept for as long as it lives.
    """

    household: tuple[str, ...]
    person: tuple[str, ...]
    items: Mapping[str, tuple[str, ...]]  # per list: the fields of an item, in order
    parameters: tuple[str, ...]
    computed: tuple[Computed, ...]

    @cached_property
    def places(self) -> Places:
        return Places(
            {one.name: one for one in self.computed},
            {name: place for place, name in enumerate(self.household)},
            {name: place for place, name in enumerate(self.person)},
            {name: place for place, name in enumerate(self.parameters)},
        )


@dataclass(frozen=True, slots=True)
class Places:
    """What a program computes, by name, and where its inputs stand."""

    computed: Mapping[str, Computed]
    household: Mapping[str, int]
    person: Mapping[str, int]
    parameters: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Compiled:
    """`run(household, people, parameters, on)` gives the household's values and, per person, a row of values."""

    run: Run
    household: tuple[str, ...]
    person: tuple[str, ...]
    own_place: Mapping[str, int]  # where a household value stands
    person_place: Mapping[str, int]  # where a person's value stands in a row
    source: str

    def __reduce__(self) -> tuple[Callable[..., Compiled], tuple[Any, ...]]:
        """Kept with its code, so that nothing is generated or compiled again."""
        return _from_code, (marshal.dumps(self.run.__code__), self.household, self.person, self.source)


def compile_program(program: Program) -> Compiled:
    return Generator(program).generate()


class Generator:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.keys = Keys()
        self.uses: Counter[int] = Counter()
        self.free: dict[int, frozenset[str]] = {}
        self.names = 0
        self.blocks: list[Block] = [Block(1)]
        places = program.places
        self.household, self.person, self.parameters = places.household, places.person, places.parameters
        self.values: dict[str, Code] = {}  # household values computed so far
        self.places: dict[str, int] = {}  # of person values computed in earlier loops, in a person's row
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
        root.add(f"return [{results}], W")
        head = ["def run(H, P, A, ON):", "    R = range(len(P))", "    W = [[] for _ in R]"]
        source = "\n".join([*head, *root.lines, ""])
        namespace = dict(_NAMESPACE)
        exec(compile(source, "<rules>", "exec"), namespace)  # noqa: S102 - our own generated text
        return _compiled(namespace["run"], tuple(order_household), tuple(order_person), source)

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
        block = Block(2, SUBJECT, OWN_INDEX)
        self.blocks.append(block)
        self.in_loop = {}
        inputs, row = OWN_ROWS["P"], OWN_ROWS["W"]
        for one in computed:
            self.in_loop[one.name] = self.named(self.code(one.node))
        block.add(f"{row} += ({', '.join(code.text for code in self.in_loop.values())},)")
        self.blocks.pop()
        self.places |= {name: place for place, name in enumerate(self.in_loop, len(self.places))}
        self.in_loop = {}
        root.add(f"for {OWN_INDEX}, ({inputs}, {row}) in enumerate(zip(P, W)):")
        root.lines.extend(block.lines)

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
            code = EMIT[node.op](self, node)
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
        return Code(form(*(code.text for code in codes)), all_checks(codes))

    def fraction(self, node: Node) -> Code:
        """Any number as numerator and denominator."""
        code = self.code(node)
        if isinstance(node.type, Ratio):
            if not code.den:  # a named quotient
                return Code(f"{code.text}[0]", code.checks, f"{code.text}[1]")
            return code
        assert isinstance(node.type, Number)
        return Code(code.text, code.checks, str(10**node.type.decimals))


def _compiled(run: Run, household: tuple[str, ...], person: tuple[str, ...], source: str) -> Compiled:
    own = {name: place for place, name in enumerate(household)}
    return Compiled(run, household, person, own, {name: place for place, name in enumerate(person)}, source)


def _from_code(code: bytes, household: tuple[str, ...], person: tuple[str, ...], source: str) -> Compiled:
    run: Run = FunctionType(marshal.loads(code), dict(_NAMESPACE))  # noqa: S302 - from a cache that is ours alone
    return _compiled(run, household, person, source)


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


# what writes the Python of each kind of node
EMIT = {**names.EMIT, **numbers.EMIT, **truths.EMIT, **lists.EMIT}

_NAMESPACE: dict[str, Any] = {
    **{name: getattr(runtime, name) for name in dir(runtime) if not name.startswith("_")},
    **{name: getattr(dates, name) for name in dir(dates) if not name.startswith("_")},
    "same_quotient": _same_quotient,
}
