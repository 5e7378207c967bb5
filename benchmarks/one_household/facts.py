"""The facts, parameters, tables and definitions of the pack."""

from __future__ import annotations

from decimal import Decimal

from benchmarks.one_household.model import Definition, Fact, Parameter, Table


def _money(*names: str, most: int) -> tuple[Fact, ...]:
    return tuple(Fact(name, "money", decimals=2, most=most) for name in names)


def _flags(*names: str) -> tuple[Fact, ...]:
    return tuple(Fact(name, "boolean") for name in names)


def _dates(*names: str) -> tuple[Fact, ...]:
    return tuple(Fact(name, "date") for name in names)


FACTS: tuple[Fact, ...] = (
    Fact("residence", "enum", values=("rural", "town", "city")),
    Fact("tenure", "enum", values=("owner", "tenant", "relative", "shelter")),
    Fact("heating", "enum", values=("central", "coal", "gas", "electric")),
    Fact("damage", "enum", values=("none", "minor", "major", "total")),
    Fact("rooms", "number", most=20),
    Fact("house_area", "number", most=500),
    Fact("insured_months", "number", most=600),
    Fact("land", "number", decimals=1, most=200),
    Fact("school_distance", "number", decimals=1, most=100),
    *_money("savings", "debts", "vehicle_value", "medical_costs", "tuition", "harvest_loss", most=1_000_000),
    *_money("rent", "heating_costs", most=100_000),
    *_flags("owns_second_home", "runs_business", "consents_to_checks", "house_unsafe", "guardian_named"),
    *_flags("refused_work", "tap_water", "in_public_housing"),
    *_dates("moved_in", "last_visit", "insured_since", "damaged_on"),
    Fact("relation", "enum", "person", ("head", "spouse", "child", "parent", "grandchild", "other")),
    Fact("birth_date", "date", "person"),
    Fact("registered_on", "date", "person"),
    Fact("monthly_income", "money", "person", decimals=2, most=100_000),
    Fact("pension", "money", "person", decimals=2, most=100_000),
    Fact("disability", "enum", "person", ("none", "mild", "moderate", "severe")),
    Fact("school", "enum", "person", ("none", "primary", "secondary", "vocational", "university")),
    Fact("work", "enum", "person", ("none", "casual", "employed", "self_employed", "retired")),
    Fact("care_hours", "number", "person", most=24),
    Fact("insured", "boolean", "person"),
    Fact("chronic_illness", "boolean", "person"),
    Fact("veteran", "boolean", "person"),
    Fact("lives_here", "boolean", "person"),
    Fact("pregnant", "boolean", "person"),
)

_PER_HEAD = "yuan/person"


def _amounts(**texts: str) -> dict[str, Decimal]:
    return {value: Decimal(text) for value, text in texts.items()}


PARAMETERS: tuple[Parameter, ...] = (
    Parameter("asset_line", "money", Decimal("15168.00"), _PER_HEAD),
    Parameter("child_amount", "money", Decimal("120.50"), _PER_HEAD),
    Parameter("elder_amount", "money", Decimal("98.80"), _PER_HEAD),
    Parameter("disability_amount", "money", Decimal("143.00"), _PER_HEAD),
    Parameter("pupil_amount", "money", Decimal("312.50"), _PER_HEAD),
    Parameter("job_amount", "money", Decimal("450.00"), _PER_HEAD),
    Parameter("premium_amount", "money", Decimal("380.00"), _PER_HEAD),
    Parameter("medical_rate", "number", Decimal("0.65")),
    Parameter("small_rate", "number", Decimal("0.15")),
    Parameter("wide_factor", "number", Decimal("1.50")),
)

TABLES: tuple[Table, ...] = (
    Table("living_line", "residence", _amounts(rural="632.00", town="700.50", city="832.00"), _PER_HEAD),
    Table("rent_cap", "residence", _amounts(rural="310.00", town="455.50", city="780.00")),
    Table(
        "fuel_cap", "heating", _amounts(central="1200.00", coal="850.50", gas="1100.00", electric="990.90")
    ),
    Table(
        "repair_grant", "damage", _amounts(none="0.00", minor="2000.00", major="12000.00", total="35000.00")
    ),
)

DEFINITIONS: tuple[Definition, ...] = (
    Definition("age_years", "full_years(p.birth_date)", of="person"),
    Definition("members", "count(p for p in people if p.lives_here)"),
    Definition("total_income", "sum(p.monthly_income + p.pension for p in people if p.lives_here)"),
    Definition("minors", "count(p for p in people if p.age_years < 18)"),
    Definition("elders", "count(p for p in people if p.age_years >= 60)"),
    Definition("severely_disabled", "count(p for p in people if p.disability == 'severe')"),
    Definition("pupils", "count(p for p in people if p.school in ('primary', 'secondary', 'vocational'))"),
    Definition("income_line", "living_line * members"),
)
