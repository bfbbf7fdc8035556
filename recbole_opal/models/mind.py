"""MIND: interests by behaviour-to-interest dynamic routing.

Chao Li, Zhiyuan Liu, Mengmeng Wu, Yuchi Xu, Huan Zhao, Pipei Huang, Guoliang Kang, Qiwei Chen,
Wei Li, Dik Lun Lee: Multi-Interest Network with Dynamic Routing for Recommendation at Tmall.
CIKM 2019, arXiv:1904.08030.
"""

from __future__ import annotations

from torch import Tensor

from recbole_opal.batches import Histories
from recbole_opal.interests.capsules import MindCapsules, RoutedHistories
from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.models.catalogue import Catalogue
from recbole_opal.models.recipes import OPALS_TRAINING, comirec_recipe, search_with
from recbole_opal.models.shared_settings import CapsuleSettings
from recbole_opal.settings.model_schemas import setting

__all__ = ["MINDNetwork", "MINDSettings"]


class MINDSettings(CapsuleSettings):
    """MIND (Li et al., CIKM 2019; arXiv 1904.08030).

    Multi-Interest Network with Dynamic Routing.
    """

    dynamic_interests: bool = setting(
        False,
        "True: the paper's floor(log2(history length)) interests, at least 1, at most "
        "num_interests [D]",
    )


class MINDNetwork(MultiInterestNetwork):
    """Interests by MIND's routing: one transform, random starting logits.

    By default with OPAL's loss, with `recipe: published` with sampled softmax and label-aware
    attention for p to infinity, the paper's best; `routing: attention` takes a finite p. Public
    codes differ: they draw the starting logits anew at every call, so that serving is not
    deterministic; torch ports take the softmax over positions; ComiRec's MIND mixes with p = 1,
    then takes the target's best interest alone, so that p has no effect, and for Amazon Books
    has a ReLU layer behind the capsules; TorchEasyRec can squash in the last iteration only. The
    paper's number of interests that grows with the history is `dynamic_interests: True`; its
    profile features and the two ReLU layers that join them are left out.
    """

    Settings = MINDSettings
    search = search_with()
    shared_defaults = OPALS_TRAINING
    published = comirec_recipe(
        "inner products, label-aware attention, sampled softmax over the next item.",
        routing=(
            "target",
            "label-aware attention for p to infinity, the paper's best and the code's; "
            "`attention` = a finite p [P, A]",
        ),
    )
    encoder: MindCapsules

    def __init__(self, settings: MINDSettings, catalogue: Catalogue) -> None:
        super().__init__(settings, catalogue)
        self.encoder = MindCapsules(
            settings.num_interests,
            self.hidden_size,
            max_length=catalogue.longest_history,
            rule=settings.rule,
            dynamic=settings.dynamic_interests,
        )

    def mixable(self, encoded: RoutedHistories) -> Tensor:
        """Return which interests label-aware attention may mix, (B, K) bool: no copies."""
        return encoded.active

    def active_interests(self, histories: Histories) -> Tensor:
        """Return which interests each history has, (B, K) bool: no copies; nothing is encoded."""
        return self.encoder.active(histories.lengths)
