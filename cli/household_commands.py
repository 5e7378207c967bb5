"""What can be asked of one household, and how; and of one expression."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from cli.options import (
    Asked,
    File,
    FormatOf,
    Known,
    Lang,
    Layer,
    On,
    Policies,
    month,
)


def decide(
    file: File,
    on: On = None,
    known: Known = None,
    policies: Policies = None,
    policy: Asked = None,
    lang: Lang = None,
    output: FormatOf = "text",
) -> None:
    """裁定一户。 Decide one household."""
    from cli.decide import run

    run(file, on or date.today(), known or date.today(), policies, policy or [], lang, output)


def explain(
    file: File,
    layer: Annotated[Layer, typer.Option("--layer", help="给谁看 · for whom")] = "caseworker",
    on: On = None,
    known: Known = None,
    policies: Policies = None,
    policy: Asked = None,
    lang: Lang = None,
    output: FormatOf = "text",
) -> None:
    """说明一份裁定；FILE 可以是家庭资料或裁定。 Explain a decision, or decide a household and explain it."""
    from cli.explain import run

    run(file, layer, on, known, policies, policy or [], lang, output)


def entitlement(
    file: File,
    first: Annotated[
        int, typer.Option("--from", parser=month, metavar="MONTH", help="第一个月，如 2025-01 · first month")
    ],
    last: Annotated[
        int | None,
        typer.Option("--to", parser=month, metavar="MONTH", help="最后一个月，默认同 --from · last month"),
    ] = None,
    known: Known = None,
    policies: Policies = None,
    lang: Lang = None,
    output: FormatOf = "text",
) -> None:
    """逐月核对应发与已发。 What was due month by month, beside what was paid."""
    from cli.entitlement import run

    run(file, first, first if last is None else last, known or date.today(), policies, lang, output)


def evaluate(
    expression: Annotated[str, typer.Argument(metavar="EXPR", help="表达式 · an expression")],
    context: Annotated[
        str | None,
        typer.Option("--context", metavar="FILE|-", help="变量（JSON 对象） · its names, a JSON object"),
    ] = None,
) -> None:
    """计算一个表达式。 Evaluate one expression."""
    from cli.evaluate import run

    run(expression, context)
