"""What happened, as a household document tells it: a kind of event, to whom, on which day, known since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.decision.json_text import shown
from engine.language.problems import nearest
from engine.language.scope import PERSON
from engine.rulebook.production import EventKind

if TYPE_CHECKING:
    from engine.decision.document import Reader

EVENT_KEYS = ("kind", "person_id", "date", "recorded", "source")


@dataclass(frozen=True, slots=True)
class Event:
    """`person` "" for the household. `date` and `recorded` are yyyymmdd; `recorded` 0: it was always known.

    `values`: the further fields that are said, as the engine computes with them.
    """

    kind: str
    person: str
    date: int
    recorded: int
    source: str
    values: Mapping[str, Any]


def read_events(reader: Reader, raw: Mapping[str, Any], people: set[str]) -> tuple[Event, ...] | None:
    """The events of a document, None when it says nothing about them; problems go to the reader."""
    if "events" not in raw:
        return None
    listed = raw["events"]
    if not isinstance(listed, list):
        reader.wrong("/events", listed, "a list of events", "an empty list says that nothing has happened")
        return None
    found = (_event(reader, f"/events/{i}", one, people) for i, one in enumerate(listed))
    return tuple(one for one in found if one is not None)


def _event(reader: Reader, pointer: str, raw: Any, people: set[str]) -> Event | None:
    if not isinstance(raw, Mapping):
        reader.wrong(pointer, raw, "an event (an object)")
        return None
    name = reader.id(pointer, raw, "kind")
    kind = reader.book.events.get(name)
    if kind is None or kind.day is not None:
        if name:
            _no_such_kind(reader, pointer, name, kind)
        return None
    fields = {one.name: one for one in kind.fields}
    reader.other_keys(pointer, raw, (*EVENT_KEYS, *fields), f"an event `{name}` has no `{{}}`")
    person = _person(reader, pointer, raw, kind, people)
    if "date" not in raw:
        reader.add(f"{pointer}/date", "missing-key", "`date` is missing", "the day on which it happened")
    date, recorded = (
        reader.date(f"{pointer}/{key}", raw[key]) if key in raw else 0 for key in ("date", "recorded")
    )
    source = reader.text(f"{pointer}/source", raw["source"]) if "source" in raw else ""
    values = {
        field: reader.convert(f"{pointer}/{field}", reader.converters[f"{name}/{field}"], raw[field])
        for field in fields
        if field in raw
    }
    return Event(name, person, date or 0, recorded or 0, source, values)


def _no_such_kind(reader: Reader, pointer: str, name: str, kind: EventKind | None) -> None:
    if kind is not None:
        told = f"`{name}` is made from the facts and not written down"
        reader.add(f"{pointer}/kind", "unknown-event", told, "take it out")
        return
    known = [one.name for one in reader.book.events.values() if one.day is None]
    hint = nearest(name, known) or (f"one of {', '.join(known)}" if known else "this rulebook has no events")
    reader.add(f"{pointer}/kind", "unknown-event", f"there is no kind of event `{shown(name)}`", hint)


def _person(reader: Reader, pointer: str, raw: Mapping[str, Any], kind: EventKind, people: set[str]) -> str:
    place = f"{pointer}/person_id"
    if kind.of != PERSON:
        if "person_id" in raw:
            told = f"`{kind.name}` happens to the household; leave `person_id` out"
            reader.add(place, "unknown-key", told)
        return ""
    if "person_id" not in raw:
        told = f"`{kind.name}` happens to a person; say to whom of `people`"
        reader.add(place, "missing-key", told)
        return ""
    person = reader.text(place, raw["person_id"], 1)
    if person and person not in people:
        reader.add(place, "unknown-person", f"nobody in `people` is `{shown(person)}`")
    return person
