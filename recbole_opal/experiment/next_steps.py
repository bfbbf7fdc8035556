"""What a finished run is good for: the commands to go on with, ready to be pasted."""

from __future__ import annotations

from recbole_opal.experiment.session import RunResult
from recbole_opal.process.program import command
from recbole_opal.runs import RunReader
from recbole_opal.runs.file_names import HISTORIES_NAME

__all__ = ["next_steps"]


def next_steps(result: RunResult) -> list[str]:
    """Return a line for each thing to do with a finished run, with the command that does it."""
    folder = str(result.folder)
    run = RunReader.open(result.folder)
    lines = [f"draw its page: {command(folder, name='report')}"]
    served = any("diagnostics" in parts for parts in result.stages.values())
    if served and HISTORIES_NAME in run.names:
        tokens = run.load_json("ids.json")[run.load_yaml("config.yaml")["USER_ID_FIELD"]]
        user = tokens[int(run.load_arrays(HISTORIES_NAME)["user_id"][0])]
        lines.append(f"recommend:     {command(folder, f'--user={user}', name='recommend')}")
    return lines
