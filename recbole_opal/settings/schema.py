"""Every setting that all models share, with its type, its range and its meaning.

The defaults here equal those of `properties/overall.yaml` (or of RecBole, where ours is silent); a
test holds that.
"""

from typing import Any, Literal

from pydantic import Field

from recbole_opal.settings.fields import (
    Finite,
    FolderPath,
    Gpus,
    Interval,
    Names,
    Numbers,
    Section,
    Separator,
    Text,
)

__all__ = [
    "SHARED_SECTIONS",
    "DataSettings",
    "EnvironmentSettings",
    "EvaluationSettings",
    "TrainingSettings",
]

_MANY = 2**31 - 1


class EnvironmentSettings(Section):
    """Machine, folders and logs."""

    gpu_id: Gpus = Field(
        "0", description="ids of the GPUs that are visible, as 0,1: the first is used; '' for none"
    )
    use_gpu: bool = Field(True, description="False: the CPU, even where a GPU is at hand")
    seed: int = Field(2020, ge=0, le=2**32 - 1, description="random seed")
    reproducibility: bool = Field(True, description="True: the same seed gives the same numbers")
    state: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        "INFO", description="log level"
    )
    data_path: FolderPath = Field(
        "dataset/", min_length=1, description="folder that holds one folder a dataset"
    )
    checkpoint_dir: FolderPath = Field(
        "saved", min_length=1, description="folder in which each run makes its own folder"
    )
    show_progress: bool = Field(True, description="a progress bar, if standard error is a terminal")
    tensorboard: bool = Field(
        True, description="losses and metrics go to log_tensorboard/ as in RecBole"
    )


class TrainingSettings(Section):
    """Optimiser, batches and stopping."""

    epochs: int = Field(300, ge=1, le=_MANY, description="most epochs of each stage")
    max_train_seconds: Finite | None = Field(
        None, gt=0, description="most seconds of training, all stages together; None: no bound"
    )
    epoch_rows: int | None = Field(
        None,
        ge=1,
        le=2**40,
        description="rows drawn for an epoch; None, and models that count (Pop): all of them",
    )
    train_batch_size: int = Field(1024, ge=1, le=2**20, description="training rows in a batch")
    learner: Literal["adam", "adamw", "sgd", "adagrad", "rmsprop", "sparse_adam"] = Field(
        "adam", description="optimiser"
    )
    learning_rate: Finite = Field(0.001, gt=0, description="step size")
    weight_decay: Finite = Field(0.0, ge=0, description="L2 penalty of the optimiser")
    stopping_step: int = Field(
        5,
        ge=0,
        le=_MANY,
        description="a stage ends after more than this many validations without a gain",
    )
    eval_step: int = Field(1, ge=1, le=_MANY, description="epochs from one validation to the next")
    clip_grad_norm: dict[str, Any] | None = Field(
        None, description="arguments of clip_grad_norm_; None: no clipping"
    )
    train_neg_sample_args: dict[str, Any] | None = Field(
        None, description="RecBole's sampler, for losses over pairs"
    )
    loss_decimal_place: int = Field(4, ge=0, le=16, description="digits of the loss in the log")
    shuffle: bool = Field(True, description="training rows come in a new order each epoch")
    enable_amp: bool = Field(False, description="mixed precision")
    enable_scaler: bool = Field(False, description="gradient scaling with mixed precision")


class EvaluationSettings(Section):
    """Protocol, metrics and retrieval."""

    eval_args: dict[str, Any] = Field(
        {"split": {"RS": [8, 1, 1]}, "group_by": "user", "order": "TO", "mode": "full"},
        description="split {'RS': [8, 1, 1]} (ratios, per user), {'LS': 'valid_and_test'}, "
        "{'last_day': {'min_days': 4}}, {'time': [8, 1, 1]} (global cuts) or {'user': [8, 1, 1]}",
    )
    metrics: Names = Field(
        ["Recall", "Hit", "NDCG"],
        min_length=1,
        description="RecBole's ranking metrics; ShannonEntropy is the sum, RecBole's a mean",
    )
    topk: Numbers = Field(
        [10, 20, 50], min_length=1, description="lengths of the lists that are judged"
    )
    valid_metric: Text = Field("Recall@50", description="metric@k that decides when to stop")
    eval_batch_size: int = Field(1024, ge=1, le=2**20, description="users in an evaluation batch")
    metric_decimal_place: int = Field(
        10, ge=1, le=16, description="digits of a metric, before early stopping"
    )
    ratio_rounding: Literal["cumulative", "recbole"] = Field(
        "cumulative", description="how the ratios of RS become whole items of a user"
    )
    mask_history: bool | None = Field(
        None, description="seen items are taken out of the lists; None: True, but False for LS"
    )
    retrieval: Literal["torch", "faiss"] = Field(
        "torch", description="who searches the top k; both are exact"
    )
    item_block_size: int = Field(
        8192, ge=1, le=2**24, description="items scored at a time in the search"
    )
    score_memory_mb: int = Field(
        512, ge=1, le=2**20, description="most MiB of a score matrix of RecBole's own models"
    )
    test_at_end: bool = Field(
        True, description="False: only validation is evaluated, test is never looked at"
    )


class DataSettings(Section):
    """Files, columns and filters."""

    load_col: dict[str, Any] | None = Field(
        {"inter": ["user_id", "item_id", "timestamp"]},
        description="columns that are read, file by file",
    )
    encoding: Text = Field("utf-8", description="text encoding of the atomic files")
    field_separator: Separator = Field("\t", min_length=1, description="between two columns")
    seq_separator: Separator = Field(
        " ", min_length=1, description="between the parts of a token_seq"
    )
    USER_ID_FIELD: Text = Field("user_id", min_length=1, description="column of the users")
    ITEM_ID_FIELD: Text = Field("item_id", min_length=1, description="column of the items")
    TIME_FIELD: Text = Field("timestamp", min_length=1, description="column of the times")
    time_unit: (
        Literal[
            "seconds",
            "milliseconds",
            "microseconds",
            "nanoseconds",
            "date",
            "datetime",
            "number",
            "order",
        ]
        | None
    ) = Field(
        None,
        description="what the times are in; number: no known unit; order: an order alone, nothing "
        "may take them for a clock; None: judged from the times",
    )
    category_field: Text | None = Field(
        None, description="column of the item file that holds categories, for diversity"
    )
    MAX_ITEM_LIST_LENGTH: int = Field(
        50, ge=1, le=2**16, description="most items of a history that a model sees"
    )
    rm_dup_inter: Literal["first", "last"] | None = Field(
        None, description="which of a user's repeats of an item is kept, whatever their times"
    )
    drop_duplicates: bool = Field(
        False, description="of rows with the same user, item and time one is kept"
    )
    val_interval: dict[str, Any] | None = Field(
        None, description="rows kept, as {'rating': '[3,inf)'}"
    )
    filter_inter_by_user_or_item: bool = Field(
        True, description="rows of dropped users and items are dropped"
    )
    user_inter_num_interval: Interval = Field(
        "[0,inf)", description="users kept, by number of interactions"
    )
    item_inter_num_interval: Interval = Field(
        "[0,inf)", description="items kept, by number of interactions"
    )
    normalize_all: bool | None = Field(None, description="scale all float columns to [0, 1]")


SHARED_SECTIONS: tuple[type[Section], ...] = (
    EnvironmentSettings,
    TrainingSettings,
    EvaluationSettings,
    DataSettings,
)
