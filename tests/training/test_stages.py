"""Which stage is kept."""

from recbole_opal.training.stages import StageRecord, best_stage


def records(**scores):
    return {name: StageRecord(name, score=score) for name, score in scores.items()}


def test_the_better_stage_wins_and_of_equals_the_earlier():
    assert best_stage(records(soft=0.3, hard=0.2), bigger=True) == "soft"
    assert best_stage(records(soft=0.2, hard=0.3), bigger=True) == "hard"
    assert best_stage(records(soft=0.3, hard=0.3), bigger=True) == "soft"
    assert best_stage(records(soft=0.2, hard=0.3), bigger=False) == "soft"


def test_a_record_survives_as_plain_data():
    record = StageRecord("soft", best_epoch=3, score=0.5, valid={"recall@10": 0.5}, ended="epochs")
    assert StageRecord(**record.as_dict()) == record


def test_a_stage_without_a_score_is_not_the_best():
    nan = float("nan")
    assert best_stage(records(soft=nan, hard=0.3), bigger=True) == "hard"
    assert best_stage(records(soft=nan, hard=nan), bigger=False) == "soft"
