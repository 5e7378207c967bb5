"""A recorded decision, read back from its document and explained."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from engine.decision.explain import CannotExplain, Explanation, explain
from engine.decision.json_text import BadDocument, DocumentProblem
from engine.decision.model import Decision
from engine.rulebook.model import Rulebook


def read_decision(book: Rulebook, raw: Any) -> Decision:
    """A decision from plain data. Raises `BadDocument` when it is none, or not made under this rulebook."""
    try:
        decision = msgspec.convert(raw, Decision)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `")
        raise BadDocument([DocumentProblem(_pointer(path), "wrong-type", message)]) from None
    if decision.rulebook != book.fingerprint:
        made, here = decision.rulebook[:12], book.fingerprint[:12]
        message = f"this decision was made under rulebook {made}, and this is {here}"
        hint = "a decision is explained from the rulebook that it was made under"
        raise BadDocument([DocumentProblem("/rulebook", "other-rulebook", message, hint)])
    return decision


def explain_recorded(book: Rulebook, raw: Any, layer: str, language: str) -> Explanation:
    """One layer of a decision from plain data. Raises `BadDocument`.

    A document from outside may name what the rulebook does not have. Whatever an explanation stumbles over
    then is a mistake of the document: a decision that was made here has everything that its explanation looks up.
    """
    decision = read_decision(book, raw)
    try:
        return explain(book, decision, layer, language)
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        why = str(error) if isinstance(error, CannotExplain) else "it names what its rulebook does not have"
        problem = DocumentProblem("", "cannot-explain", f"this is no decision as it was made: {why}")
        raise BadDocument([problem]) from None


def _pointer(path: str) -> str:
    """msgspec's `$.policies[...].findings[0]` as a JSON pointer, as far as it says where."""
    known = path.rstrip("`").removeprefix("$").partition("[...]")[0]
    return re.sub(r"[.\[]", "/", known.replace("]", ""))
