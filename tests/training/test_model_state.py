import numpy as np
import torch
from torch import nn

from recbole_opal.training.model_state import model_state, put_model_state


class Counting(nn.Module):
    """Has each kind of state that RecBole's models have."""

    def __init__(self):
        super().__init__()
        self.device = torch.device("cpu")
        self.layer = nn.Linear(2, 2)
        self.counts = torch.zeros(3, dtype=torch.int64)
        self.cache = None
        self.similarity = np.ones((2, 2))
        self.update = 0
        self.other_parameter_name = ["counts", "cache", "similarity"]


class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)


def test_a_model_of_weights_only_has_its_state_dict():
    model = Plain()
    state = model_state(model)
    assert state.keys() == model.state_dict().keys()
    assert torch.equal(state["layer.weight"], model.layer.weight)
    assert state["layer.weight"].data_ptr() != model.layer.weight.data_ptr()


def test_counts_caches_and_steps_go_into_another_model():
    model, other = Counting(), Counting()
    model.counts += 5
    model.cache = torch.ones(2)
    model.update = 17
    put_model_state(other, model_state(model))
    assert torch.equal(other.counts, model.counts)
    assert torch.equal(other.cache, torch.ones(2))
    assert other.update == 17
    assert isinstance(other.update, int)
    assert torch.equal(other.layer.weight, model.layer.weight)


def test_a_state_is_a_copy_both_ways():
    model, other = Counting(), Counting()
    state = model_state(model)
    model.counts += 1
    assert int(state["attribute.counts"].sum()) == 0
    put_model_state(other, state)
    other.counts += 1
    assert int(state["attribute.counts"].sum()) == 0


def test_a_cache_of_other_weights_is_forgotten():
    model = Counting()
    state = model_state(model)
    assert "attribute.cache" not in state
    model.cache = torch.ones(2)
    put_model_state(model, state)
    assert model.cache is None


def test_what_the_constructor_computes_is_neither_kept_nor_forgotten():
    model = Counting()
    state = model_state(model)
    assert "attribute.similarity" not in state
    put_model_state(model, state)
    assert np.array_equal(model.similarity, np.ones((2, 2)))


def test_all_values_are_tensors_that_a_weights_file_can_hold():
    assert all(isinstance(value, torch.Tensor) for value in model_state(Counting()).values())
