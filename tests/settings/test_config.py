import json
import subprocess
import sys

import numpy as np
import pytest
import torch
import yaml
from recbole.config import Config
from recbole.utils import dataset_arguments

from recbole_opal.errors import DataError, SettingsError
from recbole_opal.host.config import OpalConfig

LEAVE_ONE_OUT = {"split": {"LS": "valid_and_test"}}


def test_opal_has_the_defaults_of_its_yaml_over_overall_over_recbole(configure):
    config = configure()
    assert config["num_interests"] == 4  # OPAL.yaml
    assert config["learning_rate"] == 0.01  # OPAL.yaml over overall.yaml and RecBole's 0.001
    assert config["stopping_step"] == 20  # OPAL.yaml over overall.yaml
    assert configure("srgnn")["stopping_step"] == 5  # overall.yaml over RecBole's 10
    assert config["metric_decimal_place"] == 10
    assert config["loss_decimal_place"] == 4  # RecBole's
    assert config["eval_args"]["split"] == {"RS": [8, 1, 1]}  # over RecBole's sequential.yaml
    assert config["eval_args"]["order"] == "TO"
    assert config["load_col"] == {"inter": ["user_id", "item_id", "timestamp"]}
    assert config["stages"] == ["soft", "hard", "next"]
    assert config["train_neg_sample_args"]["distribution"] == "none"


def test_a_model_of_recbole_keeps_its_own_defaults(configure):
    config = configure("srgnn")
    assert config["model"] == "SRGNN"
    assert config["step"] == 1
    assert config["MAX_ITEM_LIST_LENGTH"] == 50
    assert config["num_interests"] is None


def test_a_model_of_recbole_with_a_yaml_here_is_made_comparable(configure):
    config = configure("sasrec")
    assert config["model"] == "SASRec"
    assert config["hidden_dropout_prob"] == 0.5
    assert config["learning_rate_schedule"] == "linear"
    assert "search" not in config.as_plain_dict()


def test_flags_win_over_later_files_over_earlier_files(configure, tmp_path):
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("epochs: 1\nnum_interests: 2\nseed: 3\n")
    second.write_text("epochs: 11\nnum_interests: 12\nlearning_rate: 1e-2\n")
    config = configure(config_files=[first, second], epochs=21)
    assert (config["epochs"], config["num_interests"], config["seed"]) == (21, 12, 3)
    assert config["learning_rate"] == 0.01


def test_the_yaml_of_a_dataset_is_read(tmp_path):
    folder = tmp_path / "kuairand-27k-like15"
    folder.mkdir()
    (folder / "kuairand-27k-like15.inter").write_text(
        "user_id:token\titem_id:token\ttimestamp:float\tis_like:float\n1\t2\t3\t1\n"
    )
    config = OpalConfig("OPAL", folder.name, {"data_path": str(tmp_path)})
    assert config["val_interval"] == {"is_like": "[1,1]"}
    assert "is_like" in config["load_col"]["inter"]


def test_ml_100k_is_the_bundled_copy_unless_a_data_path_is_given(tmp_path):
    bundled = OpalConfig("OPAL", "ml-100k")
    assert bundled["data_path"].endswith("dataset_example/ml-100k")
    assert "data_path" not in bundled.as_plain_dict()
    with pytest.raises(DataError, match="no folder"):
        OpalConfig("OPAL", "ml-100k", {"data_path": str(tmp_path)})


@pytest.mark.parametrize(
    ("model", "settings"),
    [
        ("OPAL", {}),
        ("OPAL", {"stages": "hard", "topk": (5, 7), "valid_metric": "ndcg@7", "use_gpu": False}),
        ("OPAL", {"eval_args": LEAVE_ONE_OUT, "mask_history": True, "gpu_id": 0}),
        ("GRU4Rec", {"loss_type": "BPR", "user_inter_num_interval": [5, 10]}),
        ("SINE", {"metrics": "Recall,GAUC", "valid_metric": "GAUC", "topk": 5}),
        ("FPMC", {}),
    ],
)
def test_plain_settings_make_an_equal_config(configure, model, settings):
    config = configure(model, **settings)
    plain = config.as_plain_dict()
    assert list(plain)[:2] == ["model", "dataset"]
    through_yaml = yaml.safe_load(yaml.safe_dump(plain, sort_keys=False))
    through_json = json.loads(json.dumps(plain))
    for stored in (through_yaml, through_json):
        again = OpalConfig.from_plain(stored)
        assert again.as_plain_dict() == plain
        assert again.final_config_dict == config.final_config_dict


def test_a_change_after_construction_is_kept(configure):
    config = configure()
    config["epochs"] = 7
    assert OpalConfig.from_plain(config.as_plain_dict())["epochs"] == 7


def test_plain_settings_without_a_name_are_refused():
    with pytest.raises(SettingsError, match="dataset"):
        OpalConfig.from_plain({"model": "OPAL"})


def test_the_arguments_of_the_process_are_not_read(configure, monkeypatch):
    monkeypatch.setattr("sys.argv", ["pytest", "--cov=src", "--epochs=7", "--num_interests", "9"])
    config = configure()
    assert config["cov"] is None
    assert config["epochs"] == 300


def test_settings_are_never_evaluated(configure, refusal, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    attack = "__import__('os').system('touch canary')"
    assert configure(checkpoint_dir=attack)["checkpoint_dir"] == attack
    assert "--num_interests" in refusal(num_interests=attack)
    attacking = tmp_path / "attack.yaml"
    attacking.write_text(f'wandb_project: "{attack}"\n')
    assert configure(config_files=[attacking])["wandb_project"] == attack
    assert not (tmp_path / "canary").exists()


def test_the_settings_given_are_not_changed(configure):
    given = {"eval_args": {"split": {"RS": [8, 1, 1]}}, "topk": [50]}
    configure(**given)
    assert given == {"eval_args": {"split": {"RS": [8, 1, 1]}}, "topk": [50]}


def test_recbole_s_lists_of_the_process_stay_as_they_are():
    config = OpalConfig("OPAL", "ml-100k")
    assert "kg_reverse_r" in config.parameters["Dataset"]  # ml-100k.yaml's, which RecBole appends
    assert "kg_reverse_r" not in dataset_arguments


def test_recbole_itself_could_not_run_here_but_the_aliases_are_set():
    assert issubclass(OpalConfig, Config)
    OpalConfig("OPAL", "ml-100k")
    assert np.float is np.float64  # noqa: NPY001


def test_no_gpu_means_the_cpu(configure, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert configure(use_gpu=False)["device"] == torch.device("cpu")
    assert configure(gpu_id="")["device"] == torch.device("cpu")
    assert configure(gpu_id=0)["device"] == torch.device("cuda")


@pytest.mark.parametrize("model", ["GRU4Rec", "SASRec"])
def test_pairs_are_sampled_only_for_losses_over_pairs(configure, model):
    assert configure(model)["train_neg_sample_args"]["distribution"] == "none"
    sampler = configure(model, loss_type="BPR")["train_neg_sample_args"]
    assert (sampler["distribution"], sampler["sample_num"]) == ("uniform", 1)


def test_models_without_a_loss_type_that_compare_pairs_get_negatives(configure):
    assert configure("TransRec")["train_neg_sample_args"]["distribution"] == "uniform"
    assert configure("SINE")["train_neg_sample_args"]["distribution"] == "none"


def test_a_class_may_stand_for_its_name(configure):
    from recbole_opal.models.opal import OPALNetwork

    class Variant(OPALNetwork):
        """A model of the user's, with OPAL's settings."""

    config = configure(Variant, num_interests=7)
    assert (config["model"], config["num_interests"]) == ("Variant", 7)
    assert config["temperature"] == OPALNetwork.Settings().temperature
    plain = config.as_plain_dict()
    assert OpalConfig.from_plain(plain, Variant).final_config_dict == config.final_config_dict


def test_the_command_line_s_grammar_is_read_without_importing_recbole():
    code = (
        "import sys; from recbole_opal.settings.commandline import parse_arguments; "
        "parse_arguments(['--dataset=a']); "
        "sys.exit(any(name in sys.modules for name in ('recbole', 'torch', 'pandas')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603


def test_settings_beside_the_data_lie_under_all_that_is_given(configure, tiny_data, tmp_path):
    beside = tiny_data / "tiny" / "tiny.yaml"
    beside.write_text("num_interests: 5\ntopk: [7, 50]\n")
    file = tmp_path / "more.yaml"
    file.write_text("topk: [8, 50]\n")
    assert configure()["num_interests"] == 5
    assert configure()["topk"] == [7, 50]
    assert configure(config_files=[file])["topk"] == [8, 50]
    assert configure(config_files=[file], topk=[9, 50])["topk"] == [9, 50]
    file.write_text(f"data_path: {tiny_data}\n")
    assert OpalConfig("OPAL", "tiny", {}, [file])["num_interests"] == 5


def test_a_wrong_setting_beside_the_data_is_told(configure, tiny_data):
    (tiny_data / "tiny" / "tiny.yaml").write_text("num_interest: 5\n")
    with pytest.raises(SettingsError, match="did you mean num_interests|num_interests"):
        configure()
    (tiny_data / "tiny" / "tiny.yaml").write_text("a: [")
    with pytest.raises(SettingsError, match=r"tiny\.yaml, line"):
        configure()
