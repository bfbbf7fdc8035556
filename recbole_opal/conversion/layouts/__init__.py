"""The official files of public micro-video data sets, one declaration each."""

from pathlib import Path

from recbole_opal.conversion.layouts.kuairand import KUAIRAND
from recbole_opal.conversion.layouts.kuairec import KUAIREC
from recbole_opal.conversion.layouts.layout import Layout
from recbole_opal.conversion.layouts.microlens import MICROLENS
from recbole_opal.conversion.layouts.microvideo import MICROVIDEO
from recbole_opal.conversion.layouts.wechat import WECHAT
from recbole_opal.errors import DataError, SettingsError
from recbole_opal.suggest import did_you_mean

__all__ = ["LAYOUTS", "detect_layout", "find_layout"]

LAYOUTS: tuple[Layout, ...] = (*KUAIRAND, KUAIREC, *MICROLENS, WECHAT, MICROVIDEO)


def find_layout(name: str) -> Layout:
    """Return the layout of a data set by its name, letter case aside.

    Raises:
        SettingsError: there is none.
    """
    names = {layout.name.lower(): layout for layout in LAYOUTS}
    if name.lower() in names:
        return names[name.lower()]
    known = [layout.name for layout in LAYOUTS]
    hint = did_you_mean(name, known, "--layout=") or f"; choose from {', '.join(known)}."
    raise SettingsError(f"--layout={name} is no known data set{hint}")


def detect_layout(source: Path) -> Layout:
    """Return the one layout whose files lie at `source`, by their names and headers.

    Args:
        source: a folder, searched three folders deep, or a log file.

    Raises:
        DataError: there is nothing at `source`, no known data set, or several.
    """
    found = [layout for layout in LAYOUTS if layout.detect(source)]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(layout.name for layout in found)
        raise DataError(f"{source} holds several data sets ({names}); name the folder of one.")
    misses = [
        f"{path.name} has the name of a {layout.name} log but not its columns "
        f"({', '.join(layout.columns)})"
        for layout in LAYOUTS
        for path in layout.near_misses(source)
    ]
    if misses:
        raise DataError(
            f"{source}: {'; '.join(misses)}; get the file again, or name its columns with --user, "
            "--item and --time."
        )
    wanted = "; ".join(f"{layout.name}: {layout.looks_for}" for layout in LAYOUTS)
    raise DataError(
        f"{source} holds no known data set; looked for {wanted}; check the folder, or convert a "
        "table with --user, --item and --time."
    )
