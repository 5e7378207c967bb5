"""Letters: every figure and article is on the paper, nothing personal that should not be, the same bytes every time."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import pypdf
import pytest

from engine.decision import decide, encode_json, parse_json
from engine.rulebook import Rulebook, load_rulebook
from engine.rulebook.source import plain, read_yaml_file
from records.letters.decided import Sent, Wanted, decision_letter
from records.letters.letter import Items, Kind, Letter, Table, Text
from records.letters.printed import as_html, as_pdf
from records.letters.slips import (
    Meeting,
    Proposed,
    acceptance_slip,
    hearing_notice,
    missing_papers,
    publicity_sheet,
)
from records.refused import Refused
from tests.records.conftest import ROOT

DAY = date(2025, 10, 20)
SENT = Sent(DAY, "17-1", "王建国", {"p1": "王建国", "p2": "李**", "p3": "王*"})
REFUSED = Wanted("rigid_expenditure")


@cache
def book() -> Rulebook:
    return load_rulebook(ROOT / "policies")


@cache
def decided(case: str, on: date, **changed: Any) -> Any:
    """A household of the features, some of its facts changed."""
    _, tree, _ = read_yaml_file(ROOT / "features" / "households" / f"{case}.yaml", case)
    assert tree is not None
    return parse_json(encode_json(decide(book(), {**plain(tree), **changed}, on=on, known=on)))


def case_1() -> Any:
    return decided("case_01", date(2025, 10, 15))


def written(wanted: Wanted, language: str = "zh", sent: Sent = SENT) -> Letter:
    return decision_letter(book(), case_1(), wanted, language, sent)


def said(letter: Letter) -> str:
    """Everything that is printed."""
    made = [letter.office, letter.title, letter.number, letter.addressee, letter.dated, *letter.drafts]
    for block in letter.blocks:
        match block:
            case Items(items):
                made += [text for one in items for text in (one.text, *one.under)]
            case Table(head, rows, _):
                made += [*head, *(cell for row in rows for cell in row)]
            case _:
                made.append(block.text)
    return "\n".join(made)


def in_pdf(content: bytes) -> str:
    """The text of a PDF without the spaces that a layout makes."""
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return re.sub(r"\s", "", "".join(page.extract_text() for page in pages))


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


# --- decisions ----------------------------------------------------------------------------------------------


def test_worked_case_1_has_its_arithmetic_its_articles_and_its_remedies() -> None:
    content = in_pdf(as_pdf(written(Wanted("dibao"))))
    for part in (
        "王建国：",
        "最低生活保障确认决定书",
        "每月1,132元",
        "差额补助820元=（低保标准585元×计入的家庭成员人数3人−家庭月计入收入935元）",
        "分类施保增发312元",
        "104元",
        "《最低生活保障审核确认办法》（民发〔2021〕57号）第二十三条",
        "第八条",
        "自2025年11月起发放",
        "2026年10月15日前复核",
        "《社会救助暂行办法》（国务院令第649号）第六十五条",
        "六十日",
        "示例县（教学用）民政局",
        "2025年10月20日",
    ):
        assert squeezed(part) in content, part


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("wanted", [Wanted("dibao"), REFUSED, Wanted("disabled_care", "p3")])
def test_what_is_said_is_in_both_layouts_whole(wanted: Wanted, language: str) -> None:
    letter = written(wanted, language)
    pdf, html = in_pdf(as_pdf(letter)), as_html(letter).decode()
    plain_html = squeezed(re.sub(r"<[^>]+>", "", html))
    for line in said(letter).splitlines():
        assert squeezed(line) in pdf, line
        assert squeezed(line) in plain_html.replace("&#39;", "'"), line


def test_a_refusal_says_which_clause_by_how_much_and_under_which_article() -> None:
    text = said(written(REFUSED))
    assert "近12个月刚性支出还差 6,732 元" in text.replace("近 12 个月", "近12个月")
    assert "《刚性支出困难家庭认定办法》第四条第（四）项" in text
    assert "不予确认" in text and "元。" not in text.split("不予确认")[0]


def test_only_facts_that_the_reasons_read_are_on_the_paper() -> None:
    text = said(written(Wanted("dibao")))
    assert "家庭金融资产 8,000 元" in text
    for elsewhere in ("42,000", "42000", "1961", "143", "960", "残疾"):
        assert elsewhere not in text, elsewhere
    assert "李**" in text and "p2" not in text


def test_the_same_decision_gives_the_same_bytes() -> None:
    letter = written(Wanted("dibao"))
    assert as_pdf(letter) == as_pdf(written(Wanted("dibao")))
    assert as_html(letter) == as_html(written(Wanted("dibao")))
    assert as_pdf(letter) != as_pdf(written(Wanted("dibao"), sent=replace(SENT, on=date(2025, 10, 21))))


def test_fonts_are_inside_and_the_day_is_that_of_the_letter() -> None:
    reader = pypdf.PdfReader(io.BytesIO(as_pdf(written(Wanted("dibao")))))
    fonts = {}
    for page in reader.pages:
        for one in page["/Resources"]["/Font"].values():  # type: ignore[index]
            below = one.get_object()["/DescendantFonts"][0].get_object()
            fonts[below["/BaseFont"]] = below["/FontDescriptor"].get_object()
    assert fonts
    for name, one in fonts.items():
        assert re.match(r"/[A-Z]{6}\+", name), "only the characters that are used"
        assert "/FontFile2" in one or "/FontFile3" in one
    assert reader.metadata is not None and reader.metadata.creation_date is not None
    assert reader.metadata.creation_date.date() == DAY
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"], "read aloud in its order"  # type: ignore[index]


def test_a_character_that_no_font_has_is_refused_and_not_left_empty() -> None:
    with pytest.raises(Refused) as refused:
        as_pdf(written(Wanted("dibao"), sent=replace(SENT, addressee="王\U0010fffd国")))
    assert refused.value.code == "no-font"


def test_names_are_text_and_no_markup() -> None:
    odd = '#text("x")*<script>alert(1)</script>&'
    letter = written(Wanted("dibao"), sent=replace(SENT, addressee=odd))
    assert "<script>" not in as_html(letter).decode()
    assert squeezed(odd) in in_pdf(as_pdf(letter))


def test_what_is_assumed_or_still_to_be_found_makes_a_draft() -> None:
    letter = written(Wanted("dibao"))
    assert any("假定数值" in one for one in letter.drafts)
    assert any("救济途径" in one for one in letter.drafts)
    assert squeezed(letter.draft) in in_pdf(as_pdf(letter))


def test_another_rulebook_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        decision_letter(book(), {**case_1(), "rulebook": "0" * 64}, Wanted("dibao"), "zh", SENT)
    assert refused.value.code == "other-rulebook"


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (Wanted("dibao", kind=Kind.REFUSAL), "other-outcome"),
        (Wanted("dibao_edge", kind=Kind.GRANT), "other-outcome"),
        (Wanted("dibao", "p1"), "no-finding"),
        (Wanted("nothing"), "no-finding"),
        (Wanted("disabled_living", "p3"), "not-settled"),
        (Wanted("dibao", kind=Kind.CHANGE, since=DAY), "no-before"),
        (Wanted("dibao", kind=Kind.CHANGE, before=900), "no-since"),
        (Wanted("dibao", amount=500), "outside-band"),
        (Wanted("dibao_edge", kind=Kind.STOP), "no-since"),
    ],
)
def test_what_has_not_come_out_so_is_not_said(wanted: Wanted, code: str) -> None:
    with pytest.raises(Refused) as refused:
        written(wanted)
    assert refused.value.code == code


def test_what_is_not_known_is_never_decided() -> None:
    with pytest.raises(Refused) as refused:
        decision_letter(book(), decided("case_08", date(2026, 6, 15)), Wanted("dibao"), "zh", SENT)
    assert refused.value.code == "not-settled"


def test_nothing_is_reduced_or_ended_unheard_once_the_law_asks_for_it() -> None:
    wanted = Wanted("dibao", kind=Kind.CHANGE, before=2000, since=date(2025, 11, 1))
    assert "2,000" in said(written(wanted))
    later = replace(SENT, on=date(2026, 7, 1))
    with pytest.raises(Refused) as refused:
        written(wanted, sent=later)
    assert refused.value.code == "not-heard"
    heard = said(written(replace(wanted, heard=date(2026, 6, 28)), sent=later))
    assert "2026年6月28日" in squeezed(heard) and "《中华人民共和国社会救助法》第四十八条" in heard
    assert "听取" not in said(written(replace(wanted, before=500), sent=later))


def test_a_procedure_that_has_ended_says_which_act_ended_it() -> None:
    document = decided("case_01", date(2025, 10, 15), consent_refused=True)
    letter = decision_letter(book(), document, Wanted("dibao"), "zh", SENT)
    text = said(letter)
    assert letter.kind is Kind.CLOSING and "终止办理" in letter.title
    assert "第二十九条" in text and "1,132" not in text and "不符合" not in text
    for kind in (Kind.GRANT, Kind.REFUSAL):
        with pytest.raises(Refused):
            decision_letter(book(), document, Wanted("dibao", kind=kind), "zh", SENT)


def test_an_officer_sets_the_amount_inside_the_band_and_nowhere_else() -> None:
    on = date(2026, 7, 1)
    document = decided(
        "case_13",
        on,
        sudden_event="fire",
        basic_living_in_difficulty=True,
        hard_after_other_aid=True,
        aided_for_same_cause=False,
    )
    sent = replace(SENT, on=on)
    for amount, code in ((None, "no-amount"), (631, "outside-band"), (3793, "outside-band")):
        with pytest.raises(Refused) as refused:
            decision_letter(book(), document, Wanted("temporary_relief", amount=amount), "zh", sent)
        assert refused.value.code == code
    letter = decision_letter(book(), document, Wanted("temporary_relief", amount=2000), "zh", sent)
    text = said(letter)
    assert letter.kind is Kind.GRANT
    assert "一次性2,000元，在632元至3,792元的幅度内确定" in squeezed(text)
    assert "确认后一次性发放" in text and "《中华人民共和国社会救助法》第二十九条" in text


@pytest.mark.parametrize("on", [date(2025, 10, 15), date(2026, 7, 15)])
def test_every_finding_of_the_worked_cases_is_written_or_refused(on: date) -> None:
    """No word lacks what fills it, in either language."""
    written_down = 0
    for place in sorted((ROOT / "features" / "households").glob("case_*.yaml")):
        document = decided(place.stem, on)
        for policy, one in document["policies"].items():
            for finding in one["findings"]:
                for language in ("zh", "en"):
                    try:
                        wanted = Wanted(policy, finding["subject"])
                        letter = decision_letter(book(), document, wanted, language, replace(SENT, names={}))
                    except Refused as refused:
                        assert refused.code in ("not-settled", "no-amount")
                        assert finding["outcome"] != "ineligible", policy
                        continue
                    assert "{" not in said(letter)
                    written_down += 1
    assert written_down > 100


# --- slips and notices --------------------------------------------------------------------------------------


def test_the_missing_papers_name_question_and_office_and_say_that_nothing_is_not_no() -> None:
    letter = missing_papers(book(), decided("case_08", date(2026, 6, 15)), ["银行存折或流水"], "zh", SENT)
    content = in_pdf(as_pdf(letter))
    table = next(one for one in letter.blocks if isinstance(one, Table))
    assert [row[0] for row in table.rows] == ["家庭金融资产"]
    assert "既不当作“没有”" in content and "银行存折或流水" in content and "民政部门" in content
    with pytest.raises(Refused) as refused:
        missing_papers(book(), case_1(), [], "zh", SENT)
    assert refused.value.code in ("nothing-missing",)


def test_the_acceptance_slip_has_the_days_of_each_procedure() -> None:
    letter = acceptance_slip(
        book(), "sample_county", ["dibao", "orphan_allowance"], {"申请书": 2}, "zh", SENT
    )
    table = next(one for one in letter.blocks if isinstance(one, Table))
    assert [(row[2].replace(" ", ""), row[3].replace(" ", "")) for row in table.rows] == [
        ("30个工作日", "7天"),
        ("当地文件待补", "无"),
    ]
    assert "申请书：2份" in squeezed(said(letter))
    with pytest.raises(Refused):
        acceptance_slip(book(), "sample_county", ["dibao"], {}, "zh", replace(SENT, on=date(2000, 1, 1)))


def test_publicity_shows_masked_name_members_amount_and_nothing_else() -> None:
    letter, withheld = publicity_sheet(
        book(), "sample_county", "dibao", [Proposed(case_1(), "p1", "王**")], DAY, "zh"
    )
    table = next(one for one in letter.blocks if isinstance(one, Table))
    assert table.rows == (("1", "王**", "3", "每月 1,132 元"),) and not withheld
    text = said(letter)
    assert "2025年10月26日" in squeezed(text)
    for more in ("935", "p1", "case_01", "残", "王建国", case_1()["decision_id"][:8]):
        assert more not in text, more


def test_children_and_people_of_unknown_age_are_never_shown() -> None:
    born = "people/p1/birth_date"
    for told, why in (({born: {"value": "2008-01-01"}}, "minor"), ({}, "age-unknown")):
        document = case_1()
        others = {name: one for name, one in document["facts"].items() if name != born}
        document = {**document, "facts": {**others, **told}}
        shown = Proposed(document, "p1", "王**")
        letter, withheld = publicity_sheet(
            book(), "sample_county", "dibao", [shown, Proposed(case_1(), "p1", "王**")], DAY, "zh"
        )
        assert [one.why for one in withheld] == [why]
        assert len(next(one for one in letter.blocks if isinstance(one, Table)).rows) == 1
        with pytest.raises(Refused) as refused:
            publicity_sheet(book(), "sample_county", "dibao", [shown], DAY, "zh")
        assert refused.value.code == "no-cases"
    with pytest.raises(Refused) as refused:
        publicity_sheet(book(), "sample_county", "orphan_allowance", [], DAY, "zh")
    assert refused.value.code == "no-publicity"


def test_a_hearing_says_what_is_proposed_why_and_that_it_is_no_decision() -> None:
    meeting = Meeting(date(2026, 7, 10), "上午9时", "办事处二楼")
    sent = replace(SENT, on=date(2026, 7, 2))
    wanted = Wanted("dibao", before=1300, since=date(2026, 8, 1))
    text = said(hearing_notice(book(), case_1(), wanted, meeting, "zh", sent))
    for part in (
        "1,300",
        "1,132",
        "办事处二楼",
        "第八条",
        "本通知不是决定",
        "《中华人民共和国社会救助法》第四十八条",
    ):
        assert part in text, part
    with pytest.raises(Refused) as refused:
        hearing_notice(book(), case_1(), replace(wanted, before=1000), meeting, "zh", sent)
    assert refused.value.code == "not-less"
    ended = replace(wanted, policy="dibao_edge")
    assert "停止" in said(hearing_notice(book(), case_1(), ended, meeting, "zh", sent))


def test_a_table_goes_on_over_pages_with_its_head_and_no_signature_stands_alone() -> None:
    many = [Proposed(case_1(), "p1", "王**")] * 90
    letter, _ = publicity_sheet(book(), "sample_county", "dibao", many, DAY, "zh")
    pages = pypdf.PdfReader(io.BytesIO(as_pdf(letter))).pages
    texts = [squeezed(page.extract_text()) for page in pages]
    assert len(texts) > 2 and all("人口数" in text for text in texts[:-1])
    assert f"第{len(texts)}页，共{len(texts)}页" in texts[-1]
    refusal = pypdf.PdfReader(io.BytesIO(as_pdf(written(REFUSED)))).pages[-1].extract_text()
    assert "救济途径" in squeezed(refusal)
    assert isinstance(letter.blocks[0], Text)
