"""The evidence pack of a closed inspection: one ZIP file that verifies without the platform (`records/verify_pack.py`).

manifest.json names every file with its SHA-256, and the signed head of the audit trail; manifest.sig signs it. The same
record gives the same files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from records import audit, rulebooks, tables
from records.database import Reading, Writing
from records.inspections import evidence, reading, told
from records.inspections.reading import Inspection
from records.inspections.words import State
from records.refused import Refused
from records.rights import Viewer
from records.tables.inspections import IN_ORDER

FORM = "smart-relief inspection pack 1"
MANIFEST, SIGNATURE, README = "manifest.json", "manifest.sig", "README.txt"
ROWS = (
    *(table.name for table in IN_ORDER),
    *("relief_case", "case_step", "award", "payment", "status", "notice", "decision", "rulebook"),
)
_TIME = (1980, 1, 1, 0, 0, 0)
_README = """专项检查证据包 · Evidence pack of a special inspection

report.html       给人看的报告 · to read
inspection.json   规则、范围、种子、样本、发现、整改 · rules, scope, seed, sample, findings, what was put right
population.txt    抽样总体（层、项） · the list that was drawn from: stratum, item
rows/             各表的行，逐行对应审计链 · rows as the audit trail has digested them
decisions/        裁定；documents/ 其所据资料 · decisions; what they were made from
rulebooks/        当时的规则全文 · the rules in force
audit.jsonl       审计链 · the audit trail
manifest.json     各文件的 SHA-256；manifest.sig 签名 · every file's SHA-256; signed

验证 · verify:  python verify_pack.py THIS.zip PUBLIC_KEY
公钥由单位另行公布，不得取自本包。 The public key is published by the office; never take it from this pack.
"""
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Packed:
    """`erased`: decisions that were erased by law. `masked`: those of which the viewer may not see every fact."""

    files: int
    manifest_hash: str
    head: tuple[int, str]
    erased: tuple[int, ...]
    masked: tuple[int, ...]


def signed_text(manifest_hash: str) -> bytes:
    return f"smart-relief pack {manifest_hash}".encode()


def sign_head(write: Writing, one: Inspection) -> tuple[int, str]:
    """Signs the head of the audit trail, which the pack goes up to. Raises `Refused` not-closed-yet."""
    if one.state is not State.CLOSED:
        raise Refused(
            "not-closed-yet",
            "检查尚未办结，不能导出证据包 · the inspection is not closed; there is no pack of it yet",
        )
    head = audit.anchor(write)
    assert head is not None  # what was opened has left an entry
    return head


def write_pack(
    read: Reading, viewer: Viewer, one: Inspection, head: tuple[int, str], day: date, place: Path,
    progress: Progress = lambda _: None,
) -> Packed:  # fmt: skip
    """Writes the pack into a file. Raises `Refused` where the record cannot be read as it was written."""
    collected = evidence.collect(read, one, head[0])
    book = rulebooks.kept(read, one.rulebook)
    document = told.document(collected, book)
    public = read.keys.signing.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    named: dict[str, dict[str, object]] = {}
    with ZipFile(place, "w", ZIP_DEFLATED) as into:

        def put(path: str, parts: Iterable[bytes]) -> None:
            digest, size = hashlib.sha256(), 0
            with into.open(_entry(path), "w", force_zip64=True) as file:
                for part in parts:
                    digest.update(part)
                    size += len(part)
                    file.write(part)
            named[path] = {"sha256": digest.hexdigest(), "size": size}
            progress(path)

        for path, content in evidence.decided(collected, viewer):
            put(path, [content])
        for path, content in evidence.rule_texts(collected):
            put(path, [content])
        for table in ROWS:
            put(f"rows/{table}.jsonl", evidence.lines(collected, table))
        put("population.txt", [_population(read, one)])
        put("audit.jsonl", _trail(read, public, head[0]))
        document |= {"erased": collected.erased, "masked": collected.masked}
        put("inspection.json", [told.as_json(document)])
        put("report.html", [told.report(document, head)])
        put(README, [_README.encode()])
        manifest = told.as_json(
            {
                "pack": FORM,
                "inspection": one.seq,
                "made_by": viewer.account,
                "made_on": day,
                "head": {"seq": head[0], "hash": head[1]},
                "public_key": public.hex(),
                "files": named,
            }
        )
        manifest_hash = hashlib.sha256(manifest).hexdigest()
        into.writestr(_entry(MANIFEST), manifest)
        signature = read.keys.signing.sign(signed_text(manifest_hash)).hex()
        into.writestr(_entry(SIGNATURE), f"{signature}\n".encode())
    return Packed(len(named) + 2, manifest_hash, head, tuple(collected.erased), tuple(collected.masked))


def note(write: Writing, one: Inspection, packed: Packed) -> None:
    """That a pack was taken out stays in the trail, with the hash of its manifest."""
    subject = f"inspection:{one.seq}"
    audit.noted(write, "take-out-pack", tables.inspection.name, subject, packed.manifest_hash)


def _entry(path: str) -> ZipInfo:
    made = ZipInfo(path, _TIME)
    made.compress_type, made.external_attr = ZIP_DEFLATED, 0o600 << 16
    return made


def _population(read: Reading, one: Inspection) -> bytes:
    row = reading.draw_of(read, one.seq)
    assert row is not None  # it is closed
    text = reading.population_text(row).encode()
    if hashlib.sha256(text).hexdigest() != row.population_hash:
        raise Refused(
            "population-changed",
            "抽样总体与记录不符 · the list that was drawn from is not what was written down",
        )
    return text


def _trail(read: Reading, public: bytes, until: int) -> Iterator[bytes]:
    for line in audit.exported(read.connection, public, until):
        yield f"{line}\n".encode()
