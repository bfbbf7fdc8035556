import pytest


@pytest.mark.parametrize("valid_metric", ["MRR@10", "Recall@5", "Recall", "@10", "recall@10 "])
def test_the_validation_metric_must_be_measured(refusal, valid_metric):
    message = refusal(metrics=["Recall", "NDCG"], topk=[10, 20], valid_metric=valid_metric)
    assert message.startswith(f"--valid_metric={valid_metric}")
    assert "Recall@10, Recall@20, NDCG@10, NDCG@20" in message


def test_letter_case_of_metrics_is_free(configure):
    assert configure(metrics="recall", valid_metric="RECALL@20")["valid_metric"] == "RECALL@20"


def test_a_metric_over_all_ranks_has_no_k(configure, refusal):
    assert configure(metrics="GAUC,Recall", valid_metric="gauc")["valid_metric"] == "gauc"
    message = refusal(metrics="GAUC", valid_metric="GAUC@10", topk=[10])
    assert "choose one of GAUC, or" in message


@pytest.mark.parametrize(
    ("metric", "told"),
    [
        ("Recal", "did you mean recall?"),
        ("AUC", "judges scores"),
        ("LogLoss", "judges scores"),
        ("xyzzy", "choose from"),
    ],
)
def test_unknown_and_value_metrics_are_refused(refusal, metric, told):
    message = refusal(metrics=["Hit", metric], valid_metric="Hit@10")
    assert message.startswith(f"--metrics: {metric} ")
    assert told in message


@pytest.mark.parametrize(
    "metric",
    ["ItemCoverage", "GiniIndex", "ShannonEntropy", "AveragePopularity", "TailPercentage", "MAP"],
)
def test_the_diversity_metrics_are_known(configure, metric):
    assert configure(metrics=[metric], valid_metric=f"{metric}@10")["metrics"] == [metric]


@pytest.mark.parametrize("topk", [0, [10, 0], [-1]])
def test_list_lengths_are_positive(refusal, topk):
    assert refusal(topk=topk).startswith("--topk: ")


@pytest.mark.parametrize(
    ("given", "split"),
    [
        ({"split": {"LS": "valid_and_test"}}, {"LS": "valid_and_test"}),
        ({"split": {"RS": [0.8, 0.1, 0.1]}, "mode": "full"}, {"RS": [0.8, 0.1, 0.1]}),
        ({"order": "TO", "group_by": "user"}, {"RS": [8, 1, 1]}),
        ({"mode": {"valid": "full", "test": "full"}}, {"RS": [8, 1, 1]}),
        ({}, {"RS": [8, 1, 1]}),
    ],
)
def test_the_two_protocols_with_what_was_left_away(configure, given, split):
    arguments = configure(eval_args=given)["eval_args"]
    assert arguments == {
        "split": split,
        "order": "TO",
        "group_by": "user",
        "mode": {"valid": "full", "test": "full"},
    }


@pytest.mark.parametrize(
    "given",
    [
        {"order": "RO"},
        {"mode": "uni100"},
        {"mode": {"valid": "uni100", "test": "full"}},
        {"group_by": "none"},
        {"group_by": None},
        {"split": {"LS": "valid_only"}},
        {"split": {"LS": "test_only"}},
        {"split": {"TS": [1, 2]}},
        {"split": {"RS": [8, 1]}},
        {"split": {"RS": [8, 0, 2]}},
        {"split": {"RS": [8, 1, -1]}},
        {"split": {"RS": [8, 1, float("nan")]}},
        {"split": {"RS": [8, 1, float("inf")]}},
        {"split": {"RS": [True, 1, 1]}},
        {"split": {"RS": "8,1,1"}},
        {"split": {"RS": [8, 1, 1], "LS": "valid_and_test"}},
        {"split": "LS"},
        {"splt": {"RS": [8, 1, 1]}},
    ],
)
def test_other_protocols_are_refused_and_both_are_shown(refusal, given):
    message = refusal(eval_args=given)
    assert message.startswith("--eval_args: ")
    assert "{'RS': [8, 1, 1]}" in message
    assert "{'LS': 'valid_and_test'}" in message


def test_a_column_that_every_run_needs_must_be_read(refusal, configure):
    message = refusal(load_col={"inter": ["user_id", "item_id"]})
    assert "timestamp (TIME_FIELD)" in message
    assert "--load_col" in refusal(load_col={"item": ["item_id"]})
    assert configure(load_col={"inter": "*"})["load_col"] == {"inter": "*"}
    assert configure(load_col=None)["load_col"] is None


def test_the_column_of_categories_is_read(configure):
    inter = {"inter": ["user_id", "item_id", "timestamp"]}
    assert configure(category_field="tag")["load_col"] == inter | {"item": ["item_id", "tag"]}
    given = inter | {"item": ["item_id", "author"]}
    assert configure(category_field="tag", load_col=given)["load_col"] == inter | {
        "item": ["item_id", "author", "tag"]
    }
    for whole in (None, inter | {"item": "*"}, inter | {"item": ["item_id", "tag"]}):
        assert configure(category_field="tag", load_col=whole)["load_col"] == whole


def test_sparse_gradients_go_with_adam_alone(refusal, configure):
    assert "--item_gradient=dense" in refusal(clip_grad_norm={"max_norm": 5.0})
    assert "--item_gradient=dense" in refusal(learner="sgd")
    config = configure(clip_grad_norm={"max_norm": 5.0}, learner="sgd", item_gradient="dense")
    assert config["clip_grad_norm"] == {"max_norm": 5.0}
    assert configure("GRU4Rec", learner="sgd")["learner"] == "sgd"
    assert "--learner=adam" in refusal("GRU4Rec", learner="sparse_adam")


def test_another_optimiser_moves_the_rows_met_alone(refusal, configure):
    assert configure(item_optimizer="rowwise_adagrad")["item_optimizer"] == "rowwise_adagrad"
    message = refusal(item_optimizer="rowwise_adagrad", item_gradient="dense")
    assert message.endswith("--item_gradient=sparse as well, or --item_optimizer=adam.")
    assert "adam" in refusal(item_optimizer="adagrad")


IN_PARTS = {"item_table": "row_wise", "item_optimizer": "rowwise_adagrad"}


@pytest.mark.parametrize(
    ("more", "fix"),
    [
        ({"item_optimizer": "adam"}, "--item_optimizer=rowwise_adagrad"),
        ({"retrieval": "faiss"}, "--retrieval=torch"),
        ({"retrieval": "ivf-flat"}, "--retrieval=torch"),
        ({"enable_amp": True}, "--enable_amp=False"),
        ({"enable_scaler": True}, "--enable_scaler=False"),
        ({"negative_sampling": "full"}, "--item_table=local"),
        ({"item_features": ["tag"]}, "--item_table=local"),
        ({"item_table": "rowwise"}, "row_wise"),
    ],
)
def test_what_a_table_in_parts_cannot_do_is_refused(refusal, configure, more, fix):
    assert configure(**IN_PARTS)["item_table"] == "row_wise"
    assert fix in refusal(**IN_PARTS | more)


def test_a_decay_that_does_not_reach_the_items_is_refused(refusal, configure):
    message = refusal("MIND", similarity="inner_product", weight_decay=0.001)
    assert "--item_gradient=dense" in message
    configure("MIND", similarity="inner_product", weight_decay=0.001, item_gradient="dense")
    configure("MIND", similarity="inner_product", weight_decay=0.0)
    configure("MIND", weight_decay=0.001)  # cosines: the length of a vector does not count


def test_recbole_would_clip_scaled_gradients(refusal):
    message = refusal("GRU4Rec", clip_grad_norm={"max_norm": 5.0}, enable_scaler=True)
    assert "--enable_scaler" in message


@pytest.mark.parametrize("model", ["OPAL", "GRU4Rec"])
def test_recbole_s_sampler_is_refused_where_no_loss_uses_it(refusal, configure, model):
    sampler = {"distribution": "uniform", "sample_num": 1}
    assert "--train_neg_sample_args" in refusal(model, train_neg_sample_args=sampler)
    unused = {"distribution": "none"}
    config = configure(model, train_neg_sample_args=unused)
    assert config["train_neg_sample_args"]["distribution"] == "none"


@pytest.mark.parametrize(
    "sampler",
    [
        {"distribution": "popularity", "sample_num": 1},
        {"distribution": "uniform", "sample_num": 5},
        {"distribution": "uniform", "dynamic": True},
    ],
)
def test_pairs_have_one_uniform_negative(refusal, sampler):
    message = refusal("GRU4Rec", loss_type="BPR", train_neg_sample_args=sampler)
    assert "one uniform negative" in message


def test_more_interests_than_dimensions_are_refused(refusal, configure):
    message = refusal(num_interests=9, hidden_size=8)
    assert "--num_interests=9" in message
    assert "--hidden_size=9" in message
    assert configure(num_interests=8, hidden_size=8)["num_interests"] == 8


def test_settings_of_an_index_are_checked(refusal, configure):
    assert "no settings" in refusal(retrieval_args={"nprobe": 3})
    assert "no setting of hnsw; choose from" in refusal(
        retrieval="hnsw", retrieval_args={"nprobe": 3}
    )
    assert "nprobe=0 is not valid" in refusal(retrieval="ivf-pq", retrieval_args={"nprobe": 0})
    config = configure(retrieval="ivf-flat", retrieval_args={"nprobe": 3})
    assert config["retrieval_args"] == {"nprobe": 3}


@pytest.mark.parametrize("kind", ["linear", "cosine"])
def test_a_warm_up_leaves_some_of_the_schedule(configure, refusal, kind):
    schedule = {"learning_rate_schedule": kind, "schedule_steps": 50}  # the default warm-up is 50
    message = refusal(**schedule)
    assert "--warmup_steps=50 is not below --schedule_steps=50" in message
    assert message.endswith("write --schedule_steps=500, or --warmup_steps=5.")
    assert configure(**schedule, warmup_steps=5)["warmup_steps"] == 5
    assert configure(**schedule | {"schedule_steps": 51})["schedule_steps"] == 51
    assert configure(**schedule | {"learning_rate_schedule": "constant"})["warmup_steps"] == 50


def test_a_warm_up_leaves_some_of_each_stage_s_schedule(configure, refusal):
    schedule = {"warmup_steps": 50, "stage_steps": {"soft": 90, "hard": 50}}
    message = refusal(**schedule)
    assert "--warmup_steps=50 is not below the 50 of --stage_steps" in message
    assert "stage hard" in message
    assert message.endswith("or write --warmup_steps=5.")
    constant = schedule | {"learning_rate_schedule": "constant"}
    assert configure(**constant)["stage_steps"] == {"soft": 90, "hard": 50}


@pytest.mark.parametrize("name", ["stage_steps", "stage_rates"])
def test_stages_are_named_as_they_are(configure, refusal, name):
    assert refusal(**{name: {"sofd": 9}}).endswith("there is no stage sofd; did you mean soft?")
    assert refusal(**{name: {"xyzzy": 9}}).endswith("choose from soft, hard, next.")
    assert refusal("SASRec", **{name: {"trian": 9}}).endswith("did you mean train?")
    # One value serves OPAL and what it is compared with.
    for model in ("OPAL", "MIND", "GRU4Rec", "Pop"):
        assert configure(model, **{name: {"hard": 90, "train": 60}})[name]["hard"] == 90


def test_stages_with_targets_of_their_own_are_named_as_they_are(configure, refusal):
    assert refusal(stage_windows={"sofd": 9}).endswith("there is no stage sofd; did you mean soft?")
    assert configure(stage_windows={"hard": 3})["stage_windows"] == {"hard": 3}


def test_steps_and_factors_of_stages_are_checked(configure, refusal):
    assert "each 1 or more" in refusal(stage_steps={"soft": 0})
    assert "--stage_steps" in refusal(stage_steps={"soft": 2.5})
    assert "--stage_steps" in refusal(stage_steps=100)
    assert "each 1 or more" in refusal(stage_windows={"hard": 0})
    assert "each above 0" in refusal(stage_rates={"hard": 0.0})
    assert "--stage_rates" in refusal(stage_rates={"hard": float("inf")})
    assert configure(stage_rates={"hard": 1})["stage_rates"] == {"hard": 1.0}


def test_values_of_the_schedule_are_checked(refusal):
    assert "constant | linear | cosine" in refusal(learning_rate_schedule="linaer")
    assert "an integer in [0," in refusal(warmup_steps=-1)
    assert "an integer in [1," in refusal(schedule_steps=0)


@pytest.mark.parametrize(
    ("model", "given", "fixes"),
    [
        ("OPAL", {"routing": "target"}, ["--scoring=maximum", "--routing=candidate"]),
        ("OPAL", {"routing": "attention"}, ["--scoring=maximum", "--routing=candidate"]),
        (
            "OPAL",
            {"routing": "target", "scoring": "logsumexp"},
            ["--routing=candidate", "--scoring=maximum"],
        ),
        (
            "MIND",
            {"recipe": "published", "scoring": "logsumexp"},
            ["--routing=candidate", "--scoring=maximum"],
        ),
        (
            "DSSRec",
            {"seq2item": "next_item", "scoring": "logsumexp"},
            ["--seq2item=retrieval", "--scoring=maximum"],
        ),
    ],
)
def test_scores_are_trained_as_they_are_served(configure, refusal, model, given, fixes):
    message = refusal(model, **given)
    assert "trains other scores than --scoring=logsumexp" in message
    # The first keeps what was asked for, where one of the two was.
    assert message.endswith(f"write {fixes[0]} as well, or {fixes[1]}.")
    for fix in fixes:
        name, _, value = fix[2:].partition("=")
        assert configure(model, **{**given, name: value})[name] == value


def test_the_published_recipe_serves_the_scores_that_it_trains(configure):
    assert configure("OPAL", recipe="published", routing="target")["scoring"] == "maximum"
    assert configure("MIND", recipe="published")["scoring"] == "maximum"


def test_a_scoring_that_does_not_exist(configure, refusal):
    assert "logsumexp" in refusal(scoring="logsumexpp")
    assert "maximum" in refusal(scoring=True)
    assert configure(scoring="logsumexp")["scoring"] == "logsumexp"
