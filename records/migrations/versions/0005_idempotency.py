"""What was answered to a request that may come again."""

from __future__ import annotations

from records import tables
from records.migrations.making import make

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    make((tables.idempotency,))
