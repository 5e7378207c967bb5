"""What other rules would do: every household decided by both, and the differences added up.

Sums are those of `due`, after conflicts: what is surely due under one set of rules less what is under the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from engine.language.columns.values import Array
from engine.population.arrays import arrow_decimals, integers
from engine.population.changes import Example, examples_of
from engine.population.findings import OUTCOMES
from engine.population.kernel import Kernel
from engine.population.layout import MONEY_DIGITS
from engine.population.pairs import Pair, Run, open_run, pairs
from engine.population.stream import decide_all
from engine.population.sums import PERIODS
from engine.rulebook.model import Rulebook

BEFORE, AFTER = "before", "after"
EXAMPLES = 5


@dataclass(slots=True)
class Tally:
    """Households, how many gain and lose for sure, how many are open; sums in units of the smallest coin."""

    households: int = 0
    gain: int = 0
    lose: int = 0
    open: int = 0
    before: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PERIODS, 0))
    after: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PERIODS, 0))

    def change(self, period: str) -> int:
        return self.after[period] - self.before[period]


@dataclass(slots=True)
class PolicyChange:
    """`moves`: subjects by their outcomes before and after. Sums: what is eligible and no conflict has dropped."""

    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    clauses: Counter[tuple[str, str, str]] = field(
        default_factory=Counter
    )  # clause, its truth before and after
    period: str = ""
    before: int = 0
    after: int = 0
    paid_before: int = 0
    paid_after: int = 0


@dataclass(frozen=True, slots=True)
class Impact:
    whole: Tally
    towns: dict[str, Tally]
    policies: dict[str, PolicyChange]
    examples: list[Example]
    changed: pa.Table


def impact(
    before: Rulebook,
    after: Rulebook,
    source: Path,
    out: Path,
    on: int,
    known: int,
    *,
    workers: int = 2,
    progress: Callable[[int], None] | None = None,
) -> Impact:
    """Decides everybody twice, into `out/before` and `out/after`, and compares."""
    for book, name in ((before, BEFORE), (after, AFTER)):
        decide_all(book, source, out / name, on, known, workers=workers, progress=progress)
    return compare(open_run(before, source, out / BEFORE), open_run(after, source, out / AFTER))


def compare(before: Run, after: Run) -> Impact:
    """The differences of two runs over the same households."""
    policies = [one for one in before.book.policies if one in after.book.policies]
    names = _Names(before), _Names(after)
    whole, towns = Tally(), dict[str, Tally]()
    found = {policy: PolicyChange() for policy in {**before.book.policies, **after.book.policies}}
    tables: list[pa.Table] = []
    examples: list[Example] = []
    both = zip(_all(before), _all(after), strict=True)
    for old, new in both:
        due = {name: _due(pair) for name, pair in ((BEFORE, old), (AFTER, new))}
        tables.append(_changed(old, due))
        _count(whole, due, np.ones(old.batch.households.size, np.bool_))
        areas = np.array(old.batch.rows.column("area").cast(pa.string()).to_pylist())
        for area in np.unique(areas):
            _count(towns.setdefault(str(area), Tally()), due, areas == area)
        for policy, one in found.items():
            _policy(one, old, new, policy)
        some = examples_of(old, new, policies, names[0].of, names[1].of)
        for change in (change for one in some for change in one.changes):
            found[change.policy].clauses.update(change.clauses)
        examples = clearest([*examples, *some])
    return Impact(whole, towns, found, examples, pa.concat_tables(tables))


def _all(run: Run) -> Iterator[Pair]:
    return pairs(run, list(run.book.policies), "due")


class _Names:
    """The clauses of each version of a policy, in the order of their bits."""

    def __init__(self, run: Run) -> None:
        kernel = Kernel(run.book, run.on, run.known)
        self._of: dict[tuple[str, str], tuple[str, ...]] = {}
        for rules in (kernel.rules_for(None), kernel.rules_for(run.on)):
            ready = kernel.prepared(rules)
            for policy, plan in ready.plan.policies.items():
                clauses = tuple(_id_of(policy, name) for name in ready.truths[policy])
                self._of[policy, plan.version.dated.version] = clauses

    def of(self, policy: str, version: str) -> tuple[str, ...]:
        return self._of.get((policy, version), ())


def _id_of(policy: str, truth: str) -> str:
    """The clause whose truth it is; "" for the truth of a group."""
    name = truth.removeprefix(f"{policy}:")
    return "" if name == "eligible" or name.startswith("eligible/") else name


# --- sums ---------------------------------------------------------------------------------------------------

Dues = Mapping[
    str, tuple[Array, Array]
]  # per period what is sure; whether the most is open or more than that


def _due(pair: Pair) -> Dues:
    due = pair.own("due")
    found = {}
    for period in PERIODS:
        low, high = due.field(f"{period}_min"), due.field(f"{period}_max")
        known = high.is_valid().to_numpy(zero_copy_only=False)
        sure = integers(low)
        found[period] = sure, ~known | (integers(high) != sure)
    return found


def _count(tally: Tally, due: Mapping[str, Dues], rows: Array) -> None:
    old, new = due[BEFORE], due[AFTER]
    difference = sum(np.sign(new[period][0] - old[period][0]) * weight for period, weight in _WEIGHTS.items())
    tally.households += int(rows.sum())
    tally.gain += int((rows & (difference > 0)).sum())
    tally.lose += int((rows & (difference < 0)).sum())
    open_ = np.logical_or.reduce([one[period][1] for one in (old, new) for period in PERIODS])
    tally.open += int((rows & open_).sum())
    for period in PERIODS:
        tally.before[period] += int(old[period][0][rows].sum())
        tally.after[period] += int(new[period][0][rows].sum())


_WEIGHTS = {"month": 4, "year": 2, "once": 1}  # a change of what comes every month decides who gains


def _changed(pair: Pair, due: Mapping[str, Dues]) -> pa.Table:
    """Households for whom what is surely due changes."""
    old, new = due[BEFORE], due[AFTER]
    rows = np.flatnonzero(np.logical_or.reduce([old[one][0] != new[one][0] for one in PERIODS]))
    kind = pa.decimal128(MONEY_DIGITS, pair.run.book.currency["decimals"])
    places = pa.array(rows)
    columns = {
        "household_id": pair.own("household_id").cast(pa.string()).take(places),
        "area": pair.batch.rows.column("area").cast(pa.string()).take(places),
    }
    for period in PERIODS:
        for name, one in ((BEFORE, old), (AFTER, new)):
            columns[f"{period}_{name}"] = arrow_decimals(one[period][0][rows], None, kind)
    return pa.table(columns)


def _policy(one: PolicyChange, old: Pair, new: Pair, policy: str) -> None:
    """Outcomes and sums of one policy, which one of the rulebooks may not have."""
    places = []
    for pair in (old, new):
        if policy not in pair.run.book.policies:
            size = old.size_of(policy) if policy in old.run.book.policies else new.size_of(policy)
            places.append(np.full(size, OUTCOMES.index("not-in-force")))
            continue
        found = pair.found(policy)
        places.append(found.outcome)
        paid = found.is_("eligible") & ~found.dropped
        amount = found.column("amount")
        total = int(integers(amount)[paid & amount.is_valid().to_numpy(zero_copy_only=False)].sum())
        count = int(paid.sum())
        if pair is old:
            one.before, one.paid_before = one.before + total, one.paid_before + count
        else:
            one.after, one.paid_after = one.after + total, one.paid_after + count
        one.period = one.period or _period(pair, policy)
    moved = np.flatnonzero(places[0] != places[1])
    pairs_, counts = np.unique(np.stack([places[0][moved], places[1][moved]]), axis=1, return_counts=True)
    for (was, is_), count in zip(pairs_.T.tolist(), counts.tolist(), strict=True):
        one.moves[OUTCOMES[was], OUTCOMES[is_]] += count


def _period(pair: Pair, policy: str) -> str:
    versions = pair.run.book.policies[policy].versions
    return next((one.amount.period for one in versions if one.amount is not None), "")


# --- examples -----------------------------------------------------------------------------------------------


def clearest(examples: list[Example]) -> list[Example]:
    """Those that show most with least, of every kind one before a second of any. Where anybody loses, one of them."""
    ranked = sorted(examples, key=_clarity)
    kinds: Counter[Any] = Counter()
    turns: list[tuple[int, Example]] = []
    for one in ranked:
        kind = (one.lead.policy, one.lead.was, one.lead.becomes)
        turns.append((kinds[kind], one))
        kinds[kind] += 1
    chosen = [one for _, one in sorted(turns, key=lambda pair: pair[0])[:EXAMPLES]]
    losers = [one for one in ranked if one.after < one.before]
    if losers and not any(one.after < one.before for one in chosen):
        chosen[-1] = losers[0]
    return chosen


def _clarity(one: Example) -> tuple[Any, ...]:
    """Nothing open, another outcome, money, little else that changes; then the largest sum."""
    lead, money = one.lead, one.after - one.before
    return (
        not one.settled,
        lead.was == lead.becomes,
        not money,
        len(one.changes),
        -abs(money),
        one.household_id,
    )


# --- as plain data ------------------------------------------------------------------------------------------


def plain(found: Impact, book: Rulebook) -> dict[str, Any]:
    """As JSON says it: sums as decimal texts, examples by their households' ids."""

    def money(coins: int) -> str:
        return str(Decimal(coins).scaleb(-book.currency["decimals"]))

    def tally(one: Tally) -> dict[str, Any]:
        sums = {
            name: {period: money(coins) for period, coins in by_period.items()}
            for name, by_period in ((BEFORE, one.before), (AFTER, one.after))
        }
        return {"households": one.households, "gain": one.gain, "lose": one.lose, "open": one.open, **sums}

    return {
        "whole": tally(found.whole),
        "towns": {area: tally(one) for area, one in found.towns.items()},
        "policies": {
            policy: {
                "period": one.period,
                "before": money(one.before),
                "after": money(one.after),
                "subjects_before": one.paid_before,
                "subjects_after": one.paid_after,
                "moves": [[*pair, count] for pair, count in sorted(one.moves.items())],
                "clauses": [[*clause, count] for clause, count in sorted(one.clauses.items())],
            }
            for policy, one in found.policies.items()
        },
        "examples": [one.household_id for one in found.examples],
    }
