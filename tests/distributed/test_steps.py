"""Steps of several processes, each with its part of a batch, equal steps with the joint batch."""

import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

import steps  # noqa: E402

PUBLISHED = {"similarity": "inner_product", "temperature": 1.0, "routing": "target"}
CASES = {
    "soft": {"name": "OPAL"},
    "hard": {"name": "OPAL", "stage": "hard", "unique_weight": 1.0},
    "one": {"name": "OPAL", "num_interests": 1},
    "maximum": {"name": "OPAL", "stage": "hard", "scoring": "maximum", "fusion": "fixed"},
    "recency": {"name": "OPAL", "recency": "both"},
    "clipped": {
        "name": "OPAL",
        "item_gradient": "dense",
        "learner": {"clip_grad_norm": {"max_norm": 0.01}},
    },
    "dropout": {"name": "YouTubeDNN", "dropout_prob": 0.3},
    "single": {"name": "YouTubeDNN"},
    "attention": {"name": "ComiRecSA", **PUBLISHED, "negative_sampling": "log_uniform"},
    "routing": {"name": "ComiRecDR"},
    "mind": {"name": "MIND", "routing": "attention", "dynamic_interests": True},
    "remi": {"name": "REMI", **PUBLISHED, "hardness": 2.0},
    "in batch": {"name": "REMI", "negative_sampling": "in_batch"},
    "popularity": {"name": "YouTubeDNN", "negative_sampling": "popularity"},
    "times": {"name": "PIMI", "graph_layers": 2},
    "mixture": {"name": "GaussianMixture"},
}


@pytest.mark.parametrize("number", [2, 3])
def test_steps_of_several_processes_equal_those_with_the_joint_batch(
    start_processes, tmp_path, number
):
    """The batches have 9, 7 and 1 rows: uneven parts, and processes without any."""
    for process in start_processes(number, lambda: steps.train_shared(tmp_path, CASES)):
        assert process.wait() == 0, process.said()
    for name, case in CASES.items():
        alone = steps.train(**case)
        first, *others = (torch.load(tmp_path / f"{name}-{n}.pt") for n in range(number))
        for found in others:
            assert found["losses"] == first["losses"], name
            assert torch.equal(found["draw"], first["draw"]), name
            for key, value in found["weights"].items():
                assert torch.equal(value, first["weights"][key]), (name, key)
        for own, joint in zip(alone["losses"], first["losses"], strict=True):
            assert joint == pytest.approx(own, rel=1e-6, abs=1e-9), name
        assert torch.equal(alone["draw"], first["draw"]), name
        for key, value in alone["weights"].items():
            assert torch.allclose(first["weights"][key], value, rtol=0, atol=1e-8), (name, key)
