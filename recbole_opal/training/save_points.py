"""Snapshots that are cheap to write: what has not changed since the last one is not written again.

Of a snapshot, tensors of a megabyte and more go into parts (`runs.parts`): the weights of a
finished stage once; the best weights of the present one as what the model was when they were taken;
tables with sparse gradients and their moments by the rows that moved. Everything else is small, or
changes with every step, and stands in the state itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from recbole_opal.runs.parts import Assembled, Place, Rows
from recbole_opal.training.loop import TrainingLoop
from recbole_opal.training.optimizer import JointOptimizer
from recbole_opal.training.row_adam import RowAdam
from recbole_opal.training.saved_rows import SavedRows
from recbole_opal.training.snapshot import snapshot

__all__ = ["SavePoints"]

_LARGE = 2**20  # bytes
_Tensors = dict[str, Tensor]


class SavePoints:
    """The snapshots of one loop, in the order they are written.

    The first one writes everything. `first_part` is a number from which no part is there yet.
    """

    def __init__(self, loop: TrainingLoop, first_part: int = 1) -> None:
        self.loop, self.large = loop, _LARGE
        self._number = first_part
        self._new: dict[str, _Tensors] = {}  # parts of the snapshot that is being made
        self._stage = ""
        self._finished: dict[str, dict[str, Assembled]] = {}
        self._tables: dict[str, SavedRows] = {}
        self._best: dict[str, Assembled] = {}  # the present stage's
        self._best_of: Mapping[str, Tensor] = {}  # the weights that it stands for

    def next(self) -> tuple[dict[str, Any], dict[str, _Tensors]]:
        """Return the loop's state as `snapshot` does, with parts, and the parts that are new.

        Both are to be written down at once.
        """
        self._new = {}
        state, loop = snapshot(self.loop), self.loop
        for stage, weights in loop.weights.items():
            if stage != loop.stage and stage not in self._finished:
                self._finished[stage] = self._whole(weights)
        if self._stage != loop.stage:
            self._stage, self._best_of = loop.stage, {}
            self._tables = {}
        model: _Tensors = state["model"]
        optimizer, rows = self._rows(model, state["optimizer"])
        others = {name: value for name, value in model.items() if name not in rows}
        now = {**self._whole(others), **rows}
        self._take_best(model, now)
        state["model"] = model | now
        state["optimizer"] = optimizer
        held = {**self._finished, loop.stage: self._best}
        state["weights"] = {
            stage: {**weights, **held[stage]} for stage, weights in loop.weights.items()
        }
        return state, self._new

    def _take_best(self, model: _Tensors, now: dict[str, Assembled]) -> None:
        """Find out where the best weights lie; they are those of now in most cases."""
        best = self.loop.weights[self.loop.stage]
        if best is self._best_of:
            return
        self._best_of = best
        same = all(torch.equal(best[name], model[name]) for name in now)
        self._best = now if same else self._whole(best)

    def _rows(
        self, model: _Tensors, optimizer: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Assembled]]:
        """Write the rows that moved; return the optimiser's state and the tables, assembled."""
        found: dict[str, Assembled] = {}
        parts = optimizer.get("optimizers", [])
        for own, place in self._row_optimizers():
            moments = dict(parts[place]["state"])
            for index, table in enumerate(own.param_groups[0]["params"]):
                names = [n for n, v in model.items() if v.data_ptr() == table.data_ptr()]
                if not names or table.nbytes < self.large:
                    continue
                name = names[0]
                known = moments.get(index)
                columns = self._move(name, table, own, known)
                found[name] = columns.pop("weights")
                if known is not None:
                    moments[index] = {**known, **columns}
            parts = [*parts]
            parts[place] = {**parts[place], "state": moments}
        return ({**optimizer, "optimizers": parts} if parts else optimizer), found

    def _row_optimizers(self) -> list[tuple[RowAdam, int]]:
        held = self.loop.optimizer
        several = held.optimizers if isinstance(held, JointOptimizer) else []
        return [(own, place) for place, own in enumerate(several) if isinstance(own, RowAdam)]

    def _move(
        self, name: str, table: Tensor, own: RowAdam, known: Mapping[str, Any] | None
    ) -> dict[str, Assembled]:
        weights = table.detach()
        moments = {each: known[each] if known else None for each in ("exp_avg", "exp_avg_sq")}
        marked = own.take_moved(table)
        if name not in self._tables:
            self._tables[name] = SavedRows.starting_at(self._start_of(name, weights), weights)
            for moment in moments.values():  # of a run that goes on
                if moment is not None:
                    marked = marked | (moment != 0).any(dim=1)
        columns = {"weights": weights}
        columns |= {n: torch.zeros_like(weights) if m is None else m for n, m in moments.items()}
        part = self._name()
        written, anew = self._tables[name].write(part, columns, marked)
        if written:
            self._new[part] = written
        if anew:
            self._let_go(name)
        return self._tables[name].assembled()

    def _start_of(self, name: str, weights: Tensor) -> Place:
        """Return where the weights lie that a stage starts from; the stage before may have them."""
        for stage, held in self._finished.items():
            if name in held and torch.equal(self.loop.weights[stage][name], weights):
                return held[name].base
        return self._write({name: weights})[name].base

    def _let_go(self, name: str) -> None:
        """Write the best rows of a table anew, so that the parts they lie in can go."""
        table, best = self._tables[name], self._best.get(name)
        if best is None or best.base != table.base or not best.changes:
            return
        part = self._name()
        ids = table.moved.nonzero().flatten()
        self._new[part] = {"ids": ids, "weights": self._best_of[name][ids]}
        rows = Rows(Place(part, "ids"), Place(part, "weights"))
        self._best = {**self._best, name: Assembled(table.base, (rows,))}

    def _whole(self, tensors: Mapping[str, Tensor]) -> dict[str, Assembled]:
        """Write what is large of some weights; return what stands for it."""
        return self._write({n: v for n, v in tensors.items() if v.nbytes >= self.large})

    def _write(self, tensors: _Tensors) -> dict[str, Assembled]:
        if not tensors:
            return {}
        part = self._name()
        self._new[part] = tensors
        return {name: Assembled(Place(part, name)) for name in tensors}

    def _name(self) -> str:
        self._number += 1
        return f"part-{self._number - 1}.safetensors"
