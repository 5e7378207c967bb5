"""Verifies the evidence pack of a special inspection without the platform: python verify_pack.py PACK.zip PUBLIC_KEY_HEX.

Files, rows, the chain and the draw need Python alone; the signatures need the package `cryptography` and the public key
that the office published, which must not be taken from the pack. Exit code 0: whole. 1: not, and everything that is wrong
is named. 2: this is no pack. 3: all that could be checked without a key is whole.
"""

import hashlib
import json
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

FORM = "smart-relief inspection pack 1"
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
UNSIGNED = 3

Files = dict[str, bytes]
Found = Iterator[tuple[str, str]]
"""Where something is wrong, and what."""


def main(arguments: list[str]) -> int:
    if not 1 <= len(arguments) <= 2:
        print(__doc__)
        return 2
    try:
        key = bytes.fromhex(arguments[1]) if len(arguments) == 2 else b""
        pack = zipfile.ZipFile(arguments[0])
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        print(f"读不了 · this cannot be read: {error}")
        return 2
    with pack:
        problems, told = verified(pack, key)
    for line in told:
        print(line)
    for place, problem in problems:
        print(f"{place}: {problem}")
    if problems:
        print(f"证据包不可信 · this pack is not as it was made: {len(problems)}")
        return 1
    if not key:
        print("签名未验证（未给公钥） · signatures were not verified: no public key was given")
        return UNSIGNED
    print("证据包完整可信 · the pack is whole")
    return 0


def verified(pack: zipfile.ZipFile, key: bytes) -> tuple[list[tuple[str, str]], list[str]]:
    """What is wrong, by its place, and what was found in order."""
    files, problems = read_files(pack)
    if problems and MANIFEST not in files:
        return problems, []
    try:
        manifest = json.loads(files[MANIFEST])
        named, head = manifest["files"], (manifest["head"]["seq"], manifest["head"]["hash"])
        if manifest["pack"] != FORM or not isinstance(named, dict):
            raise ValueError(manifest["pack"])
    except (ValueError, KeyError, TypeError) as error:
        return [*problems, (MANIFEST, f"清单读不了 · the manifest cannot be read: {error!r}")], []
    problems += compared(files, named)
    told = [
        f"清单所列文件 · files that the manifest names: {len(named)}",
        f"审计链头，请与另处存放的比对 · head of the trail, to compare with what lies elsewhere: {head[0]} {head[1]}",
    ]
    checks: list[tuple[str, Callable[[], Found]]] = []
    if key:
        checks = [(MANIFEST, lambda: signed(files, manifest, key))]
    checks += [
        ("audit.jsonl", lambda: chain(files, head, key)),
        ("rows", lambda: rows_in_chain(files)),
        ("population.txt", lambda: sample(files)),
        ("decisions", lambda: decisions(files)),
        ("rulebooks", lambda: rulebooks(files)),
    ]
    for place, check in checks:
        try:
            found = list(check())
        except (ValueError, KeyError, TypeError, IndexError, LookupError, zlib.error) as error:
            found = [(place, f"读不了 · cannot be read: {error!r}")]
        problems += [one for one in found if one not in problems]
        if not found:
            told.append(_SAID[place])
    return problems, [*told, *unseen(files)]


def unseen(files: Files) -> Iterator[str]:
    """What could not be compared with what was kept, because nobody or not everybody may read it."""
    try:
        told = json.loads(files["inspection.json"])
        erased, masked = len(told["erased"]), len(told["masked"])
    except (ValueError, KeyError, TypeError):
        return  # told already
    if erased or masked:
        yield f"未核对内容的裁定：依法删除 {erased}，部分遮蔽 {masked} · decisions not compared: {erased} erased, {masked} in part"


_SAID = {
    MANIFEST: "签名有效 · the signature holds",
    "audit.jsonl": "审计链完整 · the chain is whole",
    "rows": "各行与审计链相符 · every row is as it was written",
    "population.txt": "样本由种子和总体得出 · the sample follows from the seed and the list",
    "decisions": "裁定与编号、哈希相符 · decisions are as they were kept",
    "rulebooks": "规则全文与记录相符 · rule texts are as they were kept",
}


# --- files --------------------------------------------------------------------------------------------------


def read_files(pack: zipfile.ZipFile) -> tuple[Files, list[tuple[str, str]]]:
    """Every file of the pack; one that is there twice or damaged is a problem."""
    files: Files = {}
    problems: list[tuple[str, str]] = []
    for entry in pack.infolist():
        name = entry.filename
        if name in files:
            problems.append((name, "出现两次 · it is there twice"))
            continue
        try:
            files[name] = pack.read(entry)
        except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError) as error:
            problems.append((name, f"文件损坏 · this file is damaged: {error}"))
    damaged = {name for name, _ in problems}
    problems += [
        (name, "缺失 · it is missing") for name in (MANIFEST, SIGNATURE) if name not in {*files, *damaged}
    ]
    return files, problems


def compared(files: Files, named: Mapping[str, Any]) -> Found:
    for name, one in named.items():
        if name not in files:
            yield name, "缺失 · it is missing"
        elif hashlib.sha256(files[name]).hexdigest() != one["sha256"]:
            yield name, "与清单不符，已被改动 · it differs from the manifest: it was changed"
    for name in files:
        if name not in named and name not in (MANIFEST, SIGNATURE):
            yield name, "清单没有列出，是后加的 · the manifest does not name it: it was added"


# --- signatures ---------------------------------------------------------------------------------------------


def holds(key: bytes, signature: str, text: str) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def signed(files: Files, manifest: Mapping[str, Any], key: bytes) -> Found:
    text = f"smart-relief pack {hashlib.sha256(files[MANIFEST]).hexdigest()}"
    if holds(key, files[SIGNATURE].decode("ascii").strip(), text):
        return
    if manifest["public_key"] == key.hex():
        yield (
            MANIFEST,
            "签名不对：清单或签名被改动 · its signature is wrong: it was changed, or the signature was",
        )
        return
    other = manifest["public_key"][:16]
    yield (
        "PUBLIC_KEY",
        f"公钥不对：清单称由另一密钥签名 · another key: the manifest says it was signed with {other}…",
    )


# --- the chain ----------------------------------------------------------------------------------------------


def entries(files: Files) -> tuple[list[str], list[dict[str, Any]], list[dict[str, Any]]]:
    """The fields that are hashed, the entries, the signed heads."""
    lines = [json.loads(line) for line in files["audit.jsonl"].split(b"\n") if line]
    fields = lines[0]["fields"]
    return (
        fields,
        [one for one in lines[1:] if "anchor" not in one],
        [one for one in lines[1:] if "anchor" in one],
    )


def chain(files: Files, head: tuple[int, str], key: bytes) -> Found:
    fields, found, anchors = entries(files)
    previous = "0" * 64
    hashes: dict[int, str] = {}
    for seq, one in enumerate(found, 1):
        content = json.dumps([one[name] for name in fields], ensure_ascii=False, separators=(",", ":"))
        if one["seq"] != seq or one["previous"] != previous:
            yield "audit.jsonl", f"第 {seq} 条：链条断开 · entry {seq}: the chain is broken"
            return
        if hashlib.sha256(content.encode()).hexdigest() != one["hash"]:
            yield "audit.jsonl", f"第 {seq} 条：内容与哈希不符 · entry {seq} differs from its hash"
            return
        previous = hashes[seq] = one["hash"]
    if (len(found), previous) != head:
        yield "audit.jsonl", "链头与清单不符 · the chain does not end with the head that the manifest names"
    if head[0] not in {one["anchor"] for one in anchors}:
        yield "audit.jsonl", "链头没有签名 · the head is not signed"
    for one in anchors:
        if hashes.get(one["anchor"]) != one["hash"]:
            yield (
                "audit.jsonl",
                f"第 {one['anchor']} 条：与已签名的链头不符 · entry {one['anchor']} differs from a signed head",
            )
        elif key and not holds(key, one["signature"], f"smart-relief audit {one['anchor']} {one['hash']}"):
            yield (
                "audit.jsonl",
                f"第 {one['anchor']} 条：签名不对 · the signature of head {one['anchor']} is wrong",
            )
            return


# --- rows ---------------------------------------------------------------------------------------------------


def rows_of(files: Files, table: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in files[f"rows/{table}.jsonl"].split(b"\n") if line]


def rows_in_chain(files: Files) -> Found:
    """Every row is as an entry of the chain has digested it, and nothing that was written of the inspection is left out."""
    _, found, _ = entries(files)
    trail = {one["entry"]: one for one in found}
    [inspection] = rows_of(files, "inspection")
    left = {
        one["entry"] for one in found if one["rows"] and one["subject"] == f"inspection:{inspection['seq']}"
    }
    for name in sorted(files):
        if not name.startswith("rows/"):
            continue
        table = name.removeprefix("rows/").removesuffix(".jsonl")
        by_entry: dict[str, list[str]] = {}
        for line in files[name].split(b"\n"):
            if line:
                by_entry.setdefault(json.loads(line)["entry"], []).append(hashlib.sha256(line).hexdigest())
        for entry, digests in by_entry.items():
            left.discard(entry)
            one = trail.get(entry)
            if one is None or one["entity"] != table:
                yield name, f"审计链中没有这一笔 · the chain has no such entry: {entry}"
            elif (
                len(digests) != one["rows"]
                or hashlib.sha256("".join(sorted(digests)).encode()).hexdigest() != one["digest"]
            ):
                yield (
                    name,
                    f"与审计链第 {one['seq']} 条不符 · it differs from entry {one['seq']} of the chain",
                )
    for entry in sorted(left, key=lambda each: int(trail[each]["seq"])):
        one = trail[entry]
        yield (
            f"rows/{one['entity']}.jsonl",
            f"缺审计链第 {one['seq']} 条所记的行 · the rows of entry {one['seq']} are left out",
        )


# --- the draw -----------------------------------------------------------------------------------------------


def quotas(counts: Mapping[str, int], size: int | None, share: str | None) -> dict[str, int]:
    """How many are drawn of each stratum (records/inspections/sampling.py says how)."""
    if size is None:
        part = Fraction(share or "0")
        return {one: min(many, -(-part.numerator * many // part.denominator)) for one, many in counts.items()}
    total = sum(counts.values())
    wanted = min(size, total)
    made = {one: wanted * many // total for one, many in counts.items()}
    by_rest = sorted(counts, key=lambda one: (-(wanted * counts[one] % total), one))
    for one in by_rest[: wanted - sum(made.values())]:
        made[one] += 1
    return made


def drawn(
    population: Iterable[tuple[str, str]], seed: str, size: int | None, share: str | None
) -> list[tuple[str, str]]:
    strata: dict[str, list[str]] = {}
    for stratum, item in population:
        strata.setdefault(stratum, []).append(item)
    many = quotas({one: len(items) for one, items in strata.items()}, size, share)
    made: list[tuple[str, str]] = []
    for stratum in sorted(strata):
        keyed = sorted(
            (hashlib.sha256(f"{seed}\n{item}".encode()).hexdigest(), item) for item in strata[stratum]
        )
        made += [(stratum, item) for _, item in keyed[: many[stratum]]]
    return made


def sample(files: Files) -> Found:
    [one], [draw] = rows_of(files, "inspection"), rows_of(files, "inspection_draw")
    text = files["population.txt"]
    if hashlib.sha256(text).hexdigest() != draw["population_hash"] or draw["method"] != "sha256-1":
        yield "population.txt", "不是抽样时的总体 · it is not the list that was drawn from"
    rows = (line.partition("\t") for line in text.decode().split("\n") if line)
    population = [(stratum, item) for stratum, _, item in rows]
    kept = sorted(rows_of(files, "inspection_sample"), key=lambda row: row["number"])
    again = drawn(population, one["seed"], one["size"], one["share"])
    if again != [(row["stratum"], row["item"]) for row in kept]:
        yield (
            "rows/inspection_sample.jsonl",
            "样本不是由种子和总体抽出的 · the sample does not follow from seed and list",
        )
    told = json.loads(files["inspection.json"])
    if (
        told["draw"]["seed"] != one["seed"]
        or [(row["stratum"], row["item"]) for row in told["sample"]] != again
    ):
        yield "inspection.json", "种子或样本与记录不符 · its seed or its sample is another than was recorded"


# --- decisions and rules ------------------------------------------------------------------------------------


def decisions(files: Files) -> Found:
    told = json.loads(files["inspection.json"])
    apart = {*told["erased"], *told["masked"]}
    for row in rows_of(files, "decision"):
        name = f"decisions/{row['seq']}.json"
        if row["seq"] in apart:  # nobody can read it any more, or it is shown in part
            continue
        if name not in files:
            yield name, "缺失 · it is missing"
            continue
        if hashlib.sha256(files[name]).hexdigest() != row["content_hash"]:
            yield name, "与裁定的哈希不符 · it differs from the hash that was kept with it"
            continue
        one = json.loads(files[name])
        applied = one.get("application_date")
        moment = [
            one["on"],
            one["known"],
            None if applied is None else int(applied.replace("-", "")),
            one["area"],
            [],
            one["rulebook"],
        ]
        document = files[f"documents/{row['seq']}.json"]
        made = hashlib.sha256(
            document + json.dumps(moment, ensure_ascii=False, separators=(",", ":")).encode()
        ).hexdigest()
        if one["decision_id"] != row["decision_id"] or made != row["decision_id"]:
            yield name, "编号不是由资料和规则得出的 · its id does not follow from what it was made from"


def rulebooks(files: Files) -> Found:
    for row in rows_of(files, "rulebook"):
        name = f"rulebooks/{row['fingerprint']}.zlib"
        if hashlib.sha256(files[name]).hexdigest() != row["files"]:
            yield name, "与记录的规则库不符 · it is not the rulebook that was kept"
            continue
        texts = json.loads(zlib.decompress(files[name]))
        folder = f"rulebooks/{row['fingerprint']}/"
        there = {
            path.removeprefix(folder): content.decode()
            for path, content in files.items()
            if path.startswith(folder)
        }
        for path in sorted({*texts, *there}):
            if texts.get(path) != there.get(path):
                yield folder + path, "与记录的规则文本不符 · it is not the text that was kept"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
