"""Special inspections, with what nobody may write, whatever the program says."""

from __future__ import annotations

from records.migrations.making import forbid, make
from records.tables import inspections

revision = "0011"
down_revision = "0010"

_LOCK = 20261  # of PostgreSQL: whether an inspection has ended, and what it leaves open, has to be seen by everybody

_ENDED = "EXISTS (SELECT 1 FROM inspection_end e WHERE e.inspection = NEW.inspection)"
_DRAWN = "EXISTS (SELECT 1 FROM inspection_draw d WHERE d.inspection = NEW.inspection)"
_OVER = "an inspection that has ended stays as it is"

_FINDING = "FROM inspection_finding f WHERE f.seq = NEW.finding"
_FINDING_ENDED = (
    "EXISTS (SELECT 1 FROM inspection_finding f JOIN inspection_end e ON e.inspection = f.inspection "
    "WHERE f.seq = NEW.finding)"
)

SAMPLES = {
    _OVER: _ENDED,
    "a sample is drawn once": (
        "NOT EXISTS (SELECT 1 FROM inspection_draw d WHERE d.inspection = NEW.inspection "
        "AND NEW.number BETWEEN 1 AND d.sampled)"
    ),
}

FINDINGS = {
    _OVER: _ENDED,
    "nothing is found before a sample is drawn": f"NOT {_DRAWN}",
    "rules look at the sample alone": (
        "NEW.origin = 'rule' AND NEW.household_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM inspection_sample s "
        "WHERE s.inspection = NEW.inspection AND s.household_id = NEW.household_id)"
    ),
}

ANSWERS = {
    _OVER: _FINDING_ENDED,
    "whoever wrote a finding does not confirm it": (
        "NEW.answer = 'confirmed' AND "
        f"EXISTS (SELECT 1 {_FINDING} AND f.origin = 'hand' "
        "AND (f.person = NEW.person OR f.recorded_by = NEW.recorded_by))"
    ),
    "whoever acted in the case does not answer for it": (
        "EXISTS (SELECT 1 FROM inspection_finding f JOIN relief_case c ON c.household_id = f.household_id "
        "JOIN case_step s ON s.case_id = c.case_id WHERE f.seq = NEW.finding AND s.tier <> '' "
        "AND s.person = NEW.person AND f.policy IN ('', c.policy))"
    ),
    "nobody answers about himself": f"EXISTS (SELECT 1 {_FINDING} AND f.subject = NEW.person)",
}

RECTIFICATIONS = {
    _OVER: _FINDING_ENDED,
    "only what is confirmed is put right": (
        "NOT EXISTS (SELECT 1 FROM inspection_answer a WHERE a.finding = NEW.finding AND a.answer = 'confirmed')"
    ),
}

_STEPS = "FROM rectification_step s WHERE s.rectification = NEW.rectification"
_LAST = f"coalesce((SELECT s.state {_STEPS} ORDER BY s.number DESC LIMIT 1), '')"
STEPS = {
    "steps of a rectification follow each other": (
        f"NEW.number <> 1 + coalesce((SELECT max(s.number) {_STEPS}), 0)"
    ),
    "a rectification is done, returned or verified, or dropped": (
        f"NOT ((NEW.state = 'done' AND {_LAST} IN ('', 'returned')) OR "
        f"(NEW.state IN ('returned', 'verified') AND {_LAST} = 'done') OR "
        f"(NEW.state = 'dropped' AND {_LAST} IN ('', 'returned')))"
    ),
    "whoever did it does not verify it": (
        "NEW.state IN ('returned', 'verified') AND "
        f"EXISTS (SELECT 1 {_STEPS} AND s.state = 'done' "
        "AND (s.person = NEW.person OR s.recorded_by = NEW.recorded_by))"
    ),
    "whoever ordered it does not drop it": (
        "NEW.state = 'dropped' AND EXISTS (SELECT 1 FROM rectification r WHERE r.seq = NEW.rectification "
        "AND (r.person = NEW.person OR r.recorded_by = NEW.recorded_by))"
    ),
}

_CONFIRMED = (
    "EXISTS (SELECT 1 FROM inspection_finding f "
    "JOIN inspection_answer a ON a.finding = f.seq AND a.answer = 'confirmed' "
    "WHERE f.inspection = NEW.inspection"
)
_NOTHING_ORDERED = "NOT EXISTS (SELECT 1 FROM rectification r WHERE r.finding = f.seq)"
ENDS = {
    "nothing is closed that was not drawn": f"NEW.kind = 'closed' AND NOT {_DRAWN}",
    "every finding is answered before it is closed": (
        "NEW.kind = 'closed' AND EXISTS (SELECT 1 FROM inspection_finding f WHERE f.inspection = NEW.inspection "
        "AND NOT EXISTS (SELECT 1 FROM inspection_answer a WHERE a.finding = f.seq))"
    ),
    "every confirmed finding is put right before it is closed": (
        f"NEW.kind = 'closed' AND {_CONFIRMED} AND {_NOTHING_ORDERED})"
    ),
    "every rectification is verified or dropped before it is closed": (
        "NEW.kind = 'closed' AND EXISTS (SELECT 1 FROM rectification r "
        "JOIN inspection_finding f ON f.seq = r.finding WHERE f.inspection = NEW.inspection "
        "AND NOT EXISTS (SELECT 1 FROM rectification_step s WHERE s.rectification = r.seq "
        "AND s.state IN ('verified', 'dropped')))"
    ),
    "nothing that is confirmed is abandoned": f"NEW.kind = 'abandoned' AND {_CONFIRMED})",
}


def upgrade() -> None:
    make(inspections.IN_ORDER)
    forbid(inspections.inspection_draw, {_OVER: _ENDED}, _LOCK)
    forbid(inspections.inspection_sample, SAMPLES, _LOCK)
    forbid(inspections.inspection_run, {_OVER: _ENDED}, _LOCK)
    forbid(inspections.inspection_finding, FINDINGS, _LOCK)
    forbid(inspections.inspection_answer, ANSWERS, _LOCK)
    forbid(inspections.rectification, RECTIFICATIONS, _LOCK)
    forbid(inspections.rectification_step, STEPS, _LOCK)
    forbid(inspections.inspection_end, ENDS, _LOCK)
