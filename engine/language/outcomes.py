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


# `X.eligible`: true, false, or unknown while a person or a fact still has to speak
ELIGIBLE_BY_OUTCOME: tuple[Truth, ...] = (False, None, False, None, None, True)


def is_eligible(result: int) -> Truth:
    return ELIGIBLE_BY_OUTCOME[result]
