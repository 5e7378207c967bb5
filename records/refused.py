"""What the record does not take."""

from __future__ import annotations


class Refused(Exception):
    """The record does not take this; `code` says what is wrong, the message says it to people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def no_household(household_id: str) -> Refused:
    return Refused("no-household", f"没有家庭 {household_id} · there is no household {household_id}")


def no_person(person_id: str) -> Refused:
    return Refused("no-person", f"没有此人 {person_id} · there is no person {person_id}")
