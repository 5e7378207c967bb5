"""How a command ends early: a message for people on standard error, and an exit code."""

from __future__ import annotations

from typing import NoReturn

import typer

NEGATIVE = 1
BAD_INPUT = 2
PARTIAL = 3  # some batches were wrong and are named; all others are done


def stop(message: str, code: int = BAD_INPUT) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)
