"""Sets of rules that special inspections go by: from YAML trees to checked lists of names."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from engine.language.problems import nearest
from engine.rulebook.drafts import Draft
from engine.rulebook.inspection import Inspection
from engine.rulebook.reading import Report, get, items, scalar, text

RULES = ("watch", "proposals", "looks")


def read_inspections(
    report: Report, drafts: Sequence[Draft], watches: Collection[str]
) -> dict[str, Inspection]:
    """`watches`: the names of the watch rules that there are."""
    return {one.name: _read(report, one, watches) for one in drafts}


def _read(report: Report, one: Draft, watches: Collection[str]) -> Inspection:
    if not any(key in one.tree.entries for key in RULES):
        hint = "write `watch`, `proposals` or `looks`"
        report.add(one.at, "missing-key", "this inspection looks for nothing", hint)
    for written in items(get(one.tree, "watch")):
        name = text(written)
        if name not in watches and name not in report.mistaken:
            hint = nearest(name, list(watches)) or f"one of {', '.join(watches) or 'none'}"
            report.add(scalar(written).at, "unknown-name", f"there is no watch rule `{name}`", hint)
    watch, proposals, looks = (tuple(text(each) for each in items(get(one.tree, key))) for key in RULES)
    return Inspection(
        one.name,
        one.dated,
        report.label(get(one.tree, "title")),
        text(get(one.tree, "of")),
        watch,
        proposals,
        looks,
        report.cite(get(one.tree, "cite")),
    )
