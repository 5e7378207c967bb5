"""docs/rights.md says what `records.rights` and `records.scope` say. RELIEF_UPDATE_GOLDENS=1 writes its tables anew."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from records import scope
from records.rights import RIGHT_LABELS, RIGHTS, ROLE_LABELS, Right, Role

PAGE = Path(__file__).parents[2] / "docs" / "rights.md"
BEGIN, END = "<!-- {} -->\n", "<!-- /{} -->\n"
CLASSES = {
    "ordinary": "一般",
    "personal": "个人",
    "sensitive": "敏感",
    "procedure": "程序",
}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *[":---:"] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def rights() -> str:
    head = ["权限", *(ROLE_LABELS[role]["zh"] for role in Role)]
    rows = [
        [f"{RIGHT_LABELS[right]['zh']} `{right}`", *("✓" if right in RIGHTS[role] else "" for role in Role)]
        for right in Right
    ]
    return table(head, rows)


def classes() -> str:
    readers = [role for role in Role if Right.READ_HOUSEHOLDS in RIGHTS[role]]
    rows = [
        [
            f"{label} `{name}`",
            *(
                "✓"
                if name in scope.CLASSES[role]
                else "本部门负责或所需的"
                if role is Role.DEPARTMENT_OFFICER
                else ""
                for role in readers
            ),
        ]
        for name, label in CLASSES.items()
    ]
    return table(["事实类别", *(ROLE_LABELS[role]["zh"] for role in readers)], rows)


def with_tables(page: str) -> str:
    for name, made in (("rights", rights()), ("classes", classes())):
        begin, end = BEGIN.format(name), END.format(name)
        before, _, rest = page.partition(begin)
        _, _, after = rest.partition(end)
        page = f"{before}{begin}\n{made}\n{end}{after}"
    return page


def test_the_page_says_what_the_program_does() -> None:
    page = PAGE.read_text("utf-8")
    if os.environ.get("RELIEF_UPDATE_GOLDENS") == "1":
        PAGE.write_text(with_tables(page), "utf-8")
    assert PAGE.read_text("utf-8") == with_tables(page)


def test_every_right_has_its_words_and_somebody_who_has_it() -> None:
    assert set(RIGHT_LABELS) == set(Right) and set(ROLE_LABELS) == set(RIGHTS) == set(Role)
    assert all(any(right in RIGHTS[role] for role in Role) for right in Right)


def test_who_manages_accounts_has_no_business_and_the_other_way_round() -> None:
    business = {
        Right.READ_HOUSEHOLDS,
        Right.WRITE_HOUSEHOLDS,
        Right.DECIDE,
        Right.READ_DECISIONS,
        Right.UNMASK,
    }
    for role in Role:
        assert not (Right.MANAGE_ACCOUNTS in RIGHTS[role] and business & RIGHTS[role])
        assert not (Right.PUBLISH_RULEBOOKS in RIGHTS[role] and business & RIGHTS[role])
    assert not RIGHTS[Role.AUDITOR] & {Right.WRITE_HOUSEHOLDS, Right.DECIDE, Right.PUBLISH_RULEBOOKS}
