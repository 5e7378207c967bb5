"""A decision in words, in three layers: for the applicant, the caseworker and the auditor.

Nothing is kept: every text is made from the decision and from the rulebook that it was decided under.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from engine.decision.explain import applicant, auditor, caseworker
from engine.decision.explain.model import Explanation, Line, Section, as_text
from engine.decision.explain.rules import rule_texts
from engine.decision.explain.telling import Telling
from engine.decision.explain.values import Values
from engine.decision.model import Decision
from engine.language.dates import parse_date
from engine.language.problems import nearest
from engine.rulebook.in_force import in_force
from engine.rulebook.model import Rulebook

__all__ = [
    "LAYERS",
    "CannotExplain",
    "Explanation",
    "Line",
    "Section",
    "Telling",
    "as_text",
    "explain",
    "telling",
]

LAYERS: Mapping[str, Callable[[Telling], Iterator[Section]]] = {
    "applicant": applicant.sections,
    "caseworker": caseworker.sections,
    "auditor": auditor.sections,
}


class CannotExplain(ValueError):
    """The decision cannot be told: made under another rulebook, or asked for in a way that is not there."""


def explain(
    book: Rulebook,
    decision: Decision | Mapping[str, Any],
    layer: str,
    language: str,
    *,
    policies: Sequence[str] = (),
    subjects: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
) -> Explanation:
    """One layer of a decision in a language of its rulebook.

    decision  as decided, or as plain data from its JSON (read it with `parse_json`: money stays exact)
    policies, subjects  limit the findings told
    names     what to call people instead of their ids; the engine itself never sees names

    Raises `CannotExplain` when the rulebook is not the one that decided, or the layer, language, policy or
    subject is not known.
    """
    _known("layer", layer, LAYERS)
    told = telling(book, decision, language, policies=policies, subjects=subjects, names=names)
    words, values = told.words, told.values
    head = words.say(
        "head",
        household=told.decision.household_id,
        area=values.area(told.decision.area),
        on=values.day(told.decision.on),
    )
    return Explanation(
        layer,
        language,
        words[f"title.{layer}"],
        head,
        told.decision.household_id,
        told.decision.decision_id,
        told.decision.rulebook,
        tuple(LAYERS[layer](told)),
    )


def telling(
    book: Rulebook,
    decision: Decision | Mapping[str, Any],
    language: str,
    *,
    policies: Sequence[str] = (),
    subjects: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
) -> Telling:
    """The phrases that every text about a decision is made of; as `explain`. Raises `CannotExplain`."""
    made = decision if isinstance(decision, Decision) else msgspec.convert(decision, Decision)
    if made.rulebook != book.fingerprint:
        raise CannotExplain(
            f"this decision was made under the rulebook {made.rulebook}, "
            f"and this is the rulebook {book.fingerprint}: load the rule files of that fingerprint"
        )
    _known("language", language, book.languages)
    for policy in policies:
        _known("policy", policy, book.policies)
    for subject in subjects:
        _known("subject", subject, ("household", *made.people))
    return _telling(book, made, language, policies, subjects, names or {})


def _known(what: str, asked: str, known: Any) -> None:
    if asked not in known:
        hint = nearest(asked, known) or f"known: {', '.join(known)}"
        raise CannotExplain(f"there is no {what} `{asked}` ({hint})")


def _telling(
    book: Rulebook,
    decision: Decision,
    language: str,
    policies: Sequence[str],
    subjects: Sequence[str],
    names: Mapping[str, str],
) -> Telling:
    on, known = parse_date(decision.on), parse_date(decision.known)
    applied = None if decision.application_date is None else parse_date(decision.application_date)
    if on is None or known is None:
        raise CannotExplain(f"the decision's dates `{decision.on}` and `{decision.known}` are not dates")
    texts = rule_texts(book, in_force(book, on, known, applied), language)
    asked = [
        (policy, finding)
        for policy, decided in decision.policies.items()
        if not policies or policy in policies
        for finding in decided.findings
        if not subjects or finding.subject in subjects
    ]
    return Telling(texts, Values(texts, decision, names), asked, not policies and not subjects)
