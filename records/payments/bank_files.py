"""What a bank is told: the instructions of a released batch as CSV, or as ISO 20022 pain.001.001.09.

Names and account numbers stand in clear only here. The same batch gives the same bytes, and control sums are computed
from what is written, never taken from elsewhere.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from xml.etree.ElementTree import Element, SubElement, tostring

from sqlalchemy import select

from engine.rulebook import Rulebook
from records import exports, tables
from records.database import Reading, Writing
from records.payments.batches import Batch, next_step, steps
from records.payments.words import State
from records.people import Payable, unmasked_for_bank
from records.refused import Refused
from records.rights import Viewer
from records.tables.base import utc

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
COLUMNS = (
    "业务参考号 reference",
    "收款人 name",
    "账号 account",
    "金额 amount",
    "币种 currency",
    "项目 policy",
    "月份 month",
)
_NAME, _ACCOUNT, _TEXT = 140, 34, 35  # Max140Text, Max34Text, Max35Text


class Format(StrEnum):
    CSV = "csv"
    PAIN = "pain.001"


@dataclass(frozen=True, slots=True)
class Payer:
    """Whose account the money is taken from: the office's own, told with each export. `bank`: its BIC or local code."""

    name: str
    account: str
    bank: str
    pay_on: date


@dataclass(frozen=True, slots=True)
class Transfer:
    """One payment as the bank gets it."""

    reference: str
    to: Payable
    amount: Decimal
    policy: str
    month: str


@dataclass(frozen=True, slots=True)
class Exported:
    content: bytes
    file_hash: str
    transfers: int
    amount: Decimal


def export(
    write: Writing, book: Rulebook, viewer: Viewer, batch: Batch, form: Format, payer: Payer, purpose: str
) -> Exported:
    """The file of a released batch; its hash is kept with the step. Raises `Refused`."""
    if batch.state not in (State.RELEASED, State.EXPORTED, State.SETTLED):
        raise Refused(
            "not-now",
            f"批次 {batch.seq} 未放行，不能导出 · batch {batch.seq} is not released; nothing is exported",
        )
    currency = str(book.currency.get("code", ""))
    if not currency:
        raise Refused(
            "no-currency",
            "规则库没有写货币代码（currency.code）· the rulebook does not say currency.code (ISO 4217)",
        )
    rows = write.connection.execute(
        select(tables.instruction)
        .where(tables.instruction.c.batch == batch.seq)
        .order_by(tables.instruction.c.line)
    ).all()
    wanted = dict.fromkeys((row.holder, bytes(row.account)) for row in rows)
    clear = unmasked_for_bank(write, wanted, f"batch:{batch.seq}", purpose)
    decimals = int(book.currency["decimals"])
    transfers = [
        Transfer(
            row.reference,
            clear[row.holder, bytes(row.account)],
            _exact(row.reference, row.amount, decimals),
            row.policy,
            row.month,
        )
        for row in rows
    ]
    if form is Format.CSV:
        content = as_csv(transfers, currency)
    else:
        content = as_pain(batch, transfers, payer, currency, _released_at(write, batch))
    file_hash = hashlib.sha256(content).hexdigest()
    after = {State.RELEASED, State.EXPORTED, State.SETTLED}
    next_step(write, viewer, batch, State.EXPORTED, after, purpose, file_hash)
    return Exported(content, file_hash, len(transfers), _sum(transfers))


def _exact(reference: str, amount: str, decimals: int) -> Decimal:
    """Raises `Refused` bad-amount: nothing is rounded on the way to a bank."""
    exact = Decimal(amount)
    rounded = round(exact, decimals)
    if exact != rounded or exact <= 0:
        raise Refused(
            "bad-amount", f"{reference}: 金额 {amount} 无法支付 · an amount of {amount} cannot be paid"
        )
    return rounded


def _released_at(read: Reading, batch: Batch) -> datetime:
    return next(utc(one.recorded_at) for one in steps(read, batch.seq) if one.state == State.RELEASED)


def _sum(transfers: Sequence[Transfer]) -> Decimal:
    return sum((one.amount for one in transfers), Decimal(0))


def as_csv(transfers: Sequence[Transfer], currency: str) -> bytes:
    """UTF-8 with a mark, as spreadsheets take it; the last row is the control sum."""
    rows: list[Sequence[object]] = [
        (one.reference, one.to.name, one.to.account, one.amount, currency, one.policy, one.month)
        for one in transfers
    ]
    rows.append(("合计 total", len(transfers), "", _sum(transfers), currency, "", ""))
    return b"".join(exports.as_csv(COLUMNS, rows))


def as_pain(
    batch: Batch, transfers: Sequence[Transfer], payer: Payer, currency: str, created: datetime
) -> bytes:
    """CustomerCreditTransferInitiation: one payment information block, one transaction for each instruction."""
    name, account = _clean("payer", payer.name, _NAME), _clean("payer", payer.account, _ACCOUNT)
    bank = _clean("payer", payer.bank, _TEXT)
    total, count = str(_sum(transfers)), str(len(transfers))
    message = f"B{batch.seq}-{batch.month.replace('-', '')}"
    root = Element("Document", {"xmlns": NAMESPACE})
    head = SubElement(root, "CstmrCdtTrfInitn")
    group = SubElement(head, "GrpHdr")
    _text(group, "MsgId", message)
    _text(group, "CreDtTm", created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    _text(group, "NbOfTxs", count)
    _text(group, "CtrlSum", total)
    _text(group, "InitgPty/Nm", name)
    block = SubElement(head, "PmtInf")
    _text(block, "PmtInfId", f"{message}-1")
    _text(block, "PmtMtd", "TRF")
    _text(block, "BtchBookg", "true")
    _text(block, "NbOfTxs", count)
    _text(block, "CtrlSum", total)
    _text(block, "ReqdExctnDt/Dt", payer.pay_on.isoformat())
    _text(block, "Dbtr/Nm", name)
    _text(block, "DbtrAcct/Id/Othr/Id", account)
    _text(block, "DbtrAgt/FinInstnId/Othr/Id", bank)
    for one in transfers:
        _transfer(SubElement(block, "CdtTrfTxInf"), one, currency)
    written: str = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{written}\n'.encode()


def _transfer(made: Element, one: Transfer, currency: str) -> None:
    _text(made, "PmtId/EndToEndId", _clean(one.reference, one.reference, _TEXT))
    amount = _text(made, "Amt/InstdAmt", str(one.amount))
    amount.set("Ccy", currency)
    _text(made, "Cdtr/Nm", _clean(one.reference, one.to.name, _NAME))
    _text(made, "CdtrAcct/Id/Othr/Id", _clean(one.reference, one.to.account, _ACCOUNT))
    _text(made, "RmtInf/Ustrd", f"{one.policy} {one.month}"[:_NAME])


def _text(under: Element, path: str, text: str) -> Element:
    """An element below others, which are made where they are not there."""
    for name in path.split("/"):
        under = SubElement(under, name)
    under.text = text
    return under


def _clean(where: str, text: str, at_most: int) -> str:
    """Raises `Refused` bad-text: what a bank would cut or refuse is not sent."""
    plain = unicodedata.normalize("NFC", text).strip()
    if not plain or len(plain) > at_most or not plain.isprintable():
        raise Refused(
            "bad-text",
            f"{where}: 名称或账号为空、含控制字符或超过 {at_most} 字 · a name or account is empty, unprintable or longer than {at_most}",
        )
    return plain
