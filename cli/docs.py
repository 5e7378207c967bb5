"""`relief docs`: a page for every policy, made again or checked to be current."""

from __future__ import annotations

from pathlib import Path

import typer

from cli.policy_pages import pages
from cli.rulebooks import open_rulebook
from cli.stop import NEGATIVE, stop


def run(policies: Path | None, features: Path, out: Path, check: bool) -> None:
    made = pages(open_rulebook(policies), features)
    there = {path.name: path.read_text("utf-8") for path in sorted(out.glob("*.md"))} if out.is_dir() else {}
    stale = sorted(name for name in {*made, *there} if made.get(name) != there.get(name))
    if check:
        if stale:
            shown = "\n".join(f"  {out / name}" for name in stale)
            stop(
                f"{len(stale)} 页与规则不符，请运行 relief docs · not current, run `relief docs`:\n{shown}",
                NEGATIVE,
            )
        typer.echo(f"{out}: {len(made)} 页均为最新 · all current")
        return
    out.mkdir(parents=True, exist_ok=True)
    for name in stale:
        if name in made:
            (out / name).write_text(made[name], "utf-8")
        else:
            (out / name).unlink()
    typer.echo(f"{out}: {len(made)} 页，更新 {len(stale)} · pages, {len(stale)} written")
