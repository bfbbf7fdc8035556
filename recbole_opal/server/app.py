"""The paths of the service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from fastapi.routing import APIRoute
from pydantic_core import from_json, to_json

from recbole_opal.errors import OpalError
from recbole_opal.server.batching import Batcher, QueueFullError
from recbole_opal.server.current_model import CurrentModel
from recbole_opal.server.docs_page import docs_page
from recbole_opal.server.limits import BodyLimit, Limits
from recbole_opal.server.metrics import Measured, Metrics
from recbole_opal.server.questions import Explain, Recommend
from recbole_opal.server.refusals import REFUSALS, answer_refusals, refusal_of
from recbole_opal.server.schemas import (
    ExplainRequest,
    Explanation,
    Health,
    Recommendations,
    RecommendRequest,
)
from recbole_opal.version import __version__

__all__ = ["create_app"]

_QUEUED_BATCHES = 16  # that many full ones may wait; more would wait for seconds


class _StrictJson(Request):
    """A request whose JSON is that of the standard: no NaN, no half characters, not too deep."""

    async def json(self) -> Any:
        try:
            return from_json(await self.body(), allow_inf_nan=False)
        except ValueError as error:
            raise HTTPException(400, f"the body is no JSON ({error}); see /docs.") from error


class _StrictRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            return await handler(_StrictJson(request.scope, request.receive))

        return strict


class _Service:
    """What the paths share: the model, the queue before it, what is counted."""

    def __init__(self, current: CurrentModel, limits: Limits) -> None:
        self.current, self.limits, self.metrics = current, limits, Metrics()
        self.batcher = Batcher[Recommend | Explain, dict[str, Any]](
            self._answer,
            largest=limits.max_batch,
            longest_queue=_QUEUED_BATCHES * limits.max_batch,
        )
        current.on_reload = lambda result: self.metrics.reloads.labels(result).inc()
        self.metrics.waiting.set_function(lambda: self.batcher.waiting)

    async def ask(self, question: Recommend | Explain) -> Response:
        """Answer a question by the model, or say why not."""
        try:
            answer = await asyncio.wrap_future(self.batcher.submit(question))
        except QueueFullError as error:
            text = "too many requests wait; ask again in a second."
            raise HTTPException(503, text, {"Retry-After": "1"}) from error
        except OpalError as error:
            raise refusal_of(error) from error
        return Response(to_json(answer), media_type="application/json")

    def _answer(self, asked: Sequence[Recommend | Explain]) -> list[dict[str, Any]]:
        self.metrics.batch.observe(sum(each.size for each in asked))
        kind: Any = type(asked[0])  # that of all, as their keys are equal
        answers: list[dict[str, Any]] = kind.answer(asked, self.current.served)
        return answers

    @asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        """Watch for new bundles while the application runs; at its end answer what waits."""
        self.current.start()
        yield
        await asyncio.to_thread(self.current.stop)
        await asyncio.to_thread(self.batcher.close)


def create_app(current: CurrentModel, limits: Limits) -> FastAPI:
    """Return the application that answers with the current model, within limits."""
    service = _Service(current, limits)
    app = FastAPI(
        title="recbole-opal",
        description="Recommends items to anybody with a history, by a multi-interest model.",
        version=__version__,
        docs_url=None,  # it would load scripts from elsewhere
        redoc_url=None,
        lifespan=service.lifespan,
    )
    app.router.route_class = _StrictRoute
    app.state.current = current
    answer_refusals(app)
    app.add_middleware(BodyLimit, max_body=limits.max_body)
    _add_questions(app, service)
    _add_state(app, service)
    limits.state(app.openapi())  # which is made once and kept
    paths = frozenset(app.openapi()["paths"])
    app.add_middleware(Measured, metrics=service.metrics, paths=paths)
    return app


def _add_questions(app: FastAPI, service: _Service) -> None:
    @app.post("/recommend", response_model=Recommendations, responses=REFUSALS)
    async def recommend(asked: RecommendRequest) -> Response:
        """Recommend items to each user of a batch; new users and sessions are the normal case."""
        service.limits.check(asked)
        return await service.ask(Recommend.of(asked))

    @app.post("/explain", response_model=Explanation, responses=REFUSALS)
    async def explain(asked: ExplainRequest) -> Response:
        """Say which interest retrieved an item, and which items of the history are like it."""
        service.limits.check_explain(asked)
        return await service.ask(Explain(asked))


def _add_state(app: FastAPI, service: _Service) -> None:
    @app.get("/health")
    async def health() -> Health:
        """Say which model answers, since when, and why a newer bundle that lies there does not."""
        served = service.current.served
        return Health(
            ok=True,
            model=served.model,
            stage=served.stage,
            dataset=served.dataset,
            bundle=served.bundle,
            since=served.since,
            reload_failure=service.current.failure,
        )

    @app.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Count for Prometheus: requests, seconds, histories a batch, what waits, reloads."""
        return Response(service.metrics.text(), media_type="text/plain; version=0.0.4")

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        return HTMLResponse(docs_page(app.openapi(), str(request.base_url)))
