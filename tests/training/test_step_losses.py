import pytest
import torch

from recbole_opal.errors import TrainingError
from recbole_opal.training.step_losses import StepLosses

SETTINGS = {"learning_rate": 0.1, "temperature": 0.1, "enable_amp": False}
CPU, GPU = torch.device("cpu"), torch.device("cuda")


def losses_of(device):
    return StepLosses(SETTINGS, "stage soft, epoch 3", device)


def mean_of(steps, device):
    losses = losses_of(device)
    for step in steps:
        losses.add(step)
    return losses.means()


def drawn(steps):
    generator = torch.Generator().manual_seed(1)
    rows = torch.randn(steps, 2, generator=generator)
    return [{"retrieval": row[0], "orthogonality": row[1]} for row in rows]


def test_a_processor_s_losses_are_known_at_once():
    losses = losses_of(CPU)
    for step in drawn(3):
        assert losses.add(step) == float(step["retrieval"]) + float(step["orthogonality"])
    assert losses.steps == 3


def test_a_gpu_s_losses_are_read_now_and_then():
    losses, steps = losses_of(GPU), drawn(70)
    known = [number for number, step in enumerate(steps, 1) if losses.add(step) is not None]
    assert known == [32, 64]
    losses.means()
    assert losses.steps == 70


@pytest.mark.parametrize("steps", [1, 31, 32, 33, 100])
def test_means_are_the_same_to_the_last_bit_however_they_are_read(steps):
    found = [mean_of(drawn(steps), device) for device in (CPU, GPU)]
    assert found[0] == found[1]
    mean = sum(float(step["retrieval"]) for step in drawn(steps)) / steps
    assert found[0]["retrieval"] == mean


@pytest.mark.parametrize("device", [CPU, GPU])
@pytest.mark.parametrize("bad", [1, 20, 33, 50])
def test_a_loss_that_is_no_number_is_told_with_its_step(device, bad):
    steps = drawn(50)
    steps[bad - 1]["retrieval"] = torch.tensor(float("nan"))
    with pytest.raises(TrainingError, match=f"its part retrieval\\) in .* epoch 3, step {bad};"):
        mean_of(steps, device)
