"""What a planted log allows: a reader who is told every item's category, beside a trained run.

    python -m recbole_opal synthesize --users=6000 --items=4000 --categories=40 --interests=4 \
        --seed=0 --out=dataset/planted-4
    python run_opal.py --dataset=planted-4
    python benchmarks/planted_ceiling.py saved/OPAL-planted-4-...

Three lines of Recall@50 on the test part: the run's lists; as many items of each category as those
hold, the most popular ones; and the reader, who knows the category and the popularity of every item
and how long sessions last, and finds a user's interests in the history. Nothing is fitted.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from recbole_opal.comparison.run_files import load_arrays
from recbole_opal.data.user_sequences import starts_of
from recbole_opal.runs.file_names import HISTORIES_NAME
from recbole_opal.runs.reader import RunReader

SESSION, NOISE = 4.0, 0.05  # the defaults of `synthesize`
RECENT, LONG = 1.5, 60.0  # places after which an item counts 1/e, for the session and for all
LENGTH, STEPS, BLOCK = 50, 4, 512  # of the lists; targets ahead; users at a time


def main() -> None:
    """Print the lines for the run folder of the command."""
    run = RunReader.open(Path(sys.argv[1]))
    stage = run.load_json("metrics.json")["best_stage"]
    pairs, counts = load_arrays(run, "item_categories.npz"), load_arrays(run, "item_counts.npz")
    category = np.full(len(counts["counts"]), -1)
    category[pairs["item"]] = pairs["category"]
    if len(np.unique(pairs["item"])) < len(pairs["item"]) or (category[1:] < 0).any():
        raise SystemExit("every item must have one category, as in logs of `synthesize`.")
    category[0] = category.max() + 1  # the padding: a category of its own, in no history
    held, lists = load_arrays(run, HISTORIES_NAME), load_arrays(run, f"lists-{stage}-test.npz")
    targets = targets_by_row(load_arrays(run, "targets-test.npz"), held["user_id"])
    # Popularity within the category, from all that came before the test part.
    seen = np.bincount(held["items"], minlength=len(category)) + 1.0
    share = seen / np.bincount(category, seen)[category]
    ahead = expected_categories(held, category)  # (STEPS, U, C)
    report("the run's lists", lists["items"], targets)
    report(
        "its categories, filled by popularity",
        refilled(lists["items"], held, category, share),
        targets,
    )
    report("a reader who knows the categories", read(ahead, held, category, share), targets)


def targets_by_row(asked, users):
    """Return for each target the row of its user in `users`, and the item."""
    order = np.argsort(users)
    rows = order[np.searchsorted(users[order], asked["user_id"])]
    return rows, asked["item"], len(users)


def report(name, lists, targets):
    """Print Recall@50 of lists (U, 50), with the half width of its 95 % interval over users."""
    rows, items, users = targets
    found = (lists[rows] == items[:, None]).any(axis=1)
    recall = np.bincount(rows, found, users) / np.bincount(rows, minlength=users)
    print(f"{name:40} {recall.mean():.4f} +- {1.96 * recall.std() / users**0.5:.4f}")


def expected_categories(held, category):
    """Return the probability of each category at each of the next steps, (STEPS, U, C).

    A session goes on with probability 1 - 1 / SESSION, and another begins with a category drawn
    from those of the history.
    """
    lengths = held["lengths"].astype(np.int64)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    age = np.repeat(starts_of(lengths) + lengths - 1, lengths) - np.arange(len(rows))
    shape = (len(lengths), category.max() + 1)
    place = rows * shape[1] + category[held["items"]]

    def shares(decay, smoothing):
        weights = np.bincount(place, np.exp(-age / decay), shape[0] * shape[1]).reshape(shape)
        weights[:, :-1] += smoothing
        return weights / weights.sum(axis=1, keepdims=True)

    now, ever = shares(RECENT, 1e-9), shares(LONG, NOISE)
    steps = []
    for _ in range(STEPS):
        now = now + (ever - now) / SESSION
        steps.append((1 - NOISE) * now + NOISE / (shape[1] - 1))
    return np.stack(steps)


def read(ahead, held, category, share):
    """Return the LENGTH items that most probably occur in the next steps, (U, LENGTH)."""
    lists = []
    for first in range(0, ahead.shape[1], BLOCK):
        absent = np.ones((ahead[0, first : first + BLOCK].shape[0], len(category)))
        for step in ahead[:, first : first + BLOCK]:
            absent *= 1 - step[:, category] * share
        lists.append(best(1 - absent, held, first))
    return np.concatenate(lists)


def refilled(lists, held, category, share):
    """Return lists with as many items of each category, the most popular unseen ones."""
    filled = []
    for first in range(0, len(lists), BLOCK):
        block = lists[first : first + BLOCK]
        rows = np.arange(len(block))[:, None]
        quota = np.zeros((len(block), category.max() + 1))
        np.add.at(quota, (rows, category[block]), 1)
        unseen = np.tile(share, (len(block), 1))
        hide(unseen, held, first)
        # An item's rank among the unseen ones of its category; those within the quota come first.
        order = np.lexsort((-unseen, np.broadcast_to(category, unseen.shape)), axis=1)
        starts = starts_of(np.bincount(category))
        rank = np.empty_like(order)
        np.put_along_axis(rank, order, np.arange(len(category)) - starts[category[order]], axis=1)
        filled.append(best((rank < quota[:, category]) * (unseen > 0) + 0.0, held, first))
    return np.concatenate(filled)


def best(scores, held, first):
    """Return the LENGTH best items of users from `first` on, without what they have met."""
    hide(scores, held, first)
    return np.argpartition(-scores, LENGTH, axis=1)[:, :LENGTH]


def hide(scores, held, first):
    """Set what the users from `first` on have met, and the padding, to -1."""
    lengths = held["lengths"].astype(np.int64)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    here = (rows >= first) & (rows < first + len(scores))
    scores[rows[here] - first, held["items"][here]] = -1
    scores[:, 0] = -1


if __name__ == "__main__":
    main()
