"""The model that answers now, and the watch for a new one in its place."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from recbole_opal.errors import CheckpointError, OpalError
from recbole_opal.runs import RunReader
from recbole_opal.runs.manifest import MANIFEST_NAME, regular_bytes
from recbole_opal.server.schemas import ReloadFailure
from recbole_opal.serving import Recommender
from recbole_opal.serving.histories import RawHistories

__all__ = ["CurrentModel", "ServedModel"]

_LOG = logging.getLogger(__name__)
_LARGEST_MANIFEST = 2**20
_LONGEST_WAIT = 60.0  # seconds between two tries of a bundle that was refused


@dataclass(frozen=True)
class ServedModel:
    """A model that answers, whole and verified.

    Attributes:
        recommender: the model in use.
        folder: where it was read from, links followed.
        bundle: SHA-256 of the folder's manifest, which holds that of every file.
        since: when it began to answer, UTC.
    """

    recommender: Recommender
    folder: Path
    bundle: str
    since: str = field(default_factory=lambda: _now())

    @property
    def model(self) -> str:
        """The name of the model."""
        return str(self.recommender.trained.settings["model"])

    @property
    def stage(self) -> str:
        """The stage of its weights."""
        return self.recommender.trained.stage

    @property
    def dataset(self) -> str:
        """The data set that it was trained on."""
        return str(self.recommender.trained.settings["dataset"])


class CurrentModel:
    """What answers; a new bundle at the same path is taken up while the old one answers.

    A new one is another target of the link, or another manifest. It is verified, loaded and asked
    once before it takes over; questions that are being answered end on the old one. A damaged one
    is told and tried again from time to time: it may still be on its way.

    Args:
        path: a run folder or a bundle, or a link to one.
        load: makes a recommender of a folder.
        every: seconds between two looks at the path.
        on_reload: told `taken_up` or `refused` after each try.

    Raises:
        OpalError: the first one cannot be loaded.
    """

    def __init__(
        self,
        path: Path,
        load: Callable[[Path], Recommender],
        *,
        every: float = 1.0,
        on_reload: Callable[[str], None] = lambda result: None,
    ) -> None:
        self.path = path
        self.on_reload = on_reload
        self._load = load
        self._every = every
        self.served = self._loaded(*self._found())
        self.failure: ReloadFailure | None = None
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to watch the path in a thread."""
        self._stopped.clear()
        self._thread = threading.Thread(target=self._watch, name="bundle watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no longer."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def look(self) -> bool:
        """Take up what is new at the path; False: what is there cannot be."""
        try:
            folder, bundle = self._found()
            if bundle != self.served.bundle:
                self.served = self._loaded(folder, bundle)
                _LOG.info("bundle %s of %s is taken up", bundle[:12], folder)
                self.on_reload("taken_up")
        except Exception as error:  # whatever it is, the old one goes on
            self._refuse(error)
            return False
        self.failure = None
        return True

    def _watch(self) -> None:
        wait = self._every
        while not self._stopped.wait(wait):
            wait = self._every if self.look() else min(2 * wait, _LONGEST_WAIT)

    def _refuse(self, error: Exception) -> None:
        told = str(error) if isinstance(error, OpalError) else f"{type(error).__name__}: {error}"
        if self.failure is None or self.failure.error != told:
            _LOG.error("bundle %s still answers: %s", self.served.bundle[:12], told)
        self.failure = ReloadFailure(at=_now(), error=told)
        self.on_reload("refused")

    def _found(self) -> tuple[Path, str]:
        """Return the folder that the path leads to now, and the digest of its manifest."""
        try:
            folder = self.path.resolve(strict=True)
        except OSError as error:
            raise CheckpointError(
                f"{self.path} leads nowhere ({error.strerror}); name a run folder or a bundle."
            ) from error
        RunReader.open(folder)  # tells what is no run folder
        data = regular_bytes(folder / MANIFEST_NAME, _LARGEST_MANIFEST)
        return folder, hashlib.sha256(data).hexdigest()

    def _loaded(self, folder: Path, bundle: str) -> ServedModel:
        """Return a model that has been verified to the last file and has answered once."""
        RunReader.open(folder).verify()
        recommender = self._load(folder)
        newest = recommender.trained.items[-1]
        recommender.lists(RawHistories(["warm-up"], [[newest]], [[0.0]]), k=1)
        return ServedModel(recommender, folder, bundle)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
