"""PIMI: interests by self-attention over items that know of time gaps and of each other.

Gaode Chen, Xinghua Zhang, Yanyan Zhao, Cong Xue, Ji Xiang: Exploring Periodicity and
Interactivity in Multi-Interest Framework for Sequential Recommendation. IJCAI 2021,
arXiv:2106.04415.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from recbole_opal.interests.history import History
from recbole_opal.interests.padded_history import PaddedHistory
from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.models.catalogue import Catalogue
from recbole_opal.models.recipes import comirec_recipe, search_with
from recbole_opal.settings.models.pimi import PIMISettings

__all__ = [
    "PIMINetwork",
    "PIMISettings",
    "PeriodicInterests",
    "StarGraph",
    "TimeGapEncoding",
    "count_gaps",
    "count_padded_gaps",
    "softmax_by_row",
]


def count_gaps(times: Tensor, lengths: Tensor, *, unit: float, span: int) -> Tensor:
    """Count, for each item, the items of its row by how far they are in time: (T, span + 1).

    The gap of two items is the whole units between them, whichever is older, at most `span`; an
    item is at gap 0 from itself. Memory is O(sum of squared lengths), whatever the span.

    Args:
        times: (T,) float64 seconds, row by row.
        lengths: (B,) int64, of the rows.
        unit: seconds, > 0.
        span: the greatest gap told apart, >= 1.
    """
    rows = torch.repeat_interleave(lengths)  # (T,)
    mates = lengths[rows]  # (T,)
    item = torch.repeat_interleave(mates)  # (P,), the first of each pair
    shift = lengths.cumsum(0)[rows] - mates.cumsum(0)  # (T,)
    mate = torch.arange(len(item), device=item.device) + shift[item]  # (P,), the second
    gap = (times[mate] - times[item]).abs_().div_(unit).clamp_max_(span).to(torch.int64)
    cells = gap.add_(item, alpha=span + 1)
    return torch.bincount(cells, minlength=len(times) * (span + 1)).view(len(times), span + 1)


def count_padded_gaps(times: Tensor, mask: Tensor, *, unit: float, span: int) -> Tensor:
    """Count as `count_gaps` does, (B L, span + 1), for histories padded to (B, L) times.

    Padding is at gap 0 from itself and is nobody's mate. Memory is O(B L^2).
    """
    length = times.shape[1]
    mates = mask.unsqueeze(1) | torch.eye(length, dtype=torch.bool, device=mask.device)
    gaps = (times.unsqueeze(2) - times.unsqueeze(1)).abs() / unit  # (B, L, L)
    counts = torch.zeros(*mask.shape, span + 1, dtype=torch.int64, device=mask.device)
    gaps = gaps.clamp_max(span).to(torch.int64)
    return counts.scatter_add(2, gaps, mates.to(torch.int64)).flatten(0, 1)


class TimeGapEncoding(nn.Module):
    """One vector for each item from its gaps to all items of its history.

    With m_ij the gap of items i and j and G its embedding, `a_ij = softmax_j(<w, G[m_ij]>)` and the
    encoding is `sum_j a_ij G[m_ij]`. Source: the periodicity module.
    As equal gaps have equal weights, it is a mean over span + 1 gaps weighed by how often each
    occurs, which is how it is computed: no (L, L, D) tensor. Padding takes no part.
    """

    def __init__(self, width: int, *, unit: float, span: int) -> None:
        super().__init__()
        self.unit = unit
        self.gaps = nn.Parameter(torch.empty(span + 1, width))  # G
        self.weight = nn.Parameter(torch.empty(width))  # w
        nn.init.normal_(self.gaps, std=width**-0.5)
        nn.init.normal_(self.weight, std=width**-0.5)

    def forward(self, history: History) -> Tensor:
        """Return the encodings, (T, D), of histories with their times."""
        if history.times is None:
            raise ValueError("time gaps need History.times.")
        span = len(self.gaps) - 1
        if isinstance(history, PaddedHistory):
            times = history.times.view(history.mask.shape)
            counts = count_padded_gaps(times, history.mask, unit=self.unit, span=span)
        else:
            counts = count_gaps(history.times, history.lengths, unit=self.unit, span=span)
        logits = counts.to(self.gaps.dtype).log() + self.gaps @ self.weight  # -inf where none is
        return logits.softmax(dim=-1) @ self.gaps


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

    def forward(self, items: Tensor, centres: Tensor, history: History) -> tuple[Tensor, Tensor]:
        """Return the next states of (T, D) items and (B, D) centres of a history of inputs."""
        items = self._update_items(items, centres, history)
        return items, centres if self.last else self._update_centres(items, centres, history)

    def _update_items(self, items: Tensor, centres: Tensor, history: History) -> Tensor:
        keys, values = (
            _nodes(source(items), source(centres), source(history.vectors), history.rows)
            for source in (self.item_key, self.item_value)
        )
        query = self.item_query(items) * items.shape[1] ** -0.5
        logits = torch.stack([torch.linalg.vecdot(query, key) for key in keys], dim=-1)  # (T, 5)
        oldest, newest = history.ends()
        there = torch.zeros_like(oldest)
        absent = torch.stack([oldest, there, newest, there, there], dim=-1)  # (T, 5)
        weights = logits.masked_fill(absent, torch.finfo(logits.dtype).min).softmax(dim=-1)
        mixed = torch.zeros_like(items)
        for number, value in enumerate(values):
            mixed = torch.addcmul(mixed, weights[:, number, None], value)
        updated: Tensor = self.item_norm(mixed.relu())
        return updated

    def _update_centres(self, items: Tensor, centres: Tensor, history: History) -> Tensor:
        count, num_rows, rows = items.shape[0], history.num_rows, history.rows
        query = self.centre_query(centres) * items.shape[1] ** -0.5
        own = torch.linalg.vecdot(query, self.centre_key(centres))  # (B,)
        logits = torch.linalg.vecdot(query[rows], self.centre_key(items))  # (T,)
        logits = history.hide_padding(logits)
        every = torch.cat([rows, torch.arange(num_rows, device=rows.device)])
        weights = softmax_by_row(torch.cat([logits, own]).unsqueeze(-1), every, num_rows)
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

    Source: the interactivity module, whose nodes are named in
    `StarLayer`. Its graph is that of Star-Transformer (Guo et al., NAACL 2019), from which the
    centre's start (the mean of the items), its update and the ReLU with a layer norm are taken;
    one attention head, and no wrap from the last item to the first.
    """

    def __init__(self, width: int, *, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            StarLayer(width, last=number == layers - 1) for number in range(layers)
        )

    def forward(self, history: History) -> Tensor:
        """Return the items' last states, (T, D); their vectors are the nodes' inputs."""
        lengths = history.lengths.clamp_min(1).unsqueeze(-1)
        items, centres = history.vectors, history.sum_by_row(history.vectors) / lengths
        for layer in self.layers:
            items, centres = layer(items, centres, history)
        return items


class PeriodicInterests(nn.Module):
    """Self-attentive interests whose weights know of time gaps and of neighbouring items.

    `E = H + P + time gaps`, `F = graph(E)`, `A = softmax_t(W2 tanh(W1 F))`, `V = A H`. V is
    taken over the items' raw vectors, as in the paper. Positions count from the oldest item of the
    window. Weights of a history come into the softmax as their logarithms.
    """

    def __init__(self, settings: PIMISettings, longest_history: int) -> None:
        super().__init__()
        width, unit, span = settings.hidden_size, settings.time_unit_seconds, settings.time_span
        self.positions = nn.Parameter(torch.empty(longest_history, width))
        nn.init.normal_(self.positions, std=width**-0.5)
        self.time_gaps = TimeGapEncoding(width, unit=unit, span=span)
        self.graph = StarGraph(width, layers=settings.graph_layers)
        self.hidden = nn.Linear(width, settings.attention_size)
        self.output = nn.Linear(settings.attention_size, settings.num_interests)

    def forward(self, history: History) -> Tensor:
        """Return the interests of timed histories, (B, K, D); zero for an empty one."""
        placed = history.vectors + self.positions[history.columns()] + self.time_gaps(history)
        states = self.graph(replace(history, vectors=placed))  # (T, D)
        logits = history.lift(self.output(self.hidden(states).tanh()))  # (T, K)
        logits = history.hide_padding(logits)
        weights = softmax_by_row(logits, history.rows, history.num_rows)
        both = torch.cat([weights, history.vectors], dim=1)  # padded together, once
        padded, _ = replace(history, vectors=both).padded()  # (B, L, K + D)
        num_interests = weights.shape[1]
        return padded[..., :num_interests].transpose(1, 2) @ padded[..., num_interests:]


class PIMINetwork(MultiInterestNetwork):
    """Self-attentive interests over encoded time gaps and a graph of the history.

    Public codes: the authors' has no licence, and only facts of it were used. It differs: four
    attention heads in the graph with an output map and dropout 0.1, no layer norm; the item's own
    input there lacks the time gaps; gaps are differences of days rounded since the user's first,
    while here a difference is rounded down. REMI's repository names PIMI and builds its tables of
    times and neighbours for every sample, but ships no such model. What of the graph is taken
    from Star-Transformer is said in `StarGraph`.
    """

    Settings = PIMISettings
    weighs_items = True
    trains_in_parts = True
    needs_times = True
    search = search_with()
    published = comirec_recipe(
        "inner products, the target's interest for its negatives, sampled softmax over the next "
        "item.",
        "Sources: the paper, whose loss is ComiRec's, and its authors' code with its Amazon Books "
        "settings (Taobao: batch 256, length 50).",
        stopping_step=(70, "validations without a gain, as ComiRec's 50 [A]"),
    )

    def __init__(self, settings: PIMISettings, catalogue: Catalogue) -> None:
        super().__init__(settings, catalogue)
        self.encoder = PeriodicInterests(settings, catalogue.longest_history)
