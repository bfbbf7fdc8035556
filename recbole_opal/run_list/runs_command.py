"""The command `runs`: list, show, compare and remove run folders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

from recbole_opal.errors import SettingsError
from recbole_opal.process.program import command
from recbole_opal.process.shell import answer
from recbole_opal.settings.flags import refuse_unknown
from recbole_opal.settings.grammar import read_arguments
from recbole_opal.suggest import did_you_mean

__all__ = ["main"]

Action = Callable[[Sequence[str], Mapping[str, str]], None]

_ACTIONS = {
    "list": ("listing:list_runs", "[FOLDER]", "what lies in a folder of runs, newest first"),
    "show": ("showing:show_run", "RUN", "what a run was made from, and what came out"),
    "compare": ("comparing:compare_runs", "RUN RUN ...", "which is better, and can it be trusted"),
    "remove": ("removing:remove_runs", "RUN ...", "delete runs"),
}
_FLAGS = {
    "list": {
        "model": "only runs of this model",
        "dataset": "only runs on this data set",
        "sort": "when (default), name, model, dataset, valid, test, seconds or size",
        "json": "print JSON, for programs",
        "csv": "print CSV, for programs",
    },
    "show": {},
    "compare": {"stage": "the stage to compare; default: the best of each run on validation"},
    "remove": {"yes": "do not ask"},
}
_SWITCHES = ("json", "csv", "yes")


def main(argv: Sequence[str]) -> int:
    """Run `runs`; the code is 0, or 2 after an error, which is one line on standard error."""
    return answer(argv, _help, lambda: _act(argv))


def _act(argv: Sequence[str]) -> None:
    words, flags = read_arguments(argv, _SWITCHES)
    name, *rest = words or ["list"]
    if name not in _ACTIONS:
        hint = did_you_mean(name, _ACTIONS) or f"; write one of {', '.join(_ACTIONS)} first."
        raise SettingsError(f"'{name}' is not something that runs does{hint}")
    refuse_unknown(flags, _FLAGS[name], f"runs {name}")
    # Only now: a mistyped argument is told at once.
    module, _, function = _ACTIONS[name][0].partition(":")
    action: Action = getattr(import_module(f"recbole_opal.run_list.{module}"), function)
    action(rest, flags)


def _help() -> str:
    lines = [f"usage: {command(name='runs')} list | show | compare | remove ...", ""]
    for name, (_, words, meaning) in _ACTIONS.items():
        lines.append(f"  {name} {words}: {meaning}")
        lines += [f"      --{flag}: {told}" for flag, told in _FLAGS[name].items()]
    lines += ["", "RUN is the path of a run folder, or its name in saved."]
    return "\n".join(lines)
