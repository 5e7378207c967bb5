"""An office with accounts: a record in SQLite, an application over it, and somebody signed in for each role."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

from engine.decision import encode_json
from records import accounts
from records.accounts import SETUP, NewAccount
from records.database import Database, writing
from records.rights import Grant
from tests.api.api_client import Client


@dataclass
class Office:
    """Asks as somebody who has signed in. `passwords` and `tokens` by account."""

    database: Database
    client: Client
    passwords: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def hire(self, account: str, *grants: Grant, person: str = "", must_change: bool = False) -> str:
        """An account that was made on the server; its password."""
        with writing(self.database, SETUP) as write:
            accounts.create(write, NewAccount(account, person or account, f"员工{account}"))
            for grant in grants:
                accounts.grant_role(write, account, grant, SETUP, write.day)
            password = accounts.give_first_password(write, account, must_change=must_change)
        self.passwords[account] = password
        return password

    def sign_in(self, account: str, password: str | None = None, **more: Any) -> httpx.Response:
        told = {"account": account, "password": password or self.passwords[account], **more}
        return self.client.post("/v1/sessions", encode_json(told))

    def signed_in(self, account: str) -> str:
        """The token of an account, which signs in the first time."""
        if account not in self.tokens:
            answer = self.sign_in(account)
            assert answer.status_code == 201, answer.text
            self.tokens[account] = answer.json()["token"]
        return self.tokens[account]

    def ask(
        self,
        account: str | None,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        sent = {} if account is None else {"Authorization": f"Bearer {self.signed_in(account)}"}
        if body is not None:
            sent["Content-Type"] = "application/json"
        content = b"" if body is None else encode_json(body)
        return self.client.request(method, path, content=content, headers=sent | (headers or {}))
