import json
import sys

import pytest

from recbole_opal.runs import RunFolder, removal


@pytest.fixture
def terminal(monkeypatch):
    """Return a function that lets somebody sit there who types an answer."""

    def answer(text):
        def read(_):
            if text is None:
                raise EOFError
            return text

        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr("builtins.input", read)

    return answer


def test_a_run_goes_and_the_freed_bytes_are_told(saved, names, runs):
    (saved / names[0] / "report.html").write_text("mine")
    size = sum(path.stat().st_size for path in (saved / names[0]).rglob("*"))
    code, out, _ = runs("remove", names[0], "--yes")
    assert code == 0
    assert out.startswith(f"removed saved/{names[0]}: ")
    assert f"({size} bytes) freed" in out
    assert [path.name for path in saved.iterdir()] == [names[1]]


def test_without_a_terminal_nothing_goes_unasked(saved, names, refused):
    assert "add --yes" in refused("remove", *names)
    assert len(list(saved.iterdir())) == 2


@pytest.mark.parametrize(("text", "left"), [("y", 0), ("YES", 0), ("", 2), ("n", 2), (None, 2)])
def test_a_terminal_is_asked(saved, names, runs, terminal, text, left):
    terminal(text)
    code, out, _ = runs("remove", *names)
    assert code == 0
    assert ("nothing removed" in out) == bool(left)
    assert len(list(saved.iterdir())) == left


def test_a_run_of_a_comparison_is_warned_of(saved, names, runs, refused, terminal):
    folder = saved / "comparison-tiny-0123abcd"
    folder.mkdir()
    rows = [{"runs": {"1": f"../{names[0]}"}}]
    (folder / "comparison.json").write_text(json.dumps({"rows": rows}))
    assert f"{names[0]} belongs to {folder.name}" in refused("remove", names[0])
    terminal("n")
    assert f"warning: saved/{names[0]} belongs to {folder.name}" in runs("remove", names[0])[1]
    assert runs("remove", names[0], "--yes")[0] == 0
    assert not (saved / names[0]).exists()


def test_what_is_no_run_or_is_worked_in_stays(saved, names, refused):
    other = saved / "photos"
    other.mkdir()
    (other / "one.jpg").write_text("precious")
    (other / "manifest.json").write_text("{}")
    assert "photos" in refused("remove", other, "--yes")
    assert "is not a run folder" in refused("remove", saved, "--yes")
    assert "no run is named" in refused("remove", "--yes")
    with RunFolder.open(saved / names[0]).working():
        assert "goes on" in refused("remove", names[1], names[0], "--yes")
    assert {path.name for path in saved.iterdir()} == {*names, "photos"}
    assert (other / "one.jpg").exists()


def test_an_unfinished_one_that_is_worked_in_stops_all_before_any_goes(saved, names, refused):
    run = RunFolder.open(saved / names[0])
    run.drop("metrics.json")
    with run.working():
        assert "goes on" in refused("remove", names[1], names[0], "--yes")
    assert len(list(saved.iterdir())) == 2


def test_a_damaged_run_can_go(saved, names, runs):
    (saved / names[0] / "manifest.json").write_text("{}")
    assert runs("remove", names[0], "--yes")[0] == 0
    assert [path.name for path in saved.iterdir()] == [names[1]]


def test_a_removal_that_was_killed_leaves_no_run_and_the_next_takes_it_along(
    saved, names, runs, monkeypatch
):
    def killed(_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(removal.shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            runs("remove", names[0], "--yes")
    assert {path.name for path in saved.iterdir()} == {f".{names[0]}.gone", names[1]}
    assert names[0] not in runs("list")[1]
    assert runs("remove", names[1], "--yes")[0] == 0
    assert list(saved.iterdir()) == []
