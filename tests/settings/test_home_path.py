from pathlib import Path

import pytest

from recbole_opal.errors import SettingsError
from recbole_opal.settings.paths import home_path


def test_tildes_are_home_folders(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert home_path("~/log.csv") == tmp_path / "log.csv"
    assert home_path("a/~/log.csv") == Path("a/~/log.csv")
    with pytest.raises(SettingsError, match="the home folder of nobody"):
        home_path("~no-such-user/log.csv")
