"""What `convert` took times for is what `describe` and every run take them for."""

import datetime

import pytest
import yaml

from recbole_opal.conversion.convert_command import main as convert
from recbole_opal.description.describe_command import main as describe

SECONDS = 1_614_953_229
TICKS = [(SECONDS + at) * 10**7 + 621_355_968_000_000_000 for at in range(6)]


@pytest.fixture
def converted(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def converted(times, *flags, code=0):
        rows = (f"u{at % 2},i{at},{time}\n" for at, time in enumerate(times))
        (tmp_path / "log.csv").write_text("u,i,t\n" + "".join(rows))
        argv = ["log.csv", "--out=dataset/m", "--user=u", "--item=i", "--time=t", *flags]
        assert convert([*argv, "--overwrite"]) == code
        told = capsys.readouterr()
        return told.err if code else told.out

    return converted


def figures(output):
    """Return the cells of the rows about times."""
    rows = [line.split("│") for line in output.splitlines()]
    return {row[1].strip(): row[2].strip() for row in rows if len(row) > 2}


def described(capsys):
    assert describe(["m"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "times",
    [
        [SECONDS + at if at % 2 else (SECONDS + at) * 1000 for at in range(6)],
        [20210301 + at for at in range(6)],
        [(SECONDS + at) * 1000 for at in range(6)],
        [44260.5 + at for at in range(6)],
        [0] * 6,
    ],
)
def test_numbers_taken_as_they_are_stay_so(converted, capsys, tmp_path, times):
    told = converted(times, "--time_unit=number")
    assert yaml.safe_load((tmp_path / "dataset/m/m.yaml").read_text()) == {"time_unit": "number"}
    shown = described(capsys)
    assert "numbers of no known unit, taken as seconds (--time_unit)" in shown
    ours, theirs = figures(told), figures(shown)
    assert {**theirs, **{name: ours[name] for name in ("first", "last", "span")}} == theirs
    assert (ours["first"], ours["last"]) == (f"{min(times):.15g}", f"{max(times):.15g}")


@pytest.mark.parametrize("year", [1970, 1985, 2021, 2150])
def test_dates_of_every_year_stay_dates(converted, capsys, tmp_path, year):
    days = [datetime.date(year, 8, 18 + at).strftime("%d/%m/%Y") for at in range(6)]
    told = figures(converted(days, "--time_format=%d/%m/%Y"))
    shown = figures(described(capsys))
    assert told["first"] == shown["first"] == f"{year}-08-18 00:00:00 UTC"
    assert told["span"] == shown["span"] == "5.0 days"
    settings = tmp_path / "dataset/m/m.yaml"
    assert settings.exists() == (year != 2021)


def test_numbers_of_no_known_unit_are_shown_as_numbers(converted, capsys):
    told = figures(converted([480_000_000 + at for at in range(6)]))
    shown = figures(described(capsys))
    assert told["first"] == shown["first"] == "480000000"
    assert told["span"] == shown["span"] == "5"


def test_settings_written_by_hand_that_lack_the_unit_are_told(converted, tmp_path):
    (tmp_path / "dataset/m").mkdir(parents=True)
    (tmp_path / "dataset/m/m.yaml").write_text("topk: [5]\n")
    told = converted(range(6), "--time_unit=number")
    assert "add the line 'time_unit: number'" in told


def test_ticks_of_dotnet_are_no_nanoseconds_of_1990(converted, capsys, tmp_path):
    assert "seems to hold .NET's ticks" in converted(TICKS, code=2)
    assert "holds nanoseconds" in converted(TICKS, "--time_unit=nanoseconds")
    rows = "".join(f"a\tx{at}\t{time}\n" for at, time in enumerate(TICKS))
    header = "user_id:token\titem_id:token\ttimestamp:float\n"
    (tmp_path / "dataset/m/m.inter").write_text(header + rows)
    assert describe(["m"]) == 2
    error = capsys.readouterr().err
    assert "m.inter, line 2: timestamp seems to hold .NET's ticks" in error
    assert "--time_unit=nanoseconds" in error
    assert describe(["m", "--time_unit=nanoseconds"]) == 0
