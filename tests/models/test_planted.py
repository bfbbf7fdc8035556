"""OPAL finds categories that were planted in a log, and fails to where it should.

An item's category is the hyper-category it is closest to. Nothing but which items users watch
tells the categories apart. Measured values stand beside the bounds.
"""

import functools

import numpy as np
import pytest
from recbole.utils import init_seed
from sklearn.metrics import normalized_mutual_info_score

from recbole_opal.host.config import OpalConfig
from recbole_opal.host.prepare import prepare_data
from recbole_opal.host.recommender import OPAL
from recbole_opal.host.trainer import TwoStageTrainer
from recbole_opal.synthesis.synthetic_files import write_atomic
from recbole_opal.synthesis.synthetic_log import synthesize

CATEGORIES = 16
# Many interests a user: with few, one mixed vector serves as well as several pure ones.
PLANTED = {
    "num_users": 800,
    "num_items": 160,
    "num_categories": CATEGORIES,
    "interests_per_user": 8,
    "mean_length": 60,
    "session_length": 1,
    "popularity_skew": 1.0,
    "drift": 0.0,
    "noise": 0.0,
}
# A temperature of 0.7: at 0.1 mixed vectors serve nearly as well as pure ones.
SETTINGS = {
    "recipe": "published",  # from random vectors: items that start by co-occurrence lie sorted
    "stages": "soft",
    "epochs": 30,
    "eval_step": 30,  # one validation, at the end: the last weights are kept
    "learning_rate": 0.02,
    "temperature": 0.7,
    "uniformity_weight": 0.3,
    "num_interests": CATEGORIES,
    "hidden_size": 32,
    "train_batch_size": 256,
    "cuts_per_user": 4,
    "num_negatives": 100,
    "MAX_ITEM_LIST_LENGTH": 50,
    "future_window": 10,
    "topk": [10],
    "valid_metric": "Recall@10",
    "tensorboard": False,
    "show_progress": False,
    "state": "ERROR",
}


@pytest.fixture(scope="module")
def recover(tmp_path_factory):
    """Train on planted data; return the agreement with the truth and the categories in use."""

    @functools.cache
    def train(seed=1, **changes):
        folder = tmp_path_factory.mktemp("planted")
        log = synthesize(seed=seed, **PLANTED)
        write_atomic(log, folder, "planted")
        places = {"data_path": str(folder), "checkpoint_dir": str(folder / "saved")}
        config = OpalConfig("OPAL", "planted", SETTINGS | places | {"seed": seed} | changes)
        init_seed(config["seed"], config["reproducibility"])
        data = prepare_data(config, future_items=True)
        model = OPAL(config, data.dataset)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)  # RecBole writes log folders where it stands
            TwoStageTrainer(config, model).fit(data.train, data.valid)
        tokens = data.dataset.field2id_token["item_id"][1:]  # 0 is padding
        truth = log.item_categories[[int(token) for token in tokens]]
        cosines = model.item_table()[1:] @ model.network.encoder.unit_categories().T
        found = cosines.argmax(dim=1).numpy()
        return normalized_mutual_info_score(truth, found), len(np.unique(found))

    return train


def check_recovery(recover, seed):
    agreement, used = recover(seed)
    assert agreement >= 0.9  # 0.977 to 1.000
    assert used >= CATEGORIES - 1  # 15 or 16
    without, used = recover(seed, uniformity_weight=0.0)
    assert without <= agreement - 0.015  # 0.915 to 0.951; 0.026 to 0.085 less
    assert used <= CATEGORIES - 2  # 11 to 14: planted categories share one, others stay empty


def test_opal_recovers_the_planted_categories_and_less_without_uniformity(recover):
    check_recovery(recover, seed=1)
    assert recover(1, uniformity_weight=0.0)[0] <= recover(1)[0] - 0.04  # 0.915 and 1.000


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 2, 3, 4])
def test_the_seed_does_not_matter(recover, seed):
    check_recovery(recover, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_at_high_temperature_only_uniformity_keeps_popular_items_apart(recover, seed):
    """Without it the most popular items of all planted categories gather in one."""
    agreement, _ = recover(seed, temperature=2.0)  # 0.960, 0.944, 0.822
    without, _ = recover(seed, temperature=2.0, uniformity_weight=0.0)  # 0.614, 0.624, 0.571
    assert without <= agreement - 0.15


def test_too_few_hyper_categories_recover_less(recover):
    """Four groups cannot agree more than this with sixteen: 2 log 4 / (log 4 + log 16)."""
    assert recover(1, num_interests=4)[0] <= 2 / 3 + 1e-6  # 0.667: whole categories, four by four


def test_one_epoch_recovers_less(recover):
    assert recover(1, epochs=1, eval_step=1)[0] < 0.6  # 0.41


@pytest.mark.slow
def test_the_default_temperature_recovers_less(recover):
    assert recover(1, temperature=0.1)[0] < 0.7  # 0.50
