"""The model of docs/own-model.md passes the contract; its commands are run with the page's."""

import tempfile
from pathlib import Path

from recbole_opal.own_models import class_at
from recbole_opal.testing import ModelContract
from tests.documents.blocks import read_pages

(CODE,) = (b.text for b in read_pages()["docs/own-model.md"] if b.title == "my_model.py")


def _written(folder: Path) -> type:
    path = folder / "my_model.py"
    path.write_text(CODE)
    return class_at(f"{path}:LongAndShort")


class TestLongAndShort(ModelContract):
    """The contract on the documented model."""

    model = _written(Path(tempfile.mkdtemp()))
    interests = 2
