import numpy as np

from recbole_opal.report.item_names import ItemNames, _titles
from recbole_opal.report.sections.categories import tag_lifts
from recbole_opal.report.user_journeys import Journey, choose


def names(tags_of):
    pairs = [(item, tag) for item, tags in tags_of.items() for tag in tags]
    items, tags = (np.array(column) for column in zip(*pairs, strict=True))
    return ItemNames(["[PAD]", *(f"i{n}" for n in range(1, 9))], ["[PAD]", "a", "b"], items, tags)


def test_lift_by_hand():
    """Tag a is on 4 of 8 items and on 3 of the 3 members: 1 over 1/2."""
    found = tag_lifts(np.array([1, 2, 3]), names({1: [1], 2: [1], 3: [1, 2], 4: [1], 5: [2]}))
    assert [(tag.tag, tag.share, tag.lift) for tag in found] == [("a", 1.0, 2.0)]


def test_tags_on_few_members_are_left_out():
    assert tag_lifts(np.array([1, 2]), names({1: [1], 2: [1], 3: [1]})) == []


def test_no_tags():
    assert tag_lifts(np.array([1]), ItemNames(["[PAD]", "x"])) == []


def test_names_are_cut_and_tags_found():
    found = names({1: [1, 2], 2: [2]})
    assert found.tags_of(1) == ["a", "b"]
    assert found.tags_of(7) == []
    assert len(ItemNames(["", "x" * 99]).title(1)) == 40


def test_titles_from_the_item_file(tmp_path):
    path = tmp_path / "x.item"
    path.write_text("item_id:token\tmovie_title:token_seq\n1\tToy Story\n2\t\n3\n")
    assert _titles(path, "\t", "utf-8") == {"1": "Toy Story", "2": ""}
    path.write_text("item_id:token\ttag:token\n1\t4\n")
    assert _titles(path, "\t", "utf-8") == {}
    assert _titles(tmp_path / "none.item", "\t", "utf-8") == {}


def journey(user, winners, targets, length=10):
    listed = list(range(1, len(winners) + 1))
    return Journey(user, 1, list(range(length)), [0] * length, listed, winners, targets)


def test_counts_of_a_journey():
    one = journey("u", [0, 0, 1, 2], [1, 3, 9])
    assert (one.hits, one.hit_interests, one.used) == (2, 2, 3)


def test_users_are_chosen_by_fixed_rules_and_each_once():
    found = [
        journey("two hits of one interest", [0, 0, 1], [1, 2]),
        journey("hits of two", [0, 1, 1], [1, 2]),
        journey("one hit", [0, 0, 0], [1, 9]),
        journey("wide", [0, 1, 2], [9]),
        journey("none", [0, 0, 0], [9]),
        journey("too short", [0, 1, 2], [1, 2, 3], length=1),
    ]
    assert [(rule, j.user) for rule, j in choose(found)] == [
        ("hits of the most interests", "hits of two"),
        ("one hit", "one hit"),
        ("the list of the most interests", "wide"),
        ("no hit", "none"),
    ]
    assert choose([]) == []
