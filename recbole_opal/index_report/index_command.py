"""The command `index`: measure every search over the items of a run or a bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recbole_opal.errors import SettingsError
from recbole_opal.index_report.asked import Asked
from recbole_opal.index_report.settings_swept import SWEPT_KINDS
from recbole_opal.process.program import command
from recbole_opal.process.shell import answer
from recbole_opal.settings.flags import refuse_unknown
from recbole_opal.settings.grammar import read_arguments
from recbole_opal.settings.paths import checked_path, run_path
from recbole_opal.settings.values import parse_value
from recbole_opal.suggest import did_you_mean

__all__ = ["main"]

_FLAGS = {
    "kinds": f"searches to measure beside the exact one; default: {','.join(SWEPT_KINDS)}",
    "k": "items of a list; default: 50",
    "users": "users that are searched for, of more so many are drawn, always alike; default: 1000",
    "histories": "a file of histories; default: those of the test users of the run",
    "batch": "users searched at once, 1 as by a server that gets them one by one; default: 256",
    "threads": "threads of the search and of the building; default: 1",
    "stage": "best on validation, or a stage of the run; default: best",
    "out": "folder for index.md, index.csv and index.html; default: the folder of the run",
}
_NUMBERS = {"k": 50, "users": 1000, "batch": 256, "threads": 1}


def main(argv: Sequence[str]) -> int:
    """Run `index`; 0, or 2 after an error, which is one line on standard error."""

    def measure() -> None:
        asked = _asked(*read_arguments(argv))
        # Only now: a mistyped argument is told without waiting for torch.
        from recbole_opal.index_report.report import report

        report(asked, command(*argv, name="index"))

    return answer(argv, _help, measure)


def _asked(words: Sequence[str], flags: Mapping[str, str]) -> Asked:
    refuse_unknown(flags, _FLAGS, "index")
    if len(words) != 1:
        given = f"{len(words)} runs are named" if words else "no run is named"
        raise SettingsError(f"{given}; {_usage()}.")
    return Asked(
        folder=run_path(words[0]),
        kinds=_kinds(flags["kinds"]) if "kinds" in flags else SWEPT_KINDS,
        stage=flags.get("stage", "best"),
        histories=checked_path(flags["histories"], "histories") if "histories" in flags else None,
        out=checked_path(flags["out"], "out") if "out" in flags else None,
        **{name: _number(flags, name, default) for name, default in _NUMBERS.items()},
    )


def _kinds(text: str) -> list[str]:
    kinds = [kind.strip() for kind in text.split(",") if kind.strip()]
    for kind in kinds:
        if kind not in SWEPT_KINDS:
            hint = did_you_mean(kind, SWEPT_KINDS) or f"; choose from {', '.join(SWEPT_KINDS)}."
            raise SettingsError(f"--kinds: '{kind}' is no search beside the exact one{hint}")
    if not kinds:
        raise SettingsError(f"--kinds is empty; choose from {', '.join(SWEPT_KINDS)}.")
    return list(dict.fromkeys(kinds))


def _number(flags: Mapping[str, str], name: str, default: int) -> int:
    value = parse_value(flags[name]) if name in flags else default
    if type(value) is not int or not 1 <= value < 2**31:
        raise SettingsError(f"--{name}={flags[name]} must be a whole number from 1.")
    return value


def _usage() -> str:
    return f"usage: {command(name='index')} RUN [--kinds=hnsw,ivf-flat] [--k=50] [--out=DIR] ..."


def _help() -> str:
    return "\n".join([_usage(), "", *(f"  --{name}: {told}" for name, told in _FLAGS.items())])
