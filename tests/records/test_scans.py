"""Scanned papers: what is taken, what is kept apart, who sees them, and that nobody changes one unseen."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import pypdf
import pytest
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject, TextStringObject

from engine.decision import parse_json
from records import erasure, scans
from records.database import Database, reading, writing
from records.households import claim, version_of
from records.refused import Refused
from records.scans import ScanType
from records.sniffed import LARGEST, sniff
from records.verify import verify
from tests.records.conftest import Clerk
from tests.records.test_over_http import Office, sample
from tests.support.pictures import png


def jpeg(width: int = 3, height: int = 2, after: bytes = b"") -> bytes:
    size = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    frame = b"\xff\xc0" + struct.pack(">H", len(size) + 2) + size
    scan = b"\xff\xda" + struct.pack(">H", 8) + b"\x01\x01\x00\x00\x3f\x00" + b"\x12\x34"
    return b"\xff\xd8\xff\xe0" + struct.pack(">H", 4) + b"JF" + frame + scan + b"\xff\xd9" + after


def pdf(**more: Any) -> bytes:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    if "javascript" in more:
        writer.root_object[NameObject("/OpenAction")] = writer._add_object(_act("/JavaScript", "/JS", more))
    if "attached" in more:
        writer.add_attachment("a.exe", more["attached"])
    if "launch" in more:
        writer.root_object[NameObject("/OpenAction")] = writer._add_object(_act("/Launch", "/F", more))
    if "picture" in more:
        picture = DecodedStreamObject()
        picture.set_data(more["picture"])
        writer.root_object[NameObject("/Picture")] = writer._add_object(picture)
    if "locked" in more:
        writer.encrypt(more["locked"], algorithm="RC4-128")
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def _act(kind: str, key: str, more: dict[str, Any]) -> DictionaryObject:
    said = TextStringObject(next(iter(more.values())))
    return DictionaryObject({NameObject("/S"): NameObject(kind), NameObject(key): said})


def packed_pdf(act: bytes) -> bytes:
    """A PDF whose open action stands in a compressed object stream, where nothing of it can be read."""
    inside = b"4 0 " + act
    packed = zlib.compress(inside)
    parts = [
        b"1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction 4 0 R>>endobj\n",
        b"2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n",
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n",
        b"5 0 obj<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n%b\nendstream endobj\n"
        % (len(packed), packed),
    ]
    made, places = b"%PDF-1.5\n", []
    for part in parts:
        places.append(len(made))
        made += part
    rows = [(0, 0), *((1, place) for place in places[:3]), (2, 5), (1, places[3]), (1, len(made))]
    table = b"".join(bytes([kind]) + place.to_bytes(4) + b"\0" for kind, place in rows)
    head = b"6 0 obj<</Type/XRef/Size 7/W[1 4 1]/Root 1 0 R/Length %d>>stream\n" % len(table)
    return made + head + table + b"\nendstream endobj\nstartxref\n%d\n%%%%EOF\n" % len(made)


# --- what it is ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "media", "quarantine"),
    [
        (png(), "image/png", ""),
        (png(after=b"PK\x03\x04"), "image/png", "trailing"),
        (png()[:-6], "image/png", "broken"),
        (png().replace(b"IDAT", b"IDAX"), "image/png", "broken"),
        (jpeg(), "image/jpeg", ""),
        (jpeg(after=b"\0\0"), "image/jpeg", ""),
        (jpeg(after=b"<script>"), "image/jpeg", "trailing"),
        (jpeg()[:-2], "image/jpeg", "broken"),
        (b"\xff\xd8\xff\xe0\x00\x04JF", "image/jpeg", "broken"),
        (pdf(), "application/pdf", ""),
        (pdf(javascript="app.alert(1)"), "application/pdf", "active"),
        (pdf(attached=b"MZ"), "application/pdf", "active"),
        (pdf(launch="cmd.exe"), "application/pdf", "active"),
        (pdf(launch="cmd.exe").replace(b"/Launch", b"/L#61unch"), "application/pdf", "active"),
        (packed_pdf(b"<</S/JavaScript/JS(app.alert\\(1\\))>>"), "application/pdf", "active"),
        (packed_pdf(b"[3 0 R/Fit]"), "application/pdf", ""),
        (pdf(locked="x"), "application/pdf", "encrypted"),
        (pdf()[:200], "application/pdf", "broken"),
        (b"%PDF-1.7\n%%EOF", "application/pdf", "broken"),
    ],
)
def test_what_it_is_and_whether_it_is_kept_apart(content: bytes, media: str, quarantine: str) -> None:
    found = sniff(content, "")
    assert (found.media, found.quarantine) == (media, quarantine)


@pytest.mark.parametrize(
    ("content", "declared", "code"),
    [
        (b"", "image/png", "empty"),
        (b"GIF89a", "", "bad-type"),
        (b"<html><script>", "image/png", "bad-type"),
        (b"MZ\x90", "application/pdf", "bad-type"),
        (b" %PDF-1.4", "", "bad-type"),
        (png(), "image/jpeg", "type-differs"),
        (pdf(), "text/html", "type-differs"),
        (png(200_000, 1), "", "too-many-pixels"),
        (jpeg(20_000, 20_000), "", "too-many-pixels"),
        (b"\x89PNG\r\n\x1a\n" + bytes(LARGEST), "", "too-large"),
    ],
)
def test_what_is_not_taken(content: bytes, declared: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        sniff(content, declared)
    assert refused.value.code == code


def test_a_large_picture_is_not_taken_for_something_active_by_chance() -> None:
    """Short names such as /JS stand in compressed data by chance."""
    made = pdf(picture=b"/JS /3D /XFA ")
    assert b"/JS" in made and sniff(made, "").quarantine == ""


# --- stored -------------------------------------------------------------------------------------------------


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "documents"
    monkeypatch.setenv("RELIEF_DOCUMENTS", str(place))
    return place


def files(directory: Path) -> list[Path]:
    return [one for one in directory.rglob("*") if one.is_file()]


@pytest.fixture
def taken(database: Database, clerk: Clerk, directory: Path) -> scans.Scan:
    household = clerk.writes_down("case_01", "2025-10-08")
    with writing(database, "li") as write:
        return scans.take_in(
            write, directory, household, ScanType.ID_COPY, png(), "image/png", person_id="p1", case_id="C1"
        )


def test_what_lies_in_the_directory_is_sealed_and_opens_again(
    database: Database, directory: Path, taken: scans.Scan
) -> None:
    (place,) = files(directory)
    assert place.name not in (taken.content_hash,) and b"PNG" not in place.read_bytes()
    assert place.stat().st_mode & 0o077 == 0
    with writing(database, "wang") as write:
        assert scans.shown(write, directory, taken.scan_id) == png()
    with reading(database) as read:
        assert verify(read.connection, database.keys.signing.public_key()) is None
        assert list(scans.altered(read, directory)) == []
        assert [one.person_id for one in scans.listed(read, scans.chosen(case_id="C1"))] == ["p1"]


def test_a_file_that_was_changed_or_taken_away_is_named(
    database: Database, directory: Path, taken: scans.Scan
) -> None:
    (place,) = files(directory)
    whole = place.read_bytes()
    for wrong in (whole[:-1] + bytes([whole[-1] ^ 1]), whole[:40], None):
        place.unlink()
        if wrong is not None:
            place.write_bytes(wrong)
        with reading(database) as read:
            ((found, problem),) = scans.altered(read, directory)
        assert found.scan_id == taken.scan_id and place.name in problem
        place.write_bytes(whole)


def test_a_file_that_was_put_in_the_place_of_another_does_not_open(
    database: Database, directory: Path, taken: scans.Scan
) -> None:
    """Its name fits what lies in it, and the row that names it was changed as well: the seal is for the other one."""
    with writing(database, "li") as write:
        other = scans.take_in(write, directory, taken.household_id, ScanType.OTHER, jpeg())
    with database.engine.begin() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("ALTER TABLE scan DISABLE TRIGGER USER")
        else:
            connection.exec_driver_sql("DROP TRIGGER scan_no_update")
        connection.exec_driver_sql(
            f"UPDATE scan SET file = (SELECT file FROM scan s WHERE s.scan_id = '{other.scan_id}') "  # noqa: S608
            f"WHERE scan_id = '{taken.scan_id}'"
        )
    with reading(database) as read:
        ((found, _),) = scans.altered(read, directory)
        broken = verify(read.connection, database.keys.signing.public_key())
    assert found.scan_id == taken.scan_id
    assert broken is not None and broken.entity == "scan"


def test_rows_are_only_added_to(database: Database, taken: scans.Scan) -> None:
    for wrong in ("DELETE FROM scan", "UPDATE scan SET quarantine = NULL"):
        with pytest.raises(Exception, match="only added to"), database.engine.begin() as connection:
            connection.exec_driver_sql(wrong)


def test_erasure_reaches_scans(database: Database, directory: Path, taken: scans.Scan) -> None:
    with reading(database) as read:
        version = version_of(read.connection, taken.household_id)
    assert version is not None
    with writing(database, "zhao") as write:
        claim(write, taken.household_id, version)
        erasure.erase_household(write, taken.household_id, "依申请删除")
    with writing(database, "wang") as write, pytest.raises(scans.sealed.Erased):
        scans.shown(write, directory, taken.scan_id)
    with reading(database) as read:
        assert list(scans.altered(read, directory)) == []


def test_only_members_have_papers(database: Database, directory: Path, taken: scans.Scan) -> None:
    with writing(database, "li") as write, pytest.raises(Refused):
        scans.take_in(write, directory, taken.household_id, ScanType.OTHER, png(), person_id="nobody")


# --- over HTTP ----------------------------------------------------------------------------------------------


@pytest.fixture
def office(database: Database, directory: Path) -> Office:
    return Office(database)


@pytest.fixture
def household(office: Office) -> str:
    body = {"document": sample(), "identities": {"p1": {"name": "王小明"}}}
    return str(office.post("town", "/v1/households", body, 201)["household_id"])


def upload(office: Office, who: str, household: str, content: bytes, media: str, status: int = 201) -> Any:
    headers = {"x-viewer": who, "Content-Type": media}
    path = f"/v1/households/{household}/scans?type=medical_bill&person=p1&case=C7"
    answer = office.client.post(path, content, headers=headers)
    assert answer.status_code == status, answer.text
    return parse_json(answer.content)


def test_a_scan_is_sent_listed_and_shown_safely(office: Office, household: str) -> None:
    made = upload(office, "village", household, png(), "image/png")
    assert (made["media"], made["person_id"], made["case_id"], made["quarantine"]) == (
        "image/png",
        "p1",
        "C7",
        None,
    )
    listed = office.get("civil", f"/v1/scans?household={household}")
    assert (listed["total"], listed["scans"][0]["label"]["zh"]) == (1, "医疗费用票据")
    assert office.get("civil", f"/v1/scans?case=C7&after={made['scan_id']}")["scans"] == []
    path = f"/v1/scans/{made['scan_id']}/content"
    shown = office.client.get(path, headers={"x-viewer": "auditor"})
    assert (shown.status_code, shown.content, shown.headers["content-type"]) == (200, png(), "image/png")
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in shown.headers["content-security-policy"]
    assert shown.headers["content-disposition"].startswith("inline;")
    assert shown.headers["cache-control"] == "no-store"
    looked = office.get("auditor", "/v1/audit?action=view-scan")
    assert (looked["total"], looked["entries"][0]["actor"], looked["entries"][0]["subject"]) == (
        1,
        "auditor",
        household,
    )


def test_scans_of_other_households_are_not_there(office: Office, household: str) -> None:
    made = upload(office, "town", household, png(), "image/png")
    upload(office, "other-town", household, png(), "image/png", 404)
    for path in ("", "/content"):
        office.get("other-town", f"/v1/scans/{made['scan_id']}{path}", 404)
    assert office.get("other-town", "/v1/scans")["total"] == 0
    office.get("admin", "/v1/scans", 403)
    upload(office, "auditor", household, png(), "image/png", 403)


def test_what_is_kept_apart_is_opened_by_the_department_alone(office: Office, household: str) -> None:
    made = upload(office, "town", household, pdf(javascript="app.alert(1)"), "application/pdf")
    assert made["quarantine"] == "active"
    path = f"/v1/scans/{made['scan_id']}/content"
    for who in ("town", "village", "auditor"):
        office.get(who, path, 403)
    shown = office.client.get(path, headers={"x-viewer": "civil"})
    assert shown.status_code == 200
    assert shown.headers["content-disposition"].startswith("attachment;")


def test_a_scan_may_be_larger_than_a_document(office: Office, household: str) -> None:
    large = jpeg().replace(b"\x12\x34", bytes(3_000_000))
    made = upload(office, "town", household, large, "image/jpeg")
    assert made["size"] == len(large)
    shown = office.client.get(f"/v1/scans/{made['scan_id']}/content", headers={"x-viewer": "town"})
    assert shown.content == large


def test_what_is_no_scan_is_told(office: Office, household: str) -> None:
    told = upload(office, "town", household, b"GIF89a", "image/png", 422)
    assert told["errors"][0]["code"] == "bad-type"
    upload(office, "town", household, bytes(LARGEST + 1), "image/png", 413)


def test_a_changed_file_is_named_to_whoever_asks_for_it(
    office: Office, household: str, directory: Path
) -> None:
    made = upload(office, "town", household, png(), "image/png")
    (place,) = files(directory)
    place.write_bytes(b"something else")
    told = office.get("town", f"/v1/scans/{made['scan_id']}/content", 500)
    assert place.name in told["detail"]


def test_without_a_directory_nothing_is_taken(
    office: Office, household: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RELIEF_DOCUMENTS")
    told = upload(office, "town", household, png(), "image/png", 503)
    assert "RELIEF_DOCUMENTS" in told["detail"]
