"""Scanned papers of a household: taken in, listed, shown, checked. What is in them is sealed with the household's key."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Row, Select, select

from records import audit, scan_files, sealed, tables
from records.database import Reading, Writing
from records.households import ever_members
from records.refused import Refused
from records.sealed import Tampered
from records.sniffed import sniff


class ScanType(StrEnum):
    APPLICATION = "application"
    CONSENT = "consent"
    ID_COPY = "id_copy"
    HOUSEHOLD_REGISTER = "household_register"
    INCOME_PROOF = "income_proof"
    PROPERTY_PROOF = "property_proof"
    BANK_BOOK = "bank_book"
    MEDICAL_BILL = "medical_bill"
    DISABILITY_CERTIFICATE = "disability_certificate"
    SCHOOL_PROOF = "school_proof"
    VISIT_RECORD = "visit_record"
    OBJECTION = "objection"
    SIGNED_LETTER = "signed_letter"
    OTHER = "other"


TYPE_LABELS: Mapping[ScanType, Mapping[str, str]] = {
    ScanType.APPLICATION: {"zh": "申请书", "en": "application form"},
    ScanType.CONSENT: {"zh": "核对授权书", "en": "consent to checks"},
    ScanType.ID_COPY: {"zh": "身份证复印件", "en": "copy of the identity card"},
    ScanType.HOUSEHOLD_REGISTER: {"zh": "户口簿", "en": "household register"},
    ScanType.INCOME_PROOF: {"zh": "收入证明", "en": "proof of income"},
    ScanType.PROPERTY_PROOF: {"zh": "财产证明", "en": "proof of property"},
    ScanType.BANK_BOOK: {"zh": "银行存折或流水", "en": "bank book or statement"},
    ScanType.MEDICAL_BILL: {"zh": "医疗费用票据", "en": "medical bill"},
    ScanType.DISABILITY_CERTIFICATE: {"zh": "残疾人证", "en": "disability certificate"},
    ScanType.SCHOOL_PROOF: {"zh": "在学证明", "en": "proof of schooling"},
    ScanType.VISIT_RECORD: {"zh": "入户调查记录", "en": "record of a visit"},
    ScanType.OBJECTION: {"zh": "异议材料", "en": "objection"},
    ScanType.SIGNED_LETTER: {"zh": "签收的文书", "en": "signed letter"},
    ScanType.OTHER: {"zh": "其他材料", "en": "other"},
}


@dataclass(frozen=True, slots=True)
class Scan:
    """`quarantine`: why it is kept apart, "" when it is not. `size`: bytes."""

    scan_id: str
    household_id: str
    person_id: str
    case_id: str
    type: ScanType
    media: str
    size: int
    content_hash: str
    quarantine: str
    recorded_on: date
    recorded_by: str


def take_in(
    write: Writing,
    directory: Path,
    household_id: str,
    scan_type: ScanType,
    content: bytes,
    declared: str = "",
    *,
    person_id: str = "",
    case_id: str = "",
) -> Scan:
    """Stores a scan. `declared`: what the uploader says it is, checked against what it is.

    Raises `Refused` for what is no scan (`records.sniffed`), and for somebody who is no member.
    """
    if person_id and person_id not in ever_members(write.connection, household_id):
        raise Refused(
            "no-member",
            f"{person_id} 不是该户成员 · {person_id} is no member of this household",
        )
    found = sniff(content, declared)
    subject = sealed.of_household(household_id)
    content_hash = hashlib.sha256(content).hexdigest()
    key = sealed.data_key(write, subject)
    closed = sealed.seal(key, subject, "scan", content_hash, "content", content)
    row = {
        "scan_id": secrets.token_hex(10),
        "household_id": household_id,
        "person_id": person_id or None,
        "case_id": case_id or None,
        "type": scan_type.value,
        "media": found.media,
        "size": len(content),
        "content_hash": content_hash,
        "file": scan_files.put(directory, closed),
        "quarantine": found.quarantine or None,
    }
    return _scan(audit.add_row(write, "scan", tables.scan, household_id, row))


def chosen(*, household_id: str = "", person_id: str = "", case_id: str = "") -> Select[Any]:
    """Scans of a household, a person or a case, in the order in which they came; a query to count, narrow or cut."""
    scan = tables.scan.c
    made = select(tables.scan).order_by(scan.seq)
    asked = ((scan.household_id, household_id), (scan.person_id, person_id), (scan.case_id, case_id))
    for column, value in asked:
        made = made.where(column == value) if value else made
    return made


def listed(read: Reading, query: Select[Any]) -> list[Scan]:
    return [_scan(dict(row._mapping)) for row in read.connection.execute(query)]


def find(read: Reading, scan_id: str) -> Scan:
    """Raises `Refused` no-scan."""
    return _scan(dict(_row(read, scan_id)._mapping))


def shown(write: Writing, directory: Path, scan_id: str) -> bytes:
    """What is in a scan; that it was looked at stays in the audit trail. Raises `Refused`, `Erased`, `Tampered`."""
    row = _row(write, scan_id)
    content = _opened(write, directory, row)
    audit.noted(write, "view-scan", "scan", row.household_id, scan_id)
    return content


def _row(read: Reading, scan_id: str) -> Row[Any]:
    row = read.connection.execute(select(tables.scan).where(tables.scan.c.scan_id == scan_id)).first()
    if row is None:
        raise no_scan(scan_id)
    return row


def no_scan(scan_id: str) -> Refused:
    return Refused("no-scan", f"没有材料 {scan_id} · there is no scan {scan_id}")


def _opened(read: Reading, directory: Path, row: Row[Any]) -> bytes:
    subject = sealed.of_household(row.household_id)
    key = sealed.key_of(sealed.data_keys(read, [subject]), subject)
    closed = scan_files.get(directory, row.file)
    content = sealed.unseal(key, subject, "scan", row.content_hash, "content", closed)
    if hashlib.sha256(content).hexdigest() != row.content_hash:
        raise Tampered(
            f"scan {row.scan_id}: 内容与登记的哈希不符 · the content differs from the hash that was written down"
        )
    return content


def altered(read: Reading, directory: Path) -> Iterator[tuple[Scan, str]]:
    """Every scan whose file is gone, changed or not sealed for it, with what is wrong. Erased ones are passed over."""
    for row in read.connection.execute(select(tables.scan).order_by(tables.scan.c.seq)):
        try:
            _opened(read, directory, row)
        except sealed.Erased:
            continue
        except Tampered as wrong:
            yield _scan(dict(row._mapping)), str(wrong)


def _scan(row: Mapping[str, Any]) -> Scan:
    return Scan(
        row["scan_id"],
        row["household_id"],
        row["person_id"] or "",
        row["case_id"] or "",
        ScanType(row["type"]),
        row["media"],
        row["size"],
        row["content_hash"],
        row["quarantine"] or "",
        row["recorded_on"],
        row["recorded_by"],
    )
