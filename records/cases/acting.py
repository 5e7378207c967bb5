"""Who may take a step: by right, area, department and level, and with other eyes than those that looked before."""

from __future__ import annotations

from collections.abc import Sequence

from engine.rulebook import Rulebook
from records.cases.flow import Case, Possible, Step
from records.cases.words import RIGHT, Action, Tier, named
from records.refused import Refused
from records.rights import Right, Role, Viewer, level_of
from records.scope import areas_below

_OF_THE_DEPARTMENT = frozenset({Right.INVESTIGATE, Right.REVIEW, Right.APPROVE, Right.PUBLICISE})


def right_for(action: Action, tier: Tier) -> Right:
    """What a step needs. Sending back is for whoever would have taken the step that was due."""
    return Right.APPROVE if action is Action.SEND_BACK and tier is Tier.APPROVAL else RIGHT[action]


def levels_of(viewer: Viewer, right: Right, book: Rulebook, area: str, policy: str) -> tuple[str, ...]:
    """The levels at which a viewer may use a right for a policy in an area.

    An application is taken in by any department (one window); what follows is for the policy's own.
    """
    department = book.policies[policy].department
    found = []
    for grant in viewer.granting(right):
        if area not in areas_below(book, grant.area):
            continue
        foreign = grant.role is Role.DEPARTMENT_OFFICER and grant.department != department
        if not (foreign and right in _OF_THE_DEPARTMENT):
            found.append(level_of(grant, book.areas))
    return tuple(dict.fromkeys(found))


def reads_words(viewer: Viewer, book: Rulebook, area: str, policy: str) -> bool:
    """Whether a viewer reads what was said in a case: not from another department, which sees how it stands."""
    department = book.policies[policy].department if policy in book.policies else ""
    return any(
        area in areas_below(book, grant.area)
        and (grant.role is not Role.DEPARTMENT_OFFICER or grant.department == department)
        for grant in viewer.granting(Right.READ_CASES)
    )


def level_for(viewer: Viewer, book: Rulebook, area: str, case: Case, possible: Possible) -> str:
    """At which level a viewer takes this step. Raises `Refused` not-your-level."""
    right = right_for(possible.action, possible.tier)
    fitting = [
        one
        for one in levels_of(viewer, right, book, area, case.policy)
        if not possible.levels or one in possible.levels
    ]
    if not fitting:
        wanted = "、".join(book.levels[one].get("zh", one) for one in possible.levels) or "本辖区经办人"
        department = book.policies[case.policy].department if right in _OF_THE_DEPARTMENT else ""
        raise Refused(
            "not-your-level",
            f"{named(possible.action)}由{wanted}办理 · "
            f"this step is for {' or '.join(possible.levels) or 'those who work in the area'}"
            + (f", of {department}" if department else ""),
        )
    return fitting[-1]


def acted_elsewhere(
    viewer: Viewer, tier: Tier, level: str, steps: Sequence[Step], before: Sequence[Step]
) -> str:
    """Why somebody may not take a step of this tier, "" when he or she may. `before`: of the case appealed against."""
    if tier is Tier.NONE:
        return ""
    for one in steps:
        mine = one.tier is not Tier.NONE and one.person == viewer.person
        if mine and (one.tier is not tier or one.level != level):
            return f"您已办理过本案的{named(one.action)} · you took another step of this case: {one.action}"
        if one.tier not in (Tier.NONE, tier) and one.account == viewer.account:
            return f"此账号已办理过本案的{named(one.action)} · this account took another step of this case: {one.action}"
    if tier is not Tier.ENTRY and any(
        one.tier is not Tier.NONE and one.person == viewer.person for one in before
    ):
        return "您办理过被复议的案件，须回避 · you acted in the case that is appealed against"
    return ""


def check_other_eyes(
    viewer: Viewer, tier: Tier, level: str, steps: Sequence[Step], before: Sequence[Step]
) -> None:
    """Raises `Refused` four-eyes: nobody looks twice at one case in two tiers."""
    why = acted_elsewhere(viewer, tier, level, steps, before)
    if why:
        raise Refused("four-eyes", f"同一人不得办理同一案件的两个环节：{why}")
