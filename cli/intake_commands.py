"""What comes into the record, and how: sheets, what was granted and paid before, a sample county, departments' feeds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.record_commands import (
    DEFAULT_KEYS,
    DEFAULT_RECORD,
    Actor,
    KeyFile,
    Policies,
    Record,
    record_app,
)


@record_app.command("load")
def load(
    county: Annotated[
        Path, typer.Argument(metavar="COUNTY_DIR", help="relief sample 的输出 · what relief sample made")
    ],
    actor: Actor,
    record: Record = DEFAULT_RECORD,
    keys: KeyFile = DEFAULT_KEYS,
    policies: Policies = None,
) -> None:
    """把示例县写入记录。 Write a sample county down in the record."""
    from cli.record_load import run

    run(county, actor, record, keys, policies)
