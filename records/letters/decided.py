"""Decisions as letters: granted, refused, changed, ended, closed. Reasons, articles and figures as they were decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.decision.explain import CannotExplain, Telling, telling
from engine.decision.explain.caseworker import band_lines, part_line
from engine.decision.explain.rules import PolicyText
from engine.decision.model import ConflictFound, Finding, Money
from engine.rulebook import Rulebook
from engine.rulebook.letters import places_in
from records.letters.grounds import Grounds
from records.letters.letter import Block, Heading, Item, Items, Kind, Letter, Text
from records.letters.words import paper
from records.refused import Refused


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which finding of a decision a letter tells, and what only the office knows.

    kind     none: as it came out
    before   what was paid until now
    amount   what the officer set inside the band that the rules leave
    since    the first day of a change or an end
    heard    the day on which the household was heard
    """

    policy: str
    subject: str = "household"
    kind: Kind | None = None
    before: Money | None = None
    amount: Money | None = None
    since: date | None = None
    heard: date | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """The day and number that stand on a letter, to whom it goes, and what people are called in it."""

    on: date
    number: str
    addressee: str
    names: Mapping[str, str]


def decision_letter(
    book: Rulebook, document: Mapping[str, Any], wanted: Wanted, language: str, sent: Sent
) -> Letter:
    """A letter about one finding of a stored decision.

    Raises `Refused` when that finding has not come out so that the letter could say it, when the rulebook is another
    than the decision's (`other-rulebook`), and when something that only the office knows is missing.
    """
    return Deciding(book, document, wanted, language, sent).letter()


def told_whole(
    book: Rulebook,
    document: Mapping[str, Any],
    policies: Sequence[str],
    language: str,
    names: Mapping[str, str],
) -> Telling:
    """The phrases about a decision, or some policies of it. Raises `Refused` other-rulebook."""
    _same_rulebook(book, document)
    return telling(book, document, language, policies=policies, names=names)


def told_of(
    book: Rulebook, document: Mapping[str, Any], wanted: Wanted, language: str, names: Mapping[str, str]
) -> tuple[Telling, Finding]:
    """The phrases about a finding, and the finding. Raises `Refused` other-rulebook, no-finding."""
    _same_rulebook(book, document)
    missing = Refused(
        "no-finding",
        f"裁定里没有 {wanted.policy}（{wanted.subject}）的结果 · "
        f"this decision has no finding of {wanted.policy} for {wanted.subject}",
    )
    try:
        told = telling(
            book, document, language, policies=[wanted.policy], subjects=[wanted.subject], names=names
        )
    except CannotExplain:
        raise missing from None
    if not told.findings:
        raise missing
    return told, told.findings[0][1]


def _same_rulebook(book: Rulebook, document: Mapping[str, Any]) -> None:
    if document["rulebook"] != book.fingerprint:
        made, here = document["rulebook"][:12], book.fingerprint[:12]
        raise Refused(
            "other-rulebook",
            f"该裁定出自规则库 {made}，不是 {here}，请用原规则库 · "
            f"this decision was made under rulebook {made}, and this is {here}",
        )


class Deciding:
    """One finding, as letters say it."""

    def __init__(
        self, book: Rulebook, document: Mapping[str, Any], wanted: Wanted, language: str, sent: Sent
    ) -> None:
        self.book, self.wanted, self.sent = book, wanted, sent
        self.sheet = paper(book, language, document["area"], sent.on)
        self.told, self.finding = told_of(book, document, wanted, language, sent.names)
        self.text: PolicyText | None = self.told.policy(wanted.policy)
        self.department = book.policies[wanted.policy].department
        self.effects = {
            one.effect: one
            for one in self.told.conflicts_of(wanted.policy, wanted.subject)
            if self._mine(one)
        }
        self.grounds = Grounds(self.told, self.sheet, self.finding, self.text, self.effects)

    def _mine(self, one: ConflictFound) -> bool:
        return one.policy in ("", self.wanted.policy)

    def _kind(self) -> Kind:
        """What the finding lets be said. Raises `Refused`."""
        finding, wanted = self.finding, self.wanted.kind
        if finding.depends_on or self.effects.keys() & {"pending", "choice"}:
            raise _not_settled(self.told.words[f"outcome.{finding.outcome}"])
        came_out = _KINDS.get("ineligible" if "dropped" in self.effects else finding.outcome, ())
        if not came_out:
            raise _not_settled(self.told.words[f"outcome.{finding.outcome}"])
        if wanted is not None and wanted not in came_out:
            raise Refused(
                "other-outcome",
                f"结果是“{self.told.words[f'outcome.{finding.outcome}']}”，不能出具 {wanted} · "
                f"this finding is {finding.outcome}, which no {wanted} letter can say",
            )
        return wanted or came_out[0]

    def letter(self) -> Letter:
        """Raises `Refused`."""
        sheet, kind = self.sheet, self._kind()
        blocks: list[Block] = [Heading(sheet.say("heading.decision")), Text(self.said(f"{kind}.opening"))]
        if kind in (Kind.GRANT, Kind.CHANGE):
            blocks += [*self._amount(), *self._dates(kind)]
        blocks += [Heading(sheet.say("heading.reasons")), Items(self.grounds.reasons)]
        facts = tuple(Item(one) for one in self.grounds.facts())
        if facts:
            blocks += [Heading(sheet.say("heading.facts")), Items(facts)]
        if kind in (Kind.REFUSAL, Kind.STOP):
            blocks += [Heading(sheet.say("heading.change")), Items(tuple(self._changes()))]
        blocks += self._hearing(kind)
        remedies = list(sheet.notices(sheet.letters.remedies, self.department))
        blocks += sheet.section("heading.remedies", remedies)
        return sheet.letter(
            kind,
            self.department,
            self.said(f"{kind}.title"),
            blocks,
            addressee=sheet.say("addressee", name=self.sent.addressee),
            number=sheet.say("number", year=str(self.sent.on.year), serial=self.sent.number),
            drafts=[*self.drafts(), *sheet.open_notices("heading.remedies", remedies)],
            record=self.record(),
        )

    def said(self, key: str) -> str:
        """A sentence about the programme, with the amounts and the day that it names. Raises `Refused`."""
        told, wanted = self.told, self.wanted
        parts = {
            "programme": told.title(wanted.policy),
            "subject": told.values.subject(wanted.subject),
            "name": self.sent.addressee,
        }
        named = set(places_in(self.sheet.letters.words[key][self.sheet.language]))
        if "since" in named:
            if wanted.since is None:
                raise Refused("no-since", "请写明从哪天起执行 · say from which day this counts (since)")
            parts["since"] = self.sheet.date(wanted.since)
        if named & {"before", "after"}:
            if wanted.before is None:
                raise Refused("no-before", "请写明原来的金额 · say what was paid until now (before)")
            parts |= {"before": self._periodic(wanted.before), "after": self._periodic(self._paid())}
        return self.sheet.say(key, **parts)

    def proposal(self) -> str:
        """What a hearing is about. Raises `Refused` not-less when nothing would be reduced or ended."""
        if self.finding.outcome in ("ineligible", "closed") or "dropped" in self.effects:
            return self.said("hearing.stop")
        if self._is_less(self._kind()):
            return self.said("hearing.reduce")
        raise Refused(
            "not-less",
            "该裁定既不停发也不减发，无须听取意见 · this decision neither ends nor reduces anything",
        )

    def drafts(self) -> list[str]:
        """What has to be filled in or checked before the letter may be served."""
        return [*self.told.warnings(self.finding, self.text), *self.grounds.open()]

    def record(self) -> str:
        decision = self.told.decision
        return self.sheet.say("record", decision=decision.decision_id[:16], rulebook=decision.rulebook[:12])

    # --- the amount -------------------------------------------------------------------------------------

    def _paid(self) -> Money:
        """What is paid: the rules' amount, or the officer's inside the band; less what a conflict takes off."""
        amount = self.finding.amount
        set_by_officer = self.wanted.amount
        value = None if amount is None else amount.value
        if set_by_officer is not None:
            inside = (
                amount is not None and value is None and amount.min is not None and amount.max is not None
            )
            if not inside or not amount.min <= set_by_officer <= amount.max:  # type: ignore[union-attr,operator]
                raise Refused(
                    "outside-band",
                    f"金额 {set_by_officer} 不在规则留出的幅度内 · the rules leave no such amount to set: {set_by_officer}",
                )
            value = set_by_officer
        if value is None:
            raise Refused("no-amount", "金额尚未确定 · the amount has not been set (amount)")
        offset = self.effects.get("offset")
        return value if offset is None or offset.amount is None else max(value - offset.amount, 0)

    def _periodic(self, value: Money) -> str:
        amount = self.finding.amount
        period = "month" if amount is None else amount.period
        return self.told.say(f"amount.{period}", n=self.told.values.money(value))

    def _amount(self) -> Iterator[Block]:
        amount, told, sheet = self.finding.amount, self.told, self.sheet
        rule = self.text.version.amount if self.text else None
        if amount is None or rule is None:
            return
        yield Heading(sheet.say("heading.amount"))
        yield Text(self._amount_said())
        parts = {one.id: one for one in amount.parts}
        items = [
            Item(part_line(told, named, parts[named.id], self.wanted.subject), self._of(named.cite))
            for named in rule.parts
            if named.id in parts
        ]
        items += [Item(line.text, self._of(rule.cite)) for line in band_lines(told, rule, self.finding)]
        yield Items(tuple(items))

    def _amount_said(self) -> str:
        amount, told, sheet = self.finding.amount, self.told, self.sheet
        assert amount is not None
        paid, offset = self._paid(), self.effects.get("offset")
        if offset is not None and offset.amount is not None:
            due = paid + offset.amount if self.wanted.amount is None else self.wanted.amount
            other = next(one for one in offset.between if one != self.wanted.policy)
            return sheet.say(
                "amount.offset",
                amount=self._periodic(amount.value if amount.value is not None else due),
                cut=told.values.money(offset.amount),
                other=told.titles([other]),
                rest=self._periodic(paid),
            )
        if self.wanted.amount is not None:
            band = told.span(None, amount.min, amount.max)
            return sheet.say("amount.officer", amount=self._periodic(paid), band=band)
        return sheet.say("amount", amount=self._periodic(paid))

    def _of(self, cite: str) -> tuple[str, ...]:
        return self.sheet.article(cite) if cite else ()

    def _dates(self, kind: Kind) -> Iterator[Block]:
        finding, sheet, told = self.finding, self.sheet, self.told
        said = []
        if kind is Kind.GRANT and finding.amount is not None and finding.pays_from and self.text:
            month = told.values.month(finding.pays_from)
            said.append(
                sheet.say("pays.once")
                if told.paid_at_once(self.text)
                else sheet.say("pays.month", month=month)
            )
        if finding.review_due:
            said.append(sheet.say("review", date=told.values.day(finding.review_due)))
        yield from (Text(one) for one in said)

    # --- what would change it ---------------------------------------------------------------------------

    def _changes(self) -> Iterator[Item]:
        for one in self.finding.would_change:
            outcome = self.told.words[f"outcome.{one.outcome}"]
            yield Item(self.sheet.say("change", change=self.told.change(one), outcome=outcome))
        if not self.finding.would_change:
            yield Item(self.sheet.say("change.none"))

    # --- being heard ------------------------------------------------------------------------------------

    def _hearing(self, kind: Kind) -> list[Block]:
        """Where the law asks for it, nothing is reduced or ended unheard. Raises `Refused`."""
        if not self._is_less(kind):
            return []
        notices = list(self.sheet.notices(self.sheet.letters.hearings, self.department))
        if not notices:
            return []
        if self.wanted.heard is None:
            raise Refused(
                "not-heard",
                "减发、停发前须先听取意见，请写明听取的日期 · "
                "nothing is reduced or ended before the household was heard; say when (heard)",
            )
        heard = self.sheet.say("hearing.held", date=self.sheet.date(self.wanted.heard))
        heading, items = self.sheet.section("heading.hearing", notices)
        return [heading, Text(heard), items]

    def _is_less(self, kind: Kind) -> bool:
        if kind is Kind.STOP:
            return True
        before, changes = self.wanted.before, kind is Kind.CHANGE or self.wanted.kind is None
        return changes and before is not None and self._paid() < before


_KINDS: Mapping[str, Sequence[Kind]] = {
    "eligible": (Kind.GRANT, Kind.CHANGE),
    "discretionary": (Kind.GRANT, Kind.CHANGE),
    "ineligible": (Kind.REFUSAL, Kind.STOP),
    "closed": (Kind.CLOSING, Kind.STOP),
}


def _not_settled(outcome: str) -> Refused:
    return Refused(
        "not-settled",
        f"结果为“{outcome}”且尚未定，不能出具决定书；所缺见需补充材料清单 · "
        "nothing is settled yet, so no decision can be written; the list of missing papers says what it waits for",
    )
