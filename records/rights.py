"""Who may do what: roles and their rights. What is not said here may not be done.

A grant gives an account one role in one area and everything below it, for department officers in one department.
An account may have several; each right reaches as far as the grants that give it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from engine.rulebook.model import Area


class Role(StrEnum):
    VILLAGE_WORKER = "village_worker"
    TOWNSHIP_OFFICER = "township_officer"
    DEPARTMENT_OFFICER = "department_officer"
    POLICY_OFFICER = "policy_officer"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


ROLE_LABELS: Mapping[Role, Mapping[str, str]] = {
    Role.VILLAGE_WORKER: {"zh": "村（居）协理员", "en": "Village worker"},
    Role.TOWNSHIP_OFFICER: {"zh": "乡镇（街道）经办人", "en": "Township officer"},
    Role.DEPARTMENT_OFFICER: {"zh": "部门经办人", "en": "Department officer"},
    Role.POLICY_OFFICER: {"zh": "政策管理员", "en": "Policy officer"},
    Role.AUDITOR: {"zh": "审计人员", "en": "Auditor"},
    Role.ADMINISTRATOR: {"zh": "系统管理员", "en": "Administrator"},
}


class Right(StrEnum):
    READ_HOUSEHOLDS = "households.read"  # lists, counts and the search as well
    WRITE_HOUSEHOLDS = "households.write"
    ERASE_HOUSEHOLDS = "households.erase"
    UNMASK = "identity.unmask"
    DECIDE = "decisions.make"
    READ_DECISIONS = "decisions.read"
    REPLAY = "decisions.replay"
    IMPORT = "imports.run"
    MATCH_FEEDS = "feeds.match"
    READ_PROPOSALS = "proposals.read"
    ANSWER_PROPOSALS = "proposals.answer"
    READ_PAYMENTS = "payments.read"
    MANAGE_PAYEES = "payees.manage"
    BUILD_PAYMENTS = "payments.build"
    RELEASE_PAYMENTS = "payments.release"
    EXPORT_PAYMENTS = "payments.export"  # with names and account numbers in clear
    SETTLE_PAYMENTS = "payments.settle"
    MANAGE_BUDGETS = "budgets.manage"
    MANAGE_RECOVERIES = "recoveries.manage"
    READ_CASES = "cases.read"
    APPLY = "cases.apply"  # take in applications and papers, tell people what was decided
    INVESTIGATE = "cases.investigate"
    REVIEW = "cases.review"
    APPROVE = "cases.approve"
    APPEAL = "cases.appeal"
    PUBLICISE = "publicity.manage"
    READ_DOCUMENTS = "documents.read"
    WRITE_DOCUMENTS = "documents.write"
    PRINT_LETTERS = "letters.print"  # with the full name of whom a letter goes to
    READ_REPORTS = "reports.read"
    READ_DISCRETION = "discretion.read"  # how colleagues decide, by name
    READ_NOTICES = "notices.read"
    ANSWER_NOTICES = "notices.answer"
    PAUSE_NOTICES = "notices.pause"
    READ_INSPECTIONS = "inspections.read"
    INSPECT = "inspections.lead"  # open, draw, look, answer, order what is put right, verify it, close
    PACK_INSPECTIONS = "inspections.pack"  # take the evidence out, with the audit trail
    READ_RECTIFICATIONS = "rectifications.read"
    RECTIFY = "rectifications.do"
    READ_RULEBOOKS = "rulebooks.read"
    DRAFT_RULEBOOKS = "rulebooks.draft"
    PUBLISH_RULEBOOKS = "rulebooks.publish"
    READ_AUDIT = "audit.read"
    VERIFY_AUDIT = "audit.verify"
    MANAGE_ACCOUNTS = "accounts.manage"
    OWN_SESSION = "session.own"  # what everybody with an account may do for himself


RIGHT_LABELS: Mapping[Right, Mapping[str, str]] = {
    Right.READ_HOUSEHOLDS: {"zh": "查看、搜索家庭", "en": "read and search households"},
    Right.WRITE_HOUSEHOLDS: {"zh": "登记、修改家庭", "en": "write down households"},
    Right.ERASE_HOUSEHOLDS: {"zh": "依法删除家庭资料", "en": "erase households by law"},
    Right.UNMASK: {"zh": "说明用途后查看证件号等全文", "en": "read identities in clear for a purpose"},
    Right.DECIDE: {"zh": "作出裁定", "en": "make decisions"},
    Right.READ_DECISIONS: {"zh": "查看裁定", "en": "read decisions"},
    Right.REPLAY: {"zh": "重算裁定", "en": "make decisions again"},
    Right.IMPORT: {"zh": "导入资料", "en": "run imports"},
    Right.MATCH_FEEDS: {"zh": "比对部门数据", "en": "match feeds of other offices"},
    Right.READ_PROPOSALS: {"zh": "查看建议", "en": "read proposals"},
    Right.ANSWER_PROPOSALS: {"zh": "答复建议", "en": "answer proposals"},
    Right.READ_PAYMENTS: {"zh": "查看发放", "en": "read payments"},
    Right.MANAGE_PAYEES: {"zh": "登记、核准收款人", "en": "say and approve where money goes"},
    Right.BUILD_PAYMENTS: {"zh": "编制发放批次", "en": "build payment batches"},
    Right.RELEASE_PAYMENTS: {"zh": "放行发放批次", "en": "release payment batches"},
    Right.EXPORT_PAYMENTS: {
        "zh": "导出银行文件（含姓名和账号全文）",
        "en": "export bank files, with names and accounts",
    },
    Right.SETTLE_PAYMENTS: {"zh": "导入银行回盘", "en": "read in the bank's results"},
    Right.MANAGE_BUDGETS: {"zh": "登记预算", "en": "write down budgets"},
    Right.MANAGE_RECOVERIES: {"zh": "办理追回", "en": "manage recoveries"},
    Right.READ_NOTICES: {"zh": "查看提示和预警", "en": "read notices"},
    Right.ANSWER_NOTICES: {"zh": "回复提示和预警", "en": "answer notices"},
    Right.PAUSE_NOTICES: {"zh": "暂停提示", "en": "pause notices"},
    Right.READ_CASES: {"zh": "查看办件", "en": "read cases"},
    Right.APPLY: {
        "zh": "受理申请和材料、告知结果",
        "en": "take in applications and papers, tell the outcome",
    },
    Right.INVESTIGATE: {"zh": "入户调查", "en": "investigate"},
    Right.REVIEW: {"zh": "评议、审核", "en": "review"},
    Right.APPROVE: {"zh": "审批", "en": "approve"},
    Right.APPEAL: {"zh": "办理异议和申诉", "en": "handle appeals"},
    Right.PUBLICISE: {"zh": "公示", "en": "publicise"},
    Right.READ_DOCUMENTS: {"zh": "查看材料", "en": "read papers"},
    Right.WRITE_DOCUMENTS: {"zh": "收取材料", "en": "take in papers"},
    Right.PRINT_LETTERS: {"zh": "打印告知书（含姓名全文）", "en": "print letters, with full names"},
    Right.READ_REPORTS: {"zh": "查看统计", "en": "read reports"},
    Right.READ_INSPECTIONS: {"zh": "查看专项检查", "en": "read inspections"},
    Right.INSPECT: {
        "zh": "组织专项检查、核实发现的问题、验收整改",
        "en": "lead inspections and verify what is put right",
    },
    Right.PACK_INSPECTIONS: {"zh": "导出专项检查证据包", "en": "take out evidence packs"},
    Right.READ_RECTIFICATIONS: {"zh": "查看整改事项", "en": "read what has to be put right"},
    Right.RECTIFY: {"zh": "办理整改", "en": "put right what an inspection found"},
    Right.READ_DISCRETION: {"zh": "查看审批人酌情统计", "en": "read how approvers decide"},
    Right.READ_RULEBOOKS: {"zh": "查看规则库", "en": "read rulebooks"},
    Right.DRAFT_RULEBOOKS: {"zh": "起草、检查规则库", "en": "draft rulebooks"},
    Right.PUBLISH_RULEBOOKS: {
        "zh": "发布规则库（须另一人）",
        "en": "publish rulebooks (of another person's)",
    },
    Right.READ_AUDIT: {"zh": "查看审计链", "en": "read the audit trail"},
    Right.VERIFY_AUDIT: {"zh": "验证、导出审计链", "en": "verify and export the audit trail"},
    Right.MANAGE_ACCOUNTS: {"zh": "管理账号和授权", "en": "manage accounts and grants"},
    Right.OWN_SESSION: {"zh": "登录、改密码、管理自己的会话", "en": "one's own session and password"},
}

_READS = {
    Right.READ_HOUSEHOLDS,
    Right.READ_DECISIONS,
    Right.READ_PROPOSALS,
    Right.READ_PAYMENTS,
    Right.READ_CASES,
    Right.READ_DOCUMENTS,
    Right.READ_REPORTS,
    Right.READ_NOTICES,
}
_MONEY = {
    Right.MANAGE_PAYEES,
    Right.BUILD_PAYMENTS,
    Right.RELEASE_PAYMENTS,
    Right.EXPORT_PAYMENTS,
    Right.SETTLE_PAYMENTS,
    Right.MANAGE_BUDGETS,
    Right.MANAGE_RECOVERIES,
}
_CASES = {Right.APPLY, Right.INVESTIGATE, Right.REVIEW, Right.APPROVE, Right.APPEAL, Right.PUBLICISE}
_INSPECTS = {Right.READ_INSPECTIONS, Right.INSPECT, Right.READ_RECTIFICATIONS}
_ALWAYS = {Right.OWN_SESSION, Right.READ_RULEBOOKS}

RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.VILLAGE_WORKER: frozenset(
        _ALWAYS
        | _READS
        | {
            Right.WRITE_HOUSEHOLDS,
            Right.WRITE_DOCUMENTS,
            Right.ANSWER_NOTICES,
            Right.APPLY,
            Right.REVIEW,
            Right.PUBLICISE,
        }
    ),
    Role.TOWNSHIP_OFFICER: frozenset(
        _ALWAYS
        | _READS
        | _CASES
        | {
            Right.READ_RECTIFICATIONS,
            Right.RECTIFY,
            Right.WRITE_HOUSEHOLDS,
            Right.WRITE_DOCUMENTS,
            Right.PRINT_LETTERS,
            Right.UNMASK,
            Right.DECIDE,
            Right.REPLAY,
            Right.IMPORT,
            Right.ANSWER_PROPOSALS,
            Right.ANSWER_NOTICES,
            Right.PAUSE_NOTICES,
        }
    ),
    Role.DEPARTMENT_OFFICER: frozenset(
        _ALWAYS
        | _READS
        | _CASES
        | _MONEY
        | _INSPECTS
        | {
            Right.RECTIFY,
            Right.WRITE_HOUSEHOLDS,
            Right.ERASE_HOUSEHOLDS,
            Right.WRITE_DOCUMENTS,
            Right.PRINT_LETTERS,
            Right.UNMASK,
            Right.DECIDE,
            Right.REPLAY,
            Right.IMPORT,
            Right.MATCH_FEEDS,
            Right.READ_DISCRETION,
            Right.ANSWER_PROPOSALS,
            Right.ANSWER_NOTICES,
            Right.PAUSE_NOTICES,
        }
    ),
    Role.POLICY_OFFICER: frozenset(_ALWAYS | {Right.DRAFT_RULEBOOKS, Right.PUBLISH_RULEBOOKS}),
    Role.AUDITOR: frozenset(
        _ALWAYS
        | _READS
        | _INSPECTS
        | {Right.PACK_INSPECTIONS, Right.READ_DISCRETION}
        | {Right.UNMASK, Right.REPLAY, Right.READ_AUDIT, Right.VERIFY_AUDIT}
    ),
    Role.ADMINISTRATOR: frozenset(_ALWAYS | {Right.MANAGE_ACCOUNTS}),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """`department` "": of no department in particular."""

    role: Role
    area: str
    department: str = ""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who is signed in. `person`: the real person, whatever accounts he or she has.

    `must_change`: somebody else knows the password, so until it is changed there are no grants.
    """

    account: str
    person: str
    grants: tuple[Grant, ...]
    must_change: bool = False

    def may(self, right: Right) -> bool:
        return right is Right.OWN_SESSION or any(right in RIGHTS[grant.role] for grant in self.grants)

    def granting(self, right: Right) -> tuple[Grant, ...]:
        return tuple(grant for grant in self.grants if right in RIGHTS[grant.role])


def level_of(grant: Grant, areas: Mapping[str, Area]) -> str:
    """At which level of area somebody acts: villages and townships by the role, departments by where they are."""
    said = {Role.VILLAGE_WORKER: "village", Role.TOWNSHIP_OFFICER: "township"}.get(grant.role)
    return said or (areas[grant.area].level if grant.area in areas else "")
