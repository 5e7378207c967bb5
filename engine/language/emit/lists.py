"""Lists: filters, bodies over their entries, aggregates."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.language.emit.code import Block, Code, Step, all_checks, any_none, undecided
from engine.language.tree import Node

if TYPE_CHECKING:
    from engine.language.compile import Generator

AGGREGATES = {"sum": "total", "min": "smallest", "max": "largest", "all": "every_true", "any": "any_true"}


def _list(make: Generator, node: Node) -> Code:
    texts = [make.value(arg).text for arg in node.args]
    return Code(f"(({', '.join(texts)}{',' if texts else ''}), ())")


def _filter(make: Generator, node: Node) -> Code:
    def sure(block: Block, test: Code, result: str) -> None:
        item = block.python
        block.add(f"if {test.text}: {result}[0].append({item})")
        if test.checks:
            block.add(f"elif {test.text} is None: {result}[1].append({item})")

    def maybe(block: Block, test: Code, result: str) -> None:
        block.add(f"if {test.text} is not False: {result}[1].append({block.python})")

    return _in_result(make, node, "([], [])", sure, maybe)


def _map(make: Generator, node: Node) -> Code:
    def sure(block: Block, body: Code, result: str) -> None:
        block.add(f"{result}[0].append({body.text})")

    def maybe(block: Block, body: Code, result: str) -> None:
        block.add(f"{result}[1].append({body.text})")

    return _in_result(make, node, "([], [])", sure, maybe)


def _some(make: Generator, node: Node) -> Code:
    return _quantified(make, node, "False", "True")


def _every(make: Generator, node: Node) -> Code:
    return _quantified(make, node, "True", "False")


def _quantified(make: Generator, node: Node, start: str, decisive: str) -> Code:
    def sure(block: Block, test: Code, result: str) -> None:
        block.add(f"if {test.text} is {decisive}:")
        block.add(f"    {result} = {decisive}")
        block.add("    break")
        block.add(f"if {test.text} is None: {result} = None")

    def maybe(block: Block, test: Code, result: str) -> None:
        block.add(f"if {result} is {decisive}: break")
        block.add(f"if {test.text} is not {start}: {result} = None")

    result = _bodies(make, node, start, sure, maybe)
    return Code(result, (result,))


def _in_result(make: Generator, node: Node, start: str, sure: Step, maybe: Step) -> Code:
    nullable = bool(make.value(node.args[0]).checks)
    result = _bodies(make, node, start, sure, maybe)
    return Code(result, (result,) if nullable else ())


def _bodies(make: Generator, node: Node, start: str, sure: Step, maybe: Step) -> str:
    """Runs a body over a list into a result variable, which stays None when the list is unknown."""
    members = make.value(node.args[0])
    result = make.fresh()
    outer = make.blocks[-1]
    if members.checks:
        outer.add(f"{result} = None")
        inner = Block(outer.indent + 1)
        make.blocks.append(inner)
    make.blocks[-1].add(f"{result} = {start}")
    _over(make, node, members, 0, result, sure)
    if undecided(node.args[0]):
        _over(make, node, members, 1, result, maybe)
    if members.checks:
        make.blocks.pop()
        outer.add(f"if {members.text} is not None:")
        outer.lines.extend(inner.lines)
    return result


def _over(make: Generator, node: Node, members: Code, part: int, result: str, after: Step) -> None:
    """A loop over one part of a list, with the node's body inside."""
    item = make.fresh("j")
    block = Block(make.blocks[-1].indent + 1, node.value, item)
    make.blocks.append(block)
    after(block, make.value(node.args[1]), result)
    make.blocks.pop()
    outer = make.blocks[-1]
    outer.add(f"for {item} in {members.text}[{part}]:")
    outer.lines.extend(block.lines)


def _count(make: Generator, node: Node) -> Code:
    members = make.value(node.args[0])
    text = f"len({members.text}[0])"
    if not undecided(node.args[0]):
        return Code(text, members.checks)
    unknown = any_none(members.checks, f"{members.text}[1]")
    return make.maybe(f"None if {unknown} else {text}")


def _aggregate(make: Generator, node: Node) -> Code:
    members = make.value(node.args[0])
    text = f"{AGGREGATES[node.op]}({members.text})"
    return make.maybe(f"None if {any_none(members.checks)} else {text}" if members.checks else text)


def _contains(make: Generator, node: Node) -> Code:
    members, wanted = (make.code(arg) for arg in node.args)
    checks = all_checks([members, wanted])
    text = f"contains({members.text}, {wanted.text})"
    return make.maybe(f"None if {any_none(checks)} else {text}" if checks else text)


def _index(make: Generator, node: Node) -> Code:
    members, position = (make.code(arg) for arg in node.args)
    checks = all_checks([members, position])
    text = f"element({members.text}, {position.text})"
    return make.maybe(f"None if {any_none(checks)} else {text}" if checks else text)


def _chosen(make: Generator, node: Node) -> Code:
    pick = "max" if node.op == "with_greatest" else "min"

    def sure(block: Block, key: Code, result: str) -> None:
        block.add(f"{result}.append({key.text})")

    def maybe(block: Block, key: Code, result: str) -> None:
        block.add(f"{result}.append(None)")

    keys = _bodies(make, node, "[]", sure, maybe)
    members = make.value(node.args[0])
    return make.maybe(
        f"None if {keys} is None or {members.text}[1] else chosen({members.text}[0], {keys}, {pick})"
    )


def _all_but(make: Generator, node: Node) -> Code:
    members, item = (make.code(arg) for arg in node.args)
    return Code(f"without({members.text}, {item.text})", all_checks([members, item]))


EMIT: dict[str, Callable[[Generator, Node], Code]] = {
    "list": _list,
    "filter": _filter,
    "map": _map,
    "some": _some,
    "every": _every,
    "count": _count,
    **dict.fromkeys(AGGREGATES, _aggregate),
    "contains": _contains,
    "index": _index,
    "with_greatest": _chosen,
    "with_least": _chosen,
    "all_but": _all_but,
}
