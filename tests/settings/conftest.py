import pytest


@pytest.fixture
def tiny_data(tmp_path):
    """Return a folder that holds the data set `tiny`."""
    folder = tmp_path / "data" / "tiny"
    folder.mkdir(parents=True)
    header = "user_id:token\titem_id:token\ttimestamp:float\n"
    rows = "".join(f"u{row % 3}\ti{row}\t{row}\n" for row in range(12))
    (folder / "tiny.inter").write_text(header + rows)
    return folder.parent


@pytest.fixture
def configure(tiny_data):
    """Return a function that builds an OpalConfig over the data set `tiny`."""
    # Here, not above: importing RecBole costs seconds, and some tests do without.
    from recbole_opal.host.config import OpalConfig

    def build(model="OPAL", dataset="tiny", config_files=(), **settings):
        return OpalConfig(model, dataset, {"data_path": str(tiny_data)} | settings, config_files)

    return build


@pytest.fixture
def refusal(configure):
    """Return a function that gives the one line with which settings are refused."""
    from recbole_opal.errors import SettingsError

    def refuse(model="OPAL", config_files=(), **settings):
        with pytest.raises(SettingsError) as caught:
            configure(model, config_files=config_files, **settings)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return refuse
