"""The unit of a log's times, through the label and over chunks."""

import pytest

from recbole_opal.conversion.arguments import parse_convert
from recbole_opal.conversion.generic import generic_source
from recbole_opal.conversion.write import write_dataset
from recbole_opal.errors import DataError


@pytest.fixture
def times(tmp_path):
    """Return a function that reads (time, label) rows and returns the seconds."""

    def read(rows, label=None):
        path = tmp_path / "log.csv"
        path.write_text("user,item,time,l\n" + "".join(f"u,i,{time},{one}\n" for time, one in rows))
        argv = [str(path), "--out=m", "--user=user", "--item=item", "--time=time"]
        argv += [f"--label={label}"] if label else []
        written = write_dataset(generic_source(parse_convert(argv)), tmp_path / "m")
        rows = (tmp_path / "m/m.inter").read_text().splitlines()[1:]
        return [float(row.split("\t")[2]) for row in rows], written.tally

    return read


def test_the_one_row_that_a_label_leaves_does_not_decide(times):
    rows = [(12, 1), *[(1_600_000_000, 0)] * 30, (1_600_000_001, 1)]
    seconds, tally = times(rows, "l==1")
    assert seconds == [1_600_000_001]
    assert tally.dropped["time is no time of the years 1990 to 2099"] == 1
    assert tally.notes == ["times: time holds seconds since 1970"]


@pytest.mark.parametrize("late", ["1600000000000", "1600000000"])
def test_numbers_and_epochs_are_not_written_together(times, late):
    rows = [(12, 1), *[(5, 0)] * 30, (late, 1)]
    with pytest.raises(DataError, match=f"line 33: the time '{late}' looks like .*--time_unit"):
        times(rows, "l==1")


@pytest.mark.parametrize("missing", ["0", r"\N"])
def test_a_first_chunk_without_times_is_passed_over(times, missing):
    seconds, tally = times([*[(missing, 1)] * 25, (1_600_000_000_000, 1)])
    assert seconds == [1_600_000_000]
    assert tally.dropped == {"time is no time of the years 1990 to 2099": 25}


def test_a_log_without_times_is_told(times):
    with pytest.raises(DataError, match="line 2: no time is recognised in time .*--time_unit"):
        times([(0, 1)] * 25)
