"""Results as an Arrow batch: one row for each household, with its people in the order of the document.

    household_id, score: {worst, best, first}, due: {month_min, month_max, …}, <policy of the household>: {outcome, version,
    amount, min, max, true, known}, people: [{person_id, due, <policy of a person>}], conflicts: [{rule, …}]

Money is a decimal of the currency, a maximum of null is open. `true` and `known` have a bit for each clause, see
`engine.population.findings.clause_truths`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from engine.decision.conflicts import STAGES
from engine.language.columns.values import Array, Mask
from engine.language.scope import PERSON
from engine.population.arrays import arrow_decimals, arrow_names
from engine.population.batch import NOBODY, Batch
from engine.population.conflicts import EFFECTS, Notes
from engine.population.findings import OUTCOMES, Found
from engine.population.layout import MONEY_DIGITS
from engine.population.sums import PERIODS, Sum
from engine.rulebook.model import Rulebook

NAME = pa.dictionary(pa.int8(), pa.string())
SCORE = ("worst", "best", "first")  # the first term at its worst tells households of the same score apart


class Shapes:
    """The types of the columns of results, for one rulebook."""

    def __init__(self, book: Rulebook) -> None:
        self.book = book
        self.money = pa.decimal128(MONEY_DIGITS, book.currency["decimals"])
        self._no_money = pa.nulls(0, self.money)
        self._zeros = pa.array([], pa.int8())
        self._outcomes = pa.array(OUTCOMES, pa.string())
        self.points = pa.decimal128(9, 2)
        self.finding = pa.struct(
            [
                ("outcome", NAME),
                ("version", NAME),
                ("amount", self.money),
                ("min", self.money),
                ("max", self.money),
                ("true", pa.uint64()),
                ("known", pa.uint64()),
            ]
        )
        self.due = pa.struct(
            [(f"{period}_{end}", self.money) for period in PERIODS for end in ("min", "max")]
        )
        self.score = pa.struct([(name, self.points) for name in SCORE])
        self.conflict = pa.struct(
            [
                ("rule", pa.dictionary(pa.int32(), pa.string())),
                ("stage", NAME),
                ("person_id", pa.string()),
                ("between", pa.list_(pa.dictionary(pa.int32(), pa.string()))),
                ("effect", NAME),
                ("policy", pa.dictionary(pa.int32(), pa.string())),
                ("amount", self.money),
            ]
        )
        units = {
            unit: [p.id for p in book.policies.values() if p.unit == unit] for unit in ("household", PERSON)
        }
        self.person = pa.struct(
            [("person_id", pa.string()), ("due", self.due), *((name, self.finding) for name in units[PERSON])]
        )
        self.schema = pa.schema(
            [
                ("household_id", pa.string()),
                ("score", self.score),
                ("due", self.due),
                *((name, self.finding) for name in units["household"]),
                ("people", pa.list_(self.person)),
                ("conflicts", pa.list_(self.conflict)),
            ]
        )

    def no_money(self, size: int) -> pa.Array:
        """Nothing but nulls: many amounts are never open, so one array serves them all."""
        found = self._no_money
        if len(found) != size:
            found = self._no_money = pa.nulls(size, self.money)
        return found

    def _version(self, version: str, size: int) -> pa.Array:
        """The same version in every row: zeros that all policies share, or nulls."""
        if not version:
            return pa.nulls(size, NAME)
        zeros = self._zeros
        if len(zeros) != size:
            zeros = self._zeros = pa.array(np.zeros(size, np.int8))
        return pa.DictionaryArray.from_arrays(zeros, pa.array([version], pa.string()), safe=False)

    # --- pieces -----------------------------------------------------------------------------------------

    def finding_of(self, found: Found) -> pa.Array:
        size = len(found.outcome)
        nothing = self.no_money(size)
        amounts = [nothing, nothing, nothing]
        if found.amount is not None:
            money = found.amount
            amounts = [
                self._money(values, known)
                for values, known in (
                    (money.value, money.known),
                    (money.low, money.low_known),
                    (money.high, money.high_known),
                )
            ]
        arrays = [
            pa.DictionaryArray.from_arrays(pa.array(found.outcome), self._outcomes, safe=False),
            self._version(found.version, size),
            *amounts,
            pa.array(found.true),
            pa.array(found.known),
        ]
        return pa.StructArray.from_arrays(arrays, fields=list(self.finding))

    def _money(self, values: Array, known: Mask) -> pa.Array:
        if known is not None and not known.any():
            return self.no_money(len(values))
        return arrow_decimals(values, None if known is None or known.all() else known, self.money)

    def due_of(self, sums: Mapping[str, Sum]) -> pa.Array:
        arrays = []
        for period in PERIODS:
            one = sums[period]
            arrays += [self._money(one.low, None), self._money(one.high, ~one.open)]
        return pa.StructArray.from_arrays(arrays, fields=list(self.due))

    def score_of(self, score: tuple[Array, Array, Array] | None, size: int) -> pa.Array:
        if score is None:
            return pa.nulls(size, self.score)
        arrays = [arrow_decimals(values, None, self.points) for values in score]
        return pa.StructArray.from_arrays(arrays, fields=list(self.score))

    def conflicts_of(self, batch: Batch, notes: Sequence[Notes], ids: pa.Array) -> pa.Array:
        size = batch.households.size
        if not notes:
            empty = pa.array([], self.conflict)
            return pa.ListArray.from_arrays(pa.array(np.zeros(size + 1, np.int32)), empty)
        sizes = [len(one.household) for one in notes]
        household = np.concatenate([one.household for one in notes])
        order = np.argsort(household, kind="stable")
        offsets = np.searchsorted(household[order], np.arange(size + 1)).astype(np.int32)

        def each(places: Sequence[int]) -> Array:
            return np.repeat(np.array(places, np.int64), sizes)[order]

        rules = list(dict.fromkeys(one.conflict.id for one in notes))
        policies = list(dict.fromkeys(name for one in notes for name in (*one.between, one.policy) if name))
        person = np.concatenate([one.person for one in notes])[order]
        nobody = pa.array(np.where(person == NOBODY, 0, person), mask=person == NOBODY)
        amounts = [
            np.zeros(n, np.int64) if one.amount is None else one.amount
            for one, n in zip(notes, sizes, strict=True)
        ]
        said = each([one.amount is not None for one in notes]).astype(np.bool_)
        pairs = np.stack([each([policies.index(one.between[i]) for one in notes]) for i in (0, 1)], axis=1)
        between = pa.ListArray.from_arrays(
            pa.array(np.arange(len(order) + 1, dtype=np.int32) * 2), arrow_names(pairs.ravel(), policies)
        )
        named = each([bool(one.policy) for one in notes]).astype(np.bool_)
        chosen = each([policies.index(one.policy) if one.policy else 0 for one in notes])
        arrays = [
            arrow_names(each([rules.index(one.conflict.id) for one in notes]), rules),
            arrow_names(each([STAGES.index(one.conflict.stage) for one in notes]), list(STAGES)),
            ids.take(nobody),
            between,
            arrow_names(each([EFFECTS.index(one.effect) for one in notes]), list(EFFECTS)),
            arrow_names(chosen, policies, named),
            self._money(np.concatenate(amounts)[order], said),
        ]
        fields = list(self.conflict)
        cast = [array.cast(field.type) for array, field in zip(arrays, fields, strict=True)]
        return pa.ListArray.from_arrays(pa.array(offsets), pa.StructArray.from_arrays(cast, fields=fields))

    def batch_of(
        self,
        batch: Batch,
        found: Sequence[Found],
        notes: Sequence[Notes],
        due: tuple[Mapping[str, Sum], Mapping[str, Sum]],
        score: tuple[Array, Array, Array] | None,
    ) -> pa.RecordBatch:
        by_policy = {one.policy: one for one in found}
        ids = batch.person_ids().cast(pa.string())
        person: dict[str, pa.Array] = {"person_id": ids, "due": self.due_of(due[1])}
        own: dict[str, pa.Array] = {
            "household_id": batch.rows.column("household_id").cast(pa.string()),
            "score": self.score_of(score, batch.households.size),
            "due": self.due_of(due[0]),
            "conflicts": self.conflicts_of(batch, notes, ids),
        }
        for name, policy in self.book.policies.items():
            (person if policy.unit == PERSON else own)[name] = self.finding_of(by_policy[name])
        fields = list(self.person)
        struct = pa.StructArray.from_arrays([person[field.name] for field in fields], fields=fields)
        own["people"] = pa.ListArray.from_arrays(pa.array(batch.people.offsets.astype(np.int32)), struct)
        return pa.record_batch([own[field.name] for field in self.schema], schema=self.schema)
