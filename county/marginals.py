"""How many, how old, how ill, how poor: the shares that the sample county is drawn from.

`docs/sample-county.md` says of each which are published figures, from where, and which are assumptions of this project.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.language.columns.values import Array

AS_OF = np.datetime64("2026-09-15")  # the day on which the county stands as it is drawn
AREA = "sample_county"


@dataclass(frozen=True, slots=True)
class Town:
    area: str
    label: str
    weight: float  # share of the county's households
    urban: float  # share of its households that live in urban places
    villages: int


TOWNS = (
    Town("sample_chengguan", "城关镇", 0.24, 0.86, 18),
    Town("sample_hedong", "河东街道", 0.12, 0.97, 9),
    Town("sample_liuhe", "柳河镇", 0.11, 0.28, 21),
    Town("sample_qingshan", "青山镇", 0.10, 0.24, 19),
    Town("sample_shiqiao", "石桥镇", 0.09, 0.22, 17),
    Town("sample_longtan", "龙潭镇", 0.09, 0.20, 18),
    Town("sample_sanhe", "三合乡", 0.08, 0.06, 15),
    Town("sample_baiyang", "白杨乡", 0.07, 0.05, 14),
    Town("sample_xiaoling", "小岭乡", 0.05, 0.04, 11),
    Town("sample_hongxing", "红星乡", 0.05, 0.04, 12),
)
VILLAGE_NAMES = [
    "前进",
    "胜利",
    "东风",
    "新民",
    "团结",
    "永安",
    "兴隆",
    "太平",
    "双河",
    "靠山",
    "向阳",
    "新立",
    "民主",
    "五星",
    "红旗",
    "合心",
    "福安",
    "长发",
    "平安",
    "新兴",
    "和平",
]

# one person, two, … of a hundred family households (census of 2020)
SIZES = (25.39, 29.68, 20.99, 13.17, 6.17, 3.06, 1.54)

HEAD, SPOUSE, CHILD, PARENT, GRANDCHILD, SIBLING = range(6)
RELATIONS = ("head", "spouse", "child", "parent", "grandchild", "sibling")
YOUNG, MIDDLE, OLD = range(3)
HEAD_AGES = ((24, 31, 38, 44), (44, 49, 54, 59), (60, 67, 74, 94))  # quartiles, drawn evenly between them


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of household: who lives in it besides the head, in which third of life the head is, and how common."""

    others: tuple[int, ...]
    head: int
    weight: float
    minor: bool = True  # are its children under age?


# of a hundred households of each size; assumptions, fitted to the ages of the census
SHAPES: tuple[tuple[Shape, ...], ...] = (
    (Shape((), YOUNG, 32), Shape((), MIDDLE, 30), Shape((), OLD, 38)),
    (
        Shape((SPOUSE,), OLD, 32),
        Shape((SPOUSE,), MIDDLE, 30),
        Shape((SPOUSE,), YOUNG, 11),
        Shape((CHILD,), YOUNG, 7),
        Shape((CHILD,), MIDDLE, 9, minor=False),
        Shape((PARENT,), MIDDLE, 7),
        Shape((GRANDCHILD,), OLD, 4),
    ),
    (
        Shape((SPOUSE, CHILD), YOUNG, 42),
        Shape((SPOUSE, CHILD), MIDDLE, 38, minor=False),
        Shape((SPOUSE, PARENT), MIDDLE, 8),
        Shape((SPOUSE, GRANDCHILD), OLD, 6),
        Shape((CHILD, PARENT), YOUNG, 6),
    ),
    (
        Shape((SPOUSE, CHILD, CHILD), YOUNG, 46),
        Shape((SPOUSE, CHILD, CHILD), MIDDLE, 16, minor=False),
        Shape((SPOUSE, CHILD, PARENT), YOUNG, 16),
        Shape((SPOUSE, CHILD, PARENT), MIDDLE, 12, minor=False),
        Shape((SPOUSE, GRANDCHILD, GRANDCHILD), OLD, 4),
        Shape((SPOUSE, CHILD, SIBLING), MIDDLE, 6, minor=False),
    ),
    (
        Shape((SPOUSE, CHILD, CHILD, PARENT), YOUNG, 54),
        Shape((SPOUSE, CHILD, CHILD, PARENT), MIDDLE, 14, minor=False),
        Shape((SPOUSE, CHILD, PARENT, PARENT), YOUNG, 22),
        Shape((SPOUSE, CHILD, CHILD, CHILD), YOUNG, 10),
    ),
    (
        Shape((SPOUSE, CHILD, CHILD, PARENT, PARENT), YOUNG, 76),
        Shape((SPOUSE, CHILD, CHILD, CHILD, PARENT), YOUNG, 24),
    ),
    (Shape((SPOUSE, CHILD, CHILD, CHILD, PARENT, PARENT), YOUNG, 100),),
)

# holders of a disability certificate per hundred, by age: under 18, 18–44, 45–59, 60–74, 75 and over
DISABLED_BY_AGE = ((18, 0.8), (45, 1.9), (60, 3.4), (75, 5.6), (200, 6.2))
DISABILITY_TYPES = ("visual", "hearing", "speech", "physical", "intellectual", "mental", "multiple")
TYPE_SHARES = (10.0, 9.5, 1.2, 52.0, 10.5, 12.0, 4.8)
GRADE_SHARES = (14.0, 24.0, 30.0, 32.0)  # grades 1 to 4
ILL_BY_AGE = ((18, 0.2), (45, 0.6), (60, 1.8), (75, 3.2), (200, 4.0))

# yuan per head and year: the middle of the distribution and its width as a logarithm
INCOME = {"rural": (19_000.0, 0.62), "urban": (31_000.0, 0.60)}
CENTRAL_BASIC_PENSION = 163  # yuan a month


def by_age(ages: Array, table: tuple[tuple[int, float], ...]) -> Array:
    """A share for each age, from percentages."""
    limits = np.array([limit for limit, _ in table])
    shares = np.array([share for _, share in table]) / 100
    return shares[np.searchsorted(limits, ages, side="right")]


def drawn(random: np.random.Generator, shares: tuple[float, ...], size: int) -> Array:
    """Places in a list of shares, as often as the shares say."""
    limits = np.cumsum(np.array(shares) / sum(shares))
    return np.searchsorted(limits[:-1], random.random(size), side="right")
