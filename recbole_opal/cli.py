"""The one dispatcher: `recbole-opal [COMMAND] ...`, which trains where no command is named.

Little is imported before something is asked for: Ctrl-C in that time could only be a traceback, and
a mistyped flag is told without waiting for torch and RecBole.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from recbole_opal.distributed.launch import is_first
from recbole_opal.errors import INTERRUPTED, SettingsError, TrainingError
from recbole_opal.process.shell import answer, end_process, tell
from recbole_opal.version import __version__

if TYPE_CHECKING:
    from recbole_opal.settings.commandline import Request

__all__ = ["COMMANDS", "console", "main", "run"]

COMMANDS = {
    "run": ("cli:run", "train and evaluate, or compare; also the default"),
    "runs": ("run_list.runs_command:main", "list, show, compare and remove runs"),
    "report": ("report.report_command:main", "draw the page of a comparison again, or of runs"),
    "study": ("studies.study_command:main", "answer a question by a comparison, with a picture"),
    "recommend": ("recommending.recommend_command:main", "recommend by a run or a bundle"),
    "index": ("index_report.index_command:main", "measure approximate searches over a run's items"),
    "export": ("exporting.export_command:main", "make a folder of a run that others can serve"),
    "serve": ("server.serve_command:main", "answer requests over HTTP with a trained model"),
    "convert": ("conversion.convert_command:main", "make a data set of a raw log"),
    "describe": ("description.describe_command:main", "say what a data set holds"),
    "synthesize": ("synthesis.synthesize_command:main", "draw a data set of any size"),
    "doctor": ("doctor.doctor_command:main", "say what is installed here, and whether it works"),
    "verify": ("verification.verify_command:main", "make figures of the results pages again"),
}
"""Each command's `main(argv) -> int`, imported when the command is given, and its meaning."""


def console() -> None:
    """Run the command that the process was started for, and end the process with its code."""
    end_process(main)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command, by default that of the process; an error is one line on standard error.

    The code is 0, the error's `exit_code` (2: the settings or the data, 1: the training, also of
    one run of a comparison), or 130 after Ctrl-C.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    name = "run"
    if arguments and re.fullmatch(r"[^\W\d]\w*", arguments[0]):
        name, *arguments = arguments
    if name not in COMMANDS:
        from recbole_opal.suggest import did_you_mean

        hint = did_you_mean(name, COMMANDS) or f"; choose from {', '.join(COMMANDS)}."
        return tell(SettingsError(f"'{name}' is not a command{hint}"))
    from importlib import import_module

    module, _, function = COMMANDS[name][0].partition(":")
    try:
        code: int = getattr(import_module(f"recbole_opal.{module}"), function)(arguments)
    except KeyboardInterrupt as interrupt:
        if is_first():
            print(_how_to_go_on(interrupt, name), file=sys.stderr)
        return INTERRUPTED
    return code


def run(argv: Sequence[str]) -> int:
    """Train a model or compare several; the last line is `run folder: PATH` or `comparison ...`."""
    if "--version" in argv:
        print(f"recbole-opal {__version__}")
        return 0

    def explain() -> str:
        from recbole_opal.help import help_text, topic_of

        return help_text(topic_of(argv), {name: told for name, (_, told) in COMMANDS.items()})

    return answer(argv, explain, lambda: _train(argv))


def _train(argv: Sequence[str]) -> int:
    from recbole_opal.settings.commandline import parse_arguments

    request = parse_arguments(argv)
    _refuse_slips(request)
    return _compare(request, argv) if request.compares else _run(request)


def _refuse_slips(request: Request) -> None:
    """Refuse all of a request that can be told to be wrong without torch and RecBole."""
    from recbole_opal.data.data_folder import data_root, require_data_folder
    from recbole_opal.host import require_recbole
    from recbole_opal.host.yaml_settings import refuse_wrong_flags

    require_recbole()
    if request.resume is not None:
        from recbole_opal.runs import RunReader

        RunReader.open(request.resume)
        return
    if request.compares:
        _refuse_slips_of_variants(request)
    else:
        refuse_wrong_flags(request.settings, [request.model])
    root = data_root(request.dataset, request.settings, request.config_files)
    if root is not None:
        require_data_folder(root / request.dataset, request.dataset)


def _refuse_slips_of_variants(request: Request) -> None:
    from recbole_opal.host.yaml_settings import refuse_wrong_flags
    from recbole_opal.side_by_side.variants import parse_variants

    variants = parse_variants(request.model)
    refuse_wrong_flags(request.settings, [variant.model for variant in variants])
    for variant in variants:
        try:
            refuse_wrong_flags(variant.settings, [variant.model])
        except SettingsError as error:
            raise SettingsError(f"{variant.label}: {error}") from error


def _run(request: Request) -> int:
    from recbole_opal.console.result_tables import interests_table, result_table
    from recbole_opal.console.screen import screen
    from recbole_opal.evaluation.diagnostics import collapse_warning
    from recbole_opal.experiment import next_steps, run_request

    result = run_request(request)
    if not is_first():
        return 0
    console = screen()
    part = "test" if "test" in result.stages[result.best_stage] else "valid"
    console.print(result_table(result.stages, result.best_stage, part))
    interests = interests_table(result.stages, collapse_warning)
    if interests is not None:
        console.print(interests)
    # Not through rich, which would wrap a long path.
    for line in (*next_steps(result), f"run folder: {result.folder}"):
        print(line)
    return 0


def _compare(request: Request, arguments: Sequence[str]) -> int:
    from recbole_opal.comparison.table_formats import on_screen
    from recbole_opal.console.screen import screen
    from recbole_opal.process.program import command
    from recbole_opal.side_by_side.compare import compare_request

    line = command(*arguments)
    try:
        result = compare_request(request, line)
    except KeyboardInterrupt as interrupt:
        interrupt.command = line  # type: ignore[attr-defined]
        raise
    console = screen()
    for part in on_screen(result, console.width):
        console.print(part)
    if result.failed:
        labels = ", ".join(row.label for row in result.failed)
        print(f"error: runs failed: {labels}; the same command tries them again.", file=sys.stderr)
    if (result.folder / "report.html").is_file():
        print(f"report: {result.folder / 'report.html'}")
    print(f"comparison folder: {result.folder}")
    return TrainingError.exit_code if result.failed else 0


def _how_to_go_on(interrupt: KeyboardInterrupt, name: str) -> str:
    """Say how a stopped run is continued; the trainer hangs its folder on the exception."""
    from recbole_opal.process.program import command

    if hasattr(interrupt, "command"):
        return f"interrupted; the same command goes on: {interrupt.command}"
    if name != "run":
        return "interrupted; nothing has been written, give the same command again."
    if hasattr(interrupt, "folder"):
        return f"interrupted; continue with: {command(f'--resume={interrupt.folder}')}"
    return "interrupted before anything was saved; give the same command again."
