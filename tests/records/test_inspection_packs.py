"""An evidence pack verifies without the platform, and whatever was done to it is named."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from records import audit
from records.database import Database, reading, writing
from records.decisions import decide_and_keep
from records.erasure import erase_household
from records.households import Asserted, claim_as_it_is, move, tell
from records.inspections import pack, sampling
from records.inspections.looking import look
from records.inspections.words import Answer
from records.keys import Keys, new_keys
from records.people import Identity, identify
from records.verify import verify
from tests.records.casework import BOOK, county
from tests.records.conftest import at
from tests.records.inspectorate import Inspectorate, paid_after_a_death
from tests.records.test_cases import refuses

VERIFIER = Path(audit.__file__).with_name("verify_pack.py")
Files = dict[str, bytes]


def public_of(keys: Keys) -> str:
    return keys.signing.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def verified(place: Path, *key: str, isolated: bool = True) -> tuple[int, str]:
    """By another Python that knows nothing of this project."""
    done = subprocess.run(
        [sys.executable, "-I", str(VERIFIER), str(place), *key],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


def packed(database: Database, place: Path) -> Inspectorate:
    office = paid_after_a_death(database)
    with writing(database, "li", at("2026-10-20")) as write:
        identify(write, "q2", Identity(id_number="110105199003070418", phone="13812345678"))
        for household in ("h1", "h2"):
            decide_and_keep(write, BOOK, household, office.today.replace(month=10), write.day)
    office.packs(office.walked(), place)
    return office


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, keys: Keys, sqlite: Path) -> Path:
    """A pack out of SQLite."""
    import shutil

    from records.database import connect

    directory = tmp_path_factory.mktemp("pack")
    shutil.copy(sqlite, directory / "county.db")
    database = connect(f"sqlite:///{directory / 'county.db'}", keys)
    packed(database, directory / "pack.zip")
    database.engine.dispose()
    return directory / "pack.zip"


def files_of(place: Path) -> Files:
    with zipfile.ZipFile(place) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def written(files: Files, place: Path, *twice: str) -> Path:
    with zipfile.ZipFile(place, "w") as into, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, content in files.items():
            into.writestr(name, content)
        for name in twice:
            into.writestr(name, b"{}")
    return place


def signed_anew(files: Files, keys: Keys) -> Files:
    """With a manifest that fits, signed: what an office would do that forges its own pack."""
    manifest = json.loads(files["manifest.json"])
    manifest["files"] = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        for name, content in files.items()
        if name not in ("manifest.json", "manifest.sig")
    }
    manifest["public_key"] = public_of(keys)
    text = json.dumps(manifest).encode()
    signature = keys.signing.sign(pack.signed_text(hashlib.sha256(text).hexdigest())).hex().encode()
    return {**files, "manifest.json": text, "manifest.sig": signature}


def test_a_pack_of_each_database_is_whole(database: Database, tmp_path: Path, keys: Keys) -> None:
    office = packed(database, tmp_path / "pack.zip")
    code, said = verified(tmp_path / "pack.zip", public_of(keys))
    assert code == 0, said
    assert said.count("\n") == 9 and "完整可信" in said
    with reading(database) as read:
        assert verify(read.connection, keys.signing.public_key()) is None
        last = read.connection.exec_driver_sql(
            "SELECT action, subject FROM audit ORDER BY seq DESC LIMIT 1"
        ).one()
    assert tuple(last) == ("take-out-pack", "inspection:1")
    office.packs(1, tmp_path / "again.zip")
    assert verified(tmp_path / "again.zip", public_of(keys))[0] == 0


def test_what_is_in_it(made: Path) -> None:
    files = files_of(made)
    told = json.loads(files["inspection.json"])
    assert told["draw"]["population"] == 3 and [row["item"] for row in told["sample"]]
    assert {row["about"] for row in told["findings"]} == {
        "paid_after_death_alone",
        "death_not_entered",
        "unreported_death",
    }
    assert all(row["rectifications"][0]["steps"][-1]["state"] == "verified" for row in told["findings"])
    assert {name.split("/")[0] for name in files} == {
        "manifest.json", "manifest.sig", "README.txt", "report.html", "inspection.json", "population.txt", "audit.jsonl",
        "rows", "decisions", "documents", "rulebooks",
    }  # fmt: skip
    assert sum(name.startswith("decisions/") for name in files) == 2
    assert any(name.endswith("watch/paid_after_death_alone.yaml") for name in files)
    assert b"paid_after_death_alone" in files["report.html"] and "属实".encode() in files["report.html"]
    # alike to what `relief audit export` writes: its verifier takes it too
    assert json.loads(files["audit.jsonl"].split(b"\n")[0])["fields"]


def test_nobody_is_in_it_in_clear(made: Path) -> None:
    for name, content in files_of(made).items():
        for secret in ("户主1", "户主2", "110105199003070418", "13812345678", "6228000000000002"):
            assert secret.encode() not in content, name


def test_without_a_key_signatures_are_said_to_be_open(made: Path) -> None:
    code, said = verified(made)
    assert code == 3 and "签名未验证" in said


def test_another_key_is_named(made: Path) -> None:
    code, said = verified(made, public_of(new_keys()))
    assert code == 1 and "公钥不对" in said


def test_every_file_that_was_changed_is_named(made: Path, tmp_path: Path, keys: Keys) -> None:
    files = files_of(made)
    one_of_each = {name.split("/")[0]: name for name in files}.values()
    for name in one_of_each:
        bent = bytearray(files[name])
        bent[len(bent) // 2] ^= 1
        code, said = verified(written({**files, name: bytes(bent)}, tmp_path / "bent.zip"), public_of(keys))
        wanted = "manifest.json" if name == "manifest.sig" else name
        assert code == 1 and any(line.startswith(wanted) for line in said.splitlines()), (name, said)


def test_a_missing_file_is_named(made: Path, tmp_path: Path, keys: Keys) -> None:
    files = files_of(made)
    for name in {each.split("/")[0]: each for each in files}.values():
        left = {each: content for each, content in files.items() if each != name}
        code, said = verified(written(left, tmp_path / "less.zip"), public_of(keys))
        assert code == 1 and f"{name}: 缺失 · it is missing" in said, (name, said)


def test_an_added_file_is_named(made: Path, tmp_path: Path, keys: Keys) -> None:
    code, said = verified(
        written({**files_of(made), "rows/more.jsonl": b""}, tmp_path / "more.zip"), public_of(keys)
    )
    assert code == 1 and "rows/more.jsonl: 清单没有列出" in said
    code, said = verified(written(files_of(made), tmp_path / "twice.zip", "inspection.json"), public_of(keys))
    assert code == 1 and "inspection.json: 出现两次" in said


def test_a_changed_manifest_is_named(made: Path, tmp_path: Path, keys: Keys) -> None:
    files = files_of(made)
    files["inspection.json"] = files["inspection.json"].replace("群众举报".encode(), "例行检查".encode())
    forged = signed_anew(files, keys)
    forged["manifest.sig"] = files["manifest.sig"]
    code, said = verified(written(forged, tmp_path / "forged.zip"), public_of(keys))
    assert code == 1 and "manifest.json: 签名不对" in said and "公钥不对" not in said


def test_a_damaged_zip_names_the_file(made: Path, tmp_path: Path, keys: Keys) -> None:
    content = bytearray(made.read_bytes())
    with zipfile.ZipFile(made) as opened:
        entry = opened.getinfo("audit.jsonl")
    content[entry.header_offset + 300] ^= 255
    (tmp_path / "bent.zip").write_bytes(content)
    code, said = verified(tmp_path / "bent.zip", public_of(keys))
    assert code == 1 and "audit.jsonl: 文件损坏" in said


def test_what_is_no_pack(tmp_path: Path, made: Path) -> None:
    (tmp_path / "text").write_text("x")
    for told in ((str(tmp_path / "text"),), (str(tmp_path / "none"),), (str(made), "no-key"), ()):
        done = subprocess.run(
            [sys.executable, "-I", str(VERIFIER), *told], capture_output=True, text=True, check=False
        )
        assert done.returncode == 2 and done.stdout and not done.stderr


# --- whoever holds the key cannot say otherwise either ------------------------------------------------------


def changed_row(files: Files, table: str, change: Callable[[dict[str, object]], None]) -> None:
    lines = files[f"rows/{table}.jsonl"].splitlines()
    row = json.loads(lines[0])
    change(row)
    lines[0] = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()
    files[f"rows/{table}.jsonl"] = b"".join(line + b"\n" for line in lines)


def draw_other(files: Files) -> None:
    """Another list, with its own hash: as if somebody had never been in it."""
    text = b"".join(line + b"\n" for line in files["population.txt"].splitlines()[1:])
    files["population.txt"] = text
    changed_row(
        files, "inspection_draw", lambda row: row.update(population_hash=hashlib.sha256(text).hexdigest())
    )


FORGERIES: dict[str, tuple[str, Callable[[Files], None]]] = {
    "a finding says something else": (
        "rows/inspection_finding.jsonl",
        lambda files: changed_row(files, "inspection_finding", lambda row: row.update(severity="low")),
    ),
    "a finding is left out": ("rows/inspection_finding.jsonl", lambda files: files.update({"rows/inspection_finding.jsonl": b""})),
    "an answer is another": (
        "rows/inspection_answer.jsonl",
        lambda files: changed_row(files, "inspection_answer", lambda row: row.update(answer="refuted")),
    ),
    "another seed": (
        "rows/inspection.jsonl",
        lambda files: changed_row(files, "inspection", lambda row: row.update(seed="8")),
    ),
    "another list": ("rows/inspection_draw.jsonl", draw_other),
    "a longer list": ("population.txt", lambda files: files.update({"population.txt": files["population.txt"] + b"\th9\n"})),
    "a decision says something else": (
        "decisions/1.json",
        lambda files: files.update({"decisions/1.json": files["decisions/1.json"].replace(b"h1", b"h9")}),
    ),
    "it was decided from something else": (
        "decisions/1.json",
        lambda files: files.update({"documents/1.json": files["documents/1.json"].replace(b"500", b"600")}),
    ),
    "a rule reads otherwise": (
        "rulebooks/",
        lambda files: files.update(
            {
                name: content.replace("死亡冒领".encode(), "无".encode())
                for name, content in files.items()
                if name.endswith("watch/paid_after_death.yaml")
            }
        ),
    ),
    "the chain is cut": (
        "audit.jsonl",
        lambda files: files.update({"audit.jsonl": b"\n".join(files["audit.jsonl"].split(b"\n")[:-3])}),
    ),
    "an entry says something else": (
        "audit.jsonl",
        lambda files: files.update({"audit.jsonl": files["audit.jsonl"].replace(b'"lin"', b'"lee"', 1)}),
    ),
    "the report lies": (
        "inspection.json",
        lambda files: files.update({"inspection.json": files["inspection.json"].replace("福彩".encode(), "体彩".encode())}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGERIES)
def test_a_pack_that_was_forged_and_signed_anew(made: Path, tmp_path: Path, keys: Keys, name: str) -> None:
    """The chain has digested every row, and the head was signed with it."""
    place, forge = FORGERIES[name]
    files = files_of(made)
    before = dict(files)
    forge(files)
    assert files != before
    code, said = verified(written(signed_anew(files, keys), tmp_path / "forged.zip"), public_of(keys))
    assert code == 1 and any(line.startswith(place) for line in said.splitlines()), said


# --- who may, and when --------------------------------------------------------------------------------------


def test_only_a_closed_inspection_is_taken_out_and_only_by_an_auditor(
    database: Database, tmp_path: Path
) -> None:
    office = paid_after_a_death(database)
    number = office.opens()
    office.draws(number)
    with refuses("not-closed-yet"):
        office.packs(number, tmp_path / "early.zip")
    with refuses("no-inspection"):
        office.packs(number, tmp_path / "early.zip", county("lin"))


# --- the draw is one algorithm, written twice ---------------------------------------------------------------


def test_both_draw_alike() -> None:
    import importlib.util

    spec = importlib.util.spec_from_file_location("verify_pack", VERIFIER)
    assert spec is not None and spec.loader is not None
    alone = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(alone)
    population = [(f"v{n % 7}" if n % 3 else "v镇", f"h{n}") for n in range(1, 400)]
    for size, share in (
        (1, None),
        (7, None),
        (50, None),
        (1000, None),
        (None, "0.1"),
        (None, "0.333"),
        (None, "1"),
    ):
        for seed in ("1", "福彩 3 7 9"):
            ours = sampling.drawn(population, seed, size, share)
            assert (
                ours
                == alone.drawn(population, seed, size, share)
                == sampling.drawn(population[::-1], seed, size, share)
            )
            assert len(set(ours)) == len(ours)
            if size is not None:
                assert len(ours) == min(size, len(population))


def test_a_known_draw_stays_as_it_is() -> None:
    """Whoever drew in 2026 can draw again in 2036."""
    population = [("", f"h{n}") for n in range(1, 11)]
    assert [item for _, item in sampling.drawn(population, "2026", 3, None)] == ["h5", "h4", "h6"]
    assert sampling.quotas({"a": 5, "b": 3, "c": 2}, 3, None) == {"a": 1, "b": 1, "c": 1}
    assert sampling.quotas({"a": 6, "b": 3, "c": 1}, 4, None) == {"a": 3, "b": 1, "c": 0}
    assert sampling.quotas({"a": 5, "b": 3, "c": 2}, None, "0.2") == {"a": 1, "b": 1, "c": 1}


def test_what_was_erased_is_said_and_the_rest_verifies(
    database: Database, tmp_path: Path, keys: Keys
) -> None:
    office = paid_after_a_death(database)
    with writing(database, "li", at("2026-10-20")) as write:
        claim_as_it_is(write, "h3")
        tell(write, "h3", [Asserted("financial_assets", 7, "bank")])
        erased = decide_and_keep(write, BOOK, "h3", office.today.replace(month=10), write.day).seq
        decide_and_keep(write, BOOK, "h1", office.today.replace(month=10), write.day)
    number = office.opens()
    office.draws(number)
    with writing(database, "chief", at(office.day)) as write:
        claim_as_it_is(write, "h3")
        erase_household(write, "h3", "依申请")
    looked = look(database, BOOK, office.one(number), office.today)
    assert (looked.looked, looked.unread) == (2, {"h3": "nobody-known"})
    office.runs(number)
    for row in office.found(number):
        office.answers(row.seq, Answer.REFUTED, reason="已退回")
    office.ends(number)
    made = office.packs(number, tmp_path / "pack.zip")
    assert made.erased == (erased,)
    code, said = verified(tmp_path / "pack.zip", public_of(keys))
    assert code == 0, said
    told = json.loads(files_of(tmp_path / "pack.zip")["inspection.json"])
    assert "依法删除 1，部分遮蔽 0" in said
    assert told["erased"] == [erased] and told["runs"][0]["unread"] == {"h3": "nobody-known"}


def test_who_moved_out_of_reach_is_shown_in_part(database: Database, tmp_path: Path, keys: Keys) -> None:
    """What the auditor may not see of a household elsewhere goes in as commitments, and the rest still verifies."""
    office = paid_after_a_death(database)
    with writing(database, "li", at("2026-10-20")) as write:
        claim_as_it_is(write, "h1")
        tell(write, "h1", [Asserted("financial_assets", Decimal("71717.17"), "bank")])
        seq = decide_and_keep(write, BOOK, "h1", office.today.replace(month=10), write.day).seq
    number = office.opens()
    office.draws(number)
    office.runs(number)
    with writing(database, "li", at(office.day)) as write:
        claim_as_it_is(write, "h1")
        move(write, "h1", "guangxi_sample", office.today)
    assert office.writes_down(number, "h1", text="检查期间迁出")  # it was drawn
    for row in office.found(number):
        office.answers(row.seq, Answer.REFUTED, reason="已退回")
    office.ends(number)
    assert office.packs(number, tmp_path / "pack.zip").masked == (seq,)
    files = files_of(tmp_path / "pack.zip")
    assert f"documents/{seq}.json" not in files and b"71717.17" not in b"".join(files.values())
    assert "依法删除 0，部分遮蔽 1" in verified(tmp_path / "pack.zip", public_of(keys))[1]
    assert b"commitment" in files[f"decisions/{seq}.json"]
    code, said = verified(tmp_path / "pack.zip", public_of(keys))
    assert code == 0, said
