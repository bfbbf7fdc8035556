import pytest

from recbole_opal.errors import SettingsError
from recbole_opal.host.recommender import OPAL
from recbole_opal.host.validation import checked_settings
from recbole_opal.settings.model_schemas import section_of
from recbole_opal.settings.properties import model_yaml, overall_yaml
from recbole_opal.settings.refused import REFUSED_KEYS
from recbole_opal.settings.values import load_settings_file

# What is no setting but a block of them.
BLOCKS = {"published", "search"}
OPAL_NAMES = sorted(set(load_settings_file(model_yaml("OPAL"))) - BLOCKS)
OVERALL_NAMES = sorted(set(load_settings_file(overall_yaml())) - set(REFUSED_KEYS))


def misspellings(name):
    """Return a letter left out, two letters swapped, a letter doubled, a dash for a bar."""
    middle = len(name) // 2
    yield name[:middle] + name[middle + 1 :]
    yield name[:middle] + name[middle + 1] + name[middle] + name[middle + 2 :]
    yield name[:middle] + name[middle] + name[middle:]
    if "_" in name:
        yield name.replace("_", "-")


@pytest.mark.parametrize("name", sorted({*OPAL_NAMES, *OVERALL_NAMES}))
def test_every_flag_misspelt_gets_the_right_suggestion(name):
    for wrong in misspellings(name):
        if wrong == name:
            continue  # two equal letters swapped
        with pytest.raises(SettingsError) as caught:
            checked_settings({}, {wrong: 1}, OPAL)
        message = str(caught.value)
        assert f"did you mean --{name}?" in message, wrong
        assert f"--{wrong}=1" in message


def test_a_name_like_no_other_points_to_the_help(refusal):
    assert "--help" in refusal(zzzzqqqq=1)


def test_a_setting_of_another_model_is_unknown(refusal):
    assert "GRU4Rec has no setting fusion_weight" in refusal("GRU4Rec", fusion_weight=0.1)


@pytest.mark.parametrize("name", ["config_file", "resum", "modell"])
def test_misspelt_flags_of_the_command_are_recognised(refusal, name):
    assert "did you mean --" in refusal(**{name: "x"})


def test_a_misspelling_in_a_config_file_is_an_error_too(refusal, tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("num_interest: 4\n")
    assert "did you mean --num_interests?" in refusal(config_files=[path])


WRONG_TYPES = [
    ("num_interests", "abc", "an integer in [1, 64]"),
    ("num_interests", 3.5, "an integer in [1, 64]"),
    ("num_interests", 4.0, "an integer in [1, 64]"),
    ("num_interests", True, "an integer in [1, 64]"),
    ("num_interests", None, "an integer in [1, 64]"),
    ("num_interests", "4", "an integer in [1, 64]"),
    ("num_interests", [4], "an integer in [1, 64]"),
    ("temperature", "warm", "a number in [1e-06, 10]"),
    ("temperature", True, "a number in [1e-06, 10]"),
    ("temperature", float("nan"), "a number in [1e-06, 10]"),
    ("temperature", 1e-38, "a number in [1e-06, 10]"),
    ("attention_power", 5e-324, "a number in [1e-06, 100]"),
    ("learning_rate", float("inf"), "finite"),
    ("logq_correction", 1, "True or False"),
    ("logq_correction", "yes", "True or False"),
    ("fusion", "leanred", "fixed | learned | whole"),
    ("retrieval", "fais", "torch | faiss | ivf-flat | ivf-pq | hnsw | sq8"),
    ("retrieval_args", "nprobe", "a mapping"),
    ("mask_history", 1, "True or False or None"),
    ("data_path", "", "a text"),
    ("data_path", None, "a text"),
    ("metrics", [1], "a list"),
    ("metrics", [], "a list"),
    ("topk", "ten", "a list"),
    ("topk", [10, 2.5], "a list"),
    ("topk", [], "a list"),
    ("stages", ["hard", "soft"], "soft,hard,next, or some of them in this order"),
    ("stages", "soft;hard", "soft,hard,next, or some of them in this order"),
    ("stages", [], "soft,hard,next, or some of them in this order"),
    ("stages", "none", "for example --stages=[soft,hard,next] "),
    ("topk", "ten", "a list of integers, for example --topk=[10,20,50] "),
    ("metrics", [1], "a list of names"),
    ("eval_args", "RS", "a mapping"),
    ("clip_grad_norm", 5.0, "a mapping"),
    ("rm_dup_inter", "firts", "first | last"),
    ("user_inter_num_interval", "5-10", "an interval"),
    ("user_inter_num_interval", "[10,5]", "smaller number first"),
    ("item_inter_num_interval", 5, "an interval"),
    ("state", "LOUD", "DEBUG | INFO"),
]


@pytest.mark.parametrize(("name", "value", "wanted"), WRONG_TYPES)
def test_a_value_of_the_wrong_kind_is_told_with_what_is_allowed(refusal, name, value, wanted):
    message = refusal(**{name: value})
    assert message.startswith(f"--{name}")
    assert wanted in message
    assert f"for example --{name}=" in message


RANGES = [
    ("hidden_size", 0, 4097),
    ("num_interests", 0, 65),
    ("temperature", 0, 10.1),
    ("assignment_temperature", 0, 10.1),
    ("dropout_prob", -0.1, 1),
    ("fusion_weight", -0.1, 1.1),
    ("interest_prior", -1, 10.5),
    ("orthogonality_weight", -1, float("inf")),
    ("uniformity_weight", -1, float("inf")),
    ("unique_weight", -1, float("inf")),
    ("new_item_share", -0.1, 1),
    ("new_item_boost", 0, 10.5),
    ("cold_items", -0.1, 0.95),
    ("attention_power", 0, 100.5),
    ("hardness", -0.1, 100.5),
    ("num_negatives", 0, 2**20 + 1),
    ("popularity_power", -0.5, 2.5),
    ("future_window", 0, 1001),
    ("target_decay", 0, 1.5),
    ("cuts_per_user", 0, 1001),
    ("seed", -1, 2**32),
    ("metric_decimal_place", 0, 17),
    ("epochs", -1, None),
    ("train_batch_size", 0, None),
    ("learning_rate", 0, None),
    ("MAX_ITEM_LIST_LENGTH", 0, None),
    ("item_block_size", 0, None),
    ("score_memory_mb", 0, None),
]


@pytest.mark.parametrize(("name", "below", "above"), RANGES)
def test_values_just_outside_the_range_are_refused(refusal, name, below, above):
    for value in (below, above):
        assert f"--{name}={value} is not valid" in refusal(**{name: value})


def test_every_bounded_setting_of_opal_is_among_those_tests():
    bounded = {name for name, field in section_of(OPAL).model_fields.items() if field.metadata}
    bounded -= {"stages", "item_features"}  # by their reading of a text as a list
    assert bounded <= {name for name, _, _ in RANGES}


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("temperature", 1, 1.0),
        ("temperature", 10, 10.0),
        ("num_interests", 64, 64),
        ("stages", "hard", ["hard"]),
        ("stages", "soft, hard", ["soft", "hard"]),
        ("topk", (10, 50), [10, 50]),
        ("gpu_id", 0, "0"),
        ("checkpoint_dir", 2024, "2024"),
        ("user_inter_num_interval", [5, 10], "[5,10]"),
        ("user_inter_num_interval", (5, 10), "(5,10)"),
        ("user_inter_num_interval", "[0,1];(3,inf)", "[0,1];(3,inf)"),
        ("user_inter_num_interval", None, None),
        ("metrics", "Recall,MRR", ["Recall", "MRR"]),
    ],
)
def test_what_users_type_for_the_same_thing_is_accepted(configure, name, value, kept):
    config = configure(**{name: value})
    assert config[name] == kept
    assert type(config[name]) is type(kept)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("save_dataset", True, "pickled"),
        ("save_dataloaders", True, "pickled"),
        ("dataset_save_path", "a.pth", "pickled"),
        ("benchmark_filename", ["train", "valid", "test"], "--eval_args"),
        ("nproc", 2, "torchrun starts several"),
        ("local_rank", 0, "torchrun starts several"),
        ("worker", 2, "gathered in memory"),
        ("repeatable", False, "recommend an item again"),
        ("world_size", 2, "torchrun starts several"),
        ("transform", "mask_itemseq", "transforms"),
        ("preload_weight", {"ent_id": "ent_emb"}, "knowledge"),
        ("threshold", {"rating": 3}, "--val_interval"),
        ("neg_sampling", {"uniform": 1}, "--negative_sampling"),
    ],
)
def test_what_recbole_does_and_we_do_not_is_refused_with_the_reason(refusal, name, value, reason):
    message = refusal(**{name: value})
    assert message.startswith(f"--{name}=")
    assert reason in message


def test_the_harmless_value_of_a_refused_setting_is_accepted(configure):
    assert configure(save_dataset=False, benchmark_filename=None)["save_dataset"] is False


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("n_layers", 3, True),
        ("n_layers", 3.5, False),
        ("n_layers", "three", False),
        ("n_layers", True, False),
        ("hidden_dropout_prob", 0.1, True),
        ("hidden_dropout_prob", 0, True),
        ("hidden_dropout_prob", "high", False),
        ("hidden_act", "relu", True),
        ("hidden_act", 3, False),
        ("loss_type", "BPR", True),
        ("loss_type", "bpr", False),
    ],
)
def test_recbole_s_own_settings_have_the_type_of_their_default(
    configure, refusal, name, value, accepted
):
    if accepted:
        assert configure("SASRec", **{name: value})[name] == value
    else:
        assert f"--{name}={value}" in refusal("SASRec", **{name: value})
