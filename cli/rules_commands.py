"""What can be asked of the rules themselves, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.options import (
    Asked,
    Features,
    FormatOf,
    Lang,
    Policies,
    Processes,
)


def check(
    policies: Policies = None,
    open_points: Annotated[
        bool, typer.Option("--open", help="列出待补依据、假定值和缺口 · list what is still open")
    ] = False,
    lang: Lang = None,
    output: FormatOf = "text",
) -> None:
    """检查规则库，列出所有问题。 Check a rulebook and report every problem."""
    from cli.check import run

    run(policies, open_points, lang, output)


def list_policies(policies: Policies = None, lang: Lang = None, output: FormatOf = "text") -> None:
    """列出政策和版本。 List the policies and their versions."""
    from cli.policies import run

    run(policies, lang, output)


def docs(
    policies: Policies = None,
    features: Annotated[
        Path, typer.Option("--features", metavar="DIR", help="功能文件目录 · feature files")
    ] = Path("features"),
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="写到哪里 · where to write")] = Path(
        "docs/policies"
    ),
    check_only: Annotated[
        bool, typer.Option("--check", help="只检查是否最新 · only check that they are current")
    ] = False,
) -> None:
    """每项政策生成一页说明。 One page per policy."""
    from cli.docs import run

    run(policies, features, out, check_only)


def lock(policies: Policies = None) -> None:
    """把新公布的版本记入 versions.lock。 Record what is newly published in versions.lock."""
    from cli.lock import run

    run(policies)


def schema(
    kind: Annotated[Literal["household", "decision"], typer.Argument(help="哪种文件 · of which document")],
    policies: Policies = None,
) -> None:
    """打印 JSON Schema。 Print the JSON Schema of a document."""
    from cli.schema import run

    run(kind, policies)


def coverage(
    policies: Policies = None,
    features: Features = None,
    policy: Asked = None,
    processes: Processes = None,
    lang: Lang = None,
    output: FormatOf = "text",
) -> None:
    """功能文件走到了规则的哪些地方。 What of the rules the features exercise."""
    from cli.coverage import run

    run(policies, features, policy or [], processes, lang, output)


def mutate(
    policies: Policies = None,
    features: Features = None,
    policy: Asked = None,
    changed: Annotated[
        str | None,
        typer.Option(
            "--changed",
            metavar="REF|lock",
            help="只试自 git 提交 REF（或 versions.lock）以来改过的文件 · only files changed since a commit, or not locked",
        ),
    ] = None,
    at_most: Annotated[
        int | None,
        typer.Option(
            "--at-most", min=1, help="最多试几处，按名称抽取 · try no more than so many, drawn by name"
        ),
    ] = None,
    processes: Processes = None,
    lang: Lang = None,
    output: FormatOf = "text",
) -> None:
    """规则写错一点，功能文件能不能发现。 Which small mistakes in the rules the features would notice."""
    from cli.mutate import run

    run(policies, features, policy or [], changed, at_most, processes, lang, output)
