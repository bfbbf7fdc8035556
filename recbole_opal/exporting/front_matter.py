"""The YAML at the head of a model card, as model hubs read it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from recbole_opal.evaluation.direction import title_of
from recbole_opal.exporting.measured import Measured

__all__ = ["front_matter"]

_HUB_ID = re.compile(r"[a-z0-9][a-z0-9.-]*")
_TAGS = ["recommendation", "candidate-retrieval", "multi-interest", "sequential-recommendation"]


def front_matter(name: str, dataset: str, values: Sequence[Measured], licence: str | None) -> str:
    """Return the head of a card between its `---` lines.

    Args:
        name: of the model.
        dataset: its name.
        values: test metrics; none: the model was not tested, and nothing is said of them.
        licence: of the model, an id that hubs know such as `mit`, or any text; None: not stated.
    """
    head: dict[str, Any] = {"library_name": "recbole-opal", "tags": _TAGS}
    head |= _licence(licence)
    if values:
        head["model-index"] = [{"name": name, "results": [_result(dataset, values)]}]
    text = yaml.safe_dump(head, sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{text}---\n"


def _licence(licence: str | None) -> Mapping[str, str]:
    if not licence:
        return {}
    if _HUB_ID.fullmatch(licence):
        return {"license": licence}
    return {"license": "other", "license_name": licence}


def _result(dataset: str, values: Sequence[Measured]) -> dict[str, Any]:
    return {
        "task": {"type": "recommendation", "name": "Candidate retrieval"},
        "dataset": {"name": dataset, "type": dataset},
        "metrics": [
            {"type": each.name, "name": title_of(each.name), "value": round(each.value, 6)}
            for each in values
        ],
    }
