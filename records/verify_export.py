"""Verifies an exported audit trail without the platform: python verify_export.py FILE [PUBLIC_KEY_HEX].

The chain needs Python alone; the signatures need the package `cryptography`, and the public key that the office
published, which must not be taken from the export itself. Exit code 0: whole. 1: not. 2: the file cannot be read.
"""

import hashlib
import json
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    if not arguments:
        print(__doc__)
        return 2
    try:
        text = Path(arguments[0]).read_text("utf-8")
        lines = [json.loads(line) for line in text.splitlines() if line.strip()]
        fields = lines[0]["fields"]
    except (OSError, ValueError, KeyError, IndexError) as error:
        print(f"读不了这个文件 · this file cannot be read: {error}")
        return 2
    hashes: dict[int, str] = {}
    previous = "0" * 64
    anchors = []
    for line in lines[1:]:
        if "anchor" in line:
            anchors.append(line)
            continue
        seq = len(hashes) + 1
        content = json.dumps([line[name] for name in fields], ensure_ascii=False, separators=(",", ":"))
        if line["seq"] != seq or line["previous"] != previous:
            return broken(seq, "链条断开 · the chain is broken")
        if hashlib.sha256(content.encode()).hexdigest() != line["hash"]:
            return broken(seq, "内容与哈希不符 · the entry differs from its hash")
        previous = hashes[seq] = line["hash"]
    for head in anchors:
        if hashes.get(head["anchor"]) != head["hash"]:
            return broken(head["anchor"], "与已签名的链头不符 · it differs from a signed head")
    print(f"链条完整 · the chain is whole: {len(hashes)}")
    if len(arguments) < 2:
        print(
            f"签名未验证（未给公钥） · {len(anchors)} signatures were not verified: no public key was given"
        )
        return 0
    return signatures(anchors, bytes.fromhex(arguments[1]))


def signatures(anchors: list[dict[str, object]], key: bytes) -> int:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    public = Ed25519PublicKey.from_public_bytes(key)
    for head in anchors:
        text = f"smart-relief audit {head['anchor']} {head['hash']}".encode()
        try:
            public.verify(bytes.fromhex(str(head["signature"])), text)
        except InvalidSignature:
            return broken(head["anchor"], "签名不对 · the signature is wrong")
    print(f"签名有效 · signatures hold: {len(anchors)}")
    return 0


def broken(seq: object, problem: str) -> int:
    print(f"第 {seq} 条 · entry {seq}: {problem}")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
