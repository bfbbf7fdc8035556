"""Item categories out of RecBole's dataset."""

from pathlib import Path

import numpy as np
import pytest
import recbole

from recbole_opal.errors import DataError
from recbole_opal.host.categories import ItemCategories, item_categories
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.dataset import FutureItemDataset

HEADER = "user_id:token\titem_id:token\ttimestamp:float\n"


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Return a function from an item file's text to the built dataset."""
    monkeypatch.chdir(tmp_path)

    def load(text: str, **settings) -> FutureItemDataset:
        folder = tmp_path / "toy"
        folder.mkdir()
        rows = [f"u{user}\ti{item}\t{item}" for user in range(3) for item in (3, 1, 2, 4)]
        (folder / "toy.inter").write_text(HEADER + "\n".join(rows) + "\n")
        (folder / "toy.item").write_text(text)
        columns = {
            "inter": ["user_id", "item_id", "timestamp"],
            "item": [word.split(":")[0] for word in text.splitlines()[0].split("\t")],
        }
        config = OpalConfig(
            "OPAL", "toy", {"data_path": str(tmp_path), "load_col": columns} | settings
        )
        dataset = FutureItemDataset(config)
        dataset.build()
        return dataset

    return load


def by_name(dataset, categories):
    """Return {item token: set of category tokens}."""
    items = dataset.field2id_token[dataset.iid_field]
    found = {str(token): set() for token in items[1:]}
    for item, category in zip(categories.items, categories.categories, strict=True):
        found[str(items[item])].add(categories.names[category])
    return found


def test_several_tags_one_tag_and_none(load):
    text = "item_id:token\ttag:token_seq\ni1\tred blue\ni2\tblue blue\ni3\t\ni4\tgreen\n"
    dataset = load(text)
    categories = item_categories(dataset, "tag")
    assert by_name(dataset, categories) == {
        "i1": {"red", "blue"}, "i2": {"blue"}, "i3": set(), "i4": {"green"},
    }  # fmt: skip
    assert categories.names[0] == "[PAD]"
    assert len(categories.items) == 4  # blue blue is one category


def test_a_plain_token_is_one_category(load):
    dataset = load("item_id:token\tkind:token\ni1\ta\ni2\tb\ni3\ta\ni4\t\n")
    categories = item_categories(dataset, "kind")
    assert by_name(dataset, categories) == {"i1": {"a"}, "i2": {"b"}, "i3": {"a"}, "i4": set()}


def test_the_table_has_a_row_an_item():
    categories = ItemCategories(np.array([1, 1, 3]), np.array([2, 5, 4]), ["[PAD]"])
    assert categories.table(5).tolist() == [[0, 0], [2, 5], [0, 0], [4, 0], [0, 0]]


def test_no_field_is_no_categories(load):
    assert item_categories(load("item_id:token\ttag:token_seq\ni1\tred\n"), None) is None


def test_an_unknown_column_is_told(load):
    with pytest.raises(DataError, match="category_field 'tags' is not among"):
        item_categories(load("item_id:token\ttag:token_seq\ni1\tred\n"), "tags")


def test_a_column_of_numbers_is_refused(load):
    with pytest.raises(DataError, match="holds numbers"):
        item_categories(load("item_id:token\tyear:float\ni1\t1999\n"), "year")


def test_the_genres_of_ml_100k_are_those_of_its_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = OpalConfig("OPAL", "ml-100k")
    assert config["category_field"] == "class"
    dataset = FutureItemDataset(config)
    dataset.build()
    found = by_name(dataset, item_categories(dataset, "class"))
    path = Path(recbole.__file__).parent / "dataset_example" / "ml-100k" / "ml-100k.item"
    lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    column = next(place for place, word in enumerate(lines[0]) if word.startswith("class:"))
    wanted = {line[0]: set(line[column].split()) for line in lines[1:]}
    assert found == {item: wanted[item] for item in found}
    assert len(found) == 1682


def test_the_categories_of_several_rows_of_an_item_are_joined(load):
    rows = ["i1\tred\tp", "i2\t\tq", "i1\tdark-blue red\tr", "i3\tred\ts", "i2\tgreen\tq"]
    dataset = load("\n".join(["item_id:token\ttag:token_seq\tkind:token", *rows, "i4\t\t"]) + "\n")
    assert by_name(dataset, item_categories(dataset, "tag")) == {
        "i1": {"red", "dark-blue"}, "i2": {"green"}, "i3": {"red"}, "i4": set(),
    }  # fmt: skip
    # Of one value the first row's counts, and the rows are counted.
    assert by_name(dataset, item_categories(dataset, "kind"))["i1"] == {"p"}
    assert dataset.filtered["item_rows_repeated"] == 2
