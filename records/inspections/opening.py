"""An inspection is opened: by which rules, over whom, and how its sample is to be drawn."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from engine.language.dates import from_date
from engine.language.problems import nearest
from engine.rulebook import Rulebook
from records import audit, rulebooks, tables
from records.database import Writing
from records.inspections.reading import sees_all
from records.inspections.words import Stratify, impersonal, said
from records.refused import Refused
from records.rights import Right, Viewer
from records.scope import areas_below

MOST = 5000  # households that one inspection looks at


@dataclass(frozen=True, slots=True)
class Asked:
    """`policies` (): all that the opener may look at. One of `size` and `share` is said. `seed` "": one is made."""

    rules: str
    area: str
    since: date
    until: date
    reason: str
    title: str = ""
    policies: Sequence[str] = ()
    stratify: Stratify = Stratify.NONE
    size: int | None = None
    share: str | None = None
    seed: str = ""


def open_inspection(write: Writing, book: Rulebook, viewer: Viewer, asked: Asked) -> int:
    """Its number. Raises `Refused` no-rules, no-area, no-policy, out-of-reach, bad-period, bad-sample, no-reason."""
    rules = book.inspections.get(asked.rules)
    if rules is None or not rules.dated.start <= from_date(write.day) <= rules.dated.until:
        near = nearest(asked.rules, book.inspections) or ", ".join(book.inspections)
        raise Refused(
            "no-rules", f"规则库没有检查规则组 {asked.rules} · there is no set of rules {asked.rules}; {near}"
        )
    if asked.until < asked.since:
        raise Refused("bad-period", "期间的止日早于起日 · the period ends before it begins")
    department, policies = _reached(book, viewer, asked)
    share = _checked_sample(rules.of, asked)
    rulebooks.keep(write, book)
    row = {
        "title": impersonal(write, asked.title, ()) or rules.title[book.languages[0]],
        "rules": rules.id,
        "rulebook": book.fingerprint,
        "area": asked.area,
        "department": department,
        "policies": json.dumps(policies),
        "of": rules.of,
        "since": asked.since,
        "until": asked.until,
        "stratify": asked.stratify.value,
        "size": asked.size,
        "share": share,
        "seed": asked.seed.strip() or secrets.token_hex(16),
        "reason": impersonal(write, said(asked.reason, "请写明检查事由"), ()),
        "person": viewer.person,
    }
    number: int = audit.add_row(write, "open-inspection", tables.inspection, asked.area, row)["seq"]
    return number


def _reached(book: Rulebook, viewer: Viewer, asked: Asked) -> tuple[str, list[str]]:
    """The department that inspects, "" for an audit, and the policies: a department looks at its own."""
    if asked.area not in book.areas:
        raise Refused("no-area", f"没有地区 {asked.area} · there is no area {asked.area}")
    for policy in asked.policies:
        if policy not in book.policies:
            near = nearest(policy, book.policies)
            raise Refused("no-policy", f"规则库没有 {policy} · there is no policy {policy}; {near}")
    wanted = sorted({*asked.policies})
    grants = [
        grant for grant in viewer.granting(Right.INSPECT) if asked.area in areas_below(book, grant.area)
    ]
    if any(map(sees_all, grants)):
        return "", wanted
    for grant in grants:
        own = sorted(one.id for one in book.policies.values() if one.department == grant.department)
        if own and set(wanted) <= set(own):
            return grant.department, wanted or own
    raise Refused(
        "out-of-reach",
        f"{asked.area} 或所列项目不由您检查 · {asked.area}, or one of these programmes, is not yours to inspect",
    )


def _checked_sample(of: str, asked: Asked) -> str | None:
    """The share as it is kept."""
    if (asked.size is None) == (asked.share is None):
        raise Refused("bad-sample", "样本数量和比例二者取一 · say either a size or a share")
    if asked.size is not None and not 1 <= asked.size <= MOST:
        raise Refused("bad-sample", f"样本数量应为 1 至 {MOST} · a sample has 1 to {MOST}")
    if of == "everyone" and asked.stratify is Stratify.POLICY:
        raise Refused(
            "bad-sample",
            "这组规则面向全部家庭，不能按项目分层 · these rules look at everyone, who has no programme to stratify by",
        )
    if asked.share is None:
        return None
    try:
        share = Decimal(asked.share)
    except InvalidOperation:
        share = Decimal(0)
    if not share.is_finite() or not 0 < share <= 1 or len(asked.share) > 20:
        raise Refused(
            "bad-sample", "比例应大于 0、不超过 1，如 0.05 · a share lies between 0 and 1, like 0.05"
        )
    return f"{share:f}"
