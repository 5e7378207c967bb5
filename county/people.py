"""Who lives with whom: households by size and shape, people by age and sex, in towns and villages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from county import names
from county.marginals import (
    AS_OF,
    CHILD,
    GRANDCHILD,
    HEAD,
    HEAD_AGES,
    PARENT,
    SHAPES,
    SIBLING,
    SIZES,
    SPOUSE,
    TOWNS,
    drawn,
)
from engine.language.columns.values import Array

YEAR = 365.2425
FEMALE, MALE = 1, 0


@dataclass(slots=True)
class Settled:
    """Households, and people household by household. `of` is a person's household, `first` a household's first person."""

    town: Array
    village: Array
    urban: Array
    size: Array
    first: Array
    of: Array
    role: Array
    minor: Array  # a child by the shape of its household
    sex: Array
    born: Array
    names: names.Names
    identity: Array  # one number for each person who exists; two entries may share one

    @property
    def households(self) -> int:
        return len(self.size)

    @property
    def people(self) -> int:
        return len(self.of)

    @property
    def age(self) -> Array:
        return ages(self.born)

    def total(self, values: Array) -> Array:
        """Sums over the people of each household."""
        return np.bincount(self.of, values, self.households)

    def any(self, mask: Array) -> Array:
        found = np.zeros(self.households, np.bool_)
        found[self.of[mask]] = True
        return found


def ages(born: Array, on: np.datetime64 = AS_OF) -> Array:
    """Completed years."""
    month = born.astype("datetime64[M]")
    years = on.astype("datetime64[Y]").astype(int) - born.astype("datetime64[Y]").astype(int)
    months = on.astype("datetime64[M]").astype(int) % 12 - month.astype(int) % 12
    days = (on - on.astype("datetime64[M]")).astype(int) - (born - month).astype(int)
    return years - ((months < 0) | ((months == 0) & (days < 0)))


def settle(random: np.random.Generator, households: int) -> Settled:
    town = drawn(random, tuple(one.weight for one in TOWNS), households)
    urban = random.random(households) < np.array([one.urban for one in TOWNS])[town]
    villages = np.array([one.villages for one in TOWNS])[town]
    village = (random.random(households) ** 1.3 * villages).astype(np.int64)
    shapes = [shape for of_size in SHAPES for shape in of_size]
    sized = drawn(random, SIZES, households)
    shape = np.zeros(households, np.int64)
    before = 0
    for number, of_size in enumerate(SHAPES):
        mine = np.flatnonzero(sized == number)
        shape[mine] = before + drawn(random, tuple(one.weight for one in of_size), len(mine))
        before += len(of_size)
    size = np.array([1 + len(one.others) for one in shapes])[shape]
    first = np.cumsum(size) - size
    of = np.repeat(np.arange(households), size)
    place = np.arange(len(of)) - first[of]
    widest = max(len(one.others) for one in shapes) + 1
    roles = np.full((len(shapes), widest), HEAD)
    for number, one in enumerate(shapes):
        roles[number, 1 : 1 + len(one.others)] = one.others
    role = roles[shape[of], place]
    minor = np.array([one.minor for one in shapes])[shape[of]] & (role == CHILD)
    third = np.array([one.head for one in shapes])[shape]
    age = _ages(random, third, of, role, minor)
    born = AS_OF - (age * YEAR).astype("timedelta64[D]")
    sex = _sexes(random, of, first, role)
    surname = names.surnames(random, households)[of]
    own = np.isin(role, (SPOUSE,)) | (role == PARENT) & (sex == FEMALE)
    surname = np.where(own, names.surnames(random, len(of)), surname)
    sign, further = names.given(random, sex, born.astype("datetime64[Y]").astype(int) + 1970)
    settled = Settled(
        town, village, urban, size, first, of, role, minor, sex, born,
        names.Names(surname, sign, further), np.arange(len(of)),
    )  # fmt: skip
    _twins(random, settled)
    return settled


def _ages(random: np.random.Generator, third: Array, of: Array, role: Array, minor: Array) -> Array:
    """Ages in years, with their fractions."""
    people = len(of)
    knots = np.array(HEAD_AGES)[third]
    at = random.random(len(third)) * 3
    low = np.minimum(at.astype(np.int64), 2)
    rows = np.arange(len(third))
    head = knots[rows, low] + (at - low) * (knots[rows, low + 1] - knots[rows, low])
    gap = random.triangular(20, 25, 37, people)
    heads = head[of]
    child = heads - gap
    oldest = np.clip(heads - 20, 0.5, 17.99)
    out = (child < 0) | (child >= 18)
    child = np.where(minor & out, random.random(people) * oldest, child)
    child = np.where(~minor & (role == CHILD), _within(random, heads - gap, 18, 40), child)
    age = np.where(role == HEAD, heads, 0)
    age = np.where(role == SPOUSE, _within(random, heads + random.normal(-1.0, 2.6, people), 21, 105), age)
    age = np.where(role == CHILD, child, age)
    age = np.where(role == PARENT, _within(random, heads + gap, 40, 99), age)
    age = np.where(role == GRANDCHILD, random.triangular(1, 9, 17, people), age)
    return np.where(role == SIBLING, _within(random, heads + random.normal(0, 4, people), 24, 105), age)


def _within(random: np.random.Generator, age: Array, least: float, most: float) -> Array:
    """Ages between two; those beyond one of them are drawn again near it, so that no birthday is everybody's."""
    near = random.random(len(age)) * 4
    return np.where(age < least, least + near, np.where(age > most, most - near, age))


def _sexes(random: np.random.Generator, of: Array, first: Array, role: Array) -> Array:
    people = len(of)
    shares = np.choose(role, (0.30, 0.5, 0.482, 0.58, 0.47, 0.25))  # women among heads, …, siblings
    sex = (random.random(people) < shares).astype(np.int8)
    return np.where(role == SPOUSE, 1 - sex[first[of]], sex)


def _twins(random: np.random.Generator, settled: Settled) -> None:
    """One birth in eighty: born on the same day, alike in name, and two people all the same."""
    second = np.flatnonzero(
        (settled.role[1:] == CHILD) & (settled.role[:-1] == CHILD) & (settled.of[1:] == settled.of[:-1])
    )
    twins = second[random.random(len(second)) < 0.0125]
    settled.born[twins + 1] = settled.born[twins]
    settled.sex[twins + 1] = settled.sex[twins]
    one, other = names.given(random, settled.sex[twins + 1], np.full(len(twins), 2015))
    settled.names.first[twins + 1] = settled.names.first[twins]
    sign = np.where(other == names.NONE, one, other)
    sign = np.where(sign == settled.names.second[twins], one, sign)
    settled.names.second[twins + 1] = np.where(sign == settled.names.second[twins], names.NONE, sign)
