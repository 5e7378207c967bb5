"""A recorded decision, read back from its document."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from engine.decision.document import BadDocument, DocumentProblem
from engine.decision.model import Decision
from engine.rulebook.model import Rulebook


def read_decision(book: Rulebook, raw: Any) -> Decision:
    """A decision from plain data. Raises `BadDocument` when it is none, or was made under another rulebook."""
    try:
        decision = msgspec.convert(raw, Decision)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `")
        raise BadDocument([DocumentProblem(_pointer(path), "wrong-type", message)]) from None
    if decision.rulebook != book.fingerprint:
        raise BadDocument(
            [
                DocumentProblem(
                    "/rulebook",
                    "other-rulebook",
                    f"this decision was made under rulebook {decision.rulebook[:12]}, and this is {book.fingerprint[:12]}",
                    "a decision is explained from the rulebook that it was made under",
                )
            ]
        )
    return decision


def _pointer(path: str) -> str:
    """msgspec's `$.policies[...].findings[0]` as a JSON pointer, as far as it says where."""
    known = path.rstrip("`").removeprefix("$").partition("[...]")[0]
    return re.sub(r"[.\[]", "/", known.replace("]", ""))
