import io

import pytest
from rich.console import Console

from recbole_opal.console import result_table

STAGES = {
    "soft": {"valid": {"recall@10": 0.9}, "test": {"recall@10": 0.25, "ndcg@10": 0.125}},
    "hard": {"valid": {"recall@10": 0.8}, "test": {"recall@10": 0.375}},
}


def text_of(table):
    console = Console(file=io.StringIO(), width=80)
    console.print(table)
    return console.file.getvalue()


def test_a_row_a_metric_and_a_column_a_stage_in_order():
    lines = text_of(result_table(STAGES, "soft")).splitlines()
    header = next(line for line in lines if "metric" in line and "soft" in line)
    assert header.index("soft (best)") < header.index("hard")
    assert "hard (best)" not in header
    recall = next(line for line in lines if "recall@10" in line)
    assert recall.index("0.2500") < recall.index("0.3750")
    assert "0.9000" not in text_of(result_table(STAGES, "soft"))


def test_a_metric_that_a_stage_lacks_is_a_dash():
    row = next(
        line for line in text_of(result_table(STAGES, "soft")).splitlines() if "ndcg" in line
    )
    assert "0.1250" in row
    assert " - " in row


def test_the_validation_part_can_be_shown():
    text = text_of(result_table(STAGES, "hard", part="valid"))
    assert "valid metrics" in text
    assert "0.8000" in text


def test_one_stage_alone_is_not_compared():
    text = text_of(result_table({"train": {"test": {"hit@5": 1}}}, "train"))
    assert "train" in text
    assert "1.0000" in text
    assert "best" not in text


def test_an_unknown_stage_is_an_error():
    with pytest.raises(KeyError):
        result_table(STAGES, "medium")
