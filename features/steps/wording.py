"""How a step is written: the Chinese and the English sentence of one step, made into a pytest-bdd parser.

`{name}` stands for a text in quotation marks: “…” in Chinese (which may hold another pair inside), "…" in
English. Everything else is literal.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from pytest_bdd import given, parsers, then, when

Function = TypeVar("Function", bound=Callable[..., Any])
_HOLE = re.compile(r"\{(\w+)\}")
# every Chinese sentence with the module that says it, for the check of its documentation
SENTENCES: list[tuple[str, re.Pattern[str]]] = []
# every sentence in both languages with what it does: (given, when or then; the sentence; the function)
STEPS: list[tuple[str, re.Pattern[str], Callable[..., Any]]] = []


def pattern(sentence: str, opening: str, closing: str) -> str:
    """A regular expression for a sentence whose holes stand between quotation marks."""
    made, end = "", 0
    for hole in _HOLE.finditer(sentence):
        made += re.escape(sentence[end : hole.start()])
        plain = f"[^{opening}{closing}]"
        inside = plain if opening == closing else f"(?:{plain}|{opening}{plain}*{closing})"
        made += f"{opening}(?P<{hole[1]}>{inside}*){closing}"
        end = hole.end()
    return made + re.escape(sentence[end:])


def _both(decorator: Callable[..., Any], zh: str, en: str) -> Callable[[Function], Function]:
    def register(function: Function) -> Function:
        SENTENCES.append((function.__module__, re.compile(pattern(zh, "“", "”"))))
        for sentence, opening, closing in ((zh, "“", "”"), (en, '"', '"')):
            written = pattern(sentence, opening, closing)
            decorator(parsers.re(written), stacklevel=2)(function)
            STEPS.append((decorator.__name__, re.compile(written), function))
        return function

    return register


def assume(zh: str, en: str) -> Callable[[Function], Function]:
    """假如: what is given before the decision."""
    return _both(given, zh, en)


def act(zh: str, en: str) -> Callable[[Function], Function]:
    """当: the decision."""
    return _both(when, zh, en)


def expect(zh: str, en: str) -> Callable[[Function], Function]:
    """那么: what the decision must say."""
    return _both(then, zh, en)
