"""Who is a child, by the one rule of the rulebook (`children` in rulebook.yaml): what is made public asks here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from engine.language.dates import from_date, years_between
from engine.rulebook import Rulebook
from records import documents
from records.database import Reading


def is_child(read: Reading, book: Rulebook, household_id: str, person: str, on: date) -> bool | None:
    """By any date of birth that was told of somebody; None when none was, or the rulebook names none."""
    if book.children is None:
        return None
    told = documents.told(read, household_id, [person], on)
    born = [one.value for one in told if one.fact == book.children.born and one.person == person]
    return _under(book.children.under, born, on)


def is_child_in(book: Rulebook, decision: Mapping[str, Any], person: str) -> bool | None:
    """By the date of birth that a decision rests on, on its legal day; None as above."""
    if book.children is None:
        return None
    fact = decision["facts"].get(f"people/{person}/{book.children.born}")
    return _under(
        book.children.under, [] if fact is None else [fact["value"]], date.fromisoformat(decision["on"])
    )


def _under(years: int, born: Iterable[Any], on: date) -> bool | None:
    ages = [years_between(from_date(date.fromisoformat(str(one))), from_date(on)) for one in born]
    return None if not ages else min(ages) < years
