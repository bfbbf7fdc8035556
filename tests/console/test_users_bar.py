"""A bar of users on a terminal, and nothing where there is none."""

import io

import pytest
from rich.console import Console

from recbole_opal.console.users_bar import UsersProgress


@pytest.mark.parametrize(("total", "eta"), [(None, False), (5000, True)])
def test_users_are_counted_on_a_terminal(total, eta):
    screen = Console(file=io.StringIO(), force_terminal=True, width=100)
    with UsersProgress(total, screen) as progress:
        progress.advance(1024)
        progress.advance(1024)
    drawn = screen.file.getvalue()
    assert "2,048 users" in drawn
    assert ("eta" in drawn) == eta


def test_a_log_file_gets_no_bar():
    screen = Console(file=io.StringIO())
    with UsersProgress(10, screen) as progress:
        progress.advance(10)
    assert screen.file.getvalue() == ""
