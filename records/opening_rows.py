"""Rows of awards and payments looked at, each for itself: whose they are, what they say, whether they are there already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from engine.population.cells import Unfit, day_of, number_of, text_of
from engine.population.problems import near
from engine.population.sheets import COLUMNS, CellProblem, Imported, RowOf, Sheet
from engine.rulebook import Rulebook
from records import tables
from records.database import AT_ONCE, Reading, batched
from records.granted import CARRIED_OVER, Granted, Paid
from records.people import Kind
from records.sheets_in import FURTHER, anywhere
from records.verdicts import Flat, read_flat
from records.whose import Whose

AWARDS, PAYMENTS = "awards", "payments"
SHEETS: Mapping[str, tuple[str, ...]] = {AWARDS: ("awards", "待遇"), PAYMENTS: ("payments", "发放")}
MONTHS = 24
CAUSE_AT_MOST = 80  # signs; a word that can be compared, no story
_WHO = {
    "household_id": COLUMNS["household_id"],
    "person_id": COLUMNS["person_id"],
    "id_number": FURTHER["people"][Kind.ID_NUMBER],
}
_COLUMNS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    AWARDS: {
        **_WHO,
        **{name: COLUMNS[name] for name in ("policy", "from", "to", "amount")},
        "period": ("period", "周期"),
        "source": ("source", "来源"),
    },
    PAYMENTS: {
        **_WHO,
        **{name: COLUMNS[name] for name in ("policy", "amount")},
        "month": ("month", "发放月份", "月份"),
        "paid": ("paid", "发放日期"),
        "cause": ("cause", "事由"),
        "account": FURTHER["people"][Kind.ACCOUNT],
        "source": ("source", "来源"),
    },
}
_NEEDED = {AWARDS: ("policy", "from"), PAYMENTS: ("policy", "month", "amount")}
PERIODS: Mapping[str, tuple[str, ...]] = {
    "month": ("month", "月", "每月", "按月"),
    "year": ("year", "年", "每年", "按年"),
    "once": ("once", "次", "一次", "一次性"),
}


@dataclass(frozen=True, slots=True)
class Opening:
    """Verdicts for every row, and what will be written, by household."""

    imported: Imported
    awards: Mapping[str, list[Granted]]
    payments: Mapping[str, list[Paid]]

    def counts(self) -> tuple[int, int]:
        return sum(map(len, self.awards.values())), sum(map(len, self.payments.values()))


def check_opening(
    read: Reading,
    book: Rulebook,
    sheets: Sequence[Sheet],
    as_of: date,
    reaches: Callable[[str], bool] = anywhere,
) -> Opening:
    """Looks at every row; nothing is written. `reaches`: whether households of an area may be written."""
    return _Checking(read, book, as_of, reaches).checked(sheets)


@dataclass(slots=True)
class _Checking:
    read: Reading
    book: Rulebook
    as_of: date
    reaches: Callable[[str], bool]
    problems: list[CellProblem] = field(default_factory=list)
    warnings: list[CellProblem] = field(default_factory=list)
    rows: list[RowOf] = field(default_factory=list)
    awards: dict[str, list[Granted]] = field(default_factory=lambda: defaultdict(list))
    payments: dict[str, list[Paid]] = field(default_factory=lambda: defaultdict(list))
    held: set[tuple[str, str, str]] = field(default_factory=set)  # household, policy, person of every award

    def checked(self, sheets: Sequence[Sheet]) -> Opening:
        known = [(self._name(sheet), sheet) for sheet in sheets]
        for name, sheet in sorted(known, key=lambda one: one[0] != AWARDS):
            if name:
                flat = read_flat(sheet, _COLUMNS[name], _NEEDED[name])
                if not any(one.row == 1 for one in flat.problems):
                    self._sheet(flat, name)
                self.problems += flat.problems
                self.warnings += flat.warnings
                if not flat.rows:
                    self.problems.append(_no_rows(sheet))
            else:
                flat = Flat(sheet)
                listed = [title for titles in SHEETS.values() for title in titles]
                flat.add(1, "", "no-such-sheet", value=sheet.name, near=near(sheet.name, listed))
                self.problems += flat.problems
        imported = Imported([], self.rows, self.problems, frozenset(), frozenset(), {}, self.warnings)
        return Opening(imported, dict(self.awards), dict(self.payments))

    @staticmethod
    def _name(sheet: Sheet) -> str:
        wanted = sheet.name.strip().lower()
        return next((name for name, titles in SHEETS.items() if wanted in titles), "")

    def _sheet(self, flat: Flat, name: str) -> None:
        whose = Whose(self.read, flat, self.reaches)
        read = self._award if name == AWARDS else self._payment
        seen: dict[Any, int] = {}
        found: list[tuple[RowOf, str, Any]] = []
        for row in flat.rows:
            before = len(flat.problems)
            policy = flat.value(row, "policy", self._policy)
            one = read(flat, row, policy) if policy else None
            household, person = whose.of(row, self._day(one), self._unit(policy)) if one else ("", "")
            self.rows.append(RowOf(row.sheet, row.number, household or "?", row.cells))
            if one is None or not household or len(flat.problems) > before:
                continue
            made = _of(one, person if self._unit(policy) == "person" else "")
            first = seen.setdefault((household, _same(made)), row.number)
            if first != row.number:
                flat.add(row.number, "policy", "row-twice", other=str(first))
                continue
            found.append((row, household, made))
        self._known_already(flat, name, found)

    def _known_already(self, flat: Flat, name: str, found: Sequence[tuple[RowOf, str, Any]]) -> None:
        there = self._there(name, {household for _, household, _ in found})
        for row, household, one in found:
            if (household, _same(one)) in there:
                flat.warn(row.number, "policy", "already-there")
            elif name == AWARDS:
                self.awards[household].append(one)
            else:
                self.payments[household].append(one)
                if (household, one.policy, one.person) not in self.held:
                    flat.warn(row.number, "policy", "no-award")
            if name == AWARDS:
                self.held.add((household, one.policy, one.person))

    def _there(self, name: str, ids: Iterable[str]) -> set[Any]:
        """What the record has of these households, as it is compared; every award is noted in `held`."""
        found: set[Any] = set()
        for some in batched(sorted(ids), AT_ONCE):
            award, payment = tables.award, tables.payment
            for row in self.read.connection.execute(select(award).where(award.c.household_id.in_(some))):
                self.held.add((row.household_id, row.policy, row.person_id or ""))
                if name == AWARDS:
                    found.add((row.household_id, (row.policy, row.person_id or "", row.valid_from)))
            if name == PAYMENTS:
                paid = select(payment).where(payment.c.household_id.in_(some), payment.c.state == "paid")
                for row in self.read.connection.execute(paid):
                    amount = Decimal(row.amount)
                    same = (row.policy, row.person_id or "", row.month, amount, row.paid_on)
                    found.add((row.household_id, same))
        return found

    # --- cells ------------------------------------------------------------------------------------------

    def _award(self, flat: Flat, row: RowOf, policy: str) -> Granted | None:
        first = flat.value(row, "from", _date)
        last = flat.value(row, "to", _date)
        amount = flat.value(row, "amount", self._money)
        period = flat.value(row, "period", _period)
        if first is None:
            return None
        if last is not None and last < first:
            flat.add(row.number, "to", "ends-before")
        elif last is not None and last < self.as_of:
            flat.add(row.number, "to", "not-current", day=last.isoformat())
        if amount is not None and period is None:
            version = self.book.policies[policy].versions[-1]
            period = None if version.amount is None else version.amount.period
        source = flat.value(row, "source", text_of) or self.book.policies[policy].department
        return Granted(policy, first, source, "", last, amount, period, CARRIED_OVER)

    def _payment(self, flat: Flat, row: RowOf, policy: str) -> Paid | None:
        month = flat.value(row, "month", month_of)
        amount = flat.value(row, "amount", self._money)
        paid_on = flat.value(row, "paid", _date)
        account = flat.value(row, "account", text_of) or ""
        if month is None or amount is None:
            return None
        this = f"{self.as_of:%Y-%m}"
        first = _months_before(self.as_of, MONTHS)
        if month > this:
            flat.add(row.number, "month", "not-yet", month=this)
        elif month < first:
            flat.add(row.number, "month", "too-old", months=str(MONTHS), first=first)
        source = flat.value(row, "source", text_of) or self.book.policies[policy].department
        cause = flat.value(row, "cause", _cause) or ""
        return Paid(policy, month, amount, source, "", paid_on, account, None, CARRIED_OVER, cause)

    def _policy(self, cell: Any) -> str:
        text = text_of(cell)
        if text in self.book.policies:
            return text
        for name, one in self.book.policies.items():
            if any(text in version.title.values() for version in one.versions):
                return name
        raise Unfit("no-such-policy", value=text, near=near(text, self.book.policies))

    def _unit(self, policy: str | None) -> str:
        return self.book.policies[policy].unit if policy else ""

    def _money(self, cell: Any) -> str:
        value = Decimal(number_of(cell))
        if value < 0:
            raise Unfit("negative")
        if value != round(value, self.book.currency["decimals"]):
            raise Unfit("too-fine", value=str(cell))
        return str(number_of(cell))

    def _day(self, one: Granted | Paid | None) -> date:
        """The day on which it has to be known whose it is."""
        if isinstance(one, Paid):
            return min(date.fromisoformat(f"{one.month}-01"), self.as_of)
        return self.as_of


def month_of(cell: Any) -> str:
    """A month of a cell: 2026-08, 2026年8月, a day of it, or 202608. Raises `Unfit`."""
    text = str(cell).strip() if isinstance(cell, str | int) else ""
    digits = text.replace("年", "-").replace("/", "-").replace(".", "-").removesuffix("月")
    if digits.isdigit() and len(digits) == 6:
        digits = f"{digits[:4]}-{digits[4:]}"
    year, _, month = digits.partition("-")
    try:
        return f"{date(int(year), int(month), 1):%Y-%m}"
    except ValueError:
        pass
    try:
        return day_of(cell)[:7]
    except Unfit:
        raise Unfit("not-a-month", value=str(cell)) from None


def _period(cell: Any) -> str:
    text = text_of(cell).lower()
    found = next((period for period, words in PERIODS.items() if text in words), None)
    if found is None:
        raise Unfit("not-a-period", value=text, known=", ".join(words[1] for words in PERIODS.values()))
    return found


def _cause(cell: Any) -> str:
    text = text_of(cell)
    if len(text) > CAUSE_AT_MOST:
        raise Unfit("too-long", most=str(CAUSE_AT_MOST))
    return text


def _date(cell: Any) -> date:
    return date.fromisoformat(day_of(cell))


def _months_before(day: date, months: int) -> str:
    place = day.year * 12 + day.month - months
    return f"{place // 12}-{place % 12 + 1:02d}"


def _of(one: Granted | Paid, person: str) -> Granted | Paid:
    return replace(one, person=person)


def _same(one: Granted | Paid) -> tuple[Any, ...]:
    """What makes two rows the same one."""
    if isinstance(one, Granted):
        return one.policy, one.person, one.valid_from
    return one.policy, one.person, one.month, Decimal(one.amount), one.paid_on


def _no_rows(sheet: Sheet) -> CellProblem:
    flat = Flat(sheet)
    flat.add(1, "", "no-rows")
    return flat.problems[0]
