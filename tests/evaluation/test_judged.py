"""The lists of an evaluation as arrays."""

import numpy as np

from recbole_opal.evaluation.judged import InterestRecord


def test_lists_are_kept_and_fills_are_not_counted(of_lists):
    judged = of_lists([[7, 3], [5, 0]], 9, users=np.array([4, 2]))
    assert set(judged.arrays()) == {"user_id", "items"}
    assert judged.arrays()["user_id"].tolist() == [4, 2]
    assert judged.arrays()["items"].dtype == np.int32
    assert judged.listed(1).tolist() == [0, 0, 0, 0, 0, 1, 0, 1, 0]
    assert judged.listed(2)[[0, 3]].tolist() == [0, 1]


def test_winners_are_kept_where_there_are_interests(of_lists):
    record = InterestRecord(
        winners=np.array([[2, 0], [1, 255]], dtype=np.uint8),
        cosines=np.array([0.5, 0.1]),
        active=np.array([[True, True, True], [True, True, False]]),
    )
    judged = of_lists([[7, 3], [5, 0]], interests=record)
    assert record.count == 3
    assert set(judged.arrays()) == {"user_id", "items", "interest"}
    assert judged.arrays()["interest"].tolist() == [[2, 0], [1, 255]]
    assert judged.arrays()["interest"].dtype == np.uint8
