"""Documents of many households are those of each."""

from __future__ import annotations

from datetime import date
from typing import Any

from engine.decision import parse_json
from records import households
from records.database import Database, reading, writing
from records.documents import document
from records.erasure import erase_household
from records.intake import write_down
from records.many_documents import documents
from tests.api.api_client import SAMPLE
from tests.records.conftest import at
from tests.support.households import shipped


def written_down(database: Database, number: int, day: str) -> str:
    """The sample household under other ids."""
    told: dict[str, Any] = parse_json(SAMPLE)
    told["household_id"] = f"h{number}"
    for one in told["people"]:
        one["person_id"] = f"{one['person_id']}-{number}"
    told["statuses"] = [{"policy": "dibao", "from": "2025-01-01"}]
    told["payments"] = [{"policy": "dibao", "month": f"2025-0{number}", "amount": 100}]
    with writing(database, "li", at(day)) as write:
        return write_down(write, shipped(), told, date(2025, 1, 1)).household_id


def test_many_are_those_of_each(database: Database) -> None:
    ids = [written_down(database, number, f"2025-0{number}-10") for number in (1, 2, 3)]
    with writing(database, "li", at("2026-03-02")) as write:  # somebody lives in two of them
        households.claim(write, "h3", 1)
        households.join(write, "h3", "p1-1", date(2026, 3, 1))
    for day in (date(2025, 2, 20), date(2025, 6, 1), date(2026, 4, 1)):
        with reading(database) as read:
            expected = [document(read, one, day, day) for one in ids]
            many = {one["household_id"]: one for one in documents(read, [*ids, "nobody"], day, day)}
        assert many == {one["household_id"]: one for one in expected if one["household_id"] in many}
        assert set(many) == {one for one, told in zip(ids, expected, strict=True) if told["people"]}
    with writing(database, "li", at("2026-05-01")) as write:
        households.claim(write, "h2", 1)
        erase_household(write, "h2", "保存期满")
    with reading(database) as read:
        left = [one["household_id"] for one in documents(read, ids, date(2026, 6, 1), date(2026, 6, 1))]
    assert left == ["h1", "h3"]
