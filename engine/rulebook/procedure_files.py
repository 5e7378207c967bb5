"""Procedures as officers wrote them: read, and held against the policies that they are for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from engine.language.problems import nearest
from engine.language.types import Enum
from engine.rulebook.drafts import Draft
from engine.rulebook.model import Fact, Policy, PolicyVersion
from engine.rulebook.procedures import (
    GRANT,
    Appeal,
    Discretion,
    Hearing,
    Limit,
    Notice,
    ProcedureVersion,
    Publicity,
    Round,
    Stage,
    Urgent,
    VillageReview,
)
from engine.rulebook.reading import Report, get, items, mapping, number, scalar, text
from engine.rulebook.source import Scalar, Tree


class ProcedureChecker:
    """Reads procedure files against the levels, policies and facts of the rulebook."""

    def __init__(
        self,
        report: Report,
        levels: Collection[str],
        policies: Mapping[str, Policy],
        facts: Mapping[str, Fact],
    ) -> None:
        self.report, self.levels, self.policies, self.facts = report, levels, policies, facts

    def check(self, drafts: Mapping[str, Sequence[Draft]]) -> tuple[ProcedureVersion, ...]:
        """All versions, those of one procedure in the order of their days."""
        made = [(one, self.version(one)) for group in drafts.values() for one in group]
        self._check_one_for_each(made)
        for one, version in made:
            for policy in version.policies:
                self._check_own_words(one, version, policy)
        return tuple(version for _, version in made)

    def version(self, one: Draft) -> ProcedureVersion:
        tree, report = one.tree, self.report
        for written in items(get(tree, "policies")):
            if text(written) not in self.policies and text(written) not in report.mistaken:
                hint = nearest(text(written), self.policies) or "write the name of a policy"
                report.add(scalar(written).at, "unknown-name", f"there is no policy `{text(written)}`", hint)
        return ProcedureVersion(
            one.name,
            one.dated,
            report.label(get(tree, "title")),
            tuple(text(written) for written in items(get(tree, "policies"))),
            self._stage(tree, "accept"),
            self._stage(tree, "investigate"),
            self._village_review(get(tree, "village_review")),
            self._publicity(get(tree, "publicity")),
            self._stage(tree, "decide"),
            self._notify(get(tree, "notify")),
            self._limit(get(tree, "limit")),
            self._hearing(get(tree, "hearing")),
            self._stage(tree, "relatives", "visit_by"),
            self._urgent(get(tree, "urgent")),
            self._discretion(get(tree, "discretion")),
            self._appeal(get(tree, "appeal")),
            report.label(get(tree, "notes")) or None,
        )

    def _level(self, tree: Tree, key: str = "by") -> str:
        written = get(tree, key)
        if written is not None and text(written) not in self.levels:
            hint = nearest(text(written), self.levels) or f"one of {', '.join(self.levels)}"
            message = f"`{text(written)}` is no level of areas.yaml"
            self.report.add(scalar(written).at, "unknown-name", message, hint)
        return text(written)

    def _stage(self, tree: Tree, key: str, by: str = "by") -> Stage | None:
        found = get(tree, key)
        if found is None:
            return None
        return Stage(
            self._level(found, by),
            _count(found, "within_working_days"),
            self.report.cite(get(found, "cite")),
            _count(found, "start_within_working_days"),
            _count(found, "persons") or 1,
        )

    def _village_review(self, tree: Tree | None) -> VillageReview | None:
        if tree is None:
            return None
        days, cite = _count(tree, "within_working_days"), self.report.cite(get(tree, "cite"))
        return VillageReview(text(get(tree, "held")), self._level(tree), days, cite)

    def _publicity(self, tree: Tree | None) -> Publicity | None:
        if tree is None:
            return None
        cite = self.report.cite(get(tree, "cite"))
        rounds = tuple(self._round(one) for one in items(get(tree, "rounds")))
        return Publicity(rounds, self.report.label(get(tree, "none")), cite)

    def _round(self, tree: Tree) -> Round:
        cite = self.report.cite(get(tree, "cite"))
        purposes = tuple(text(one) for one in items(get(tree, "for"))) or (GRANT,)
        label, days = self.report.label(get(tree, "label")), _count(tree, "days") or 1
        opened = _count(tree, "within_working_days")
        return Round(text(get(tree, "id")), label, self._level(tree), days, opened, purposes, cite)

    def _notify(self, tree: Tree | None) -> Notice | None:
        if tree is None:
            return None
        days, cite = _count(tree, "within_working_days") or 1, self.report.cite(get(tree, "cite"))
        return Notice(days, _yes(get(tree, "only_refusals")), cite)

    def _limit(self, tree: Tree | None) -> Limit | None:
        if tree is None:
            return None
        days, at_most = _count(tree, "working_days") or 1, _count(tree, "at_most")
        if at_most is not None and at_most < days:
            at = scalar(mapping(tree).entries["at_most"]).at
            message = f"{at_most} working days at most are fewer than {days}"
            self.report.add(at, "out-of-range", message, "`working_days` is the ordinary limit")
        return Limit(days, at_most, self.report.cite(get(tree, "cite")))

    def _hearing(self, tree: Tree | None) -> Hearing | None:
        if tree is None:
            return None
        before = tuple(text(one) for one in items(get(tree, "before")))
        return Hearing(before, self.report.cite(get(tree, "cite")))

    def _urgent(self, tree: Tree | None) -> Urgent | None:
        if tree is None:
            return None
        skips, cite = _yes(get(tree, "skip_publicity")), self.report.cite(get(tree, "cite"))
        return Urgent(self._level(tree), _count(tree, "papers_within_working_days"), skips, cite)

    def _discretion(self, tree: Tree | None) -> Discretion | None:
        if tree is None:
            return None
        cause = get(tree, "cause")
        if cause is not None:
            fact = self.facts.get(text(cause))
            if fact is None or fact.of != "household" or not isinstance(fact.value.type, Enum):
                choices = [
                    name
                    for name, one in self.facts.items()
                    if one.of == "household" and isinstance(one.value.type, Enum)
                ]
                hint = nearest(text(cause), choices) or "a cause is a choice among values: an `enum` fact"
                message = f"`{text(cause)}` is no fact of the household that is a choice"
                self.report.add(scalar(cause).at, "unknown-name", message, hint)
        reasons = {
            text(get(one, "id")): self.report.label(get(one, "label")) for one in items(get(tree, "reasons"))
        }
        cite = self.report.cite(get(tree, "cite"))
        return Discretion(reasons, text(cause), _count(tree, "same_cause_months"), cite)

    def _appeal(self, tree: Tree | None) -> Appeal | None:
        if tree is None:
            return None
        cite = self.report.cite(get(tree, "cite"))
        return Appeal(_count(tree, "within_days") or 1, self._level(tree, "to"), cite)

    # --- against each other and against the policies' own words ---------------------------------------------

    def _check_one_for_each(self, made: Sequence[tuple[Draft, ProcedureVersion]]) -> None:
        """A policy has at most one procedure."""
        owner: dict[str, ProcedureVersion] = {}
        for one, version in made:
            for written in items(get(one.tree, "policies")):
                first = owner.setdefault(text(written), version)
                if first.name != version.name:
                    message = f"`{text(written)}` is handled by the procedure `{first.name}` already"
                    hint = f"name it in one of the two ({first.dated.file})"
                    self.report.add(scalar(written).at, "second-procedure", message, hint)

    def _check_own_words(self, one: Draft, version: ProcedureVersion, policy: str) -> None:
        """What a policy says of its procedure in one line and what the procedure file says are the same."""
        for own in self.policies[policy].versions if policy in self.policies else ():
            if own.dated.start > version.dated.until or version.dated.start > own.dated.until:
                continue
            if own is not _covering(self.policies[policy], version.dated.start):
                continue
            for key, said, meant in _differing(version, own.procedure):
                at = one.tree.keys[key]
                message = f"`{key}` says {said} here, and {own.dated.file} says {meant}"
                hint = "write the same in both; what is published already stays"
                self.report.add(at, "procedure-differs", message, hint)


def _covering(policy: Policy, on: int) -> PolicyVersion | None:
    found = [one for one in policy.versions if one.dated.start <= on <= one.dated.until]
    return found[-1] if found else None


def _differing(version: ProcedureVersion, own: Mapping[str, Any]) -> Iterator[tuple[str, object, object]]:
    for key, stage in (("accept", version.accept), ("decide", version.decide)):
        if stage is not None and key in own and own[key] != stage.by:
            yield key, stage.by, own[key]
    if version.limit is not None and own.get("limit_working_days", version.limit.days) != version.limit.days:
        yield "limit", f"{version.limit.days} working days", own["limit_working_days"]
    if version.publicity is not None and "publicity_days" in own:
        days = {one.days for one in version.publicity.rounds if GRANT in one.purposes} or {0}
        if days != {int(own["publicity_days"])}:
            said = ", ".join(f"{one} days" for one in sorted(days))
            yield "publicity", said, f"{own['publicity_days']} days"


def _count(tree: Tree, key: str) -> int | None:
    found = number(get(tree, key))
    return None if found is None else int(found)


def _yes(tree: Tree | None) -> bool:
    return isinstance(tree, Scalar) and tree.value is True
