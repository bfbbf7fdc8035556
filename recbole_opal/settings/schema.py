"""Every setting that all models share; the defaults equal those of `properties/overall.yaml`."""

from typing import Annotated, Any, Literal

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
    setting,
)

__all__ = [
    "SHARED_FIELDS",
    "SHARED_SECTIONS",
    "DataSettings",
    "EnvironmentSettings",
    "EvaluationSettings",
    "TrainingSettings",
]

_MANY = 2**31 - 1
_TimeUnit = Literal[
    "seconds", "milliseconds", "microseconds", "nanoseconds", "date", "datetime", "number", "order"
]
_Steps = Annotated[int, Field(ge=1, le=_MANY)]
_Factor = Annotated[Finite, Field(gt=0)]


class EnvironmentSettings(Section):
    """Machine, folders and logs."""

    gpu_id: Gpus = setting(
        "0", "ids of the GPUs that are visible, as 0,1: the first is used; '' for none"
    )
    use_gpu: bool = setting(True, "False: the CPU, even where a GPU is at hand")
    seed: int = setting(2020, "random seed", ge=0, le=2**32 - 1)
    reproducibility: bool = setting(
        True,
        "True: the same seed gives the same numbers; on a GPU as far as torch's operations do, "
        "it warns of others",
    )
    state: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = setting("INFO", "log level")
    data_path: FolderPath = setting(
        "dataset/", "folder that holds one folder a dataset", min_length=1
    )
    checkpoint_dir: FolderPath = setting(
        "saved", "folder in which each run makes its own folder", min_length=1
    )
    show_progress: bool = setting(True, "a progress bar, if standard error is a terminal")
    tensorboard: bool = setting(True, "losses and metrics go to log_tensorboard/ as in RecBole")
    tracking: Literal["mlflow", "wandb"] | None = setting(
        None,
        "who keeps settings, curves, results and report beside the run folder: MLflow or Weights & "
        "Biases, an extra each; None: nobody",
        examples=["mlflow"],
    )


class TrainingSettings(Section):
    """Optimiser, batches and stopping."""

    epochs: int = setting(300, "most epochs of each stage", ge=1, le=_MANY)
    max_train_seconds: Finite | None = setting(
        None, "most seconds of training, all stages together; None: no bound", gt=0
    )
    epoch_rows: int | None = setting(
        None, "rows drawn for an epoch; None, and models that count (Pop): all", ge=1, le=2**40
    )
    train_batch_size: int = setting(1024, "training rows in a batch", ge=1, le=2**20)
    learner: Literal["adam", "adamw", "sgd", "adagrad", "rmsprop", "sparse_adam"] = setting(
        "adam", "optimiser"
    )
    learning_rate: Finite = setting(0.001, "step size", gt=0)
    learning_rate_schedule: Literal["constant", "linear", "cosine"] = setting(
        "constant", "after the warm-up the rate stays, or falls to zero; the stage ends there"
    )
    warmup_steps: int = setting(
        0, "steps over which the rate of a stage rises from zero to learning_rate", ge=0, le=_MANY
    )
    schedule_steps: int | None = setting(
        None,
        "most steps of a stage whose rate falls, sooner if a bound on epochs or time is; None: "
        "the larger of 500 and those of 5 epochs",
        ge=1,
        le=_MANY,
        examples=[2000],
    )
    stage_steps: dict[str, _Steps] | None = setting(
        None,
        "most steps of a stage by its name, each 1 or more; where the rate falls they stand for "
        "schedule_steps",
        examples=[{"soft": 500}],
    )
    stage_rates: dict[str, _Factor] | None = setting(
        None,
        "factor on learning_rate in a stage by its name, each above 0",
        examples=[{"hard": 0.2}],
    )
    weight_decay: Finite = setting(0.0, "L2 penalty of the optimiser", ge=0)
    stopping_step: int = setting(
        5, "a stage ends after more than this many validations without a gain", ge=0, le=_MANY
    )
    eval_step: int = setting(1, "epochs from one validation to the next", ge=1, le=_MANY)
    clip_grad_norm: dict[str, Any] | None = setting(None, "arguments of clip_grad_norm_")
    train_neg_sample_args: dict[str, Any] | None = setting(
        None, "RecBole's sampler, for losses over pairs"
    )
    loss_decimal_place: int = setting(4, "digits of the loss in the log", ge=0, le=16)
    shuffle: bool = setting(True, "training rows come in a new order each epoch")
    enable_amp: bool = setting(False, "mixed precision")
    enable_scaler: bool = setting(False, "gradient scaling with mixed precision")


class EvaluationSettings(Section):
    """Protocol, metrics and retrieval."""

    eval_args: dict[str, Any] = setting(
        {"split": {"RS": [8, 1, 1]}, "group_by": "user", "order": "TO", "mode": "full"},
        "how to split into training, validation and test; --help=protocols tells the forms",
    )
    metrics: Names = setting(
        ["Recall", "Hit", "NDCG"],
        "RecBole's ranking metrics (ShannonEntropy as a sum), or your own, package.module:Class",
        min_length=1,
    )
    topk: Numbers = setting([10, 20, 50], "lengths of the lists that are judged", min_length=1)
    valid_metric: Text = setting("Recall@50", "metric@k that decides when to stop")
    eval_batch_size: int = setting(1024, "users in an evaluation batch", ge=1, le=2**20)
    metric_decimal_place: int = setting(
        10, "digits of a metric, before early stopping", ge=1, le=16
    )
    ratio_rounding: Literal["cumulative", "recbole"] = setting(
        "cumulative", "how the ratios of RS become whole items of a user"
    )
    cold_items: Finite = setting(
        0.0,
        "share of the items that training never meets: half of them are new to validation, half to "
        "test, see ColdRecall",
        ge=0,
        le=0.9,
    )
    mask_history: bool | None = setting(
        None, "seen items are taken out of the lists; None: True, but False for LS"
    )
    retrieval: Literal["torch", "faiss", "ivf-flat", "ivf-pq", "hnsw", "sq8"] = setting(
        "torch", "who searches the top k: torch and faiss exactly, the others may miss items"
    )
    retrieval_args: dict[str, Any] | None = setting(
        None, "settings of an approximate search, as {'nprobe': 32}; --help=indexes tells them"
    )
    item_block_size: int = setting(8192, "items scored at a time in the search", ge=1, le=2**24)
    score_memory_mb: int = setting(
        512, "most MiB of a score matrix of RecBole's own models", ge=1, le=2**20
    )
    test_at_end: bool = setting(
        True, "False: only validation is evaluated, test is never looked at"
    )


class DataSettings(Section):
    """Files, columns and filters."""

    load_col: dict[str, Any] | None = setting(
        {"inter": ["user_id", "item_id", "timestamp"]}, "columns that are read, file by file"
    )
    encoding: Text = setting("utf-8", "text encoding of the atomic files")
    field_separator: Separator = setting("\t", "between two columns", min_length=1)
    seq_separator: Separator = setting(" ", "between the parts of a token_seq", min_length=1)
    USER_ID_FIELD: Text = setting("user_id", "column of the users", min_length=1)
    ITEM_ID_FIELD: Text = setting("item_id", "column of the items", min_length=1)
    TIME_FIELD: Text = setting("timestamp", "column of the times", min_length=1)
    time_unit: _TimeUnit | None = setting(
        None,
        "what the times are in; number: no known unit; order: an order alone, nothing "
        "may take them for a clock; None: judged from the times",
    )
    histories_folder: FolderPath | None = setting(
        None,
        "folder in which the log is kept sorted, built there once and read from there, for logs "
        "larger than memory; None: in memory",
        min_length=1,
        examples=["histories"],
    )
    category_field: Text | None = setting(
        None, "column of the item file that holds categories, for diversity"
    )
    MAX_ITEM_LIST_LENGTH: int = setting(
        50, "most items of a history that a model sees", ge=1, le=2**16
    )
    rm_dup_inter: Literal["first", "last"] | None = setting(
        None, "which of a user's repeats of an item is kept, whatever their times"
    )
    drop_duplicates: bool = setting(False, "of rows with the same user, item and time one is kept")
    val_interval: dict[str, Any] | None = setting(None, "rows kept, as {'rating': '[3,inf)'}")
    filter_inter_by_user_or_item: bool = setting(
        True, "rows of dropped users and items are dropped"
    )
    user_inter_num_interval: Interval = setting("[0,inf)", "users kept, by their rows, as [5,inf)")
    item_inter_num_interval: Interval = setting("[0,inf)", "items kept, by their rows, as [5,inf)")
    normalize_all: bool | None = setting(None, "scale all float columns to [0, 1]")


SHARED_SECTIONS: tuple[type[Section], ...] = (
    EnvironmentSettings,
    TrainingSettings,
    EvaluationSettings,
    DataSettings,
)
SHARED_FIELDS = {
    name: field for section in SHARED_SECTIONS for name, field in section.model_fields.items()
}
