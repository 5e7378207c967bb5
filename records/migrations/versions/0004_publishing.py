"""The life of rulebooks, with what no step may do, whoever writes it."""

from __future__ import annotations

from records import tables
from records.migrations.making import forbid, make

revision = "0004"
down_revision = "0003"

_LAST = "(SELECT {column} FROM rulebook_state s WHERE s.fingerprint = NEW.fingerprint ORDER BY s.seq DESC LIMIT 1)"
_STATE, _EDITION = _LAST.format(column="s.state"), _LAST.format(column="s.edition")
_SET_UP = f"NEW.recorded_by = 'setup' AND NEW.edition = 1 AND {_STATE} IS NULL"

FORBIDDEN = {
    "a rulebook is submitted once, or again when it was withdrawn": (
        f"NEW.state = 'draft' AND coalesce({_STATE}, 'withdrawn') <> 'withdrawn'"
    ),
    "only a draft is checked or withdrawn": (
        f"NEW.state IN ('checked', 'withdrawn') AND coalesce({_STATE}, '') NOT IN ('draft', 'checked')"
    ),
    "editions follow each other": (
        "NEW.state = 'published' AND NEW.edition <> "
        "1 + coalesce((SELECT max(s.edition) FROM rulebook_state s WHERE s.state = 'published'), 0)"
    ),
    "only what was checked for this edition is published": (
        f"NEW.state = 'published' AND NOT ({_SET_UP}) "
        f"AND (coalesce({_STATE}, '') <> 'checked' OR {_EDITION} <> NEW.edition)"
    ),
    "whoever submitted or checked a rulebook does not publish it": (
        "NEW.state = 'published' AND EXISTS (SELECT 1 FROM rulebook_state s WHERE s.fingerprint = NEW.fingerprint "
        "AND s.state IN ('draft', 'checked') AND (s.person = NEW.person OR s.recorded_by = NEW.recorded_by))"
    ),
}
_STEPS = 11644  # the advisory lock: steps are taken one after the other, each seeing those before


def upgrade() -> None:
    make((tables.rulebook_state,))
    forbid(tables.rulebook_state, FORBIDDEN, _STEPS)
