"""A run in MLflow: where `MLFLOW_TRACKING_URI` leads, else in mlflow.db of the working folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import time
from typing import Any

from recbole_opal.errors import reason_of
from recbole_opal.tracking.tracker import TrackingError

__all__ = ["MlflowRun", "require_mlflow"]

_EXPERIMENT = "MLFLOW_EXPERIMENT_NAME"
_USUAL = "recbole-opal"
# A server that is gone is asked eight times, over four minutes in which nothing is trained, where
# nobody says otherwise. It has a few seconds before a run, and half a minute to come back in one.
_RETRIES, _TIMEOUT = "MLFLOW_HTTP_REQUEST_MAX_RETRIES", "MLFLOW_HTTP_REQUEST_TIMEOUT"
_AT_FIRST = {_RETRIES: "1", _TIMEOUT: "20"}
_LATER = {_RETRIES: "4", _TIMEOUT: "30"}
_NO_NAME = re.compile(r"[^\w\-. /]")
_MANY_PARAMS, _LONGEST = 100, 500  # that MLflow takes at once, and letters of a value


def require_mlflow() -> None:
    """Refuse to begin where MLflow does not answer, as a TrackingError."""
    with _refusing():
        _client().search_experiments(max_results=1)


@contextmanager
def _waiting(patience: Mapping[str, str]) -> Iterator[None]:
    """Let MLflow try again so often, but where its own variables say how often."""
    new = [name for name in patience if name not in os.environ]
    os.environ.update({name: patience[name] for name in new})
    try:
        yield
    finally:
        for name in new:
            os.environ.pop(name, None)


class MlflowRun:
    """See `Tracker`; a metric's `@` becomes `_at_`, which MLflow does not take in a name.

    Args:
        name: of the run.
        run_id: of a run that is to go on; None: a new one.
        group: what runs of one kind have in common, a tag.
    """

    kind = "mlflow"

    def __init__(self, name: str, run_id: str | None = None, group: str = "") -> None:
        with _refusing():
            self._client = _client()
            if run_id is None:
                tags = {"group": group}
                run = self._client.create_run(self._experiment(), run_name=name, tags=tags)
                self.run_id: str = run.info.run_id
            else:
                self._client.update_run(run_id, status="RUNNING")
                self.run_id = run_id
        self.place = f"MLflow, run {self.run_id}, {self._client.tracking_uri}"

    def _experiment(self) -> str:
        name = os.environ.get(_EXPERIMENT) or _USUAL
        found = self._client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        try:
            return str(self._client.create_experiment(name))
        except Exception:  # another process of a comparison was faster
            found = self._client.get_experiment_by_name(name)
            if found is None:
                raise
            return str(found.experiment_id)

    @_waiting(_LATER)
    def settings(self, values: Mapping[str, Any]) -> None:
        """Note all settings; MLflow takes none twice, and a run that goes on has them."""
        from mlflow.entities import Param

        known = self._client.get_run(self.run_id).data.params
        new = [
            Param(name, str(value)[:_LONGEST])
            for name, value in values.items()
            if name not in known
        ]
        for start in range(0, len(new), _MANY_PARAMS):
            self._client.log_batch(self.run_id, params=new[start : start + _MANY_PARAMS])

    @_waiting(_LATER)
    def curves(self, stage: str, epoch: int, values: Mapping[str, float]) -> None:
        """Note a point of each curve, its step being the epoch of the stage."""
        self._note(values, epoch)

    @_waiting(_LATER)
    def results(self, values: Mapping[str, float], words: Mapping[str, str]) -> None:
        """Note final numbers as metrics, and words as tags."""
        self._note(values, 0)
        for name, word in words.items():
            self._client.set_tag(self.run_id, name, word)

    @_waiting(_LATER)
    def files(self, paths: Sequence[Path]) -> None:
        """Log files as artifacts."""
        for path in paths:
            self._client.log_artifact(self.run_id, str(path))

    @_waiting(_LATER)
    def close(self, *, failed: bool) -> None:
        """End the run."""
        self._client.set_terminated(self.run_id, "FAILED" if failed else "FINISHED")

    def _note(self, values: Mapping[str, float], step: int) -> None:
        from mlflow.entities import Metric

        now = int(time() * 1000)
        metrics = [Metric(_called(name), value, now, step) for name, value in values.items()]
        self._client.log_batch(self.run_id, metrics=metrics)


def _called(name: str) -> str:
    return _NO_NAME.sub("_", name.replace("@", "_at_"))


def _client() -> Any:
    from mlflow import MlflowClient

    return MlflowClient()


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn what MLflow raises into one line with the fix, without minutes of trying again."""
    try:
        with _waiting(_AT_FIRST):
            yield
    except Exception as error:  # of its own, of requests, of sqlalchemy
        where = os.environ.get("MLFLOW_TRACKING_URI", "mlflow.db of this folder")
        raise TrackingError(
            f"--tracking=mlflow: MLflow at {where} does not answer ({reason_of(error)}); start its "
            "server, set MLFLOW_TRACKING_URI, for example to sqlite:///mlflow.db, or leave "
            "--tracking away."
        ) from error
