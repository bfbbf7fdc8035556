import pytest

from recbole_opal.conversion.columns import parse_columns
from recbole_opal.conversion.data_settings import category_column, settings_yaml
from recbole_opal.data.generated_settings import SYNTHETIC_YAML, is_generated


@pytest.mark.parametrize(
    "name",
    ["tag", "Tags", "TAG", "tag_ids", "first_category", "categories", "categoryid", "videoCategory"]
    + ["category2", "class", "classes", "genre ids", "main.topic", "hashtags", "sub_category"]
    + ["subcategory", "GenreID", "CATEGORY_L1"],
)
def test_names_that_tell_of_categories(name):
    assert category_column(parse_columns(f"author:token,{name}:token", "fields")) == name


@pytest.mark.parametrize(
    "name", ["stage", "percentage", "heritage", "classic", "vintage", "tagline", "author", "type"]
)
def test_words_that_merely_hold_another(name):
    assert category_column(parse_columns(f"{name}:token", "fields")) is None


@pytest.mark.parametrize(
    ("columns", "categories"),
    [
        ("title:token_seq,Genres:token_seq,tag:token", "Genres"),
        ("duration:float,first_category:token", "first_category"),
        ("tag:float,author:token", None),
    ],
)
def test_the_first_column_of_tokens_counts(columns, categories):
    assert category_column(parse_columns(columns, "fields")) == categories


def test_generated_settings_are_known():
    for complete in (True, False):
        assert is_generated(settings_yaml("tag", every_item_described=complete))
    assert is_generated(SYNTHETIC_YAML)
    for content in (b"", b"category_field: tag\n", SYNTHETIC_YAML + b"topk: [5]\n"):
        assert not is_generated(content)
