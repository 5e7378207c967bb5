"""FEEL on plain values: an expression as DMN 1.5 reads it, without a rulebook.

`relief eval` stands on this reading, and so does an outside conformance kit. It is dynamic where the rule
language is static: a type that does not fit gives `null` here, and an error in a rule file. Rounding, the
calendar and the order of dates are the same functions that rules use; `tests/language/test_feel.py` runs
every case that the checker accepts through the compiled rules as well and requires the same answer.
"""
