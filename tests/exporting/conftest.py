"""Small networks, a trained run, and a bundle of it, made once for all tests of a file."""

import shutil
from pathlib import Path

import pytest

SETTINGS = {
    "epochs": 1,
    "train_batch_size": 64,
    "hidden_size": 8,
    "temperature": 0.1,
    "num_negatives": 20,
    "MAX_ITEM_LIST_LENGTH": 10,
    "topk": [5, 10],
    "valid_metric": "Recall@10",
    "tensorboard": False,
    "show_progress": False,
}


def pytest_generate_tests(metafunc):
    """Ask for each of our networks in each stage, and for what else computes otherwise."""
    if "variant" in metafunc.fixturenames:
        variants = list(_variants())
        names = [f"{name} {' '.join(map(str, given.values()))}" for name, given in variants]
        metafunc.parametrize("variant", variants, ids=names)


def _variants():
    from recbole_opal.models import MODELS

    for name, model in MODELS.items():
        stages = (stage for stage in model.stages if stage != "next")  # it encodes as "hard" does
        yield from ((name, {"stage": stage}) for stage in stages)
        yield name, {"similarity": "inner_product"}
        yield name, {"recency": "both"}
    yield "OPAL", {"stage": "soft", "interest_prior": 0.5}
    yield "OPAL", {"interest_prior": 0.5, "fusion": "learned"}
    yield "OPAL", {"fusion": "fixed"}
    yield "OPAL", {"evolution_input": "weighted", "evolution_activation": "none"}
    yield "OPAL", {"num_interests": 1}
    yield "MIND", {"dynamic_interests": True}
    yield "MIND", {"routing_softmax": "positions"}
    yield "ComiRecSA", {"placed_values": True}
    yield "PIMI", {"graph_layers": 0}
    yield "Re4", {"interest_output": "tanh"}
    yield "GaussianMixture", {"start": "newest", "interest_prior": 0.5}
    yield "GaussianMixture", {"clusters": "serving", "num_interests": 1}
    yield "VQCodebook", {"pooling": "codes", "interest_prior": 0.5}
    yield "VQCodebook", {"codebook_update": "gradient", "num_codes": 4}


@pytest.fixture(scope="session")
def root():
    """Return the folder of the checkout."""
    return Path(__file__).parents[2]


@pytest.fixture(scope="session")
def train(data_path, tmp_path_factory):
    """Return a function that trains a model for a moment and gives its run folder."""
    import recbole_opal  # not before the number of threads is set

    def run(model, **settings):
        folder = tmp_path_factory.mktemp("export")
        places = {"data_path": str(data_path), "checkpoint_dir": str(folder / "saved")}
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            result = recbole_opal.run(model, "tiny", **{**SETTINGS, **places, **settings})
            return result.folder.absolute()

    return run


@pytest.fixture(scope="session")
def trained(train):
    """Return the folder of a finished OPAL run, not to be changed."""
    return train("OPAL", epochs=2, num_interests=3, cuts_per_user=2, future_window=3)


@pytest.fixture
def run_copy(trained, tmp_path):
    """Return a copy of the run, to be damaged."""
    return shutil.copytree(trained, tmp_path / "run")


@pytest.fixture(scope="session")
def bundle(trained, tmp_path_factory):
    """Return a whole bundle, not to be changed."""
    from recbole_opal.exporting.bundle import write_bundle

    return write_bundle(trained, tmp_path_factory.mktemp("bundles") / "whole")


@pytest.fixture(scope="session")
def prior_bundle(train, tmp_path_factory):
    """Return a bundle whose items differ in length, to be scored by the largest product.

    Its queries hold their interest's prior. An index of lists is then wider than the vectors, and
    compares by distance.
    """
    from recbole_opal.exporting.bundle import write_bundle
    from recbole_opal.exporting.options import Export

    unequal = {"similarity": "inner_product", "temperature": 1.0, "weight_decay": 0.0}
    run = train("OPAL", num_interests=3, interest_prior=0.5, scoring="maximum", **unequal)
    lists = {"retrieval": "ivf-flat", "retrieval_args": {"nlist": 2, "nprobe": 2}}
    place = tmp_path_factory.mktemp("bundles") / "prior"
    return write_bundle(run, place, Export(**lists, program=False, parquet=False))


@pytest.fixture(scope="session")
def build_network():
    """Return what builds a network of 30 items, a class or a name, that was never trained."""
    import torch

    from recbole_opal.models import MODELS, Catalogue
    from recbole_opal.settings.model_schemas import section_of

    def make(model, stage=None, longest=6, **settings):
        network_class = MODELS.get(model, model)
        torch.manual_seed(1)
        network = network_class(
            section_of(network_class).model_validate({"hidden_size": 8} | settings),
            Catalogue(30, torch.randint(1, 9, (30,)), longest),
        )
        network.set_stage(stage or network.stages[-1])
        if network.recency is not None:  # as if learned
            for weights in network.recency.parameters():
                torch.nn.init.normal_(weights)
        return network.eval()

    return make
