"""Right documents of every kind: the examples of docs/rulebook.md, completed, and some it only tells of."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs" / "rulebook.md"

_KIND_OF_SECTION = {
    "rulebook.yaml": "rulebook",
    "facts.yaml": "facts",
    "areas.yaml": "areas",
    "sources.yaml": "sources",
    "parameters/AREA/NAME.yaml": "parameter",
    "definitions/NAME/FROM.yaml": "definition",
    "DEPARTMENT/POLICY/FROM.yaml": "policy",
    "conflicts/NAME.yaml": "conflict",
    "scoring/NAME/FROM.yaml": "scoring",
    "watch/NAME.yaml": "watch",
    "events/NAME.yaml": "event",
    "endings/NAME.yaml": "ending",
    "feeds/NAME.yaml": "feed",
    "inspections/NAME.yaml": "inspection",
    "procedures/NAME/FROM.yaml": "procedure",
    "calendar/YEAR.yaml": "calendar",
    "letters.yaml": "letters",
}

_WORDS = "{zh: 某, en: some}"
_LEFT_OUT = [  # what the page writes as … for short
    (r"(label|question): (…|\{…\})", rf"\1: {_WORDS}"),
    (r"answered_by: …", "answered_by: civil_affairs"),
    (r"class: …", "class: ordinary"),
    (r"values: \{…\}", f"values: {{one: {_WORDS}}}"),
    (r"define: \[…\]", f"define: [{{id: half, label: {_WORDS}, value: 1}}]"),
    (r"(min|max|limit): …", r"\1: 1000"),
    (r"cite: …", "cite: MF57 art 1"),
]

_STAGE_KEYS = {"exclusive": "keep", "higher_of": "", "offset": "reduce", "cap": "limit", "compatible": ""}


def documented() -> list[tuple[str, str]]:
    """(kind, text) of each example of the page. One with keys that replace each other becomes several."""
    found = []
    for section in re.split(r"(?m)^## ", DOCS.read_text("utf-8"))[1:]:
        kind = _KIND_OF_SECTION.get(section.split("\n")[0])
        blocks = re.findall(r"(?ms)^```yaml\n(.*?)^```", section)
        assert len(blocks) == (1 if kind else 0), section.split("\n")[0]
        if kind:
            text = blocks[0]
            for short, full in _LEFT_OUT:
                text = re.sub(short, full, text)
            found += [(kind, variant) for variant in _variants(kind, text)]
    return found


def _variants(kind: str, text: str) -> list[str]:
    if kind == "policy":
        parts, band = re.split(r"(?m)^(?=  band:)", text)
        before, _ = re.split(r"(?m)^(?=  parts:)", parts)
        after = band[band.index("pays:") :]
        no_amount = parts[: parts.index("amount:")] + after[after.index("review:") :]
        return [parts + after, before + band, no_amount]
    if kind == "conflict":
        variants = []
        for stage, key in _STAGE_KEYS.items():
            others = "|".join({"keep", "reduce", "limit"} - {key})
            variant = re.sub(r"stage: \w+", f"stage: {stage}", text)
            variants.append(re.sub(rf"(?m)^({others}):.*\n", "", variant))
        return [*variants, variants[0].replace("keep: orphan_allowance", "choose_by: chosen")]
    return [text]


_ROW = "cite: MF57}"
TOLD = [
    (
        "procedure",
        "procedure: a\ntitle: {zh: 某}\neffective: {from: 2025-01-01}\npolicies: [a]\n"
        f"publicity: {{none: {{zh: 儿童}}, {_ROW}\n",
    ),
    (
        "calendar",
        f"calendar: 2027\nweekend: [friday]\nholidays: [{{from: 2027-05-01, label: {{zh: 某}}}}]\n{_ROW[:-1]}\n",
    ),
    ("parameter", f"parameter: a\ntype: money\nvalues:\n  - {{from: 2025-01-01, value: 585.50, {_ROW}\n"),
    (
        "parameter",
        "parameter: rent_line\ntype: money\nunit: yuan/month\nby: [size]\nvalues:\n"
        f"  - {{from: 2025-01-01, value: {{1: 400, 2: 700, 3: 900}}, beyond: {{each: 150}}, {_ROW}\n"
        f"  - {{from: 2026-01-01, value: {{1: 400, 2: 700}}, beyond: clamp, assumed: true, {_ROW}\n",
    ),
    (
        "parameter",
        "parameter: care_standard\ntype: money\nby: [residence, care_class]\nvalues:\n"
        "  - {from: 2025-01-15, value: {rural: {full: 191, 部分: 319}, urban: {gap: not published}},"
        f" takes_effect: containing_month, {_ROW}\n",
    ),
    (
        "parameter",
        "parameter: my_brackets\ntype: brackets\nvalues:\n"
        f"  - {{from: 2025-01-01, value: [{{above: 0, rate: 0.10}}, {{above: 1000, rate: 0.25}}], {_ROW}\n",
    ),
    ("parameter", f"parameter: a\ntype: boolean\nvalues: [{{from: 2025-01-01, value: {{b: true}}, {_ROW}]\n"),
    ("parameter", f"parameter: a\ntype: date\nvalues: [{{from: 2025-01-01, value: 2025-12-31, {_ROW}]\n"),
    (
        "parameter",
        f"parameter: a\ntype: enum\nsame_as: residence\nvalues: [{{from: 2025-01-01, value: rural, {_ROW}]\n",
    ),
    ("parameter", f"parameter: a\ntype: enum_list\nvalues: [{{from: 2025-01-01, value: [a, b], {_ROW}]\n"),
    ("parameter", f"parameter: a\ntype: text_list\nvalues: [{{from: 2025-01-01, value: ['A 1'], {_ROW}]\n"),
    (
        "facts",
        "facts:\n"
        f"  age_known: {{of: person, type: boolean, label: {_WORDS}, question: {_WORDS},"
        " answered_by: civil_affairs, class: personal}\n"
        f"  kind: {{of: person, type: enum, same_as: income_items.kind, label: {_WORDS}, question: {_WORDS},"
        " answered_by: civil_affairs, class: personal}\n"
        f"  姓名代码: {{of: person, type: text, max_length: 20, label: {_WORDS}, question: {_WORDS},"
        " answered_by: civil_affairs, class: sensitive}\n"
        f"  share: {{of: person, type: number, decimals: 2, min: 0, max: 1.00, label: {_WORDS},"
        f" question: {_WORDS}, answered_by: civil_affairs, class: personal}}\n",
    ),
    ("sources", "sources:\n  LAW: {title: 社会救助法, seen: known}\n"),
    ("areas", "levels: {county: {zh: 县}}\nareas: {231025: {level: county, label: {zh: 林口县}}}\n"),
    (
        "lock",
        f"policy/dibao/2021-07-01: {'0a' * 32}\nparameter/linkou/dibao_standard/2025-01-01: {'1b' * 32}\n",
    ),
]
