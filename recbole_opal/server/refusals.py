"""Every answer that is none has one body: what is wrong and how to mend it, in one line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as AnyHTTPException

from recbole_opal.errors import OpalError, one_line
from recbole_opal.server.schemas import Refusal

__all__ = ["REFUSALS", "answer_refusals", "refusal_of"]

REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Refusal, "description": "no JSON, above a limit, or not for this model"},
    413: {"model": Refusal, "description": "the body is too large"},
    422: {"model": Refusal, "description": "a field is missing, unknown, or of the wrong kind"},
    500: {"model": Refusal, "description": "a fault of the service, written to its log"},
    503: {
        "model": Refusal,
        "description": "too many requests wait",
        "headers": {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}},
    },
}
"""The refusals of a path that reads a body, for its OpenAPI."""

_ID_KINDS = {"string_type", "int_type"}  # the two that an id may be of


def refusal_of(error: OpalError) -> HTTPException:
    """Return the answer to a question that the model cannot answer."""
    return HTTPException(400, str(error))


def answer_refusals(app: FastAPI) -> None:
    """Have an application answer all its errors in the one shape."""
    app.add_exception_handler(AnyHTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _of_fields)
    app.add_exception_handler(Exception, _of_fault)


def _body(status: int, text: str, headers: Any = None) -> JSONResponse:
    return JSONResponse({"error": one_line(text)}, status, headers)


async def _of_http(request: Request, error: Exception) -> JSONResponse:
    told = cast(AnyHTTPException, error)
    texts = {404: "there is no such path; see /docs.", 405: "the method is not for this path"}
    text = texts.get(told.status_code, str(told.detail))
    if told.status_code == 405 and told.headers:
        text += f"; use {told.headers.get('Allow')}, see /docs."
    return _body(told.status_code, text, told.headers)


async def _of_fields(request: Request, error: Exception) -> JSONResponse:
    return _body(422, _first_fault(cast(RequestValidationError, error).errors()))


async def _of_fault(request: Request, error: Exception) -> JSONResponse:
    return _body(500, "the service has a fault; its log has more. Other requests go on.")


def _first_fault(faults: Sequence[dict[str, Any]]) -> str:
    """Return the first fault with its place: `histories[0].items[2] must be ...`."""
    fault = faults[0]
    steps = list(fault["loc"][1:])
    if not steps:
        return "send a JSON object with the header Content-Type: application/json; see /docs."
    message = str(fault["msg"])
    if steps[-1] in ("str", "int") and fault["type"] in _ID_KINDS:
        steps.pop()
        message = f"an id is a text or a whole number, not {fault['input']!r}"
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return f"{place.lstrip('.')}: {message}; see /docs."
