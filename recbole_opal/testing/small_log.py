"""A small log with two planted interests a user, for the tests of models."""

from __future__ import annotations

from pathlib import Path

import numpy as np

__all__ = ["write_small_log"]

_USERS, _ITEMS, _CATEGORIES, _MEAN_LENGTH = 60, 48, 4, 18
_START = 1_600_000_000  # seconds


def write_small_log(folder: Path, name: str) -> None:
    """Write the log as the data set `name` of a folder: each user watches two categories of four.

    Popular items are met more often, and pauses between two interactions are of many lengths.
    """
    random = np.random.default_rng(0)
    per_category = _ITEMS // _CATEGORIES
    popularity = 1.0 / np.arange(1, per_category + 1)
    popularity /= popularity.sum()
    rows = ["user_id:token\titem_id:token\ttimestamp:float"]
    for user in range(_USERS):
        interests = random.permutation(_CATEGORIES)[:2]
        length = 1 + random.poisson(random.gamma(2.0, (_MEAN_LENGTH - 1) / 2))
        items = random.choice(interests, length) + _CATEGORIES * random.choice(
            per_category, length, p=popularity
        )
        moments = _START + np.cumsum(1 + random.exponential(43_200, length).astype(np.int64))
        rows += [f"{user}\t{item}\t{at}" for item, at in zip(items, moments, strict=True)]
    target = folder / name
    target.mkdir()
    (target / f"{name}.inter").write_text("\n".join(rows) + "\n", encoding="utf-8")
    described = [f"{item}\t{item % _CATEGORIES}" for item in range(_ITEMS)]
    lines = ["item_id:token\tcategory:token", *described]
    (target / f"{name}.item").write_text("\n".join(lines) + "\n", encoding="utf-8")
    columns = "{inter: [user_id, item_id, timestamp], item: [item_id, category]}"
    settings = f"load_col: {columns}\ncategory_field: category\n"
    (target / f"{name}.yaml").write_text(settings, encoding="utf-8")
