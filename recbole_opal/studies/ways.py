"""The ways through OPAL's stages that study 2 compares, each as a variant with its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recbole_opal.settings.fields import setting
from recbole_opal.side_by_side.variants import Variant
from recbole_opal.studies.options import Counts
from recbole_opal.studies.study import StudyOptions

__all__ = ["HARD_ONLY", "SOFT_ONLY", "THREE", "StagesOptions", "ways"]

_WITHOUT_SCHEDULE = 2000
"""Steps of all stages where no setting says how many; of a constant rate the percents' alone."""
SOFT_ONLY, HARD_ONLY, THREE = "soft only", "hard only", "three stages"
_BOTH = ("soft", "hard")


class StagesOptions(StudyOptions):
    """The flags of `stages`."""

    switch: Counts = setting(
        [10, 30, 70, 90], "percent of all steps after which the soft stage hands over, below 100"
    )
    steps: int | None = setting(
        None,
        "steps of all stages of a way together; None: twice schedule_steps, or 2,000; at a "
        "constant rate a stage ends by itself instead",
        ge=10,
        le=2**30,
        examples=[2000],
    )


def ways(options: Any, settings: Mapping[str, Any]) -> dict[str, Variant]:
    """Return the rows by their names: all of as many steps, or with stages that end themselves."""
    total, by_itself = _total(options, settings)

    def way(stages: Sequence[str] = _BOTH, **steps: int) -> Variant:
        own: dict[str, Any] = {"stages": list(stages)}
        own |= {"stage_windows": {"next": 1}} if "next" in stages else {}
        return Variant("OPAL", own | ({"stage_steps": steps} if steps else {}))

    three = [*_BOTH, "next"]
    if total is None:
        found = {"switch at convergence": way(), SOFT_ONLY: way(["soft"]), HARD_ONLY: way(["hard"])}
        found[THREE] = way(three)
        shares = {p: _share(p, _WITHOUT_SCHEDULE) for p in options.switch}
        named = {f"switch after {n} steps": way(soft=n) for n in shares.values()}
    else:
        half = total // 2
        whole = way() if by_itself else way(soft=half, hard=total - half)
        found = {"switch at half": whole}
        found |= {SOFT_ONLY: way(["soft"], soft=total), HARD_ONLY: way(["hard"], hard=total)}
        third = total // 3
        found[THREE] = way(three, soft=third, hard=third, next=total - 2 * third)
        shares = {p: _share(p, total) for p in options.switch}
        named = {f"switch at {p} %": way(soft=n, hard=total - n) for p, n in shares.items()}
    # Of two ways that are the same the first name counts: no run is compared with itself.
    return {n: v for n, v in (found | named).items() if n in found or v not in found.values()}


def _total(options: Any, settings: Mapping[str, Any]) -> tuple[int | None, bool]:
    """Return the steps of all stages together, and whether each of two takes half by itself.

    None: a constant rate, by which each stage goes on until it gains no more.
    """
    from recbole_opal.host.yaml_settings import default_settings

    recipe = "published" if settings.get("recipe") == "published" else "default"
    values = default_settings("OPAL", recipe) | dict(settings)
    steps = values["schedule_steps"]
    if options.steps is not None:
        return options.steps, False
    if values["learning_rate_schedule"] == "constant":
        return None, True
    # What is no number is refused with the rows.
    known = isinstance(steps, int) and steps > 0
    return (2 * steps, True) if known else (_WITHOUT_SCHEDULE, False)


def _share(percent: int, steps: int) -> int:
    return max(1, round(percent * steps / 100))
