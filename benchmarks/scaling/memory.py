"""The memory of this process, as Linux tells it: its own, and pages of files that it maps."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from types import TracebackType

_FIELDS = ("VmRSS", "RssAnon", "RssFile", "VmData")


def resident() -> dict[str, int]:
    """Return bytes: `RssAnon` is the process's own, `RssFile` can be taken back at any time.

    `VmData` is what was asked for and `RLIMIT_DATA` bounds, used or not; it is no less than
    `RssAnon` where nothing is shared.
    """
    text = Path("/proc/self/status").read_text(encoding="ascii")
    found = ((name, re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)) for name in _FIELDS)
    return {name: 1024 * int(match[1]) for name, match in found if match}


class Peak:
    """The most memory while the block ran, looked at every 10 ms, and what there was before."""

    def __enter__(self) -> Peak:
        self.before = resident()
        self.most = dict(self.before)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._stop.wait(0.01):
            self._look()

    def _look(self) -> None:
        self.most = {name: max(self.most[name], size) for name, size in resident().items()}
