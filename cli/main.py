"""The `relief` command: what can be asked, and how. Each command imports what it needs when it runs, so that
a cold start stays short.

Exit codes: 0 fine, 1 the answer is negative, 2 bad usage or bad input, 3 done in part.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Annotated

import typer

from cli import county_commands as county
from cli import household_commands as household
from cli import rules_commands as rules
from cli.account_commands import account_app
from cli.backup_commands import backup, restore, verify
from cli.inspect_commands import inspect_app
from cli.intake_commands import match, record_app
from cli.options import Policies
from cli.paper_commands import divergence, letter, report, scans
from cli.pay_commands import pay_app
from cli.record_commands import DEFAULT_KEYS, KeyFile, audit_app, nightly, replay
from cli.rulebook_commands import rulebook_app

INTERNAL_ERROR = 70  # as in sysexits.h: the program is at fault, not what it was given

app = typer.Typer(
    name="relief",
    help="县级救助政策规则：检查、裁定、说明。 Relief policies as rules: check, decide, explain.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def serve(
    host: Annotated[str, typer.Option(help="地址 · address")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口 · port", min=0, max=65535)] = 8000,
    policies: Policies = None,
    record: Annotated[
        str,
        typer.Option(
            "--record",
            envvar="RELIEF_RECORD",
            metavar="URL",
            help="家庭记录，不填则只裁定送来的资料 · the record, if any",
        ),
    ] = "",
    keys: KeyFile = DEFAULT_KEYS,
    workers: Annotated[int, typer.Option(help="进程数 · processes", min=1, max=64)] = 1,
) -> None:
    """启动 HTTP 服务。 Serve the API."""
    from cli.serve import run

    run(host, port, policies, record, keys, workers)


COMMANDS: dict[str, Callable[..., None]] = {
    "check": rules.check,
    "decide": household.decide,
    "explain": household.explain,
    "decide-all": county.decide_everyone,
    "explain-row": county.explain_row,
    "sample": county.sample,
    "rank": county.rank,
    "missed": county.missed,
    "duplicates": county.duplicates,
    "impact": county.impact,
    "import": county.import_,
    "export": county.export,
    "entitlement": household.entitlement,
    "eval": household.evaluate,
    "policies": rules.list_policies,
    "docs": rules.docs,
    "lock": rules.lock,
    "schema": rules.schema,
    "coverage": rules.coverage,
    "mutate": rules.mutate,
    "serve": serve,
    "match": match,
    "replay": replay,
    "nightly": nightly,
    "backup": backup,
    "restore": restore,
    "verify": verify,
    "letter": letter,
    "report": report,
    "divergence": divergence,
    "scans": scans,
}
GROUPS = {
    "record": record_app,
    "audit": audit_app,
    "account": account_app,
    "rulebook": rulebook_app,
    "pay": pay_app,
    "inspect": inspect_app,
}
for name, command in COMMANDS.items():
    app.command(name)(command)
for name, group in GROUPS.items():
    app.add_typer(group, name=name)


def main() -> None:
    """Runs the command. Whatever goes wrong, a person reads one line and not a traceback."""
    try:
        app()
    except Exception as error:
        if os.environ.get("RELIEF_DEBUG"):
            raise
        typer.echo(f"relief: 内部错误 · internal error: {type(error).__name__}: {error}", err=True)
        typer.echo("        RELIEF_DEBUG=1 显示详情 · shows where", err=True)
        raise SystemExit(INTERNAL_ERROR) from None
