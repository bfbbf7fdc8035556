"""The command `export`: a trained model as a folder that others serve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recbole_opal.errors import SettingsError
from recbole_opal.process.program import command
from recbole_opal.process.shell import answer
from recbole_opal.settings.grammar import read_arguments
from recbole_opal.settings.paths import checked_path, run_path
from recbole_opal.settings.values import parse_value
from recbole_opal.suggest import did_you_mean

__all__ = ["main"]

_SWITCHES = {
    "index": "index.faiss, which finds the best items",
    "program": "encoder.pt2, the encoder by torch.export",
    "onnx": "encoder.onnx and query.py; needs the extra `export`",
    "parquet": "items.parquet; needs the extra `parquet`",
    "categories": "the items' categories, for lists that are diverse",
}
_FLAGS = {
    "out": "the folder of the bundle; needed",
    "stage": "best, or a stage by name; default: best",
    "retrieval": "the kind of the index; default: faiss, which is exact",
    "retrieval_args": "settings of the index, as \"{'nlist': 64}\"",
    "replace": "True: a bundle that is there goes when the new one is whole; default: False",
    "license": "of the model, for its card, as mit; default: not stated",
    "data_license": "of the data; default: what is known by the data set's name",
    **{name: f"False: without {meaning}" for name, meaning in _SWITCHES.items()},
}


def main(argv: Sequence[str]) -> int:
    """Write a bundle and print its path; an error is one line on standard error, and the code 2.

    Args:
        argv: what stands behind `export`.
    """
    return answer(argv, _help, lambda: _export(argv))


def _export(argv: Sequence[str]) -> None:
    run, out, given, replace = _parse(argv)
    # Imported only now: a mistyped flag is told without waiting for torch.
    from recbole_opal.exporting.bundle import Export, write_bundle

    print(f"bundle: {write_bundle(run, out, Export(**given), replace=replace)}")


def _parse(argv: Sequence[str]) -> tuple[Path, Path, dict[str, Any], bool]:
    """Return the run, the bundle, the fields of `Export` and whether to replace."""
    words, flags = read_arguments(argv, (*_SWITCHES, "replace"))
    for name in flags:
        if name not in _FLAGS:
            hint = did_you_mean(name, _FLAGS, "--") or f"; choose from {', '.join(_FLAGS)}."
            raise SettingsError(f"--{name} is not a flag of export{hint}")
    if len(words) != 1 or not flags.get("out"):
        wanted = "one run folder" if len(words) != 1 else "--out=FOLDER"
        raise SettingsError(f"export needs {wanted}; {_usage()}.")
    given: dict[str, Any] = {name: _truth(flags, name, True) for name in _SWITCHES}
    given |= {name: flags[name] for name in ("stage", "retrieval") if name in flags}
    given |= {"retrieval_settings": _mapping(flags)}
    given |= {
        field: " ".join(flags[name].split()) or None
        for name, field in (("license", "licence"), ("data_license", "data_licence"))
        if name in flags
    }
    run, out = run_path(words[0]), checked_path(flags["out"], "out")
    return run, out, given, _truth(flags, "replace", False)


def _truth(flags: Mapping[str, str], name: str, default: bool) -> bool:
    value = parse_value(flags[name]) if name in flags else default
    if not isinstance(value, bool):
        raise SettingsError(f"--{name}={flags[name]} must be True or False.")
    return value


def _mapping(flags: Mapping[str, str]) -> dict[str, Any]:
    text = flags.get("retrieval_args", "{}")
    value = parse_value(text)
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise SettingsError(
            f"--retrieval_args={text} is no mapping; write for example "
            "--retrieval_args=\"{'nlist': 64}\"."
        )
    return value


def _usage() -> str:
    return f"usage: {command(name='export')} RUN --out=FOLDER"


def _help() -> str:
    lines = [f"{_usage()} [--key=value ...]", ""]
    return "\n".join([*lines, *(f"  --{name}: {meaning}" for name, meaning in _FLAGS.items())])
