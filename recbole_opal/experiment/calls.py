"""One run from settings to a run folder: what the command and `recbole_opal.run` do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from recbole_opal.distributed.group import process_group
from recbole_opal.experiment.following import opened
from recbole_opal.experiment.session import RunResult, Session
from recbole_opal.host import quiet_deprecations
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.continued import MAY_CHANGE, continued_config
from recbole_opal.host.memory import telling_memory
from recbole_opal.host.stumbles import telling_upstream
from recbole_opal.process.caller import alone
from recbole_opal.settings import Request
from recbole_opal.settings.border import path_given, paths_given
from recbole_opal.settings.places import naming

__all__ = ["resume", "run", "run_request"]


@alone
def run(
    model: str | type[Any],
    dataset: Any,
    *,
    config_files: str | Path | Sequence[str | Path] = (),
    **settings: Any,
) -> RunResult:
    """Train and evaluate a model; the same as the command with `--model=... --dataset=...`.

    The calling process is given back as it was, the states of its random generators among it: a
    run draws from its own `seed`, and neither advances nor seeds those of the caller. Runs of
    several threads wait for each other: those generators are the process's.

    Args:
        model: the name of one of our models or of RecBole's, or a class of your own; see
            `MultiInterestNetwork`.
        dataset: name of the data set, or a data frame of pandas, polars or Arrow, which is kept as
            the data set `frame-DIGEST` in `data_path`.
        config_files: yaml files with more settings.
        **settings: any setting by its name, typed: `num_interests=8`; with a data frame also what
            `recbole_opal.convert` takes, as `user="u", item="i", time="t", label="rating>=4"`.

    Raises:
        OpalError: settings or data are wrong, or training cannot go on.

    Examples:
        >>> import recbole_opal  # doctest: +SKIP
        >>> result = recbole_opal.run("OPAL", "ml-100k", num_interests=8)  # doctest: +SKIP
        >>> result.stages["soft"]["test"]["recall@50"]  # doctest: +SKIP
    """
    from recbole_opal.conversion.frames import named_dataset

    with process_group():
        dataset, settings = named_dataset(
            dataset, settings, paths_given("config_files", config_files)
        )
        config = OpalConfig(model, dataset, settings, config_files)
        with (
            quiet_deprecations(),
            naming(config.places),
            telling_upstream(config),
            telling_memory(),
        ):
            return Session(config).start()


@alone
def resume(folder: str | Path, *, model: type[Any] | None = None, **settings: Any) -> RunResult:
    """Continue a run that was stopped, exactly as if it had not been.

    A run that ended because `epochs` were reached can be given more of them.

    Args:
        folder: the run folder.
        model: the class of a model of your own that was typed into a session, where nothing else
            finds it.
        **settings: new values of the few settings that may change: epochs, show_progress,
            state, tensorboard, tracking, gpu_id, use_gpu, data_path.

    Raises:
        OpalError: the folder is damaged, or a setting may not change.
    """
    place = path_given("resume", folder)
    with process_group(), opened(place) as run_folder, quiet_deprecations():
        config = continued_config(run_folder, settings, model)
        with naming(config.places, MAY_CHANGE), telling_upstream(config), telling_memory():
            return Session(config).go_on(run_folder)


def run_request(request: Request) -> RunResult:
    """Do what a command line asks for; see `run` and `resume`."""
    if request.resume is not None:
        return resume(request.resume, **request.settings)
    return run(
        request.model, request.dataset, config_files=request.config_files, **request.settings
    )
