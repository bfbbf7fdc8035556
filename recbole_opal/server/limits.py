"""How much one request may ask for, and the refusal that names the limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recbole_opal.server.schemas import ExplainRequest, RecommendRequest

__all__ = ["BodyLimit", "Limits"]

_LET_GO = 4  # times the limit that is read of a body that is refused


@dataclass(frozen=True)
class Limits:
    """The limits of one request.

    Attributes:
        max_batch: histories; also how many are answered in one matrix product.
        max_k: items of a list.
        max_history: items of a history.
        max_body: bytes of its body.
    """

    max_batch: int = 256
    max_k: int = 1000
    max_history: int = 1000
    max_body: int = 2**21

    def check(self, asked: RecommendRequest) -> None:
        """Refuse a request that is too large or whose times do not fit its items."""
        _at_most(self.max_batch, "max_batch", len(asked.histories), "histories", "split the batch")
        _at_most(self.max_k, "max_k", asked.k, "items a list", "lower k")
        for number, history in enumerate(asked.histories):
            self.check_history(history.items, history.times, f"histories[{number}]")

    def check_explain(self, asked: ExplainRequest) -> None:
        """Refuse a history that is too long or whose times do not fit its items."""
        self.check_history(asked.items, asked.times, "the history")

    def check_history(
        self, items: Sequence[Any], times: Sequence[float] | None, place: str
    ) -> None:
        """Refuse a history that is too long or whose times do not fit its items."""
        fix = "send the newest alone"
        _at_most(self.max_history, "max_history", len(items), f"items in {place}", fix)
        if times is not None and len(times) != len(items):
            raise HTTPException(
                400,
                f"{place} has {len(items)} items and {len(times)} times; send one time an item, or "
                "leave times away.",
            )

    def state(self, openapi: dict[str, Any]) -> None:
        """Write the limits into an OpenAPI document, so that clients know them."""
        schemas = openapi["components"]["schemas"]
        schemas["RecommendRequest"]["properties"]["histories"]["maxItems"] = self.max_batch
        schemas["RecommendRequest"]["properties"]["k"]["maximum"] = self.max_k
        for name in ("UserHistory", "ExplainRequest"):
            schemas[name]["properties"]["items"]["maxItems"] = self.max_history


class BodyLimit:
    """Middleware: a body is refused while it is read, whatever length it states or hides."""

    def __init__(self, app: ASGIApp, max_body: int) -> None:
        self.app = app
        self.max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, counting what is read of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        read = 0

        async def counted() -> Message:
            nonlocal read
            # Who asks before sending needs to send nothing.
            if b"expect" in headers and int(headers.get(b"content-length", b"0")) > self.max_body:
                raise self._refusal()
            message = await receive()
            read += len(message.get("body", b""))
            if read > self.max_body:
                await _let_go(message, receive, _LET_GO * self.max_body)
                raise self._refusal()
            return message

        await self.app(scope, counted, send)

    def _refusal(self) -> HTTPException:
        return HTTPException(
            413,
            f"the body has more than {self.max_body} bytes; send fewer histories at once, or start "
            "the service with a larger --max_body.",
            {"Connection": "close"},  # a part of the body may not have been read
        )


async def _let_go(message: Message, receive: Receive, most: int) -> None:
    """Read on and forget, within bounds: many clients look for an answer only after they sent."""
    while most > 0 and message.get("more_body", False):
        message = await receive()
        most -= len(message.get("body", b""))


def _at_most(limit: int, flag: str, count: int, what: str, fix: str) -> None:
    if count > limit:
        raise HTTPException(
            400,
            f"{count} {what} are more than the limit of {limit}; {fix}, or start the service with "
            f"a larger --{flag}.",
        )
