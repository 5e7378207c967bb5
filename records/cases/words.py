"""What happens in a case and what it is called."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from records.rights import Right


class State(StrEnum):
    APPLIED = "applied"
    RETURNED = "returned"  # to the applicant, for papers
    RELIEVED = "relieved"  # helped at once, papers are to come
    ACCEPTED = "accepted"
    INVESTIGATING = "investigating"  # until enough have signed
    INVESTIGATED = "investigated"
    REVIEWED = "reviewed"  # in the village
    PUBLICISED = "publicised"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    CLOSED = "closed"
    NOTIFIED = "notified"
    WITHDRAWN = "withdrawn"


DECIDED = frozenset({State.CONFIRMED, State.REFUSED, State.CLOSED})
OVER = frozenset({State.NOTIFIED, State.WITHDRAWN})


class Tier(StrEnum):
    """Whoever takes a step of one tier of a case takes none of another. NONE: what settles nothing."""

    ENTRY = "entry"
    REVIEW = "review"
    APPROVAL = "approval"
    NONE = ""


class Action(StrEnum):
    APPLY = "apply"
    OPEN = "open"  # the office opens it: to reduce or to stop
    APPEAL = "appeal"
    ACCEPT = "accept"
    RETURN = "return"
    SUPPLEMENT = "supplement"
    RELIEVE = "relieve"
    INVESTIGATE = "investigate"
    VISIT = "visit"
    REVIEW = "review"
    PUBLICISE = "publicise"
    OBJECT = "object"
    SETTLE = "settle"  # an objection
    HEAR = "hear"
    CONFIRM = "confirm"
    REFUSE = "refuse"
    CLOSE = "close"
    NOTIFY = "notify"
    SEND_BACK = "send_back"
    WITHDRAW = "withdraw"
    DECLARE = "declare"  # a relative of the staff
    REMARK = "remark"


BEGINNINGS = frozenset({Action.APPLY, Action.OPEN, Action.APPEAL})

LABELS: Mapping[str, Mapping[str, str]] = {
    Action.APPLY: {"zh": "申请", "en": "apply"},
    Action.OPEN: {"zh": "立案", "en": "open"},
    Action.APPEAL: {"zh": "申请复议", "en": "appeal"},
    Action.ACCEPT: {"zh": "受理", "en": "accept"},
    Action.RETURN: {"zh": "退回补正", "en": "return for papers"},
    Action.SUPPLEMENT: {"zh": "补交材料", "en": "papers come in"},
    Action.RELIEVE: {"zh": "先行救助", "en": "relief at once"},
    Action.INVESTIGATE: {"zh": "调查核实", "en": "investigate"},
    Action.VISIT: {"zh": "县级入户", "en": "visit"},
    Action.REVIEW: {"zh": "民主评议", "en": "review in the village"},
    Action.PUBLICISE: {"zh": "公示", "en": "make public"},
    Action.OBJECT: {"zh": "登记异议", "en": "take down an objection"},
    Action.SETTLE: {"zh": "处理异议", "en": "settle an objection"},
    Action.HEAR: {"zh": "听取意见", "en": "hear"},
    Action.CONFIRM: {"zh": "确认", "en": "confirm"},
    Action.REFUSE: {"zh": "不予确认", "en": "refuse"},
    Action.CLOSE: {"zh": "终止办理", "en": "close"},
    Action.NOTIFY: {"zh": "告知", "en": "notify"},
    Action.SEND_BACK: {"zh": "退回重新调查", "en": "send back"},
    Action.WITHDRAW: {"zh": "撤回申请", "en": "withdraw"},
    Action.DECLARE: {"zh": "登记近亲属", "en": "declare a relative"},
    Action.REMARK: {"zh": "备注", "en": "remark"},
    State.APPLIED: {"zh": "已申请", "en": "applied"},
    State.RETURNED: {"zh": "待补正", "en": "waits for papers"},
    State.RELIEVED: {"zh": "已先行救助，待补手续", "en": "helped, papers to come"},
    State.ACCEPTED: {"zh": "已受理", "en": "accepted"},
    State.INVESTIGATING: {"zh": "调查中", "en": "under investigation"},
    State.INVESTIGATED: {"zh": "已调查", "en": "investigated"},
    State.REVIEWED: {"zh": "已评议", "en": "reviewed"},
    State.PUBLICISED: {"zh": "已公示", "en": "made public"},
    State.CONFIRMED: {"zh": "已确认", "en": "confirmed"},
    State.REFUSED: {"zh": "不予确认", "en": "refused"},
    State.CLOSED: {"zh": "已终止", "en": "closed"},
    State.NOTIFIED: {"zh": "已告知", "en": "notified"},
    State.WITHDRAWN: {"zh": "已撤回", "en": "withdrawn"},
}

TIER: Mapping[Action, Tier] = {
    **dict.fromkeys(
        (Action.APPLY, Action.OPEN, Action.APPEAL, Action.ACCEPT, Action.RETURN, Action.SUPPLEMENT),
        Tier.ENTRY,
    ),
    **dict.fromkeys(
        (Action.INVESTIGATE, Action.VISIT, Action.REVIEW, Action.PUBLICISE, Action.SETTLE), Tier.REVIEW
    ),
    **dict.fromkeys((Action.RELIEVE, Action.CONFIRM, Action.REFUSE, Action.CLOSE), Tier.APPROVAL),
    **dict.fromkeys(
        (Action.OBJECT, Action.HEAR, Action.NOTIFY, Action.WITHDRAW, Action.DECLARE, Action.REMARK), Tier.NONE
    ),
}
"""Of `send_back` it is the tier of the step that would have come: `flow.Possible` says it."""

RIGHT: Mapping[Action, Right] = {
    Action.APPLY: Right.APPLY,
    Action.OPEN: Right.INVESTIGATE,
    Action.APPEAL: Right.APPEAL,
    Action.ACCEPT: Right.APPLY,
    Action.RETURN: Right.APPLY,
    Action.SUPPLEMENT: Right.APPLY,
    Action.RELIEVE: Right.APPROVE,
    Action.INVESTIGATE: Right.INVESTIGATE,
    Action.VISIT: Right.INVESTIGATE,
    Action.REVIEW: Right.REVIEW,
    Action.PUBLICISE: Right.PUBLICISE,
    Action.OBJECT: Right.PUBLICISE,
    Action.SETTLE: Right.REVIEW,
    Action.HEAR: Right.INVESTIGATE,
    Action.CONFIRM: Right.APPROVE,
    Action.REFUSE: Right.APPROVE,
    Action.CLOSE: Right.APPROVE,
    Action.NOTIFY: Right.APPLY,
    Action.SEND_BACK: Right.REVIEW,
    Action.WITHDRAW: Right.APPLY,
    Action.DECLARE: Right.APPLY,
    Action.REMARK: Right.APPLY,
}

# What comes out of a step.
GRANT, REFUSE = (
    "grant",
    "refuse",
)  # the opinion of an investigation or a review; `grant` is what the case is for
UPHELD, REJECTED = "upheld", "rejected"  # an objection
HEARD, DECLINED = "heard", "declined"  # to be heard
WAIVED = "waived"  # a round of publicity about a child
RELATIVE = "relative"  # of the staff
OUTCOMES: Mapping[Action, tuple[str, ...]] = {
    Action.INVESTIGATE: (GRANT, REFUSE),
    Action.REVIEW: (GRANT, REFUSE),
    Action.SETTLE: (UPHELD, REJECTED),
    Action.HEAR: (HEARD, DECLINED),
}
EXPLAINED = frozenset(
    {
        Action.OPEN,
        Action.APPEAL,
        Action.RETURN,
        Action.INVESTIGATE,
        Action.VISIT,
        Action.REVIEW,
        Action.OBJECT,
        Action.SETTLE,
        Action.HEAR,
        Action.REFUSE,
        Action.CLOSE,
        Action.SEND_BACK,
        Action.WITHDRAW,
        Action.DECLARE,
        Action.REMARK,
    }
)
"""Steps that say in words why, or what was found."""


def named(word: str) -> str:
    """In Chinese and English, as messages say it."""
    label = LABELS[word]
    return f"{label['zh']}（{label['en']}）"
