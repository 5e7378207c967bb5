"""`relief entitlement`: what was due month by month, beside what was paid."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from cli.decide import print_json
from cli.documents import read_document, refuse
from cli.explain import print_explanation
from cli.rulebooks import language_of, open_rulebook
from cli.stop import stop
from engine.decision import BadDocument, encode_json
from engine.decision.document import read_household
from engine.decision.entitlement import MONTHS_AT_MOST, NothingSaid, entitlement
from engine.decision.explain.months import explain_entitlement
from engine.language.dates import from_date


def run(
    file: str, first: int, last: int, known: date, policies: Path | None, lang: str | None, output: str
) -> None:
    document = read_document(file)
    book = open_rulebook(policies)
    language = language_of(book, lang)
    try:
        household = read_household(book, document)
        told = entitlement(book, household, first, last, from_date(known))
    except BadDocument as bad:
        refuse(file, bad)
    except NothingSaid:
        stop(
            f"{file}: 没有写明已享受哪些待遇，无法核对；没有任何待遇时写 statuses: []\n"
            "nothing is said about what is held; write `statuses: []` when nothing is"
        )
    except ValueError:
        stop(
            f"--from 到 --to 须为 1 至 {MONTHS_AT_MOST} 个月，且不能倒着写\n"
            f"--from to --to must be 1 to {MONTHS_AT_MOST} months, the earlier first"
        )
    if output == "json":
        print_json(encode_json(told))
    else:
        print_explanation(explain_entitlement(book, told, language), output)
