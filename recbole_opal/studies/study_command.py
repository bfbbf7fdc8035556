"""The command `study`: answer a question by a comparison, or list the questions."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recbole_opal.errors import OpalError, SettingsError, TrainingError
from recbole_opal.process.program import command
from recbole_opal.process.shell import answer
from recbole_opal.settings.commandline import ComparisonOptions, Request, parse_arguments
from recbole_opal.settings.fields import check_section, typed
from recbole_opal.settings.grammar import read_arguments
from recbole_opal.settings.paths import checked_path
from recbole_opal.settings.values import load_settings_file, parse_value
from recbole_opal.suggest import did_you_mean

if TYPE_CHECKING:
    from recbole_opal.studies.study import Part, Study

__all__ = ["main"]

_OUT = "a folder to write the page and its pictures to, beside the comparison folder"


def main(argv: Sequence[str]) -> int:
    """Make a study; 0, 1 if a run failed, 2 after an error of one line on standard error."""
    return answer(argv, lambda: _help(argv), lambda: _act(argv))


def _act(argv: Sequence[str]) -> int:
    words, flags = read_arguments(argv)
    if not words and not flags:
        print(_listing())
        return 0
    study = _named(words)
    out = checked_path(flags.pop("out"), "out") if "out" in flags else None
    texts = {name: flags.pop(name) for name in study.Options.model_fields if name in flags}
    given = {name: parse_value(text) for name, text in texts.items()}
    options = study.Options.model_validate(check_section(study.Options, given))
    request = _request(study, flags)
    parts = study.parts(options, request.seeds, _in_files(request) | request.settings)
    _check(request, parts)
    line = command(*argv, name="study")
    try:
        return _make(study, options, request, parts, argv, out)
    except KeyboardInterrupt as interrupt:
        interrupt.command = line  # type: ignore[attr-defined]
        raise


def _named(words: Sequence[str]) -> Study:
    from recbole_opal.studies.registry import STUDIES

    if len(words) != 1:
        told = f"{len(words)} studies are named" if words else "no study is named"
        raise SettingsError(f"{told}; write one of {', '.join(STUDIES)} first.")
    if words[0] not in STUDIES:
        hint = did_you_mean(words[0], STUDIES) or f"; choose from {', '.join(STUDIES)}."
        raise SettingsError(f"'{words[0]}' is not a study{hint}")
    return STUDIES[words[0]]


def _request(study: Study, flags: Mapping[str, str]) -> Request:
    """Return what is asked for in all rows, as `run` reads it; the study names the rows."""
    if "model" in flags:
        raise SettingsError(f"--model: the rows of {study.name} are fixed; leave it away.")
    if "resume" in flags:
        raise SettingsError("--resume: a study goes on by giving its command again; leave it away.")
    for setting, flag in study.varied.items():
        if setting in flags:
            raise SettingsError(
                f"--{setting} is what {study.name} varies; write --{flag}=... to choose its values."
            )
    several = "OPAL,MIND"  # so that --jobs is not refused; the parts name the models
    request = parse_arguments([f"--{n}={t}" for n, t in flags.items()] + [f"--model={several}"])
    given = _in_files(request)
    own = {name: value for name, value in study.defaults.items() if name not in given}
    return replace(request, settings=own | request.settings)


def _in_files(request: Request) -> dict[str, Any]:
    """Return the settings that files give, of later ones the last."""
    files = [load_settings_file(path) for path in request.config_files]
    return {name: value for content in files for name, value in content.items()}


def _check(request: Request, parts: Sequence[Part]) -> None:
    from recbole_opal.host import require_recbole
    from recbole_opal.host.yaml_settings import refuse_wrong_flags

    require_recbole()
    models = [variant.model for part in parts for variant in part.variants]
    refuse_wrong_flags(request.settings, list(dict.fromkeys(models)))


def _make(
    study: Study,
    options: Any,
    request: Request,
    parts: Sequence[Part],
    argv: Sequence[str],
    out: Path | None,
) -> int:
    # Only now: a mistyped argument is told without waiting for torch.
    from recbole_opal.side_by_side.compare import compare_request
    from recbole_opal.studies.outcome import Outcome
    from recbole_opal.studies.page import write_page

    line = command(*argv, name="study")
    results = {}
    for part in parts:
        model = ",".join(variant.text for variant in part.variants)
        asked = replace(request, model=model, seeds=tuple(part.seeds) or request.seeds)
        results[part.name] = compare_request(asked, line)
    outcome = Outcome(options, results)
    folders = [outcome.main.folder, *([] if out is None else [out])]
    pages = write_page(study, outcome, _portable(argv), folders)
    if outcome.measured:
        print("\n".join(study.readings(outcome)))
    failed = [row.label for result in results.values() for row in result.failed]
    if failed:
        told = f"runs failed: {', '.join(failed)}; the same command tries them again."
        print(f"error: {told}", file=sys.stderr)
    _warn_of_check(pages[-1])
    print(f"page: {pages[-1]}")
    print(f"comparison folder: {outcome.main.folder}")
    return TrainingError.exit_code if failed else 0


def _warn_of_check(page: Path) -> None:
    """Tell where the block of a page's own check, which it keeps, no longer fits the page."""
    from recbole_opal.verification.pages import figure_in, is_stated

    try:
        figure = figure_in(page)
        if figure is None or is_stated(figure, page):
            return
        told = f"{page} says {figure.stated:g} no more; mend its block `yaml verify`."
    except OpalError as error:
        told = str(error)
    print(f"warning: {told}", file=sys.stderr)


def _portable(argv: Sequence[str]) -> str:
    """Return the command as it works anywhere: a page is read on other machines."""
    return shlex.join(["python", "-m", "recbole_opal", "study", *argv])


def _usage() -> str:
    shown = (
        "NAME --dataset=NAME [--seeds=1,2,3] [--jobs=2] [--tune=8] [--out=DIR] [--key=value ...]"
    )
    return f"usage: {command(name='study')} {shown}"


def _listing() -> str:
    from recbole_opal.studies.registry import STUDIES

    lines = [_usage(), ""]
    for study in STUDIES.values():
        lines += [f"  {study.name}: {study.question}"]
    return "\n".join(lines)


def _help(argv: Sequence[str]) -> str:
    from recbole_opal.studies.registry import STUDIES

    lines = [_listing(), ""]
    for study in STUDIES.values():
        for flag, field in study.Options.model_fields.items():
            default = typed(field.default)
            lines.append(f"  {study.name} --{flag}: {field.description}; default: {default}")
    options = ComparisonOptions.model_fields.items()
    lines += ["", *(f"  --{flag}: {field.description}" for flag, field in options)]
    lines += [
        f"  --out: {_OUT}",
        "",
        "Any other --key=value is a setting of all rows that know it.",
    ]
    return "\n".join(lines)
