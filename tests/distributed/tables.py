"""Train and ask a network whose item table the processes share, or, alone, have whole."""

import sys
from copy import deepcopy
from pathlib import Path

import torch

from recbole_opal.batches import Histories
from recbole_opal.distributed.group import current, meet, process_group
from recbole_opal.distributed.rows import own_part
from recbole_opal.distributed.sharded_embedding import sharded_embedding_of
from recbole_opal.evaluation.full_sort import FullSortRetriever
from recbole_opal.evaluation.sharded_sort import ShardedRetriever
from recbole_opal.models import MODELS, Catalogue
from recbole_opal.training.loop import TrainingLoop
from recbole_opal.training.model_state import model_state
from recbole_opal.training.whole_table import own_part_of_state, whole_state

sys.path.insert(0, str(Path(__file__).parent))

import steps  # noqa: E402

KINDS = ("row_wise", "column_wise", "table_wise")
SIZES = (9, 7, 1, 8)
WIDTH = 24  # 4 times 2 and 3 processes
SETTINGS = {
    "hidden_size": WIDTH,
    "num_negatives": 20,
    "item_optimizer": "rowwise_adagrad",
    "scoring": "logsumexp",
    "recency": "none",  # a place that no row tells apart moves by rounding alone
}
LISTS = {"topk": [6], "item_block_size": 16, "retrieval": "torch", "retrieval_args": None}
VECTORS = torch.randn(steps.ITEMS, WIDTH, generator=torch.Generator().manual_seed(4))


def loop_of(kind, vectors=None):
    """Return a training loop over OPAL, its table at random or at given vectors."""
    network = MODELS["OPAL"]
    settings = network.Settings.model_validate(SETTINGS | {"item_table": kind})
    catalogue = Catalogue(
        steps.ITEMS, torch.arange(steps.ITEMS), steps.LONGEST, item_vectors=vectors
    )
    torch.manual_seed(3)
    rates = {"item_optimizer": "rowwise_adagrad", "learning_rate": 0.03}
    return TrainingLoop(network(settings, catalogue), steps.LOOP | rates, network.stages)


def state_of(loop):
    """Return what a run would save of the weights and of the optimiser."""
    state = {
        "model": model_state(loop.model),
        "weights": loop.weights,
        "optimizer": loop.optimizer.state_dict(),
    }
    return deepcopy(whole_state(state, loop.model))


def lists_of(loop, users=5):
    """Return the lists of this process's part of some users, and which interest found what."""
    draw = torch.Generator().manual_seed(6)
    lengths = torch.randint(1, steps.LONGEST, (users,), generator=draw)
    items = torch.randint(1, steps.ITEMS, (int(lengths.sum()),), generator=draw)
    own, ends = own_part(users), [0, *lengths.cumsum(0).tolist()]
    first, last = ends[own.start], ends[own.stop]
    histories = Histories(items[first:last], lengths[own], torch.zeros(last - first).double())
    kind = FullSortRetriever if sharded_embedding_of(loop.model) is None else ShardedRetriever
    with torch.no_grad():
        retriever = kind(loop.model.eval(), LISTS, with_interests=True)
        excluded = histories.rows(), histories.items
        found = retriever.retrieve(histories, excluded, excluded)
    loop.model.train()
    return found.ids, torch.from_numpy(found.interests.winners)


def steps_with(loop, batches):
    """Return the losses of a step with each batch."""
    taken = [loop.step(steps.own_rows(*batch)) for batch in batches]
    return [{name: float(part) for name, part in each.items()} for each in taken]


def train(kind):
    """Return what comes of a few steps: begun at random, saved, gone on with, asked for lists."""
    at_vectors = state_of(loop_of(kind, VECTORS))["model"]
    loop = loop_of(kind)
    start = state_of(loop)["model"]
    draw, batches = torch.rand(3), list(steps.batches(SIZES))
    losses = steps_with(loop, batches[:2])
    middle = state_of(loop)
    losses += steps_with(loop, batches[2:])
    lists = lists_of(loop)
    return {
        "at_vectors": at_vectors,
        "start": start,
        "draw": draw,
        "losses": losses,
        "middle": middle,
        "end": state_of(loop),
        "lists": lists,
    }


def go_on(kind, state):
    """Return the end of a training that another one begun, with whatever number of processes."""
    loop = loop_of(kind)
    state = own_part_of_state(state, loop.model)
    loop.model.load_state_dict(state["model"])
    loop.optimizer.load_state_dict(state["optimizer"])
    torch.rand(3)
    for number, batch in enumerate(steps.batches(SIZES)):
        if number < 2:
            loop.model.sampler.draw(torch.ones(1, 1).long())
        else:
            loop.step(steps.own_rows(*batch))
    return state_of(loop)


def train_shared(folder):
    """Train every kind in the group, and go on from FOLDER/begun.pt; write FOLDER/KIND-RANK.pt."""
    with process_group():
        rank = current().rank
        for kind in KINDS:
            torch.save(train(kind), folder / f"{kind}-{rank}.pt")
        begun = torch.load(folder / "begun.pt")
        torch.save(go_on("row_wise", begun), folder / f"gone on-{rank}.pt")
        meet()


if __name__ == "__main__":
    train_shared(Path(sys.argv[1]))
