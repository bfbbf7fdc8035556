"""Small networks that were never trained."""

import pytest
import torch

from recbole_opal.models import MODELS, Catalogue
from recbole_opal.settings.model_schemas import section_of


@pytest.fixture
def build_network():
    """Return what builds a network of 30 items: a class or a name, its stage, its settings."""

    def make(model, stage=None, longest=6, **settings):
        network_class = MODELS.get(model, model)
        given = {"hidden_size": 8} | settings
        torch.manual_seed(1)
        network = network_class(
            section_of(network_class).model_validate(given),
            Catalogue(30, torch.randint(1, 9, (30,)), longest),
        )
        network.set_stage(stage or network.stages[-1])
        return network.eval()

    return make
