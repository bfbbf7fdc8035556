"""DuckDB as the commands use it."""

import os
import signal
import threading

import pytest

from recbole_opal.sql import opened_engine


@pytest.mark.posix
@pytest.mark.parametrize("call", ["run", "rows", "column"])
def test_ctrl_c_ends_a_query_as_it_ends_all_else(tmp_path, call):
    endless = "SELECT count(*) FROM range(1000000000000) AS one(x) WHERE hash(x) = 7"
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    with opened_engine(tmp_path) as engine:
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            getattr(engine, call)(endless)
    timer.join()
    assert list(tmp_path.iterdir()) == []
