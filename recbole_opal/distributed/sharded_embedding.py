"""An embedding table of which every process of a run holds a part, by TorchRec."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor, nn

from recbole_opal.distributed.group import Group, current, meet, together
from recbole_opal.distributed.table_parts import Part, collected, row_pieces
from recbole_opal.distributed.torchrec_library import import_torchrec
from recbole_opal.errors import TrainingError

__all__ = ["EPSILON", "ShardedEmbedding", "Sharding", "sharded_embedding_of"]

Sharding = Literal["row_wise", "column_wise", "table_wise"]

EPSILON = 1e-8
"""What row-wise Adagrad adds to the root that it divides by."""
_TABLE, _FEATURE = "item_vectors", "item"


class ShardedEmbedding(nn.Module):
    """Rows of a table by their ids; row 0, the padding, is zero and stays so.

    A look-up asks all processes for the rows they hold and is a call that all of them make. The
    rows move in the backward pass, by row-wise Adagrad of the gradients of all processes (added up,
    each id once; `RowAdagrad` is the same for a table in one piece), so that no optimiser and no
    exchange of gradients sees the table: it is none of the module's parameters. A step has one
    look-up. Cut by columns, each process keeps sums of its own columns.

    Source: TorchRec (Ivchenko et al., RecSys 2022), FBGEMM's `EXACT_ROWWISE_ADAGRAD`.

    Args:
        num_embeddings: N.
        embedding_dim: D, a multiple of 4; cut by columns, of 4 times the processes.
        sharding: "row_wise": N / P rows each; "column_wise": D / P columns each; "table_wise": the
            first process holds all.

    Attributes:
        parts: what each process holds, by rank.
        own: (R, C) float32, this process's part.
        sums: (R, 1) float32, row-wise Adagrad's sums of its rows.

    Raises:
        SettingsError: TorchRec is missing.
        TrainingError: a step looks up twice, or another process has ended.
    """

    def __init__(self, num_embeddings: int, embedding_dim: int, sharding: Sharding) -> None:
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self._library = import_torchrec(sharding)
        group = self._group
        with torch.random.fork_rng(devices=[]):  # it draws, in its own way
            module, shards = _sharded(self._library, num_embeddings, embedding_dim, sharding, group)
        # In tuples they are no submodules, and their weights no parameters.
        self._modules_apart = (module,)
        self._kernels = tuple(
            each.emb_module for look in module._lookups for each in look._emb_modules
        )
        self.parts = _parts(shards, group.size, embedding_dim)
        self.own, self.sums = torch.empty(0, embedding_dim), torch.empty(0, 1)
        self._looked_up = False  # in this step
        for kernel in self._kernels:  # one, or none where a process has no part
            (self.own,) = kernel.split_embedding_weights()
            self.sums = kernel.split_optimizer_states()[0][0].view(-1, 1)

    @property
    def part(self) -> Part:
        """What this process holds."""
        return self.parts[self._group.rank]

    @property
    def weight(self) -> Tensor:
        """No process holds the whole table: asking for it is a mistake of the caller's."""
        raise RuntimeError("an item table in parts is nowhere whole; ask for rows by their ids.")

    def forward(self, ids: Tensor) -> Tensor:
        """Return the rows of (n,) ids, (n, D); n may differ between processes."""
        lengths = torch.tensor([len(ids)])
        keyed = self._library.KeyedJaggedTensor(keys=[_FEATURE], values=ids, lengths=lengths)
        with together():
            rows: Tensor = self._modules_apart[0](keyed).wait()[_FEATURE].values()
        if rows.requires_grad:
            self._begin_backward(rows)
        return rows.masked_fill((ids == 0).unsqueeze(-1), 0.0)

    @torch.no_grad()
    def start_at_random(self, std: float) -> None:
        """Draw all rows as a table in one piece does, and keep the part; every process draws."""
        for rows in row_pieces(self.num_embeddings, self.embedding_dim):
            piece = torch.empty(rows.stop - rows.start, self.embedding_dim).normal_(std=std)
            self._keep(rows, piece)
        self._clear()

    @torch.no_grad()
    def start_at(self, vectors: Tensor) -> None:
        """Start at (N, D) vectors that the first process has; of the others none are read."""
        meet()  # however long it took to make them
        for rows in row_pieces(self.num_embeddings, self.embedding_dim):
            piece = torch.empty(rows.stop - rows.start, self.embedding_dim)
            if self._group.rank == 0:
                piece.copy_(vectors[rows])
            self._group.tell(piece)
            self._keep(rows, piece)
        self._clear()

    def own_of(self, whole: Tensor) -> Tensor:
        """Return a copy of this process's part of (N, D) weights."""
        return whole[self.part.rows, self.part.columns].clone()

    def sums_of(self, whole: Tensor) -> Tensor:
        """Return this process's (R, 1) of the (N, C) sums of C groups of columns.

        Of as many groups as there are now its own, else their mean, which all groups then share.
        """
        edges = self._column_edges()
        if whole.shape[1] != len(edges):
            whole = whole.mean(dim=1, keepdim=True).expand(-1, len(edges))
        place = edges.index(self.part.columns.start)
        return whole[self.part.rows, place : place + 1].clone()

    def whole(self, own: Tensor) -> Tensor | None:
        """Return the (N, D) weights of which each process gives its part; None but in the first."""
        return collected(own, self.parts, self.num_embeddings, self.embedding_dim, self._group)

    def whole_sums(self, sums: Tensor) -> Tensor | None:
        """Return the (N, C) sums of C groups of columns; None but in the first process."""
        edges = self._column_edges()
        places = [edges.index(part.columns.start) for part in self.parts]
        parts = [
            Part(each.rows, slice(n, n + 1)) for each, n in zip(self.parts, places, strict=True)
        ]
        return collected(sums, parts, self.num_embeddings, len(edges), self._group)

    def set_rate(self, rate: float) -> None:
        """Begin a step: its backward pass moves the rows at this learning rate."""
        self._looked_up = False
        for kernel in self._kernels:
            kernel.set_learning_rate(rate)

    def _begin_backward(self, rows: Tensor) -> None:
        """Let rows move once a step, by the sum of all gradients: TorchRec takes the mean."""
        if self._looked_up:
            raise TrainingError(
                "the model looks items up twice in a step, and rows of a table in parts move at "
                "each; look them up together, or write --item_table=local."
            )
        self._looked_up = True
        if self._library.comm_ops.get_gradient_division():
            size = self._group.size
            rows.register_hook(lambda gradient: gradient * size)  # type: ignore[no-untyped-call]

    @property
    def _group(self) -> Group:
        group = current()
        if group is None:
            raise RuntimeError("a table in parts is used outside of the run that made it.")
        return group

    def _keep(self, rows: slice, piece: Tensor) -> None:
        """Take from some rows of the whole what belongs to the part."""
        first, last = max(rows.start, self.part.rows.start), min(rows.stop, self.part.rows.stop)
        if first < last:
            found = piece[first - rows.start : last - rows.start, self.part.columns]
            self.own[first - self.part.rows.start : last - self.part.rows.start] = found

    def _clear(self) -> None:
        """Let the padding be zero."""
        if self.part.rows.start == 0 < self.part.rows.stop:
            self.own[0] = 0.0

    def _column_edges(self) -> list[int]:
        return sorted({part.columns.start for part in self.parts})

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        """Give the part, under the name of a whole table's weights: torch's hook."""
        destination[f"{prefix}weight"] = self.own

    @torch.no_grad()
    def _load_from_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, metadata: Any, *args: Any
    ) -> None:
        """Take a part, or this process's part of a whole table: torch's hook."""
        given = state_dict[f"{prefix}weight"]
        is_part = tuple(given.shape) == tuple(self.own.shape)
        self.own.copy_(given if is_part else self.own_of(given))


def sharded_embedding_of(model: Any) -> ShardedEmbedding | None:
    """Return the table of a module that is held in parts; None: it has none."""
    if current() is None:
        return None
    found = (each for each in model.modules() if isinstance(each, ShardedEmbedding))
    return next(found, None)


def _sharded(
    library: Any, rows: int, width: int, sharding: Sharding, group: Group
) -> tuple[Any, Any]:
    """Return TorchRec's module of this process, and where which part lies."""
    table = library.EmbeddingConfig(
        num_embeddings=rows, embedding_dim=width, name=_TABLE, feature_names=[_FEATURE]
    )
    module = library.EmbeddingCollection(tables=[table], device=torch.device("meta"))
    fused = {"optimizer": library.EmbOptimType.EXACT_ROWWISE_ADAGRAD, "eps": EPSILON}
    sharder = library.EmbeddingCollectionSharder(fused_params=fused | {"learning_rate": 0.0})
    kernel = library.EmbeddingComputeKernel.FUSED.value
    plans, ranks = library.sharding_plan, list(range(group.size))
    each = {
        "row_wise": lambda: plans.row_wise(compute_kernel=kernel),
        "column_wise": lambda: plans.column_wise(ranks=ranks, compute_kernel=kernel),
        "table_wise": lambda: plans.table_wise(rank=0, compute_kernel=kernel),
    }[sharding]()
    plan = plans.construct_module_sharding_plan(
        module,
        {_TABLE: each},
        sharder=sharder,
        local_size=group.size,
        world_size=group.size,
        device_type="cpu",
    )
    with together():
        env = library.ShardingEnv.from_process_group(torch.distributed.group.WORLD)
        made = sharder.shard(module, plan, env, torch.device("cpu"))
    return made, plan[_TABLE].sharding_spec.shards


def _parts(shards: Any, processes: int, width: int) -> list[Part]:
    """Return the part of each rank; one that has none has no rows."""
    parts = [Part(slice(0, 0), slice(0, width))] * processes
    for shard in shards:
        (row, column), (rows, columns) = shard.shard_offsets, shard.shard_sizes
        where = Part(slice(row, row + rows), slice(column, column + columns))
        parts[shard.placement.rank()] = where
    return parts
