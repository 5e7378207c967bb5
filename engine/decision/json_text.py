"""JSON text as plain data: every number exact, nothing lost, nothing guessed.

The parser takes the last of two equal keys without a word. Losing data is not allowed here, so colons are
counted: the data written out again has one for each key that is left, and the ones inside texts. Only when
that is not what the document has, it is read again, slowly, to say where.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

LARGEST = 2_000_000  # bytes
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_decode: Callable[[bytes], Any] = msgspec.json.Decoder(float_hook=Decimal).decode
_encode: Callable[[Any], bytes] = msgspec.json.Encoder(decimal_format="number").encode
_ESCAPED_COLON = b"\\u003"  # the beginning of one, at least
_AT_BYTE = re.compile(r"\(byte (\d+)\)")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_NO_NUMBER = re.compile(rb"NaN|Infinity")


@dataclass(frozen=True, slots=True)
class DocumentProblem:
    """One mistake in a document: where (a JSON pointer), a stable code, what, and what to do."""

    pointer: str
    code: str
    message: str
    hint: str = ""


class BadDocument(Exception):
    """Raised with every problem of a document, in the order in which they were found."""

    def __init__(self, problems: Sequence[DocumentProblem]) -> None:
        self.problems = tuple(problems)
        lines = [
            f"{p.pointer or 'document'}: {p.message} [{p.code}]" + (f"\n      = {p.hint}" if p.hint else "")
            for p in problems
        ]
        super().__init__("\n".join(lines))


def parse_json(content: bytes | str) -> Any:
    """Plain data from JSON, every number exact.

    Raises `BadDocument` when it is too large, not UTF-8, not JSON, nested too deep, or says a key twice.
    """
    content = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    if len(content) > LARGEST:
        message = f"this document has more than {LARGEST} bytes, and no more are read"
        raise _bad("too-large", message, "one household per document")
    content = content.removeprefix(BYTE_ORDER_MARK)
    try:
        data = _decode(content)
        if _ESCAPED_COLON in content or content.count(b":") != _encode(data).count(b":"):
            doubled = [
                DocumentProblem(
                    pointer, "duplicate-key", f"`{shown(key)}` stands here twice", "keep one of the two"
                )
                for pointer, key in _doubled_keys(content)
            ]
            if doubled:
                raise BadDocument(doubled)
    except UnicodeDecodeError:
        raise _bad(
            "not-utf8", "this document is not UTF-8 text", "save it again with the encoding UTF-8"
        ) from None
    except (msgspec.DecodeError, InvalidOperation) as error:
        raise _bad("broken-json", f"this is not JSON: {_readable(error, content)}") from None
    except RecursionError:
        raise _bad("too-deep", "this document is nested too deep") from None
    return data


def _bad(code: str, message: str, hint: str = "") -> BadDocument:
    return BadDocument([DocumentProblem("", code, message, hint)])


def _readable(error: Exception, content: bytes) -> str:
    """The parser's message in other words, with a line and a column in place of a number of bytes."""
    if isinstance(error, InvalidOperation):
        return "a number has an exponent beyond reason"
    message = str(error).removeprefix("JSON is malformed: ")
    if message.startswith("Integer value out of range"):
        return "a number has more digits than any number here"
    if message == "Input data was truncated":
        # The parser says the same of a text that ends too early and of half a character.
        half = _SURROGATE.search(content)
        return f"{half[0].decode()} is half of a character" if half else "the document ends too early"
    found = _AT_BYTE.search(message)
    if found is None:
        return message
    before = content[: int(found[1])].decode("utf-8", "replace").split("\n")
    at = f"(line {len(before)}, column {len(before[-1]) + 1})"
    no_number = _NO_NUMBER.match(content, int(found[1]))
    return f"{no_number[0].decode()} is not a number {at}" if no_number else message.replace(found[0], at)


def _doubled_keys(content: bytes) -> Iterator[tuple[str, str]]:
    """(pointer, key) of each key that stands twice in one object."""
    doubled: dict[int, list[str]] = {}
    kept = []  # alive, so that no two share an id

    def pairs_read(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in pairs:
            if key in made:
                doubled.setdefault(id(made), []).append(key)
            made[key] = value
        kept.append(made)
        return made

    root = json.loads(content, object_pairs_hook=pairs_read, parse_float=str, parse_int=str)
    return _found_at("", root, doubled)


def _found_at(pointer: str, data: Any, doubled: Mapping[int, list[str]]) -> Iterator[tuple[str, str]]:
    if isinstance(data, dict):
        for key in doubled.get(id(data), ()):
            yield f"{pointer}/{escaped(key)}", key
        for key, value in data.items():
            yield from _found_at(f"{pointer}/{escaped(key)}", value, doubled)
    elif isinstance(data, list):
        for i, value in enumerate(data):
            yield from _found_at(f"{pointer}/{i}", value, doubled)


def escaped(key: Any) -> str:
    """One step of a JSON pointer; a long key is cut, a pointer is for reading."""
    return shown(str(key)).replace("~", "~0").replace("/", "~1")


def shown(text: str) -> str:
    """A text from a document as a message quotes it: not too long, and without what a screen would obey."""
    plain = text if text.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in text[:81])
    return plain if len(plain) <= 80 else f"{plain[:80]}…"
