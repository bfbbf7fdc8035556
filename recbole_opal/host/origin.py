"""What a run is made from, told alike by the run itself and by a plan that looks for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from recbole_opal.evaluation.registry import own_classes
from recbole_opal.host.config import OpalConfig
from recbole_opal.own_models import source_digests
from recbole_opal.runs.machine import machine_of
from recbole_opal.runs.origin import Origin, data_digests

__all__ = ["origin_of", "sources_of"]


def origin_of(
    config: OpalConfig, data: Mapping[str, str] | None = None, threads: int | None = None
) -> Origin:
    """Return what a run is made from, by which it is found again.

    Args:
        config: the settings of the run.
        data: the digests of its data files, if they are known; None: the files are read.
        threads: of the process that is to compute it; None: this one computes it.
    """
    if data is None:
        data = data_digests(Path(config["data_path"]), config["dataset"], config["load_col"])
    return Origin.of(config.as_plain_dict(), data, machine_of(config, threads), sources_of(config))


def sources_of(config: OpalConfig) -> dict[str, str]:
    """Return the digests of the files of the user's own model and metrics, by class."""
    return source_digests(config.model_class, *own_classes(config["metrics"]))
