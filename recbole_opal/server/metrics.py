"""What the service counts for Prometheus."""

from __future__ import annotations

from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Measured", "Metrics"]

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Metrics:
    """Counters in a registry of their own, so that two services in a process do not mix."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self.requests = Counter(
            "opal_requests", "Requests answered", ("path", "code"), registry=registry
        )
        self.seconds = Histogram(
            "opal_request_seconds",
            "From a request's header to the end of its answer",
            ("path",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.batch = Histogram(
            "opal_batch_histories",
            "Histories answered in one matrix product",
            buckets=_SIZES,
            registry=registry,
        )
        self.waiting = Gauge("opal_waiting_histories", "Histories that wait", registry=registry)
        self.reloads = Counter(
            "opal_model_reloads", "Bundles taken up or refused", ("result",), registry=registry
        )
        for result in ("taken_up", "refused"):
            self.reloads.labels(result)  # told from the start, as 0

    def text(self) -> bytes:
        """Return what Prometheus scrapes."""
        return generate_latest(self._registry)


class Measured:
    """Middleware: every request is counted and timed, under `other` if it is of no known path."""

    def __init__(self, app: ASGIApp, metrics: Metrics, paths: frozenset[str]) -> None:
        self.app = app
        self.metrics = metrics
        self.paths = paths  # whoever asks for random ones must not make a counter of each

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note how it ended."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, code = perf_counter(), 500  # where the application fails before it answers

        async def noted(message: Message) -> None:
            nonlocal code
            if message["type"] == "http.response.start":
                code = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            path = scope["path"] if scope["path"] in self.paths else "other"
            self.metrics.requests.labels(path, str(code)).inc()
            self.metrics.seconds.labels(path).observe(perf_counter() - started)
