"""Side by side from the request to the tables: what the command and `recbole_opal.compare` do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from recbole_opal.comparison.differences import add_differences
from recbole_opal.comparison.machines import hardware, package_versions
from recbole_opal.comparison.result import ComparisonResult, Tuning
from recbole_opal.comparison.run_files import load_metrics
from recbole_opal.comparison.table_formats import write_tables
from recbole_opal.distributed.launch import launched
from recbole_opal.errors import SettingsError
from recbole_opal.own_models import address_of, is_ours
from recbole_opal.process.caller import leaves_no_trace
from recbole_opal.report.write import write_report
from recbole_opal.runs import RunReader
from recbole_opal.runs.atomic import sweep, write_bytes, write_error
from recbole_opal.runs.encoding import encode_yaml
from recbole_opal.runs.lock import exclusive
from recbole_opal.settings import Request
from recbole_opal.settings.border import paths_given, plain_value, text_given
from recbole_opal.settings.commandline import checked_options
from recbole_opal.side_by_side.collecting import rows_of
from recbole_opal.side_by_side.comparison_progress import ComparisonProgress
from recbole_opal.side_by_side.execution import Ending, Execution
from recbole_opal.side_by_side.known_runs import computed_elsewhere
from recbole_opal.side_by_side.planning import Plan, PlannedRun, make_plan
from recbole_opal.side_by_side.tracked_comparison import track_comparison
from recbole_opal.side_by_side.tuned_variants import tune_all
from recbole_opal.side_by_side.variants import Variant, parse_variants
from recbole_opal.tracking import require_tracker

__all__ = ["compare", "compare_request"]

Models: TypeAlias = "str | Variant | type[Any] | Sequence[str | Variant | type[Any]]"


@leaves_no_trace
def compare(
    models: Models,
    dataset: Any,
    *,
    seeds: Sequence[int] = (),
    tune: int = 0,
    tune_seconds: float | None = None,
    tune_steps: int | None = None,
    jobs: int = 1,
    config_files: str | Path | Sequence[str | Path] = (),
    **settings: Any,
) -> ComparisonResult:
    """Train and test several models under one protocol; the same as the command with `--model=A,B`.

    Runs that were done before are used again, runs that were cut off go on.

    Args:
        models: names, with settings of their own behind `@`, or classes of your own, which stand
            in a file that can be imported: `["OPAL@num_interests=8", MyModel]`.
        dataset: name of the data set, or a data frame, with `user="u"` and the like; see `run`.
        seeds: one run each for every model; none takes the `seed` setting.
        tune: number of settings tried a model, on validation only; 0 tries none.
        tune_seconds: `max_train_seconds` of each trial; None takes that of the runs.
        tune_steps: most steps of each stage of a trial, at the end of which a falling rate is
            zero: the same work for every model, on any machine; None takes that of the runs.
        jobs: how many runs go at once, each in a process of its own.
        config_files: yaml files with more settings.
        **settings: go to each model that knows them.

    Returns:
        The table. A run that fails is told in its row's `error`, it raises nothing.

    Raises:
        OpalError: settings or data are wrong; nothing was trained then.
    """
    from recbole_opal.conversion.frames import named_dataset

    _require_alone()
    variants = _variants(models)
    given = {"seeds": seeds, "tune": tune, "jobs": jobs}
    given |= {"tune_seconds": tune_seconds, "tune_steps": tune_steps}
    options = checked_options({name: plain_value(name, value) for name, value in given.items()})
    files = paths_given("config_files", config_files)
    dataset, settings = named_dataset(dataset, settings, files)
    plan = make_plan(variants, dataset, **options, config_files=files, settings=settings)
    # How many go at once is no part of the request: with other `jobs` it goes on all the same.
    asked = options | {"seeds": list(options["seeds"]), "jobs": None} | plan.shared
    words = [repr([variant.text for variant in variants]), repr(plan.dataset)]
    words += [f"{name}={value!r}" for name, value in asked.items() if value not in (None, [])]
    return _compare(plan, f"recbole_opal.compare({', '.join(words)})")


@leaves_no_trace
def compare_request(request: Request, command: str) -> ComparisonResult:
    """Do what a command line, parsed as `request`, asks for; it raises what `compare` does."""
    _require_alone()
    plan = make_plan(
        parse_variants(request.model),
        request.dataset,
        seeds=request.seeds,
        tune=request.tune,
        tune_seconds=request.tune_seconds,
        tune_steps=request.tune_steps,
        jobs=request.jobs,
        config_files=request.config_files,
        settings=request.settings,
    )
    return _compare(plan, command)


def _require_alone() -> None:
    """Refuse to be one of several processes, each of which would make the same runs."""
    if launched() is not None:
        raise SettingsError(
            "torchrun lets several processes train one model, and this asks for several runs; "
            "start it without torchrun: --jobs=N has N runs at once."
        )


def _variants(models: Any) -> list[Variant]:
    """Return what is compared; a single text may name several models."""
    alone = isinstance(models, str | type) or getattr(models, "ndim", 1) == 0
    variants: list[Variant] = []
    for model in models if isinstance(models, Iterable) and not alone else [models]:
        if isinstance(model, Variant):
            variants.append(model)
        elif isinstance(model, type):
            variants.append(Variant(model.__name__ if is_ours(model) else address_of(model)))
        else:
            variants += parse_variants(text_given("model", model))
    if not variants:
        raise SettingsError("no model is named; write for example models=['OPAL', 'MIND'].")
    return variants


def _compare(plan: Plan, command: str) -> ComparisonResult:
    shown, kind = plan.shared.get("show_progress", True), plan.shared.get("tracking")
    require_tracker(kind)
    telling = ComparisonProgress(enabled=shown, metric=plan.metric, bigger=plan.bigger)
    with own_folder(plan.folder), telling as progress:
        progress.message(f"comparison folder: {plan.folder}")
        execution = Execution(plan.folder / "logs", plan.jobs, progress)
        tuning, untuned = tune_all(plan, execution, progress)
        runs = [
            plan.run(variant, seed, **tuning.found.get(variant.label, {}))
            for variant in plan.variants
            if variant.label not in untuned
            for seed in plan.seeds
        ]
        write_plan(plan, command, runs)
        again = computed_elsewhere(runs, plan.parent)
        if again is not None:
            progress.message(again)
        endings = execution.do(runs, plan.parent)
        result = _collected(plan, command, tuning, untuned, [*zip(runs, endings, strict=True)])
        progress.message("testing the differences over users")
        add_differences(result)
        write_tables(result)
        if any(row.measured for row in result.rows):
            write_report(result.folder)
        if kind is not None:
            track_comparison(kind, result)
    return result


@contextmanager
def own_folder(folder: Path) -> Iterator[None]:
    """Make the comparison folder, keep others out while the block runs, tidy up after a kill."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, 0, error) from error
    with exclusive(folder):
        sweep(folder)  # only now: the files of one that goes on are not ours
        yield


def write_plan(plan: Plan, command: str, runs: Sequence[PlannedRun]) -> None:
    """Write plan.yaml: what was asked, and the digest of each run's settings."""
    content = {
        "command": command,
        "dataset": plan.dataset,
        "data": dict(plan.data),
        "models": [variant.text for variant in plan.variants],
        "seeds": plan.seeds,
        "tune": plan.tune,
        "settings": plan.shared,
        "runs": {run.name: run.origin.settings for run in runs},
    }
    write_bytes(plan.folder / "plan.yaml", encode_yaml(content))


def _collected(
    plan: Plan,
    command: str,
    tuning: Tuning,
    untuned: Mapping[str, str],
    done: Sequence[tuple[PlannedRun, Ending]],
) -> ComparisonResult:
    """Return the rows of all variants, of those that could not be tuned with the reason."""
    ended = {
        label: {seed: Ending(None, reason) for seed in plan.seeds}
        for label, reason in untuned.items()
    }
    for run, ending in done:
        ended.setdefault(run.variant.label, {})[run.seed] = ending
    rows = []
    for variant in plan.variants:
        settings = plan.given(variant) | tuning.found.get(variant.label, {})
        rows += rows_of(variant, settings, ended[variant.label], plan.folder)
    folders = sorted({ending.folder for _, ending in done if ending.folder})
    measured = [load_metrics(RunReader.open(path)) for path in folders]
    versions = [run.versions.model_dump() for run in measured]
    return ComparisonResult(
        folder=plan.folder,
        dataset=plan.dataset,
        command=command,
        seeds=list(plan.seeds),
        metric=plan.metric,
        versions=package_versions(versions),
        hardware=hardware(versions),
        tuning=tuning if plan.tune else None,
        own_metrics={name: own for run in measured for name, own in run.own_metrics.items()},
        rows=rows,
    )
