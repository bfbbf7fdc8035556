"""What a model must do that shares the items of a history out among its interests."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from recbole_opal.testing.case import ContractCase
from recbole_opal.testing.contract import ModelContract

__all__ = ["RoutingContract"]


class RoutingContract(ModelContract):
    """The contract of models that route: by capsules, categories or intentions."""

    def item_shares(self, case: ContractCase, monkeypatch: pytest.MonkeyPatch) -> Tensor:
        """Return how real items share themselves out, (T, K).

        Here: the `assignment` of what the model's `encode` returns.

        Args:
            case: the model and its data.
            monkeypatch: to listen to models that do not tell.
        """
        encoded: list[Any] = []
        encode = case.model.encode

        def listen(history: Any) -> Any:
            encoded.append(encode(history))
            return encoded[-1]

        monkeypatch.setattr(case.model, "encode", listen)
        case.interests(case.histories())
        shares: Tensor = encoded[0].assignment
        return shares

    def test_each_item_shares_itself_out_among_the_interests(
        self, case: ContractCase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        items = int((case.histories()[case.model.ITEM_SEQ] > 0).sum())
        shares = self.item_shares(case, monkeypatch)
        assert shares.shape == (items, case.config["num_interests"])
        assert (shares >= 0).all()
        torch.testing.assert_close(shares.sum(dim=-1), torch.ones(items))
