"""Our networks in the place of RecBole's recommenders."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, reduce
from typing import Any, ClassVar

import torch
from recbole.model.abstract_recommender import GeneralRecommender, SequentialRecommender
from recbole.utils import InputType
from torch import Tensor

from recbole_opal.batches import Histories, TrainingBatch
from recbole_opal.data.cooccurrence import cooccurrence_vectors
from recbole_opal.data.training_part import TrainingPart
from recbole_opal.distributed.launch import is_first
from recbole_opal.errors import DataError, SettingsError
from recbole_opal.host.item_features import item_features
from recbole_opal.models import MODELS
from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.models.catalogue import Catalogue
from recbole_opal.own_models import is_ours, lineage
from recbole_opal.retrieval.scoring import Scoring
from recbole_opal.runs.weights_stage import STAGE, encoded_stage
from recbole_opal.settings.model_schemas import MultiInterestSettings, section_of

__all__ = [
    "FUTURE_ITEMS",
    "OPAL",
    "MultiInterestRecommender",
    "as_recommender",
    "awaiting_weights",
    "require_model",
]

FUTURE_ITEMS = "future_items"
"""Field of the targets in an interaction: (B, <= W) int64, right-padded with 0."""
_STAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_AWAITING_WEIGHTS = ContextVar("awaiting_weights", default=False)
_OVERRIDABLE = ("published", "search")


@contextmanager
def awaiting_weights() -> Iterator[None]:
    """Let models that are built in the block spare what weights loaded afterwards overwrite."""
    token = _AWAITING_WEIGHTS.set(True)
    try:
        yield
    finally:
        _AWAITING_WEIGHTS.reset(token)


class MultiInterestRecommender(SequentialRecommender):
    """A multi-interest network as a recommender of RecBole's; `as_recommender` makes its classes.

    It takes our batches and RecBole's interactions alike. Weights have the names of the network's:
    those of a run folder load into both.

    Attributes:
        network: built from the run's settings and the training data's catalogue.
    """

    input_type = InputType.POINTWISE
    network_class: ClassVar[type[MultiInterestNetwork]] = MultiInterestNetwork
    stages: ClassVar[tuple[str, ...]] = ("train",)
    needs_times: ClassVar[bool] = False

    def __init__(self, config: Any, dataset: Any) -> None:
        super().__init__(config, dataset)
        self.TIME_SEQ: str = config["TIME_FIELD"] + config["LIST_SUFFIX"]  # RecBole's style
        section: Any = section_of(type(self))
        settings = section.model_validate({name: config[name] for name in section.model_fields})
        training = self._training_part(dataset)
        counts = torch.from_numpy(training.item_counts(self.n_items))
        start = self._item_start(settings, config["seed"], training)
        features = item_features(dataset, settings.item_features)
        self.network = self.network_class(
            settings, Catalogue(self.n_items, counts, self.max_seq_length, start, features)
        )

    def _training_part(self, dataset: Any) -> TrainingPart:
        """Return the training interactions of a data set of ours, or of RecBole's.

        Those of a user stand one after the other in time in both.
        """
        training: TrainingPart | None = getattr(dataset, "training", None)
        if training is not None:
            return training
        columns = (dataset.inter_feat[name].numpy() for name in (self.USER_ID, self.ITEM_ID))
        return TrainingPart.of_columns(*columns)

    def _item_start(self, settings: Any, seed: int, training: TrainingPart) -> Tensor | None:
        """Return where item vectors start, (N, D), by what training met; None: at random.

        So too where saved weights take their place, see `awaiting_weights`. Where processes share
        the table, the first one tells the others theirs.
        """
        if settings.item_start == "random" or _AWAITING_WEIGHTS.get():
            return None
        if settings.item_table != "local" and not is_first():
            return torch.empty(0, settings.hidden_size)
        start = cooccurrence_vectors(
            training,
            self.n_items,
            settings.hidden_size,
            window=settings.future_window,
            seed=seed,
        )
        return torch.from_numpy(start)

    @property
    def stage(self) -> str:
        """The stage the model is in."""
        return self.network.stage

    @property
    def stage_costs(self) -> Mapping[str, float]:
        """How long steps of the stages take, compared; see the network."""
        return self.network.stage_costs

    @property
    def loss_names(self) -> tuple[str, ...]:
        """What the parts of `calculate_loss` are, in the present stage."""
        return self.network.loss_names

    def set_stage(self, stage: str) -> None:
        """Enter a training stage."""
        self.network.set_stage(stage)

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """Return the network's weights, under its names for them."""
        return self.network.state_dict(*args, **kwargs)

    def load_state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """Load the network's weights."""
        return self.network.load_state_dict(*args, **kwargs)

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, metadata: dict[str, Any], *args: Any
    ) -> None:
        """Give the network its weights where this is part of a larger module: torch's hook."""
        for name in [each for each in state_dict if each.startswith(prefix)]:
            state_dict[f"{prefix}network.{name.removeprefix(prefix)}"] = state_dict.pop(name)
        if "stage" in metadata:
            stage = encoded_stage(metadata["stage"])
            state_dict.setdefault(f"{prefix}network.{STAGE}", stage)
        super()._load_from_state_dict(state_dict, prefix, metadata, *args)

    def calculate_loss(self, interaction: Any) -> tuple[Tensor, ...]:
        """Return the weighted parts of the loss of a `TrainingBatch`, or of an interaction."""
        return self.network.calculate_loss(self.training_batch(interaction))

    def interests(self, interaction: Any) -> Tensor:
        """Return the query vectors of `Histories`, or of an interaction's, (B, K, D') float."""
        return self.network.interests(self.histories(interaction))

    def active_interests(self, interaction: Any) -> Tensor | None:
        """Return which interests each history has; see the network."""
        return self.network.active_interests(self.histories(interaction))

    def interest_columns(self, queries: Tensor) -> Tensor:
        """Return what tells how alike interests are; see the network."""
        return self.network.interest_columns(queries)

    def item_table(self) -> Tensor:
        """Return the vectors of all items, (N, D') float; row 0 is padding."""
        return self.network.item_table()

    def searched(self, ids: Tensor) -> Tensor:
        """Return the vectors of (n,) ids as lists are searched by; see the network."""
        return self.network.searched(ids)

    @property
    def scoring(self) -> Scoring:
        """What makes an item's score of its products with the interests."""
        return self.network.scoring

    def predict(self, interaction: Any) -> Tensor:
        """Return the score of each row's item, (B,) float."""
        vectors = self.network.items.searched(interaction[self.ITEM_ID])
        candidates = self.network.candidates(vectors)
        products = torch.einsum("bkd,bd->bk", self.interests(interaction), candidates)
        return self.scoring.of_last(products)

    def full_sort_predict(self, interaction: Any) -> Tensor:
        """Return all scores, (B, N) float, for RecBole code that needs the whole matrix.

        This library's evaluator never calls it: it asks for `interests` and `item_table`.
        """
        interests, table = self.interests(interaction), self.item_table()
        products = (each @ table.T for each in interests.unbind(dim=1))  # (B, N) at a time
        return reduce(self.scoring.join, products)

    def training_batch(self, interaction: Any) -> TrainingBatch:
        """Return what a loader handed over as a batch of ours."""
        if isinstance(interaction, TrainingBatch):
            return interaction
        return TrainingBatch(self.histories(interaction), interaction[FUTURE_ITEMS])

    def histories(self, interaction: Any) -> Histories:
        """Return the histories of an interaction, laid end to end."""
        if isinstance(interaction, Histories):
            return interaction
        timed = self.network.needs_times
        if timed and self.TIME_SEQ not in interaction:
            raise DataError(
                f"{type(self).__name__} reads when each item was met; put '{self.TIME_SEQ}', a "
                "float64 tensor shaped like the histories, into the interaction."
            )
        times = interaction[self.TIME_SEQ] if timed else None
        return Histories.from_padded(interaction[self.ITEM_SEQ], times)


def as_recommender(model: type[Any]) -> type[Any]:
    """Return the recommender around a network, always the same; any other class as it is.

    Raises:
        SettingsError: it is derived from such a recommender, whose network would know nothing of
            what it changes.
    """
    known: Any = model
    if issubclass(model, MultiInterestNetwork):
        return _recommender_of(known)
    if issubclass(model, MultiInterestRecommender) and model is not _recommender_of(
        known.network_class
    ):
        bases = (each.__name__ for each in model.__mro__[1:] if "network_class" in vars(each))
        base = next(bases, model.__name__)
        raise SettingsError(
            f"{model.__name__} is derived from {base}, RecBole's side of a model; derive it from "
            f"the network itself, as class {model.__name__}({base}.network_class)."
        )
    return model


@cache
def _recommender_of(network: type[Any]) -> type[Any]:
    section: Any = section_of(network)
    if not issubclass(section, MultiInterestSettings):
        raise SettingsError(
            f"{network.__name__}.Settings lacks what multi-interest models share; derive it from "
            "recbole_opal.MultiInterestSettings."
        )
    members: dict[str, Any] = {
        "__doc__": network.__doc__,
        "__module__": network.__module__,
        "network_class": network,
        "stages": network.stages,
        "needs_times": network.needs_times,
    }
    # Of ours the yaml file is read, which a user may have edited.
    for name in _OVERRIDABLE:
        owner = next(each for each in lineage(network) if name in vars(each))
        if not is_ours(owner):
            members[name] = getattr(network, name)
    suffix = "Network" if is_ours(network) else ""
    members["__qualname__"] = network.__qualname__.removesuffix(suffix)
    return type(network.__name__.removesuffix(suffix), (MultiInterestRecommender,), members)


def require_model(model: type[Any]) -> None:
    """Refuse a class of the user's that is no model, or whose stages are no names."""
    if not issubclass(model, GeneralRecommender | SequentialRecommender):
        raise SettingsError(
            f"--model: the class {model.__name__} is no model; derive it from "
            "recbole_opal.MultiInterestNetwork or from RecBole's SequentialRecommender."
        )
    stages = getattr(model, "stages", ("train",))
    names = [name for name in stages if isinstance(name, str) and _STAGE.fullmatch(name)]
    if isinstance(stages, str) or not names or len(set(names)) < len(stages):
        raise SettingsError(
            f"{model.__name__}.stages is {stages!r}; write different names of letters, digits and "
            "`_-`, which stand in names of files, as stages = ('warm', 'main')."
        )


OPAL = as_recommender(MODELS["OPAL"])
