"""The second device that is made believe: it computes as the processor and refuses as a GPU."""

import copy

import pytest
import torch
from torch import nn

from recbole_opal.testing.other_device import TwoDevicesError, other_device


def trained(device):
    """Return the weights after three steps of a little network."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(7, 4, sparse=True), nn.GRU(4, 3, batch_first=True))
    model = model.to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        states = model(torch.randint(7, (5, 6)).to(device))[0]
        states.square().mean().backward()
        optimizer.step()
    return {name: value.cpu() for name, value in model.state_dict().items()}


def test_it_computes_as_the_processor():
    expected = trained("cpu")
    with other_device() as device:
        found = trained(device)
    for name, value in expected.items():
        assert type(found[name]) is torch.Tensor
        torch.testing.assert_close(found[name], value)  # torch runs its GRU another way there


def test_tensors_say_where_they_are():
    with other_device() as device:
        made = [
            torch.zeros(2, 3, device=device),
            torch.tensor([1.0, 2.0], device=device),
            torch.as_tensor([1.0, 2.0], device=device),
            torch.arange(3).to(device)[1:] * 2,
            copy.deepcopy(torch.ones(2).to(device)),
        ]
        for each in made:
            assert each.device == device
            assert not each.is_meta
        assert made[1].tolist() == [1.0, 2.0]
        assert made[3].tolist() == [2, 4]
        assert made[3].sum().item() == 6
        assert "on the other device" in repr(made[0])
        assert torch.ones(2).device.type == "cpu"
        assert torch.zeros(2, device="cpu").device.type == "cpu"


def test_a_view_changes_what_it_is_of():
    with other_device() as device:
        rows = torch.zeros(3, 2).to(device)
        rows[1].add_(5)
        torch.mul(rows, 2, out=rows)
        assert rows.cpu().tolist() == [[0, 0], [10, 10], [0, 0]]


def test_inference_mode_moves_and_computes_too():
    weights = nn.Parameter(torch.ones(3, 2))
    with other_device() as device, torch.inference_mode():
        here = torch.ones(2, 2)
        there = here.to(device)
        there.add_(1)
        found = nn.Parameter(weights.to(device))[1:] @ there
        assert found.device == device
        assert found.cpu().tolist() == [[4, 4], [4, 4]]
        assert here.tolist() == [[1, 1], [1, 1]]
        back = there.cpu()
        back.zero_()
        assert there.tolist() == [[2, 2], [2, 2]]


@pytest.mark.parametrize(
    "operation",
    [
        lambda here, there: here + there,
        lambda here, there: there @ here,
        lambda here, there: torch.cat([here, there]),
        lambda here, there: there.add_(here),
        lambda here, there: torch.where(here > 0, there, there),
        lambda here, there: nn.functional.embedding(here.long(), there),
        lambda here, there: there.index_select(0, here[0].long()),
        lambda here, there: here[there.long()],
        lambda here, there: there.index_put((here[0].long(),), here[:1]),
    ],
)
def test_tensors_of_both_devices_are_refused(operation):
    with other_device() as device, pytest.raises(TwoDevicesError, match="two devices"):
        operation(torch.ones(2, 2), torch.ones(2, 2).to(device))


def test_what_a_gpu_allows_is_allowed():
    with other_device() as device:
        there = torch.zeros(3).to(device)
        assert (there + torch.tensor(2.0)).tolist() == [2, 2, 2]  # a single number
        there[torch.tensor([0, 2])] = 1.0  # ids of the processor
        there[1:].copy_(torch.tensor([7.0, 8.0]))
        assert there.tolist() == [1, 7, 8]
        assert there[torch.tensor([True, False, True])].tolist() == [1, 8]


def test_numpy_does_not_see_what_is_there():
    with other_device() as device:
        there = torch.zeros(3).to(device)
        with pytest.raises((TypeError, RuntimeError)):
            there.numpy()
        assert there.cpu().numpy().tolist() == [0, 0, 0]
