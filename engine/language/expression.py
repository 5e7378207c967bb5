"""One expression on plain JSON: `relief eval`, and the door for an outside FEEL conformance kit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.language.feel.evaluate import Evaluator
from engine.language.feel.values import from_json, to_json
from engine.language.problems import Problems
from engine.language.syntax import SyntaxProblem, parse, plain_source


def evaluate(expression: str, context: Mapping[str, Any]) -> Any:
    """The value of an expression as plain JSON (numbers int or Decimal), None when null or unknown.

    A `null` in the context is unknown. Raises `Problems` when the expression does not follow the grammar or
    names what does not exist, ValueError when the context is not plain JSON.
    """
    source = plain_source(expression)
    names = {name: from_json(value, name) for name, value in context.items()}
    try:
        syntax = parse(source)
    except SyntaxProblem as error:
        raise Problems([error.problem], {error.problem.at.file: expression}) from None
    return to_json(Evaluator(source, names).value(syntax))
