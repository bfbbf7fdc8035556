"""How fast `serve` answers: requests at a fixed rate from another process than the server's.

    python benchmarks/serving_load.py saved/RUN --rate=100 --seconds=60

Requests are sent when they are due, whether or not earlier ones have been answered, and their time
counts from that moment, so that a stall is paid by every request that falls into it. A second run
of the same length changes the bundle in its middle, by turning the link that is served to a copy.
Prints milliseconds (p50, p90, p99, largest) and errors of both runs, and who answered in the
second. `--batch=N`: histories a request. Let nothing else run beside it.
"""

import asyncio
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import perf_counter

import numpy as np

from recbole_opal.runs import RunReader
from recbole_opal.runs.store import VerifiedFolder
from recbole_opal.settings.grammar import read_arguments

LONGEST_HISTORY = 50
OLDEST_CONNECTION = 2.0  # seconds without use; the server closes them after 5
WARM_UP = 200


class Load:
    """Sends requests over connections that it keeps, and notes when each was answered."""

    def __init__(self, port: int, bodies: list[bytes]) -> None:
        self.port, self.bodies = port, bodies
        self.idle: list[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.seconds: list[float] = []
        self.errors: Counter[str] = Counter()
        self.bundles: Counter[str] = Counter()

    async def run(self, rate: float, seconds: float) -> None:
        """Send at a rate for some seconds and wait for the last answer."""
        start, tasks = perf_counter() + 0.05, []
        for number in range(int(rate * seconds)):
            due = start + number / rate
            await asyncio.sleep(max(0.0, due - perf_counter()))
            tasks.append(
                asyncio.create_task(self._one(self.bodies[number % len(self.bodies)], due))
            )
        await asyncio.gather(*tasks)

    async def _one(self, body: bytes, due: float) -> None:
        try:
            status, answer = await asyncio.wait_for(self._ask(body), 30)
        except (OSError, EOFError, TimeoutError, asyncio.TimeoutError) as error:
            self.errors[type(error).__name__] += 1
            return
        self.seconds.append(perf_counter() - due)
        if status != 200:
            self.errors[str(status)] += 1
            return
        self.bundles[json.loads(answer)["bundle"][:12]] += 1

    async def _ask(self, body: bytes) -> tuple[int, bytes]:
        reader, writer = await self._connection()
        head = f"POST /recommend HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"Content-Type: application/json\r\n\r\n" + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        answer = await reader.readexactly(int(fields["content-length"]))
        self.idle.append((perf_counter(), reader, writer))
        return int(lines[0].split()[1]), answer

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self.idle:
            used, reader, writer = self.idle.pop()  # the last used: the others may grow old
            if perf_counter() - used < OLDEST_CONNECTION:
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", self.port)

    def told(self, name: str) -> str:
        """Return the figures as a line."""
        milliseconds = 1000 * np.array(self.seconds or [np.nan])
        p50, p90, p99 = np.percentile(milliseconds, [50, 90, 99])
        answered = ", ".join(f"{bundle}: {count}" for bundle, count in self.bundles.items())
        return (
            f"{name}: {len(self.seconds)} answers, p50 {p50:.1f} ms, p90 {p90:.1f} ms, "
            f"p99 {p99:.1f} ms, largest {milliseconds.max():.1f} ms; errors: "
            f"{dict(self.errors) or 0}; by bundle {answered}"
        )


def bodies_for(run: Path, batch: int) -> list[bytes]:
    """Return requests with histories of random items."""
    reader = RunReader.open(run)
    field = reader.load_yaml("config.yaml")["ITEM_ID_FIELD"]
    tokens = reader.load_json("ids.json")[field][1:]
    draw = random.Random(0)  # noqa: S311, no secret

    def history() -> list[str]:
        return draw.choices(tokens, k=draw.randint(1, LONGEST_HISTORY))

    return [
        json.dumps({"histories": [{"items": history()} for _ in range(batch)]}).encode()
        for _ in range(500)
    ]


async def measure(
    port: int, bodies: list[bytes], rate: float, seconds: float, swap: Callable[[], None]
) -> None:
    """Print the figures of a run, and of one in whose middle `swap` changes the bundle."""
    await Load(port, bodies).run(rate, WARM_UP / rate)
    steady = Load(port, bodies)
    await steady.run(rate, seconds)
    print(steady.told("steady"), flush=True)
    swapped = Load(port, bodies)
    asyncio.get_running_loop().call_later(seconds / 2, swap)
    await swapped.run(rate, seconds)
    print(swapped.told("bundle changed in the middle"), flush=True)
    if len(swapped.bundles) != 2:
        raise SystemExit("the new bundle was not taken up")


def main() -> None:
    """Start the server on a link to the run, and measure."""
    (run,), flags = read_arguments(sys.argv[1:])
    rate, seconds = float(flags.get("rate", 100)), float(flags.get("seconds", 60))
    with tempfile.TemporaryDirectory() as scratch:
        link, copy = Path(scratch) / "current", Path(scratch) / "copy"
        link.symlink_to(Path(run).resolve())
        shutil.copytree(run, copy)
        folder = VerifiedFolder.open(copy)
        with folder.update():
            folder.write("note.txt", b"another bundle")

        def swap() -> None:
            newer = link.with_name("newer")
            newer.symlink_to(copy)
            newer.replace(link)

        words = [sys.executable, "-m", "recbole_opal", "serve", str(link), "--port=0"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
            try:
                ready = server.stdout.readline()  # type: ignore[union-attr]
                print(ready, end="")
                port = int(ready.split(" (docs")[0].rpartition(":")[2])
                bodies = bodies_for(Path(run), int(flags.get("batch", 1)))
                asyncio.run(measure(port, bodies, rate, seconds, swap))
            finally:
                with suppress(ProcessLookupError):
                    server.terminate()
        print(f"the server ended with code {server.returncode}")


if __name__ == "__main__":
    main()
