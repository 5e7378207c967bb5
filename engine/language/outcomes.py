"""What a policy computes for a subject. The order of precedence is the order of the numbers."""

from __future__ import annotations

Truth = bool | None

NOT_CONCERNED, CLOSED, INELIGIBLE, UNDETERMINED, DISCRETIONARY, ELIGIBLE = range(6)
NAMES = ("not-concerned", "closed", "ineligible", "undetermined", "discretionary", "eligible")


def outcome(concerns: Truth, closed: Truth, eligible: Truth, discretion: Truth) -> int:
    """The outcome of the four parts of a policy. Whatever is unknown and matters makes it undetermined."""
    if concerns is False:
        return NOT_CONCERNED
    if concerns is None or closed is None:
        return UNDETERMINED
    if closed:
        return CLOSED
    if eligible is False:
        return INELIGIBLE
    if eligible is None or discretion is None:
        return UNDETERMINED
    return DISCRETIONARY if discretion else ELIGIBLE


def is_eligible(result: int) -> Truth:
    """`X.eligible`: true, false, or unknown while a person or a fact still has to speak."""
    if result == ELIGIBLE:
        return True
    return False if result in (NOT_CONCERNED, INELIGIBLE) else None
