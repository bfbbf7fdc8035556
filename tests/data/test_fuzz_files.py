"""Whatever stands in the files: a run is prepared without a leak, or one line says what to mend."""

import gzip
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recbole_opal.errors import OpalError

NAME = "fuzzed"
TOKENS = st.one_of(
    st.sampled_from(["1", "2", "3", "u4", "é", "名前", "NA", "null", "0", "01", '"', "a b", "x,y"]),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=4),
    st.sampled_from(["", "[PAD]", "z" * 999, "z" * 1001, "nan", "'", "#", "\ufeff", "👍🏽"]),
)
GOOD_TIMES = st.one_of(
    st.integers(0, 9).map(str),
    st.floats(0, 2e9).map(str),
    st.sampled_from(["1600000000000", "1600000000000000", "20210113", "1600000000000000000"]),
)
BAD_TIMES = st.sampled_from(["", "nan", "inf", "-1", "1e400", "x", "2020-01-01", "1e18", "1_0"])
USERS, ITEMS = st.integers(0, 4).map("u{}".format), st.integers(0, 6).map("i{}".format)


@st.composite
def sane_rows(draw):
    """Return rows of the usual kind: few or many users and items, some times equal."""
    random = draw(st.randoms(use_true_random=False))
    users, items = draw(st.sampled_from([(4, 9), (9, 20), (1, 9), (4, 1), (1, 1)]))
    return [
        [f"u{random.randrange(users)}", f"i{random.randrange(items)}", str(random.randrange(99))]
        for _ in range(draw(st.sampled_from([40, 90, 5, 1])))
    ]


ODD = st.lists(
    st.tuples(USERS | TOKENS, ITEMS | TOKENS, GOOD_TIMES | BAD_TIMES), min_size=0, max_size=4
)
FIELDS = st.sampled_from(
    ["user_id:token", "item_id:token", "timestamp:float", "tag:token_seq", "x:float", "x:float_seq"]
    + ["timestamp:token", "user_id", "item_id:", ":token", "a:b:c", "", "user_id:float", "x:int"]
)
HEADER = ["user_id:token", "item_id:token", "timestamp:float"]
DAMAGE = st.lists(
    st.tuples(st.integers(0, 2000), st.integers(0, 20), st.binary(max_size=6)),
    min_size=1,
    max_size=2,
)
MISTAKES = st.sampled_from(
    ["odd", "odd", "header", "more columns", "ragged", "newline", "encoding", "damage", "separator"]
    + ["packed"]
)


@st.composite
def interactions(draw):
    """Return the bytes of an .inter file with none, one or two kinds of mistakes."""
    mistakes = draw(st.lists(MISTAKES, max_size=2)) if draw(st.booleans()) else []
    header, separator, newline, encoding = HEADER, "\t", "\n", "utf-8"
    rows = draw(sane_rows())
    if "odd" in mistakes:
        at = draw(st.integers(0, len(rows)))
        rows[at:at] = [list(row) for row in draw(ODD)]
    if "header" in mistakes:
        header = draw(st.lists(FIELDS, min_size=0, max_size=5))
    if "more columns" in mistakes:
        header = [*HEADER, draw(FIELDS)]
    for row in rows:
        row += ["7"] * (len(header) - 3)
    if "ragged" in mistakes:
        row = draw(st.sampled_from(rows))
        row[:] = row[: draw(st.integers(0, 2))] or [*row, "more"]
    if "separator" in mistakes:
        separator = draw(st.sampled_from([",", " "]))
    if "newline" in mistakes:
        newline = draw(st.sampled_from(["\r\n", "\r", "\n\n", "\n \n"]))
    if "encoding" in mistakes:
        encoding = draw(st.sampled_from(["utf-8-sig", "utf-16", "utf-7"]))
    text = newline.join(separator.join(row) for row in [header, *rows])
    text += draw(st.sampled_from([newline, ""]))
    damage = draw(DAMAGE) if "damage" in mistakes else []
    return damaged(text.encode(encoding), damage, "packed" in mistakes)


def damaged(data, places, packed):
    for start, length, put in places:
        at = start % (len(data) + 1)
        data = data[:at] + put + data[at + length :]
    return gzip.compress(data, mtime=0) if packed else data


@st.composite
def features(draw):
    """Return the bytes of an .item file, or None."""
    if draw(st.booleans()):
        return None
    kinds = draw(
        st.lists(st.sampled_from(["token", "token_seq", "float", "float_seq"]), max_size=3)
    )
    header = [
        "item_id:token",
        *(f"{'tag' if n == 0 else f'c{n}'}:{k}" for n, k in enumerate(kinds)),
    ]
    values = st.sampled_from(["", "1", "2", "-0.5", "1e9", "7 8"])
    if draw(st.booleans()):
        values |= st.sampled_from(["2 3", "a b", "nan", "inf", "1e99", "  ", "名 前"])
    ids = ITEMS if draw(st.booleans()) else ITEMS | TOKENS
    rows = [[draw(ids), *(draw(values) for _ in kinds)] for _ in range(draw(st.integers(0, 7)))]
    text = "\n".join("\t".join(row) for row in [header, *rows]) + "\n"
    return damaged(text.encode(), draw(DAMAGE) if draw(st.integers(0, 5)) == 5 else [], False)


PROTOCOLS = st.one_of(
    st.sampled_from([{"RS": [2, 1, 1]}, {"LS": "valid_and_test"}, {"RS": [1, 1, 1]}]),
    st.fixed_dictionaries(
        {"day_length": st.sampled_from([1, 8, 86_400]), "min_days": st.integers(0, 3)},
        optional={
            "days": st.integers(3, 12),
            "offset": st.sampled_from([-3, 0.5]),
            "unseen_items": st.just("keep"),
        },
    ).map(lambda how: {"last_day": how}),
    st.sampled_from([{"time": [2, 1, 1]}, {"time": [4, 1]}, {"time": {"cuts": [40, 70]}}]),
    st.sampled_from([{"user": [2, 1, 1]}, {"user": {"ratios": [1, 1, 1], "history": 0.5}}]),
)


@st.composite
def options(draw):
    """Return settings that decide how the files are read and split."""
    chosen = {}
    chosen["eval_args"] = {"split": draw(PROTOCOLS)}
    columns = {"inter": ["user_id", "item_id", "timestamp"]}
    load = draw(st.sampled_from([columns, columns, None, None, columns | {"item": "*"}]))
    chosen["load_col"] = load
    chosen["category_field"] = draw(st.sampled_from([None, None, "tag"]))
    chosen["rm_dup_inter"] = draw(st.sampled_from([None, "first", "last"]))
    chosen["drop_duplicates"] = draw(st.booleans())
    chosen["time_unit"] = draw(st.sampled_from([None] * 5 + ["number", "milliseconds", "date"]))
    chosen["user_inter_num_interval"] = draw(st.sampled_from(["[0,inf)", "[2,inf)"]))
    chosen["normalize_all"] = draw(st.booleans())
    chosen["val_interval"] = draw(st.sampled_from([None] * 9 + [{"x": "[1,inf)"}, {"tag": ["1"]}]))
    chosen["field_separator"] = draw(st.sampled_from(["\t"] * 9 + [",", " "]))
    return chosen


MODELS = st.sampled_from(["OPAL", "OPAL", "PIMI", "SASRec", "BPR", "Pop"])
CASES = {"data": interactions(), "items": features(), "chosen": options(), "model": MODELS}
QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def prepare(folder, data, items, chosen, model):
    from recbole_opal.host import find_model_class
    from recbole_opal.host.categories import item_categories
    from recbole_opal.host.config import OpalConfig
    from recbole_opal.host.prepare import prepare_data
    from recbole_opal.host.recommender import MultiInterestRecommender

    target = Path(folder) / NAME
    target.mkdir()
    (target / f"{NAME}.inter").write_bytes(data)
    if items is not None:
        (target / f"{NAME}.item").write_bytes(items)
    config = OpalConfig(model, NAME, {"data_path": folder, "use_gpu": False, **chosen})
    ours = issubclass(find_model_class(model), MultiInterestRecommender)
    prepared = prepare_data(config, future_items=ours)
    item_categories(prepared.dataset, config["category_field"])
    return prepared


def check(data, items, chosen, model):
    with tempfile.TemporaryDirectory() as folder:
        told = None
        try:
            prepared = prepare(folder, data, items, chosen, model)
        except OpalError as error:
            told = error
    if told is not None:
        assert "\n" not in str(told)
        assert str(told).endswith((".", "?"))
        assert told.exit_code == 2
        return
    for part in (prepared.valid, prepared.test):
        for batch in part:
            history, (rows, targets) = batch.excluded, batch.targets
            assert len(batch.users) > 0
            assert targets.min() >= 1
            if history is not None:
                seen = set(zip(*(ids.tolist() for ids in history), strict=True))
                assert not seen & set(zip(rows.tolist(), targets.tolist(), strict=True))
    for batch in prepared.train:
        assert len(batch) > 0


@given(**CASES)
@settings(max_examples=150, **QUIET)
def test_some_files(data, items, chosen, model):
    check(data, items, chosen, model)


@pytest.mark.slow
@given(**CASES)
@settings(max_examples=2000, derandomize=False, **QUIET)
def test_many_files(data, items, chosen, model):
    check(data, items, chosen, model)
