"""What every multi-interest model must bear: a device that is not the processor."""

from __future__ import annotations

from copy import deepcopy
from functools import partial

import torch
from torch import Tensor

from recbole_opal.batches import TrainingBatch
from recbole_opal.retrieval import exact_top_k
from recbole_opal.testing.case import LENGTH, ContractCase
from recbole_opal.testing.other_device import other_device
from recbole_opal.training.optimizer import build_optimizer

__all__ = ["DeviceContract"]


class DeviceContract:
    """The part of `ModelContract` that finds tensors which are left on the processor."""

    def test_another_device_gives_the_same(self, case: ContractCase) -> None:
        batch = case.training_rows(8)
        here = _made_on(torch.device("cpu"), case, batch)
        with other_device() as device:
            there = _made_on(device, case, batch)
        assert there.keys() == here.keys()
        for name, value in there.items():
            told = partial("{}: {}".format, name)
            torch.testing.assert_close(value, here[name], rtol=1e-4, atol=1e-5, msg=told)


def _made_on(device: torch.device, case: ContractCase, batch: TrainingBatch) -> dict[str, Tensor]:
    """Return what the same model serves, its losses and their gradients; let it take the step."""
    model = deepcopy(case.recommender).to(device)
    network, optimizer = model.network, build_optimizer(model, case.config)
    histories = case.histories((0, LENGTH, 1, 7)).to(device)
    with torch.no_grad():
        interests = network.interests(histories)
        found = {"interests": interests, "shares": network.interest_shares(histories)}
        lists = exact_top_k(interests, network.item_table(), 5, scoring=network.scoring)
    torch.manual_seed(1)
    parts = torch.stack(model.train().calculate_loss(batch.to(device)))
    parts.sum().backward()  # type: ignore[no-untyped-call]
    found |= {"scores": lists.scores, "losses": parts}
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            found[f"gradient of {name}"] = parameter.grad.to_dense()
    found = {name: value.detach().cpu().clone() for name, value in found.items()}
    optimizer.step()
    assert all(parameter.device == device for parameter in model.parameters())
    return found
