"""`MF57 art 8(1); MF57 art 9; local-text-needed` as people cite it, with the titles of the laws."""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.language.wording import Wording
from engine.rulebook.model import Law

LOCAL = "local-text-needed"
_PART = re.compile(r"(\S+)(?: (art|item) (\d+)(?:\((\d+)\))?)?\Z")


def cited(cite: str, laws: Mapping[str, Law], words: Wording, *, short: bool = False) -> str:
    """The citation in words, "" when there is none.

    `short` names the first law only by its title, and leaves out what is still to be loaded.
    """
    articles: dict[str, list[str]] = {}
    local = False
    for part in (one.strip() for one in cite.split(";")):
        found = _PART.match(part)
        if part == LOCAL or found is None or found[1] not in laws:
            local = local or part == LOCAL
            continue
        articles.setdefault(found[1], []).extend(_article(found, words))
    said = [_law(laws[code], parts, words, short) for code, parts in articles.items()]
    if short:
        return said[0] if said else ""
    return words["laws"].join([*said, *([words["law.local"]] if local else [])])


def _article(found: re.Match[str], words: Wording) -> list[str]:
    if not found[2]:
        return []
    text = words.say(f"law.{found[2]}", n=words.ordinal(int(found[3])))
    if found[4]:
        text += words.say("law.sub", n=words.ordinal(int(found[4])))
    return [text]


def _law(law: Law, articles: list[str], words: Wording, short: bool) -> str:
    if law.number and not short:
        said = words.say("law.number", title=law.title, number=law.number)
    else:
        said = words.say("law", title=law.title)
    if articles:
        said = words.say("law.articles", law=said, articles=words.listed(articles))
    seen = f"law.seen.{law.seen}"
    return said + words[seen] if not short and seen in words.table else said
