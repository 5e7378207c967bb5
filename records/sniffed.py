"""What an uploaded file is, by its content: JPEG, PNG or PDF, and whether it is safe to show.

Nothing is decoded or run here. What is no such file is refused; what is one, but broken or able to do something, is kept
apart with a reason until an officer of the department has looked at it.
"""

from __future__ import annotations

import io
import logging
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pypdf
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

from records.refused import Refused

JPEG, PNG, PDF = "image/jpeg", "image/png", "application/pdf"
LARGEST = 20 * 1024 * 1024  # bytes
MOST_PIXELS = 100_000_000
LONGEST_SIDE = 20_000
MOST_OBJECTS = 50_000

_PNG = b"\x89PNG\r\n\x1a\n"
_BY_CHANCE = 5  # names so short stand in compressed pictures by chance
_NAMES = re.compile(rb"/([A-Za-z0-9#]+)")
_ACTS = frozenset(
    ("JavaScript", "JS", "Launch", "EmbeddedFile", "EmbeddedFiles", "RichMedia", "XFA", "SubmitForm")
) | frozenset(("ImportData", "GoToE", "GoToR", "Rendition", "Movie", "Sound", "3D", "Filespec"))
_log = logging.getLogger("pypdf")
_log.setLevel(logging.CRITICAL)  # what it thinks of broken files is told by the reason


@dataclass(frozen=True, slots=True)
class Sniffed:
    """`quarantine`: broken, active, encrypted, trailing; "" when it may be shown."""

    media: str
    quarantine: str = ""


def sniff(content: bytes, declared: str) -> Sniffed:
    """Raises `Refused` too-large, empty, bad-type, type-differs, too-many-pixels."""
    if not content:
        raise Refused("empty", "文件是空的 · the file is empty")
    if len(content) > LARGEST:
        raise Refused(
            "too-large",
            f"文件超过 {LARGEST // 1024 // 1024} MB，请降低扫描分辨率 · the file is over {LARGEST // 1024 // 1024} MB; scan it at a lower resolution",
        )
    found = _sniffed(content)
    said = declared.partition(";")[0].strip().lower()
    if said not in ("", "application/octet-stream", found.media):
        raise Refused(
            "type-differs",
            f"文件声明为 {said[:60]}，内容却是 {found.media} · the file is declared as {said[:60]}, and it is {found.media}",
        )
    return found


def _sniffed(content: bytes) -> Sniffed:
    if content.startswith(b"\xff\xd8\xff"):
        return Sniffed(JPEG, _jpeg(content))
    if content.startswith(_PNG):
        return Sniffed(PNG, _png(content))
    if content.startswith(b"%PDF-"):
        return Sniffed(PDF, _pdf(content))
    raise Refused(
        "bad-type",
        "只接受 JPEG、PNG 和 PDF，且以文件内容为准 · only JPEG, PNG and PDF are taken, by their content",
    )


# --- pictures -----------------------------------------------------------------------------------------------


def _measured(width: int, height: int) -> None:
    if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
        raise Refused(
            "too-many-pixels",
            f"图像为 {width}×{height} 像素，过大 · the picture has {width}×{height} pixels, which is too many",
        )


def _jpeg(content: bytes) -> str:
    """Goes through the segments up to the picture's own data."""
    at, measured = 2, False
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4])
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = (int.from_bytes(content[at + n : at + n + 2]) for n in (5, 7))
            _measured(width, height)
            measured = bool(width and height)
        if marker == 0xDA:
            return _jpeg_end(content) if measured else "broken"
        if length < 2:
            return "broken"
        at += 2 + length
    return "broken"


def _jpeg_end(content: bytes) -> str:
    end = content.rstrip(b"\0")
    if end.endswith(b"\xff\xd9"):
        return ""
    return "trailing" if b"\xff\xd9" in content[2:] else "broken"


def _png(content: bytes) -> str:
    """Goes through all chunks and their check sums."""
    at = len(_PNG)
    first = True
    while at + 12 <= len(content):
        length, kind = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(content) or zlib.crc32(content[at + 4 : end - 4]) != int.from_bytes(
            content[end - 4 : end]
        ):
            return "broken"
        if first:
            if kind != b"IHDR" or length != 13:
                return "broken"
            _measured(int.from_bytes(content[at + 8 : at + 12]), int.from_bytes(content[at + 12 : at + 16]))
            first = False
        if kind == b"IEND":
            return "" if end == len(content) else "trailing"
        at = end
    return "broken"


# --- PDF ----------------------------------------------------------------------------------------------------


def _pdf(content: bytes) -> str:
    """Looks at names in the file as it lies there and at every object, those in compressed streams included."""
    if b"%%EOF" not in content[-2048:]:
        return "broken"
    if b"/Encrypt" in content:
        return "encrypted"
    if any(_plain_name(one) in _ACTS for one in _NAMES.findall(content) if len(one) > _BY_CHANCE):
        return "active"
    try:
        reader = pypdf.PdfReader(io.BytesIO(content), strict=False)
        if reader.is_encrypted:
            return "encrypted"
        if not len(reader.pages):
            return "broken"
        return "active" if any(_acts(one) for one in _objects(reader)) else ""
    except (PyPdfError, RecursionError, ValueError, KeyError, TypeError, AttributeError, zlib.error):
        return "broken"


def _plain_name(raw: bytes) -> str:
    """`J#53` -> `JS`."""
    return re.sub(rb"#([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), raw).decode("latin-1")


def _objects(reader: pypdf.PdfReader) -> Iterator[Any]:
    """Everything that can be reached from the trailer, each once. Raises ValueError for too much."""
    seen: set[int] = set()
    left: list[Any] = [reader.trailer]
    while left:
        one = left.pop()
        if isinstance(one, IndirectObject):
            if one.idnum in seen:
                continue
            seen.add(one.idnum)
            if len(seen) > MOST_OBJECTS:
                raise ValueError("more objects than a scan has")
            one = one.get_object()
        yield one
        if isinstance(one, DictionaryObject | StreamObject):
            left += [one.raw_get(key) for key in one]
        elif isinstance(one, ArrayObject):
            left += list(one)


def _acts(one: Any) -> bool:
    """A dictionary that names something which happens, or a file inside."""
    if not isinstance(one, DictionaryObject):
        return False
    named = {key.removeprefix("/") for key in one}
    named |= {str(one.raw_get(key)).removeprefix("/") for key in ("/S", "/Type", "/Subtype") if key in one}
    return bool(named & _ACTS)
