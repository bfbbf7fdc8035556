import io

from rich.console import Console

from recbole_opal.console.reading_progress import ReadingProgress


def drawn(terminal):
    screen = Console(file=io.StringIO(), force_terminal=terminal, width=120)
    with ReadingProgress(console=screen) as progress:
        progress.advance(1_000_000, 2_000_000, 123_456)
        progress._progress.refresh()
    return screen.file.getvalue()


def test_a_terminal_shows_bytes_and_rows():
    assert "1.0/2.0 MB" in drawn(True)
    assert "123,456 rows" in drawn(True)


def test_a_log_file_shows_nothing():
    assert drawn(False).strip() == ""
