"""Schemathesis: every operation of the description is asked with what it says it takes, and with what it does not.

No answer is a failure of ours, has a status that is not described, or another form than is described.
"""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import ALWAYS, WITH_A_RECORD
from api.guard import api_routes
from tests.conftest import SOAK
from tests.support.county_office import HERE, CountyOffice, county_office

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OPERATIONS = sorted(
    f"{method} {route.path}"
    for router in (*ALWAYS, *WITH_A_RECORD)
    for route in api_routes(router.routes)
    if route.include_in_schema
    for method in route.methods or ()
)
PHASES = (Phase.explicit, Phase.generate)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> CountyOffice:
    return county_office(tmp_path_factory.mktemp("county"))


@pytest.fixture(scope="module")
def described(office: CountyOffice) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_asgi("/openapi.json", office.client.app)


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("who", [None, "everything"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_answer_is_as_described(
    described: schemathesis.BaseSchema,
    office: CountyOffice,
    operation: str,
    who: str | None,
    mode: GenerationMode,
) -> None:
    method, path = operation.split(" ")
    known = {**office.known[HERE], "policy_id": "dibao", "version": "2021-07-01"}

    @settings(max_examples=200 if SOAK else 3, deadline=None, derandomize=True, database=None, phases=PHASES)
    @given(case=described[path][method].as_strategy(generation_mode=mode), there=st.booleans())
    def asked(case: schemathesis.Case, there: bool) -> None:
        if there:  # ids that are known let a request go further than to "no such thing"
            case.path_parameters |= {name: known.get(name, one) for name, one in case.path_parameters.items()}
        signed = {} if who is None else {"Authorization": f"Bearer {office.signed_in(who)}"}
        case.call_and_validate(headers=signed, checks=CHECKS)
        if who is not None and path == "/v1/sessions/current":
            office.tokens.clear()

    try:
        asked()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # nothing about it could be wrong
