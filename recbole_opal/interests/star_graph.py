"""Items that exchange with their neighbours and, through a centre, with all others (PIMI)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from recbole_opal.interests.history import History

__all__ = ["StarGraph", "StarLayer", "softmax_by_row"]


def softmax_by_row(values: Tensor, rows: Tensor, num_rows: int) -> Tensor:
    """Return the softmax of (T, C) values over those of the same row, (T,) in any order."""
    places = rows.unsqueeze(-1).expand_as(values)
    highest = values.new_zeros(num_rows, values.shape[1])
    highest = highest.scatter_reduce(0, places, values.detach(), "amax", include_self=False)
    raised = (values - highest[rows]).exp()
    sums = torch.zeros_like(highest).index_add(0, rows, raised)
    return raised / sums[rows]


class StarLayer(nn.Module):
    """One exchange: each item asks five nodes, then the centre asks itself and all items.

    An item's five: the item before it, itself, the item after it, the centre and the item's own
    input; `softmax(q k / sqrt(D)) v`, then a ReLU and a layer norm.

    Args:
        last: whether no layer follows; the centre then stays as it is, for nobody asks it.
    """

    def __init__(self, width: int, *, last: bool = False) -> None:
        super().__init__()
        self.last = last
        self.item_query, self.item_key, self.item_value = _maps(width)
        self.item_norm = nn.LayerNorm(width)
        if not last:
            self.centre_query, self.centre_key, self.centre_value = _maps(width)
            self.centre_norm = nn.LayerNorm(width)

    def forward(
        self, items: Tensor, centres: Tensor, inputs: Tensor, rows: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the next states of (T, D) items and (B, D) centres; `inputs` of layer one."""
        items = self._update_items(items, centres, inputs, rows)
        return items, centres if self.last else self._update_centres(items, centres, rows)

    def _update_items(self, items: Tensor, centres: Tensor, inputs: Tensor, rows: Tensor) -> Tensor:
        keys, values = (
            _nodes(source(items), source(centres), source(inputs), rows)
            for source in (self.item_key, self.item_value)
        )
        query = self.item_query(items) * items.shape[1] ** -0.5
        logits = torch.stack([torch.linalg.vecdot(query, key) for key in keys], dim=-1)  # (T, 5)
        absent = torch.zeros_like(logits, dtype=torch.bool)
        absent[1:, 0] = absent[:-1, 2] = rows[1:] != rows[:-1]
        absent[:1, 0] = absent[-1:, 2] = True
        weights = logits.masked_fill(absent, torch.finfo(logits.dtype).min).softmax(dim=-1)
        mixed = torch.zeros_like(items)
        for number, value in enumerate(values):
            mixed = torch.addcmul(mixed, weights[:, number, None], value)
        updated: Tensor = self.item_norm(mixed.relu())
        return updated

    def _update_centres(self, items: Tensor, centres: Tensor, rows: Tensor) -> Tensor:
        count = len(items)
        query = self.centre_query(centres) * items.shape[1] ** -0.5
        own = torch.linalg.vecdot(query, self.centre_key(centres))  # (B,)
        logits = torch.linalg.vecdot(query[rows], self.centre_key(items))  # (T,)
        every = torch.cat([rows, torch.arange(len(centres), device=rows.device)])
        weights = softmax_by_row(torch.cat([logits, own]).unsqueeze(-1), every, len(centres))
        mixed = weights[count:] * self.centre_value(centres)
        mixed = mixed.index_add(0, rows, weights[:count] * self.centre_value(items))
        updated: Tensor = self.centre_norm(mixed.relu())
        return updated


def _maps(width: int) -> tuple[nn.Linear, nn.Linear, nn.Linear]:
    """Return the maps to queries, keys and values."""
    return nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, width)


def _nodes(items: Tensor, centres: Tensor, inputs: Tensor, rows: Tensor) -> list[Tensor]:
    """Return what each item sees, five times (T, D): before, itself, after, centre, input."""
    return [items.roll(1, dims=0), items, items.roll(-1, dims=0), centres[rows], inputs]


class StarGraph(nn.Module):
    """Layers of exchange over each history, laid out as a path with a virtual centre.

    Source: Chen et al., PIMI, IJCAI 2021, the interactivity module, whose nodes are named in
    `StarLayer`. Its graph is that of Star-Transformer (Guo et al., NAACL 2019), from which the
    centre's start (the mean of the items), its update and the ReLU with a layer norm are taken;
    one attention head, and no wrap from the last item to the first.

    Args:
        layers: how often; 3 in PIMI.
    """

    def __init__(self, width: int, *, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            StarLayer(width, last=number == layers - 1) for number in range(layers)
        )

    def forward(self, history: History) -> Tensor:
        """Return the items' last states, (T, D); their vectors are the nodes' inputs."""
        inputs, rows = history.vectors, history.rows
        lengths = history.lengths.clamp_min(1).unsqueeze(-1)
        items, centres = inputs, history.sum_by_row(inputs) / lengths
        for layer in self.layers:
            items, centres = layer(items, centres, inputs, rows)
        return items
