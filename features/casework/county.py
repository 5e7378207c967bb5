"""A county office that is reached through its HTTP interface alone: one account for every role, and a day that passes.

The accounts, the household and everything after them come in by requests. What the office's server does by itself, the
run of the night, is run here as its timer would run it.
"""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api.app import make_app
from api.current import CurrentRulebook
from api.limits import Limits, Rate
from api.settings import Settings
from engine.decision import encode_json, parse_json
from engine.rulebook.source import plain, read_yaml_file
from features.steps.names import Names, find
from records import accounts
from records.accounts import SETUP, NewAccount
from records.cases.words import LABELS, Action
from records.database import Database, writing
from records.nightly import nightly
from records.rights import Grant, Role
from records.sessions import Lasting
from records.standards.gb11643 import check_digit
from tests.api.api_client import Client

ROOT = Path(__file__).parents[2]
COUNTY, TOWN, VILLAGE = "sample_county", "sample_hedong", "sample_hedong_01"
_LONG = timedelta(days=1000)  # nobody signs in anew for each day that passes here
_WIDE = Limits(Rate(1e6, 1e6), Rate(1e6, 1e6), Rate(1e6, 1e6))
STAFF: Mapping[str, tuple[str, Role, str, str]] = {
    "村协理员": ("village", Role.VILLAGE_WORKER, VILLAGE, ""),
    "窗口": ("window", Role.TOWNSHIP_OFFICER, TOWN, ""),
    "乡镇经办": ("town", Role.TOWNSHIP_OFFICER, TOWN, ""),
    "县级审批": ("decides", Role.DEPARTMENT_OFFICER, COUNTY, "civil_affairs"),
    "制单员": ("builds", Role.DEPARTMENT_OFFICER, COUNTY, "civil_affairs"),
    "放行员": ("releases", Role.DEPARTMENT_OFFICER, COUNTY, "civil_affairs"),
    "账户审核员": ("approves", Role.DEPARTMENT_OFFICER, COUNTY, "civil_affairs"),
    "审计员": ("auditor", Role.AUDITOR, COUNTY, ""),
    "政策管理员": ("policy", Role.POLICY_OFFICER, COUNTY, ""),
}
ADMINISTRATORS = {"管理员": "admin", "第二管理员": "admin-two"}
OUTCOMES = {
    "同意": "grant",
    "不同意": "refuse",
    "成立": "upheld",
    "不成立": "rejected",
    "已听取": "heard",
}
PAYER = {"payer_name": "示例县民政局", "payer_account": "62220000999", "payer_bank": "102100099996"}


@cache
def _current() -> CurrentRulebook:
    return CurrentRulebook(ROOT / "policies")


@dataclass
class County:
    """`said`: the last answer. `refusal`: what the last request that was turned down said."""

    database: Database
    moment: datetime
    client: Client = field(init=False)
    names: Names = field(init=False)
    tokens: dict[str, str] = field(default_factory=dict)
    household: str = ""
    cases: dict[str, str] = field(default_factory=dict)  # by policy, and by policy and subject
    batch: int = 0
    files: dict[str, bytes] = field(default_factory=dict)  # by format what the bank was given
    proposals: list[dict[str, Any]] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)
    recoveries: dict[str, int] = field(default_factory=dict)
    inspection: int = 0
    findings: list[dict[str, Any]] = field(default_factory=list)
    rectifications: list[int] = field(default_factory=list)
    said: Any = None
    refusal: str = ""

    def __post_init__(self) -> None:
        self.database = replace(self.database, clock=lambda: self.moment)
        settings = Settings(Lasting(_LONG, _LONG))
        self.client = Client(make_app(_current(), record=self.database, settings=settings, limits=_WIDE))
        self.names = Names(_current().book)

    # --- days and requests ----------------------------------------------------------------------------------

    @property
    def today(self) -> date:
        return self.moment.date()

    def day(self, text: str) -> None:
        day = moment_of(text)
        assert day >= self.moment, f"{text}: days pass in one direction"
        self.moment = day

    def ask(self, who: str, method: str, path: str, body: Any = None, kind: str = "application/json") -> Any:
        """What is answered, read where it is JSON; a refusal is kept and None."""
        headers = {"Content-Type": kind, **({"Authorization": f"Bearer {self.tokens[who]}"} if who else {})}
        content = body if isinstance(body, bytes) else b"" if body is None else encode_json(body)
        answer = self.client.request(method, f"/v1{path}", content=content, headers=headers)
        self.moment += timedelta(seconds=1)
        json = "json" in answer.headers.get("content-type", "")
        if not answer.is_success:
            assert json, answer.text
            self.refusal = "；".join(one["message"] for one in answer.json().get("errors", ())) or answer.text
            self.said = None
            return None
        self.refusal = ""
        self.said = parse_json(answer.content) if json and answer.content else answer
        return self.said

    def get(self, who: str, path: str) -> Any:
        return self._done(self.ask(who, "GET", path), path)

    def post(self, who: str, path: str, body: Any = None, kind: str = "application/json") -> Any:
        return self._done(self.ask(who, "POST", path, body, kind), path)

    def _done(self, answer: Any, path: str) -> Any:
        assert answer is not None, f"{path}: {self.refusal}"
        return answer

    # --- people of the office -------------------------------------------------------------------------------

    def sets_up(self) -> None:
        """The first administrators are made on the server; they make everybody else."""
        for who, account in ADMINISTRATORS.items():
            with writing(self.database, SETUP) as write:
                accounts.create(write, NewAccount(account, account, who))
                grant = Grant(Role.ADMINISTRATOR, COUNTY)
                accounts.grant_role(write, account, grant, SETUP, write.day)
                password = accounts.give_first_password(write, account, must_change=False)
            self.signs_in(who, account, password)

    def signs_in(self, who: str, account: str, password: str) -> None:
        self.tokens[who] = self.post("", "/sessions", {"account": account, "password": password})["token"]

    def hires(self) -> None:
        for who, (account, role, area, department) in STAFF.items():
            new = {"account": account, "person": account, "name": who}
            first = self.post("管理员", "/accounts", new)["first_password"]
            wanted = {"role": role.value, "area": area, "department": department}
            made = self.post("管理员", f"/accounts/{account}/grants", wanted)
            if made["pending"]:
                path = f"/accounts/{account}/grants/{made['grant']}/confirm"
                assert self.ask("管理员", "POST", path) is None, "nobody confirms his own grant"
                self.post("第二管理员", path)
            self.signs_in(who, account, first)
            self.post(who, "/me/password", {"old": first, "new": f"{secrets.token_hex(8)}-自己的口令"})

    # --- households -----------------------------------------------------------------------------------------

    def registers(self, who: str, case: str, area: str) -> None:
        _, tree, problems = read_yaml_file(ROOT / "features" / "households" / f"{case}.yaml", case)
        assert tree is not None and not problems, f"there is no household “{case}”"
        told: dict[str, Any] = plain(tree)
        document = {**told, "area": area, "application_date": self.today.isoformat(), "statuses": []}
        people = {one["person_id"]: one["birth_date"] for one in told["people"]}
        identities = {
            person: {"name": f"赵{person}", "id_number": id_number(born, n), "account": f"62220000{n:08}"}
            for n, (person, born) in enumerate(people.items(), 1)
        }
        body = {
            "document": document,
            "since": "2020-01-01",
            "address": "前进村12号",
            "identities": identities,
        }
        self.household = self.post(who, "/households", body)["household_id"]

    def applies(self, who: str, policies: str) -> None:
        body = {"household_id": self.household, "applicant": "p1", "policies": self.policies(policies)}
        made = self.post(who, "/applications", body)
        for one in made["cases"]:
            self.cases[f"{one['policy']}/{one['subject']}"] = one["case_id"]
            self.cases.setdefault(one["policy"], one["case_id"])

    def policies(self, words: str) -> list[str]:
        return [self.names.policy(word) for word in words.split("、")]

    # --- cases ----------------------------------------------------------------------------------------------

    def case_id(self, word: str) -> str:
        """The case of a policy; with `/p2` that of one person, otherwise the one that is worked at."""
        policy, _, person = word.partition("/")
        name = self.names.policy(policy)
        return self.cases[f"{name}/{person}" if person else name]

    def case(self, word: str) -> Any:
        return self.get("审计员", f"/cases/{self.case_id(word)}")

    def takes(self, worker: str, policy: str, action: str, **told: Any) -> Any:
        """A step as the screen sends it; before a decision the household is decided and read."""
        case = self.case(policy)
        body = {"action": action_of(action), "seen": len(case["steps"]), "text": "核实属实，记录在卷", **told}
        if body["action"] in (Action.CONFIRM, Action.REFUSE):
            decided = self.post(worker, f"/households/{self.household}/decisions")
            body["decision_id"] = decided["decision"]["decision_id"]
        return self.ask(worker, "POST", f"/cases/{case['case_id']}/steps", body)

    # --- money ----------------------------------------------------------------------------------------------

    def builds(self, who: str, month: str, policies: str) -> None:
        body = {"month": month, "area": COUNTY, "policies": self.policies(policies)}
        self.batch = self.post(who, "/payment-batches", body)["batch"]

    def lines(self, policy: str) -> list[dict[str, Any]]:
        path = f"/payment-batches/{self.batch}/lines?policy={self.names.policy(policy)}"
        found: list[dict[str, Any]] = self.get("审计员", path)["lines"]
        return found

    def releases(self, who: str) -> Any:
        return self.ask(who, "POST", f"/payment-batches/{self.batch}/release", {})

    def exports(self, who: str, form: str) -> None:
        body = {"format": form, **PAYER, "pay_on": self.today.isoformat(), "purpose": "月度发放"}
        self.files[form] = self.post(who, f"/payment-batches/{self.batch}/export", body).content

    def bank_says(self, who: str, returned: Callable[[Mapping[str, Any]], bool], why: str) -> Any:
        """The bank's answer to every line that was to be paid."""
        lines = self.get("审计员", f"/payment-batches/{self.batch}/lines?verdict=pay")["lines"]
        batch = self.get("审计员", f"/payment-batches/{self.batch}")
        text = io.StringIO()
        rows = csv.writer(text)
        rows.writerow(("业务参考号", "结果", "原因", "日期", "金额"))
        for one in lines:
            back = returned(one)
            reference = f"{batch['month'].replace('-', '')}-{self.batch}-{one['number']}"
            outcome = ("退回", why) if back else ("成功", "")
            rows.writerow((reference, *outcome, self.today.isoformat(), str(one["amount"])))
        path = f"/payment-batches/{self.batch}/results"
        return self.post(who, path, text.getvalue().encode(), "text/csv")

    def published_key(self) -> str:
        """What the office makes known of its signing key, as hexadecimal."""
        public = self.database.keys.signing.public_key()
        return public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    # --- what the server does at night -------------------------------------------------------------------------

    def night(self) -> None:
        nightly(self.database, _current().book, self.today, self.today, "night")
        self.notices = self.get("乡镇经办", f"/notices?household={self.household}&limit=100")["notices"]

    def proposal(self, policy: str) -> dict[str, Any]:
        name = self.names.policy(policy)
        found = [one for one in self.notices if one["kind"] == "proposal" and one["policy"] == name]
        assert len(found) == 1, f"{len(found)} proposals about {policy}"
        return found[0]


def moment_of(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T09:00:00").replace(tzinfo=UTC)


def action_of(word: str) -> str:
    return find(word, "step", ((one.value, LABELS[one]) for one in Action))


def id_number(born: str, sequence: int) -> str:
    first = f"239901{str(born).replace('-', '')}{sequence:03d}"
    return first + check_digit(first)


def money(value: Any) -> Decimal:
    return Decimal(str(value))


Opening = Callable[[str], AbstractContextManager[Database]]
"""By the name of a kind of database an empty record of it."""
