"""A comparison over a data set whose settings speak to one of its models alone."""

import shutil

import pytest

from recbole_opal.errors import SettingsError
from recbole_opal.settings.commandline import parse_arguments
from recbole_opal.side_by_side.compare import compare
from recbole_opal.side_by_side.planning import make_plan
from recbole_opal.side_by_side.variants import Variant


@pytest.fixture
def data(data_path, tmp_path):
    """Return a folder of data with settings beside it, which the other tests do not see."""
    shutil.copytree(data_path / "tiny", tmp_path / "data" / "tiny")
    (tmp_path / "data" / "tiny" / "tiny.yaml").write_text("num_interests: 2\n")
    return tmp_path / "data"


def test_each_model_takes_what_it_knows(quick_settings, data):
    own = {"cuts_per_user", "num_interests", "num_negatives", "future_window", "hidden_size"}
    settings = {name: value for name, value in quick_settings.items() if name not in own}
    settings |= {"data_path": data, "epochs": 1, "use_gpu": False}
    result = compare("MIND,Pop", "tiny", **settings)
    assert [row.error for row in result.rows] == [None, None]


def test_what_must_be_alike_is_told_as_it_can_be_typed(data, tmp_path, monkeypatch):
    """Following the advice of the message works."""
    from recbole_opal.side_by_side import planning

    class Odd(planning.OpalConfig):
        def __getitem__(self, name):
            value = super().__getitem__(name)
            return (
                [5, 50] if name == "topk" and self.model == "Pop" and value == [10, 50] else value
            )

    monkeypatch.setattr(planning, "OpalConfig", Odd)
    shared = {"data_path": data, "topk": [10, 50]}
    with pytest.raises(SettingsError) as caught:
        make_plan([Variant("MIND"), Variant("Pop")], "tiny", settings=shared)
    flag = str(caught.value).rpartition("write ")[2].rstrip(".")
    assert flag == "--topk=[10,50]"
    assert parse_arguments(["--dataset=tiny", flag]).settings == {"topk": [10, 50]}
