"""The end of the audit chain is read, hashed and added to inside PostgreSQL (`records.chain`)."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"

# 11643 is the lock of the end of the chain. `within`: the fields of an entry between its number and the hash before
# it, as they stand in the JSON that is hashed.
_APPEND = """
CREATE FUNCTION audit_append(
    at text, actor text, actions text[], entities text[], subjects text[], counts bigint[], entries text[],
    digests text[], within text[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    number bigint;
    before text;
    made text;
BEGIN
    PERFORM pg_advisory_xact_lock(11643);
    SELECT audit.seq, audit.hash INTO number, before FROM audit ORDER BY audit.seq DESC LIMIT 1;
    number := coalesce(number, 0);
    before := coalesce(before, repeat('0', 64));
    FOR i IN 1..cardinality(entries) LOOP
        number := number + 1;
        made := encode(
            sha256(convert_to('[' || number || ',' || within[i] || ',"' || before || '"]', 'UTF8')), 'hex');
        INSERT INTO audit (seq, at, actor, action, entity, subject, rows, entry, digest, previous, hash) VALUES
            (number, at, actor, actions[i], entities[i], subjects[i], counts[i], entries[i], digests[i], before, made);
        before := made;
    END LOOP;
END $$
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_APPEND)
