"""The life of rulebooks, with what no step may do, whoever writes it."""

from __future__ import annotations

from alembic import op

from records import tables
from records.migrations.making import make

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
    if op.get_bind().dialect.name == "sqlite":
        tests = "\n".join(
            f"SELECT RAISE(ABORT, '{message}') WHERE {condition};" for message, condition in FORBIDDEN.items()
        )
        op.execute(f"CREATE TRIGGER rulebook_state_steps BEFORE INSERT ON rulebook_state BEGIN\n{tests}\nEND")
        return
    tests = "\n".join(
        f"IF {condition} THEN RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation'; END IF;"
        for message, condition in FORBIDDEN.items()
    )
    op.execute(
        "CREATE FUNCTION rulebook_state_steps() RETURNS trigger LANGUAGE plpgsql AS $$\n"
        f"BEGIN\nPERFORM pg_advisory_xact_lock({_STEPS});\n{tests}\nRETURN NEW;\nEND $$"
    )
    op.execute(
        "CREATE TRIGGER rulebook_state_steps BEFORE INSERT ON rulebook_state "
        "FOR EACH ROW EXECUTE FUNCTION rulebook_state_steps()"
    )
