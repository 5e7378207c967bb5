"""A citation in words: `MF57 art 8(1)` is 《最低生活保障审核确认办法》第八条第一项, from the sources."""

from __future__ import annotations

import re

from engine.rulebook.model import Rulebook

LOCAL = {"local-text-needed": "待补地方文件"}
_CITE = re.compile(r"(?P<law>\w+)(?: (?P<kind>art|item) (?P<number>\d+)(?:\((?P<sub>\d+)\))?)?")
_DIGITS = "零一二三四五六七八九"


def chinese(number: int) -> str:
    """1 to 99 in Chinese numerals: 8 八, 10 十, 29 二十九."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{_DIGITS[tens]}十"
    return head + (_DIGITS[ones] if ones or not tens else "")


def one_in_words(book: Rulebook, cite: str) -> str:
    if cite in LOCAL:
        return LOCAL[cite]
    found = _CITE.fullmatch(cite)
    assert found, f"`{cite}` is not a citation"
    words = f"《{book.laws[found['law']].title}》"
    if found["number"]:
        words += f"第{chinese(int(found['number']))}{'条' if found['kind'] == 'art' else '点'}"
    if found["sub"]:
        words += f"第{chinese(int(found['sub']))}项"
    return words


def in_words(book: Rulebook, cite: str) -> set[str]:
    """Every citation of a rule, in words and as written in the rulebook."""
    written = {one.strip() for one in cite.split(";")} - {""}
    return written | {one_in_words(book, one) for one in written}


def cited(book: Rulebook, cite: str, law: str) -> None:
    """Fails unless a rule's citation contains this one."""
    known = in_words(book, cite)
    assert law in known, f"“{law}” is not cited here, but {'、'.join(sorted(known))}"
