import pytest

from recbole_opal.host.dataset import FutureItemDataset


@pytest.fixture
def make_config(tmp_path):
    """Return a function that writes rows (user, item, time) as data set `tiny`, configured."""
    # Here, not above: importing RecBole costs seconds, and the tests of plain arrays do without.
    from recbole_opal.host.config import OpalConfig

    folder = tmp_path / "data" / "tiny"
    folder.mkdir(parents=True)

    def make(rows, model="OPAL", time_type="float", **settings):
        header = f"user_id:token\titem_id:token\ttimestamp:{time_type}\n"
        body = "".join(f"{user}\t{item}\t{time}\n" for user, item, time in rows)
        (folder / "tiny.inter").write_text(header + body)
        fixed = {
            "data_path": str(folder.parent),
            "checkpoint_dir": str(tmp_path / "saved"),
            "use_gpu": False,
        }
        return OpalConfig(model, "tiny", fixed | settings)

    return make


@pytest.fixture
def make_dataset(make_config):
    """Return a function that builds a FutureItemDataset over rows (user, item, time)."""

    def make(rows, model="OPAL", **settings):
        dataset = FutureItemDataset(make_config(rows, model, **settings))
        dataset.build()
        return dataset

    return make
