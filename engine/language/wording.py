"""How a language writes: its phrases filled in, numbers, dates, quantities, lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from string import Formatter, ascii_letters, digits
from typing import Any

from engine.language.phrases import FALLBACK, TABLES
from engine.language.types import Duration

# literal text, the part that follows it ("" at the end), whether the literal begins and ends in Han
Piece = tuple[str, str, bool, bool]


class Wording:
    """The phrases of one language. `more` are tables beside the engine's own, by language."""

    def __init__(self, language: str, more: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self.language = language
        own = language if language in TABLES else FALLBACK
        self.table: dict[str, str] = {**TABLES[own], **((more or {}).get(own, {}))}
        self._phrases = {key: _pieces(template) for key, template in self.table.items()}
        self._spaced = bool(self.table["spaced"])
        self._months = self.table["months"].split()

    # --- phrases ----------------------------------------------------------------------------------------

    def __getitem__(self, key: str) -> str:
        return self.table[key]

    def say(self, key: str, **parts: str) -> str:
        """The phrase of a key, filled in; where the language wants it, with a space beside numbers."""
        text = ""
        for literal, part, starts_han, ends_han in self._phrases[key]:
            if literal:
                text = (
                    f"{text} {literal}"
                    if starts_han and self._spaced and text[-1:] in _FIGURES
                    else text + literal
                )
            if part:
                filled = parts[part]
                if not literal:
                    text = self.beside(text, filled)
                else:
                    apart = ends_han and self._spaced and filled[:1] in _FIGURES
                    text = f"{text} {filled}" if apart else text + filled
        return text

    def beside(self, before: str, after: str) -> str:
        """Two texts next to each other, with a space between a number and a Chinese character."""
        apart = self._spaced and (
            (before[-1:] in _FIGURES and _is_han(after[:1]))
            or (_is_han(before[-1:]) and after[:1] in _FIGURES)
        )
        return f"{before} {after}" if apart else before + after

    def brackets(self, text: str) -> str:
        return self.say("brackets", text=text)

    def quoted(self, text: str) -> str:
        return self.say("quoted", text=text)

    def listed(self, texts: Iterable[str]) -> str:
        return self.table["list"].join(texts)

    def several(self, texts: Iterable[str]) -> str:
        return self.table["several"].join(texts)

    # --- values -----------------------------------------------------------------------------------------

    def number(self, value: Any, decimals: int | None = None) -> str:
        """A number with its thousands marked: `1,132`, `1,697.50`. A fraction shows `decimals` or all it has.

        A quotient without end is rounded half up to 2 decimals, or to `decimals`.
        """
        if type(value) is int:
            return f"{value:,}" if value >= 0 else f"−{-value:,}"
        exact = Fraction(value) if not isinstance(value, float) else Fraction(str(value))
        if exact.denominator == 1:
            return _signed(f"{int(exact):,}")
        if decimals is None:
            decimals = _decimals_of(value, exact)
        power = 10**decimals
        whole = (2 * abs(exact.numerator) * power + exact.denominator) // (2 * exact.denominator)
        text = f"{Decimal(whole).scaleb(-decimals):,}"
        return _signed("-" + text if exact < 0 else text)

    def date(self, day: int) -> str:
        year, month, number = day // 10000, day // 100 % 100, day % 100
        return self.table["date"].format(year=year, month=month, day=number, name=self._months[month - 1])

    def duration(self, value: int, of: Duration) -> str:
        sign, size = ("−" if value < 0 else ""), abs(int(value))
        units = (("year", 12), ("month", 1)) if of.kind == "months" else (("day", 86400), ("second", 1))
        parts = [(size // units[0][1], units[0][0]), (size % units[0][1], units[1][0])]
        said = [self.counted(n, unit) for n, unit in parts if n] or [self.counted(0, parts[1][1])]
        return sign + " ".join(said)

    def counted(self, n: Any, unit: str, decimals: int | None = None) -> str:
        """So many years, months, days or seconds."""
        return self.say(f"unit.{unit}" + (".one" if n == 1 else ""), n=self.number(n, decimals))

    def truth(self, value: bool | None) -> str:
        return self.table["unknown" if value is None else "yes" if value else "no"]

    def ordinal(self, n: int) -> str:
        """A number as laws write it, up to 999."""
        digits = self.table["numerals"]
        if not digits or not 0 < n < 1000:
            return str(n)
        hundreds, tens, ones = n // 100, n // 10 % 10, n % 10
        text = digits[hundreds] + digits[11] if hundreds else ""
        if tens:
            text += ("" if tens == 1 and not hundreds else digits[tens]) + digits[10]
        elif hundreds and ones:
            text += digits[0]
        return text + (digits[ones] if ones else "")


_FIGURES = frozenset(  # "" is in none of them
    f"−{digits}{ascii_letters}"
)


def _is_han(character: str) -> bool:
    """Is this a Chinese character? No for the empty text."""
    return "\u4e00" <= character <= "\u9fff"


def _signed(text: str) -> str:
    return "−" + text[1:] if text.startswith("-") else text


def _decimals_of(value: Any, exact: Fraction) -> int:
    if isinstance(value, Decimal):
        return max(-int(value.as_tuple().exponent), 0)
    rest, digits = exact.denominator, 0
    while rest % 10 == 0:
        rest, digits = rest // 10, digits + 1
    while rest % 2 == 0 or rest % 5 == 0:
        rest, digits = rest // (2 if rest % 2 == 0 else 5), digits + 1
    return min(digits, 12) if rest == 1 else 2


def _pieces(template: str) -> tuple[Piece, ...]:
    return tuple(
        (literal, part or "", _is_han(literal[:1]), _is_han(literal[-1:]))
        for literal, part, _, _ in Formatter().parse(template)
    )
