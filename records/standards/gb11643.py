"""Citizen identity numbers of China: GB 11643-1999, whose check digit is ISO 7064 MOD 11-2."""

from __future__ import annotations

from datetime import date

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"

NUMBER_PROBLEMS = {
    "length": "身份证件号码应为 18 位 · an identity number has 18 characters",
    "digits": "身份证件号码含有非法字符 · an identity number is made of digits, the last one may be X",
    "birth": "身份证件号码中的出生日期不存在 · there is no such day of birth as this identity number says",
    "check": "身份证件号码校验位不符，请核对 · the check digit of this identity number is wrong; look again",
}


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
