"""Models that count the data count all of it, whatever bounds an epoch of the others."""

import pytest

import recbole_opal


@pytest.fixture
def test_metrics(quick_settings):
    names = ("data_path", "checkpoint_dir", "topk", "valid_metric", "tensorboard", "show_progress")
    settings = {name: quick_settings[name] for name in names}

    def of(model, **changes):
        result = recbole_opal.run(model, "tiny", **settings | changes)
        return result.stages["train"]["test"]

    return of


@pytest.mark.parametrize("model", ["Pop", "ItemKNN", "EASE"])
@pytest.mark.parametrize(
    "bound",
    [
        {"epoch_rows": 5},
        {"epoch_rows": 5, "seed": 1},
        {"max_train_seconds": 1e-9, "train_batch_size": 3},
        {"train_batch_size": 7, "shuffle": False},
        {"train_batch_size": 3, "learning_rate_schedule": "linear", "schedule_steps": 1},
        {"epochs": 5, "eval_step": 3, "stopping_step": 1},
    ],
)
def test_bounds_of_an_epoch_are_none_of_theirs(test_metrics, model, bound):
    assert test_metrics(model, **bound) == test_metrics(model)


def test_epoch_rows_still_bounds_what_learns_by_steps(test_metrics):
    assert test_metrics("BPR", epoch_rows=5, epochs=1) != test_metrics("BPR", epochs=1)
