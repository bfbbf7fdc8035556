"""The command `export`: a trained model as a folder that others serve."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from recbole_opal.errors import SettingsError
from recbole_opal.exporting.options import Export
from recbole_opal.process.program import command
from recbole_opal.process.shell import answer
from recbole_opal.settings.fields import check_section
from recbole_opal.settings.flags import described, refuse_unknown, truth
from recbole_opal.settings.grammar import read_arguments
from recbole_opal.settings.paths import checked_path, run_path
from recbole_opal.settings.values import parse_value

__all__ = ["main"]

_FLAGS = ("out", "replace", *Export.model_fields)
_SWITCHES = tuple(name for name, field in Export.model_fields.items() if field.annotation is bool)


def main(argv: Sequence[str]) -> int:
    """Write a bundle and print its path; an error is one line on standard error, and the code 2.

    Args:
        argv: what stands behind `export`.
    """
    return answer(argv, _help, lambda: _export(argv))


def _export(argv: Sequence[str]) -> None:
    run, out, export, replace = _parse(argv)
    # Imported only now: a mistyped flag is told without waiting for torch.
    from recbole_opal.exporting.bundle import write_bundle

    print(f"bundle: {write_bundle(run, out, export, replace=replace)}")


def _parse(argv: Sequence[str]) -> tuple[Path, Path, Export, bool]:
    """Return the run, the bundle, what goes into it and whether it replaces another."""
    words, flags = read_arguments(argv, ("replace", *_SWITCHES))
    refuse_unknown(flags, _FLAGS, "export")
    if len(words) != 1 or not flags.get("out"):
        wanted = "one run folder" if len(words) != 1 else "--out=FOLDER"
        raise SettingsError(f"export needs {wanted}; {_usage()}.")
    values = {name: parse_value(text) for name, text in flags.items()}
    export = Export.model_validate(check_section(Export, values))
    run, out = run_path(words[0]), checked_path(flags["out"], "out")
    return run, out, export, truth(flags, "replace", False)


def _usage() -> str:
    return f"usage: {command(name='export')} RUN --out=FOLDER"


def _help() -> str:
    lines = [
        f"{_usage()} [--key=value ...]",
        "",
        "RUN is a finished run folder, or a bundle.",
        "",
        "  --out: the folder of the bundle; needed",
        "  --replace: a bundle that is there goes when the new one is whole; default: False",
    ]
    return "\n".join([*lines, *described(Export)])
