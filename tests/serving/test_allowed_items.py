"""Whatever is excluded or alone allowed, a list is the best of what is left."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.serving.histories import RawHistories

KNOWN = [f"i{number}" for number in range(1, 13)]
ITEMS = st.lists(st.sampled_from([*KNOWN, "new"]), max_size=8)


@given(
    histories=st.lists(ITEMS, min_size=1, max_size=4),
    k=st.integers(1, 15),
    exclude_seen=st.booleans(),
    exclude=st.none() | ITEMS | st.dictionaries(st.integers(0, 4), ITEMS),
    only=st.none() | st.lists(st.sampled_from(KNOWN), min_size=1),
)
def test_lists_are_the_best_of_what_is_left(recommender, histories, k, exclude_seen, exclude, only):
    raw = RawHistories(list(range(len(histories))), histories)
    lists = recommender.lists(raw, k, exclude_seen=exclude_seen, exclude=exclude, only=only)
    with torch.no_grad():
        known = recommender.known(raw).histories
        queries = recommender.network.interests(known)
        table = recommender.network.item_table()
        products = torch.einsum("bkd,nd->bkn", queries.double(), table.double())
        best = (0.1 * (products / 0.1).logsumexp(dim=1)).float()
    popular = torch.from_numpy(recommender.trained.counts).float()
    for user, history in enumerate(histories):
        hidden = set(history) if exclude_seen else set()
        hidden |= set(exclude.get(user, []) if isinstance(exclude, dict) else exclude or [])
        left = [item for item in only or KNOWN if item not in hidden]
        empty = not set(history) & set(KNOWN)
        scores = (popular if empty else best[user]).tolist()
        order = sorted({int(item[1:]) for item in left}, key=lambda item: (-scores[item], item))
        assert lists.items()[user] == [f"i{number}" for number in order[:k]]
        assert lists.by_popularity[user] == empty
        assert (lists.interests[user] == -1).tolist() == [
            empty or place >= len(order) for place in range(lists.ids.shape[1])
        ]
