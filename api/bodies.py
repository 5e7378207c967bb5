"""Bodies of requests that the record takes: read with exact numbers, then checked by a model.

@router.post("/things", **takes(Thing))
@needs(Right.…)
def add(request: Request, thing: Thing = Depends(body_of(Thing))) -> Response:
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from api.body import checked, read_json

Version = Annotated[int, Field(ge=1, lt=2**31)]
"""Of a household, as it was read."""

MODELS: dict[str, type[BaseModel]] = {}
"""What bodies there are, for the OpenAPI description."""


class Body(BaseModel):
    """A field that nobody reads is a mistake."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, str_max_length=2000)


Taken = TypeVar("Taken", bound=Body)


def takes(model: type[Body]) -> dict[str, Any]:
    """What a route says about its body in the OpenAPI description."""
    MODELS[model.__name__] = model
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {"openapi_extra": {"requestBody": body}}


def body_of(model: type[Taken]) -> Callable[[Request], Awaitable[Taken]]:
    """Reads a body; numbers in it stay exact. Raises `ProblemError`, `BadDocument`, `RequestValidationError`."""

    async def read(request: Request) -> Taken:
        told = checked(await read_json(request))
        try:
            return model.model_validate(told)
        except ValidationError as error:
            found = [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
            raise RequestValidationError(found) from None

    return read
