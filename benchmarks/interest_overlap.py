"""How different the interests of a user are in a finished run.

    python benchmarks/interest_overlap.py saved/OPAL-kuairand-pure-...

For each stage, over the test histories: the mean cosine between two interests of a user (1: they
are one), the mean of an item's strongest assignment (1 / K: it belongs everywhere alike), and the
share of the best 50 items that each interest gives.
"""

import sys
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from recbole_opal.data.prepare import prepare_data
from recbole_opal.host import quiet_deprecations
from recbole_opal.interests.assignment import assign_softly
from recbole_opal.models import OPAL
from recbole_opal.retrieval import exact_top_k
from recbole_opal.runs import RunFolder
from recbole_opal.settings.config import OpalConfig

TOP = 50


@torch.no_grad()
def measure(model: OPAL, loader: Any) -> tuple[float, float, list[float]]:
    """Return mean pairwise cosine, mean strongest assignment, share of the list per interest."""
    table = model.item_table()
    cosines, winners = [], []
    for batch, seen, _, _ in loader:
        interests = model.interests(batch)  # (B, K, D)
        unit = functional.normalize(interests, dim=-1)
        between = torch.einsum("bkd,bjd->bkj", unit, unit)
        count = between.shape[1]
        off_diagonal = between.sum(dim=(1, 2)) - between.diagonal(dim1=1, dim2=2).sum(dim=1)
        cosines.append(off_diagonal / max(count * (count - 1), 1))
        ids = exact_top_k(interests, table, TOP, exclude=seen).ids
        scores = torch.einsum("bkd,bnd->bkn", interests, table[ids])
        winners.append(torch.bincount(scores.argmax(dim=1).flatten(), minlength=count))
    shares = torch.stack(winners).sum(dim=0).double()
    items, categories = model.items.all()[1:], model.encoder.unit_categories()
    strongest = assign_softly(items, categories, model.temperature).amax(dim=-1)
    return (
        torch.cat(cosines).mean().item(),
        strongest.mean().item(),
        (shares / shares.sum()).tolist(),
    )


def main() -> None:
    """Measure each stage of each folder and print a table."""
    table = Table(
        "run", "stage", "cosine of interests", "strongest assignment", f"share of top {TOP}"
    )
    for path in map(Path, sys.argv[1:]):
        folder = RunFolder.open(path)
        with quiet_deprecations():
            config = OpalConfig.from_plain(folder.load_yaml("config.yaml"))
            data = prepare_data(config, future_items=True)
        model = OPAL(config, data.dataset).eval()
        for stage in folder.stages:
            model.set_stage(stage)
            model.load_state_dict(folder.load_weights(stage))
            cosine, strongest, shares = measure(model, data.test)
            own = f"K={config['num_interests']} seed={config['seed']}"
            listed = " ".join(f"{share:.2f}" for share in shares)
            table.add_row(own, stage, f"{cosine:.3f}", f"{strongest:.2f}", listed)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
