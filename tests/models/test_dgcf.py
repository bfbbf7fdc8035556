"""DGCF's samples of users and items are no larger than what there is."""

import recbole_opal
from recbole_opal.host import find_model_class
from recbole_opal.host.prepare import prepare_data
from recbole_opal.settings.config import OpalConfig


def test_it_runs_where_one_batch_holds_all_interactions(quick_settings):
    names = ("data_path", "checkpoint_dir", "topk", "valid_metric", "tensorboard", "show_progress")
    settings = {name: quick_settings[name] for name in names} | {"epochs": 1}
    config = OpalConfig("DGCF", "tiny", settings)  # 60 users, 48 items, batches of 1,024
    model = find_model_class("DGCF")(config, prepare_data(config, future_items=False).dataset)
    assert model.cor_batch_size == min(model.n_users, model.n_items)
    assert recbole_opal.run("DGCF", "tiny", **settings).stages["train"]["test"]["recall@10"] >= 0
