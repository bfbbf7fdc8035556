"""Steps of several processes, each with its part of a batch, equal steps with the joint batch."""

import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))

import steps  # noqa: E402

PUBLISHED = {"similarity": "inner_product", "temperature": 1.0, "routing": "target"}
# Adam would blow up the noise of the attention's key bias, whose gradient is none
PLAIN = {"learner": {"learner": "sgd", "learning_rate": 0.5}}
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
    "codes": {"name": "VQCodebook", "num_codes": 12},
    "codes by gradient": {"name": "VQCodebook", "num_codes": 12, "codebook_update": "gradient"},
    "halves": {"name": "CMI", "dropout_prob": 0.2, "recency": "place"},
    "contrast": {"name": "CMI", "contrastive_weight": 5.0},
    "intentions": {"name": "DSSRec", "transformer_layers": 1, **PLAIN},
    "intentions kept": {"name": "DSSRec", "seq2seq_share": 0.15, "dropout_prob": 0.2, **PLAIN},
    "next items": {"name": "DSSRec", "seq2item": "next_item", "seq2seq_weight": 0.0, **PLAIN},
    "flows": {"name": "Re4", "recontrast_weight": 0.5, "reconstruct_weight": 0.5},
    "flows in batch": {"name": "Re4", "negative_sampling": "in_batch", "dropout_prob": 0.2},
}
DRAWN_APART = {"layers": {"name": "DSSRec", "transformer_dropout": 0.3, **PLAIN}}
"""What each process draws for itself, inside torch's layers."""


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


def test_what_processes_draw_apart_leaves_their_generators_alike(start_processes, tmp_path):
    """Else they would train against other negatives, and each would drop what the other does."""
    for process in start_processes(2, lambda: steps.train_shared(tmp_path, DRAWN_APART)):
        assert process.wait() == 0, process.said()
    first, other = (torch.load(tmp_path / f"layers-{n}.pt") for n in range(2))
    assert torch.equal(first["draw"], other["draw"])
    assert first["losses"] == other["losses"]
    for key, value in other["weights"].items():
        assert torch.equal(value, first["weights"][key]), key


def test_processes_draw_other_numbers_apart_and_the_same_behind_it(start_processes, tmp_path):
    for process in start_processes(2, lambda: steps.draw_apart(tmp_path)):
        assert process.wait() == 0, process.said()
    first, other = (torch.load(tmp_path / f"{n}.pt") for n in range(2))
    assert torch.equal(first[1], other[1])
    apart = torch.stack([*first[0], *other[0]])
    assert len(apart.unique(dim=0)) == 4  # of two processes, two blocks each
