"""Applications, cases, steps, publicity, with what no step may do, whoever writes it."""

from __future__ import annotations

from records import tables
from records.migrations.making import forbid, make

revision = "0006"
down_revision = "0005"

_STEPS = "FROM case_step s WHERE s.case_id = NEW.case_id"
_LAST = f"(SELECT s.after {_STEPS} ORDER BY s.number DESC LIMIT 1)"

FORBIDDEN = {
    "steps of a case follow each other": f"NEW.number <> 1 + coalesce((SELECT max(s.number) {_STEPS}), 0)",
    "a step begins where the one before it ended": f"NEW.before <> coalesce({_LAST}, '')",
    "a step that settles nothing leaves the case where it is": (
        "NEW.tier = '' AND NEW.after <> NEW.before AND NEW.action NOT IN ('notify', 'withdraw')"
    ),
    "one person takes steps of one tier and one level of a case": (
        f"NEW.tier <> '' AND EXISTS (SELECT 1 {_STEPS} AND s.tier <> '' AND s.person = NEW.person "
        "AND (s.tier <> NEW.tier OR s.level <> NEW.level))"
    ),
    "one account takes steps of one tier of a case": (
        f"NEW.tier <> '' AND EXISTS (SELECT 1 {_STEPS} AND s.tier <> '' AND s.recorded_by = NEW.recorded_by "
        "AND s.tier <> NEW.tier)"
    ),
    "whoever acted in a case does not review or decide its appeal": (
        "NEW.tier IN ('review', 'approval') AND EXISTS (SELECT 1 FROM relief_case c JOIN case_step s "
        "ON s.case_id = c.appeals WHERE c.case_id = NEW.case_id AND s.tier <> '' AND s.person = NEW.person)"
    ),
    "nothing is decided that was not accepted and investigated": (
        "NEW.action IN ('confirm', 'refuse') AND "
        f"(NOT EXISTS (SELECT 1 {_STEPS} AND s.action = 'investigate') "
        f"OR NOT EXISTS (SELECT 1 {_STEPS} AND s.action IN ('accept', 'open')))"
    ),
}


def upgrade() -> None:
    make((tables.application, tables.relief_case, tables.case_step, tables.publicity))
    forbid(tables.case_step, FORBIDDEN)
