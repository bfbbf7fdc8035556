"""A missing or another RecBole is told with the command that mends it."""

import pytest

from recbole_opal.errors import OpalError
from recbole_opal.host import install


@pytest.mark.parametrize(
    ("python", "hint"),
    [
        ((3, 10), "`pip install recbole==1.2.1`"),
        ((3, 11), "`pip install recbole==1.2.1`"),
        ((3, 12), "`pip install --no-deps recbole==1.2.1`"),
        ((3, 13), "`pip install --no-deps recbole==1.2.1`"),
    ],
)
def test_a_missing_recbole_is_told_with_the_command_of_this_python(monkeypatch, python, hint):
    def missing(name):
        raise install.PackageNotFoundError(name)

    monkeypatch.setattr(install, "version", missing)
    monkeypatch.setattr(install.sys, "version_info", (*python, 0, "final", 0))
    with pytest.raises(ImportError) as caught:
        install.require_recbole()
    assert isinstance(caught.value, OpalError)
    assert hint in str(caught.value)
    assert ("ray" in str(caught.value)) == (python >= (3, 12))


def test_another_recbole_is_refused(monkeypatch):
    monkeypatch.setattr(install, "version", lambda name: "1.1.1")
    with pytest.raises(
        install.MissingRecBoleError, match=r"recbole 1\.1\.1 is installed, not 1\.2\.1"
    ):
        install.require_recbole()
