"""The words of the lists of a county, by language."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "place": "名次", "area": "乡镇", "household_id": "户", "person_id": "人", "people": "人数", "aid": "救助",
        "score_worst": "得分（最低）", "score_best": "得分（最高）", "first_term": "首项得分",
        "waiting_days": "等候天数", "due_month_min": "月应享（最少）", "due_month_max": "月应享（最多）",
        "not-aided": "未救助", "not-known": "不清楚", "aided": "已救助", "open": "未定", "policy": "政策",
        "amount": "金额", "min": "最少", "max": "最多", "household": "家庭",
        "enrolled": "在册", "missed": "漏保", "refused": "在册但不符合", "undetermined": "待定",
        "unsaid": "未载明", "one-fact": "只差一项", "several-facts": "缺多项资料", "a-rule": "等待政策口径",
        "a-status": "等待在册资料", "no-answer-seen": "只缺一项，但试过的回答均不符合",
        "month": "每月", "once": "一次性", "year": "每年",
        "true": "符合", "false": "不符合", "unknown": "不清楚",
        "same-name": "姓名相同", "same-sound": "姓名同音", "like-name": "姓名相近", "same-birth": "出生日期相同",
        "swapped-birth": "月日颠倒", "year-off": "同月同日、年份差一两年", "near-birth": "出生日期相近",
        "same-sex": "性别相同", "other-sex": "性别不同", "same-address": "住址相同", "same-area": "同一乡镇",
        "one-household": "同户",
        "eligible": "符合条件", "ineligible": "不符合条件", "discretionary": "由经办裁量", "closed": "程序终结",
        "not-concerned": "不涉及", "not-in-force": "未施行",
    },
    "en": {
        "place": "place", "area": "town", "household_id": "household", "person_id": "person", "people": "people",
        "aid": "aid", "score_worst": "score (worst)", "score_best": "score (best)", "first_term": "first term",
        "waiting_days": "days waited", "due_month_min": "due a month (least)", "due_month_max": "due a month (most)",
        "not-aided": "not aided", "not-known": "not known", "aided": "aided", "open": "open", "policy": "policy",
        "amount": "amount", "min": "least", "max": "most", "household": "household",
        "enrolled": "enrolled", "missed": "missed", "refused": "enrolled but refused", "undetermined": "open",
        "unsaid": "not said", "one-fact": "one fact away", "several-facts": "several facts missing",
        "a-rule": "waits for a rule", "a-status": "waits for what is on record",
        "no-answer-seen": "one fact missing, no answer tried was enough",
        "month": "a month", "once": "once", "year": "a year",
        "true": "holds", "false": "fails", "unknown": "not known",
        "same-name": "same name", "same-sound": "name sounds the same", "like-name": "similar name",
        "same-birth": "same day of birth", "swapped-birth": "day and month swapped",
        "year-off": "same day, a year or two apart", "near-birth": "near in birth", "same-sex": "same sex",
        "other-sex": "other sex", "same-address": "same address", "same-area": "same town",
        "one-household": "one household",
        "eligible": "eligible", "ineligible": "not eligible", "discretionary": "left to the officer",
        "closed": "procedure ended", "not-concerned": "not concerned", "not-in-force": "not in force",
    },
}  # fmt: skip
