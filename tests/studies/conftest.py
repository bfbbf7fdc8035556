"""Outcomes of studies that nobody trained: numbers as a test gives them."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Diagnostics, Row, spread
from recbole_opal.comparison.run_files import UserValues
from recbole_opal.report.charts.labels import text_width
from recbole_opal.studies.outcome import Outcome
from recbole_opal.studies.registry import STUDIES

USERS = [f"u{number:03}" for number in range(120)]
METRICS = ("recall@50", "ndcg@50", "category_diversity@50", "intra_list_similarity@50")


def rows_of(variant, seeds, value_of, stages):
    """Return a variant's rows and users; `value_of(variant, stage, metric)` is the mean."""
    rows, users = [], {}
    staged = stages if variant.name == "OPAL" else ("train",)
    for stage in staged:
        label = f"{variant.label} {stage}" if len(staged) > 1 else variant.label
        values = {}
        for metric in METRICS:
            mean, random = value_of(variant, stage, metric), np.random.default_rng(7)
            noise = random.normal(0, 0.01, (len(seeds), len(USERS)))
            values[metric] = mean + noise - noise.mean()
        users[label] = UserValues(USERS, values)
        test = {name: spread(each.mean(axis=1).tolist()) for name, each in values.items()}
        test["coverage@50"] = test["gini@50"] = spread([0.5] * len(seeds))
        rows.append(
            Row(
                label=label,
                variant=variant.text,
                model=variant.name,
                stage=stage,
                settings=dict(variant.settings),
                num_interests=variant.settings.get("num_interests"),
                runs={str(seed): f"../{label}-{seed}" for seed in seeds},
                valid={"recall@50": test["recall@50"]},
                test=test,
                train_seconds=spread([10.0 + len(variant.text)] * len(seeds)),
                epochs=spread([7] * len(seeds)),
                diagnostics=Diagnostics(cosine=0.25, usage_entropy=0.9, num_interests=4),
            )
        )
    return rows, users


def result_of(variants, seeds, value_of, folder, stages=("soft", "hard"), dataset="tiny"):
    """Return a comparison of these variants."""
    rows, users = [], {}
    for variant in variants:
        more, told = rows_of(variant, seeds, value_of, stages)
        rows, users = rows + more, users | told
    return ComparisonResult(
        dataset=dataset,
        command="python run_opal.py --dataset=tiny",
        seeds=list(seeds),
        metric="recall@50",
        versions={"torch": "2.13.0"},
        hardware="a processor, 2 cores",
        rows=rows,
        folder=folder,
        users=users,
    )


@pytest.fixture
def result_maker():
    return result_of


@pytest.fixture
def outcome_maker(tmp_path):
    """Return a function from a study's name and flags to an outcome of its comparisons."""

    def make(name, value_of=lambda *_: 0.3, *, seeds=(1, 2), stages=("soft", "hard"), **flags):
        study = STUDIES[name]
        options = study.Options.model_validate(flags)
        results = {
            part.name: result_of(
                part.variants, tuple(part.seeds) or seeds, value_of, tmp_path / part.name, stages
            )
            for part in study.parts(options, seeds, {})
        }
        return study, Outcome(options, results)

    return make


def numbers(text):
    return [float(each) for each in re.findall(r"-?\d+(?:\.\d+)?", text or "")]


def places_of(element):
    """Yield the points (x, y) between which an element of our pictures is drawn."""
    get = lambda name: float(element.get(name, 0))  # noqa: E731
    tag, kind = element.tag.rpartition("}")[2], (element.get("class") or "").split()
    if tag == "text":
        wide = text_width(element.text)
        back = wide / 2 if {"middle", "cell"} & set(kind) else wide if "end" in kind else 0.0
        yield from ((get("x") - back, get("y") - 9), (get("x") - back + wide, get("y") + 3))
    elif tag == "line":
        yield from ((get("x1"), get("y1")), (get("x2"), get("y2")))
    elif tag == "rect" and element.get("width") != "100%":
        yield from (
            (get("x"), get("y")),
            (get("x") + get("width"), get("y") + get("height")),
        )
    elif tag == "path" and element.get("transform"):
        x, y = numbers(element.get("transform"))
        yield from ((x - 5.6, y - 5.6), (x + 5.6, y + 5.6))
    elif tag == "path" and "centre" not in kind:
        found = numbers(element.get("d"))
        yield from zip(found[::2], found[1::2], strict=True)


@pytest.fixture
def outside():
    """Return a function that tells what of a picture reaches over its edge."""
    return reaching_out


def reaching_out(svg, slack=1.0):
    """Return what of a picture reaches over its edge; parsing tells that it is well-formed."""
    root = ElementTree.fromstring(svg)  # noqa: S314
    _, _, width, height = numbers(root.get("viewBox"))
    assert (root.get("width"), root.get("height")) == (f"{width:.0f}", f"{height:.0f}")
    return [
        (element.tag.rpartition("}")[2], element.text, x, y)
        for element in root.iter()
        for x, y in places_of(element)
        if not (-slack <= x <= width + slack and -slack <= y <= height + slack)
    ]
