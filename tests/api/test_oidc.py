"""Tokens of an identity provider: signed here with keys of our own, whose public halves are served on 127.0.0.1."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from api_client import ISLAND, Client, problem
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api.app import make_app
from api.current import CurrentRulebook
from api.oidc import AGAIN, FRESH, OLDEST, KeySet, Oidc
from api.settings import BadSettings, OidcSettings, Settings, settings_of
from records import accounts
from records.accounts import SETUP, Kind, NewAccount
from records.database import writing
from records.rights import Grant, Role
from tests.support.office import Office

ISSUER, AUDIENCE = "https://id.example", "smart-relief"
KEYS: dict[str, Any] = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
WEAK = rsa.generate_private_key(65537, 1024)  # noqa: S505 (to be refused)
STRANGER = rsa.generate_private_key(65537, 2048)


def public(algorithm: str, key: Any, key_id: str, **more: Any) -> dict[str, Any]:
    made = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    return {**made, "kid": key_id, "alg": algorithm, "use": "sig", **more}


def key_set() -> list[dict[str, Any]]:
    return [
        *(public(algorithm, key, algorithm) for algorithm, key in KEYS.items()),
        public("RS256", WEAK, "weak"),
        public("RS256", KEYS["RS256"], "RS512", alg="RS512"),
        public("RS256", KEYS["RS256"], "for-sealing", use="enc"),
        {"kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0", "kid": "shared", "alg": "HS256"},
        {"kty": "nonsense", "kid": "nonsense"},
    ]


class Provider:
    """Serves a key set, and counts how often it is asked."""

    def __init__(self) -> None:
        self.keys, self.asked, self.broken = key_set(), 0, False
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked += 1
                if self.path == "/elsewhere":
                    self.send_response(302)
                    self.send_header("Location", "/keys")
                    self.end_headers()
                    return
                self.send_response(500 if provider.broken else 200)
                self.end_headers()
                self.wfile.write(json.dumps({"keys": provider.keys}).encode())

            def log_message(self, *_: Any) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    yield made
    made.server.shutdown()
    made.server.server_close()


def token(
    algorithm: str = "RS256", key: Any = None, headers: dict[str, Any] | None = None, **claims: Any
) -> str:
    now = int(time.time())
    told = {"iss": ISSUER, "aud": AUDIENCE, "sub": "4711", "exp": now + 300, "iat": now, **claims}
    content = {name: value for name, value in told.items() if value is not None}
    return jwt.encode(content, key or KEYS[algorithm], algorithm, {"kid": algorithm, **(headers or {})})


def oidc(source: str, clock: Callable[[], float] = time.monotonic) -> Oidc:
    return Oidc(OidcSettings(ISSUER, AUDIENCE, source), KeySet(source, clock))


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_good_token_says_who_it_is_about(provider: Provider, algorithm: str) -> None:
    asked = oidc(f"{provider.base}/keys")
    assert asked.subject(token(algorithm)) == "4711"
    assert asked.subject(token(algorithm, nbf=int(time.time()) + 10)) == "4711"  # clocks differ a little
    assert asked.subject(token(algorithm, aud=["other", AUDIENCE])) == "4711"


NOW = int(time.time())
PEM = KEYS["RS256"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def hmac_with(secret: bytes, key_id: str) -> str:
    """What PyJWT itself would refuse to sign: HS256 with a public key as its secret."""
    import base64
    import hashlib
    import hmac

    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    head = json.dumps({"alg": "HS256", "typ": "JWT", "kid": key_id}).encode()
    body = json.dumps({"iss": ISSUER, "aud": AUDIENCE, "sub": "4711", "exp": NOW + 9999}).encode()
    signed = f"{part(head)}.{part(body)}"
    return f"{signed}.{part(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def unsigned(algorithm: str) -> str:
    good = token()
    head = jwt.utils.base64url_encode(json.dumps({"alg": algorithm, "kid": "RS256"}).encode()).decode()
    return f"{head}.{good.split('.')[1]}."


BAD: dict[str, Callable[[], str]] = {
    "another audience": lambda: token(aud="other"),
    "no audience": lambda: token(aud=None),
    "another issuer": lambda: token(iss="https://id.example.evil"),
    "expired": lambda: token(exp=int(time.time()) - 60),
    "no end": lambda: token(exp=None),
    "not yet": lambda: token(nbf=int(time.time()) + 120),
    "about nobody": lambda: token(sub=None),
    "about the empty one": lambda: token(sub=""),
    "about a number": lambda: number_as_subject(),
    "an unknown key": lambda: token(headers={"kid": "unknown"}),
    "no key named": lambda: jwt.encode({"sub": "4711"}, KEYS["RS256"], "RS256"),
    "a key that is no text": lambda: number_as_key(),
    "a stranger's signature": lambda: token(key=STRANGER),
    "a changed body": lambda: changed(token()),
    "none": lambda: unsigned("none"),
    "None": lambda: unsigned("None"),
    "empty algorithm": lambda: unsigned(""),
    "the public key as a secret": lambda: hmac_with(PEM, "RS256"),
    "a shared secret of the key set": lambda: hmac_with(b"secretsecretsecretsecretsecret", "shared"),
    "an algorithm that the key is not for": lambda: token("ES256", headers={"kid": "RS256"}),
    "an algorithm that is not ours": lambda: token("RS512", key=KEYS["RS256"], headers={"kid": "RS512"}),
    "a key for sealing": lambda: token(headers={"kid": "for-sealing"}),
    "a weak key": lambda: token(key=WEAK, headers={"kid": "weak"}),
    "its own key": lambda: token(key=STRANGER, headers={"jwk": public("RS256", STRANGER, "RS256")}),
    "a critical header": lambda: token(headers={"crit": ["exp"], "exp": 1}),
    "rubbish": lambda: "a.b.c",
    "nothing": lambda: "..",
}


def number_as_subject() -> str:
    encoder = jwt.api_jws.PyJWS()
    body = json.dumps({"iss": ISSUER, "aud": AUDIENCE, "sub": 4711, "exp": NOW + 9999}).encode()
    return encoder.encode(body, KEYS["RS256"], "RS256", {"kid": "RS256"})


def number_as_key() -> str:
    head, body, signature = token().split(".")
    head = jwt.utils.base64url_encode(json.dumps({"alg": "RS256", "kid": 7}).encode()).decode()
    return f"{head}.{body}.{signature}"


def changed(good: str) -> str:
    head, _, signature = good.split(".")
    return f"{head}.{token(sub='0815').split('.')[1]}.{signature}"


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("bad", BAD)
def test_a_bad_token_is_nobody(provider: Provider, bad: str) -> None:
    assert oidc(f"{provider.base}/keys").subject(BAD[bad]()) is None


def test_keys_are_asked_for_when_one_is_not_known_but_not_at_anybodys_wish(provider: Provider) -> None:
    now = [1000.0]
    asked = oidc(f"{provider.base}/keys", lambda: now[0])
    assert asked.subject(token()) and asked.subject(token()) and provider.asked == 1
    new = rsa.generate_private_key(65537, 2048)
    provider.keys.append(public("RS256", new, "new"))
    of_new = token(key=new, headers={"kid": "new"})
    assert asked.subject(of_new) is None  # asked a moment ago
    now[0] += AGAIN + 1
    for n in range(50):
        asked.subject(token(headers={"kid": f"made up {n}"}))
    assert asked.subject(of_new) == "4711" and provider.asked == 2
    provider.keys = provider.keys[-1:]  # the old ones were withdrawn
    now[0] += FRESH + 1
    assert asked.subject(token()) is None and provider.asked == 3


def test_without_the_provider_its_keys_count_for_a_day(provider: Provider) -> None:
    now = [1000.0]
    asked = oidc(f"{provider.base}/keys", lambda: now[0])
    assert asked.subject(token())
    provider.broken = True
    now[0] += FRESH + 1
    assert asked.subject(token())
    now[0] += OLDEST
    assert asked.subject(token()) is None
    provider.broken = False
    now[0] += FRESH + 1
    assert asked.subject(token())


def test_keys_come_from_a_file_or_over_https_and_from_nowhere_else(
    provider: Provider, tmp_path: Path
) -> None:
    place = tmp_path / "keys.json"
    place.write_text(json.dumps({"keys": key_set()}))
    assert oidc(str(place)).subject(token()) == "4711"
    place.write_text("[]")
    assert oidc(str(place)).subject(token()) is None
    assert oidc(f"{provider.base}/elsewhere").subject(token()) is None
    with pytest.raises(BadSettings):
        KeySet("http://id.example/keys")


def test_settings_of_the_environment() -> None:
    told = {"RELIEF_OIDC_ISSUER": "i", "RELIEF_OIDC_AUDIENCE": "a", "RELIEF_OIDC_JWKS": "k"}
    assert settings_of(told).oidc == OidcSettings("i", "a", "k")
    assert settings_of({}) == Settings()
    assert settings_of({"RELIEF_HOSTS": " Relief.example, localhost ,"}).hosts == (
        "relief.example",
        "localhost",
    )
    for wrong in ({"RELIEF_OIDC_ISSUER": "i"}, {"RELIEF_SESSION_HOURS": "0"}, {"RELIEF_SESSION_HOURS": "２"}):
        with pytest.raises(BadSettings):
            settings_of(wrong)


def test_rights_come_from_the_record_and_never_from_a_token(provider: Provider, office: Office) -> None:
    settings = Settings(oidc=OidcSettings(ISSUER, AUDIENCE, f"{provider.base}/keys"))
    app = make_app(CurrentRulebook(ISLAND), record=office.database, settings=settings)
    client = Client(app)
    sent = {"Authorization": f"Bearer {token(role='administrator', scope='accounts.manage')}"}
    problem(client.get("/v1/me", headers=sent), 401)  # nobody's here
    with writing(office.database, SETUP) as write:
        accounts.create(write, NewAccount("wang", "wang", "Wang", Kind.OIDC, "4711"))
    assert client.get("/v1/me", headers=sent).json()["rights"] == ["session.own"]
    with writing(office.database, SETUP) as write:
        accounts.grant_role(write, "wang", Grant(Role.AUDITOR, "north"), SETUP, write.day)
    told = client.get("/v1/me", headers=sent).json()
    assert [one["role"] for one in told["grants"]] == ["auditor"]
    problem(client.get("/v1/accounts", headers=sent), 403)
    problem(client.request("DELETE", "/v1/sessions/current", headers=sent), 404)
    body = {"account": "wang", "password": "whatever it may be"}
    problem(client.request("POST", "/v1/sessions", json=body), 401)
    with writing(office.database, SETUP) as write:
        accounts.close(write, "wang", SETUP)
    problem(client.get("/v1/me", headers=sent), 401)
