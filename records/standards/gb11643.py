"""Citizen identity numbers of China: GB 11643-1999, whose check digit is ISO 7064 MOD 11-2."""

from __future__ import annotations

from datetime import date

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


def problem_with(number: str) -> str:
    """What is wrong with an identity number; "" when nothing is: length, digits, day of birth, check digit."""
    number = number.strip().upper()
    if len(number) != 18:
        return "length"
    if not (number[:17].isascii() and number[:17].isdigit() and number[17] in "0123456789X"):
        return "digits"
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return "birth"
    if born.year < 1850:
        return "birth"
    return "" if check_digit(number[:17]) == number[17] else "check"


def check_digit(first17: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True))
    return _CHECKS[total % 11]
