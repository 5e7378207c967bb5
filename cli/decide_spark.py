"""`relief decide-all --engine spark`: every household of a province, by the kernel on every worker of a Spark cluster."""

from __future__ import annotations

import json
import time
from datetime import date
from pathlib import Path

import typer

from cli.rulebooks import open_rulebook
from cli.stop import stop
from engine.language.dates import from_date

MISSING = {
    "pyspark": "没有安装 pyspark，请装上 smart-relief[spark]\npyspark is not installed; install smart-relief[spark]",
    "java": (
        "没有 Java，请安装 17 或更高版本（Debian：openjdk-17-jre-headless）\n"
        "there is no java; install version 17 or later (Debian: openjdk-17-jre-headless)"
    ),
}


def run(data: str, out: str, master: str, on: date, known: date, policies: Path | None, output: str) -> None:
    book = open_rulebook(policies)
    from cli.population import said
    from engine.population import spark
    from engine.population.problems import BadTable
    from engine.population.stream import OtherRun

    began = time.monotonic()
    try:
        with spark.session(master) as session:
            summary = spark.decide_all(session, book, data, out, from_date(on), from_date(known))
    except spark.NoSpark as missing:
        stop(MISSING[str(missing)])
    except BadTable as bad:
        stop("\n".join(said(Path(data), problem) for problem in bad.problems))
    except OtherRun as other:
        stop(
            f"{out}: 这里是另一次运行的结果（{other} 不同），请换一个目录\n"
            f"this directory holds the results of another run ({other} differ); name another one"
        )
    if output == "json":
        told = {
            "households": summary.households,
            "outcomes": summary.outcomes,
            "same_person": summary.same_person,
            "exclusive": summary.exclusive,
        }
        typer.echo(json.dumps(told, ensure_ascii=False, sort_keys=True))
        return
    typer.echo(
        f"{summary.households} 户，{time.monotonic() - began:.1f} 秒；"
        f"{summary.same_person} 人同在两户以上，互斥政策同时在册 {summary.exclusive} 处 · "
        f"{summary.households} households; {summary.same_person} people stand in more than one household, "
        f"{summary.exclusive} times somebody draws what excludes each other"
    )
    for policy, counts in summary.outcomes.items():
        listed = "  ".join(f"{outcome} {count}" for outcome, count in sorted(counts.items()))
        typer.echo(f"  {policy:28} {listed}")
