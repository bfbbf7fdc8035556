"""What a message of `convert` advises is done letter by letter, and then it works."""

import gzip
import re

import pytest

from recbole_opal.conversion.convert_command import main

ROLES = ["--user=u", "--item=i", "--time=t"]
HEAD = "u,i,t\n"
ROW = "a,x,1600000000\n"
FLAG = re.compile(r"--(\w+)=('[^']*'|[^\s;,()]*[^\s;,().])")


def times(*texts):
    return HEAD + "".join(f"a,x{at},{text}\n" for at, text in enumerate(texts))


def followed(message, argv, take):
    """Return the command with the flags that a message advises, and without those it sends away."""
    advice = message.rpartition("; ")[2]
    away = re.findall(r"(?:leave|in the place of) --(\w+)", advice)
    flags = FLAG.findall(re.sub(r"in the place of --\S+", "", advice))
    chosen = [flags[take]] if take is not None else flags
    names = {*away, *(name for name, _ in chosen)}
    kept = [one for one in argv if one[2:].partition("=")[0] not in names]
    return [*kept, *(f"--{name}={text.strip(chr(39))}" for name, text in chosen)]


@pytest.mark.parametrize(
    ("content", "argv", "take"),
    [
        # The columns.
        ("user_id,video_id,time\n" + ROW, [], None),
        ("user_id,video_id,time\n" + ROW, ["--user=user_id"], None),
        ("video user,video,ts\n" + ROW, ["--user=video user"], None),
        ("uid,iid\na,x\n", [], None),
        ("uid,iid\na,x\n", ["--user=uid", "--item=iid"], None),
        ("uid,iid,time\n" + ROW, ["--user=uid", "--item=uid", "--time=time"], None),
        ("u i t\na x 1600000000\n", ROLES, None),
        ("a,x,1600000000\n", [*ROLES, "--names=u,i,t"], None),
        ("a x 1600000000\n", [*ROLES, "--names=u,i,t"], None),
        (HEAD + ROW, [*ROLES, "--item_file=items.csv"], None),
        # The times.
        (times("13/01/2021"), ROLES, None),
        (times("13/01/2021"), [*ROLES, "--time_unit=date"], None),
        (times("13/01/2021", "", "14/01/2021"), [*ROLES, "--time_unit=iso"], None),
        (times("03/04/2021"), ROLES, 0),
        (times("03/04/2021"), ROLES, 1),
        (times("13.01.2021 10:20"), ROLES, None),
        (times("5-May-2021"), ROLES, None),
        (times("1975-03-01"), ROLES, None),
        (times("yesterday"), ROLES, 1),
        (times("0", "0"), ROLES, None),
        (times("45322.5", "45323.25"), ROLES, None),
        (times("1600000000000"), [*ROLES, "--time_unit=seconds"], None),
        (times("2021-01-01"), [*ROLES, "--time_unit=date"], None),
        (times("1600000000", "1600000000000"), ROLES, None),
        (times(*"12345678912", "1600000000"), ROLES, None),
        (times("1", "2", "2021-01-01"), ROLES, None),
        (times("13/01/2021"), [*ROLES, "--time_format=%d/%m"], 0),
        (times("1600000000"), [*ROLES, "--order=file", "--time_unit=seconds"], None),
        # Values and quotes.
        (HEAD + 'a,5" disk,1600000000\nb,y"z,1600000000\n"c,d,1600000000\n', ROLES, None),
        ("u,i,t,k\n" + "a,x,1600000000,many\n", [*ROLES, "--keep=k:float"], None),
    ],
)
def test_advice_works(tmp_path, monkeypatch, capsys, content, argv, take):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log.txt").write_text(content)
    (tmp_path / "items.csv").write_text("i,item_id,cat\nx,7,A\n")
    command = [*argv, "--out=m"]
    told = []
    while main(["log.txt", *command]) == 2:
        message = capsys.readouterr().err.strip()
        assert message not in told
        told.append(message)
        if "as k:token" in message:
            command = [one.replace("k:float", "k:token") for one in command]
        else:
            command = followed(message, command, take)
    assert 1 <= len(told) <= 2
    assert (tmp_path / "m/m.inter").is_file()


def test_dates_are_those_that_the_advice_names(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log.csv").write_text(times("13/01/2021", "03/04/2021"))
    assert main(["log.csv", "--out=m", *ROLES, "--time_format=%d/%m/%Y"]) == 0
    seconds = [line.split("\t")[2] for line in (tmp_path / "m/m.inter").read_text().splitlines()]
    assert seconds[1:] == ["1610496000", "1617408000"]


KEPT = "a\tx\t1600000000\nb\tx\t1600000001\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (HEAD + "a,x,1600000000\n" + HEAD + "b,x,1600000001\n", "left out: a header once more"),
        (HEAD + "a,x,1600000000\n,x,1600000005\nb,x,1600000001\n", "left out: no user"),
        (HEAD + "a,x,1600000000\nb, x ,1600000001\n", "the log: 1 ids stood between blanks"),
        (HEAD + "a,x,1600000000\nb,\ufeffx,1600000001\n", "the log: 1 ids stood between blanks"),
        (HEAD + "a,x,1600000000\nb,x,-5\nb,x,1600000001\n", "left out: t is no time of the years"),
        (HEAD + "a,x,1600000000\n\n\nb,x,1600000001\n", "rows read"),
    ],
)
def test_nothing_is_dropped_or_altered_in_silence(tmp_path, monkeypatch, capsys, content, said):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "log.csv").write_text(content, encoding="utf-8")
    assert main(["log.csv", "--out=m", *ROLES]) == 0
    assert said in capsys.readouterr().out
    assert (tmp_path / "m/m.inter").read_text().endswith(f"float\n{KEPT}")


def test_what_becomes_of_odd_tokens_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log.csv").write_text('u,i,t,k\nA,x,1600000000,"p\nq"\na,x,1600000000.25,NA\n')
    assert main(["log.csv", "--out=m", *ROLES, "--keep=k:token"]) == 0
    rows = (tmp_path / "m/m.inter").read_text().splitlines()[1:]
    assert rows == ["A\tx\t1600000000\tp q", "a\tx\t1600000000.25\t"]
    shown = capsys.readouterr().out
    assert "the log: 1 cells of k mean a missing value (NA, null, ...): left empty\n" in shown
    assert "the log: 1 cells of k hold line breaks or tabs: written as blanks\n" in shown


def test_a_gzip_file_of_several_members_is_whole(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    parts = [HEAD + "a,x,1600000000\n", "", "b,x,1600000001\n"]
    (tmp_path / "log.csv.gz").write_bytes(b"".join(gzip.compress(part.encode()) for part in parts))
    assert main(["log.csv.gz", "--out=m", *ROLES]) == 0
    assert (tmp_path / "m/m.inter").read_text().endswith(KEPT)


def test_exact_duplicates_are_warned_about_and_the_advice_drops_them(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "log.csv").write_text(HEAD + ROW + ROW + "a,y,1600000000\n")
    assert main(["log.csv", "--out=m", *ROLES]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"exact duplicates among them\s*│\s*1 ", shown)
    assert "warning: 1 interactions are exact duplicates" in shown
    assert "leave-one-out" in shown
    advised = ["--drop_duplicates=True", "--overwrite=True"]
    assert " ".join(advised) in shown
    assert main(["log.csv", "--out=m", *ROLES, *advised]) == 0
    shown = capsys.readouterr().out
    assert "warning" not in shown
    assert re.search(r"left out: an exact duplicate \(user, item, time\)\s*│\s*1 ", shown)
    assert (tmp_path / "m/m.inter").read_text().count("\n") == 3
