"""An SVG that stands alone: colours and type inside it, no style sheet, no variables.

The palette keeps its order of lightness in grey and its hues apart for the colour-blind; lines
are named at their ends, stages told by dashes, so that colour never carries a meaning alone.
"""

from __future__ import annotations

from recbole_opal.report.markup import Markup

__all__ = ["PALETTE", "standalone"]

PALETTE = ("#b34700", "#0067a8", "#00805c", "#a8438f", "#7a5f00", "#4b58c4", "#b3325c", "#3f7f8c")
_SOFT, _TEXT, _QUIET, _GRID = "#5c6066", "#1c1e21", "#c3c7cc", "#e4e5e7"

_BASE = f"""
svg {{ background: #ffffff; font: 12px system-ui, "Liberation Sans", Arial, sans-serif; }}
text {{ fill: {_TEXT}; }}
.tick, .axis-title {{ fill: {_SOFT}; }}
.middle {{ text-anchor: middle; }}
.end, .anchor-end {{ text-anchor: end; }}
.panel-title {{ font-weight: 600; }}
.grid {{ stroke: {_GRID}; }}
.axis {{ stroke: {_QUIET}; }}
.zero {{ stroke: {_SOFT}; stroke-dasharray: 3 3; }}
.leader {{ fill: none; stroke-width: 1; opacity: 0.6; }}
.line {{ fill: none; stroke-width: 2; stroke-linejoin: round; }}
.dashed {{ stroke-dasharray: 5 4; }}
.point {{ stroke: #ffffff; stroke-width: 1.5; }}
.error {{ stroke-width: 1.5; opacity: 0.7; }}
.cell {{ text-anchor: middle; fill: #000000; }}
.on-dark {{ fill: #ffffff; }}
.chosen {{ fill: none; stroke: {_TEXT}; stroke-width: 2.5; }}
"""


def standalone(picture: Markup) -> str:
    """Return a picture of the charts as the text of a file."""
    start = picture.index(">") + 1
    width, height = picture[:start].partition('viewBox="0 0 ')[2].partition('"')[0].split()
    rules = _BASE + "".join(_rules(f"c{n + 1}", colour) for n, colour in enumerate(PALETTE))
    back = '<rect width="100%" height="100%" fill="#ffffff"/>'
    sized = f'{picture[: start - 1]} width="{width}" height="{height}">'
    return f"{sized}<style>{rules}</style>{back}{picture[start:]}\n"


def _rules(name: str, colour: str) -> str:
    own = f'[data-colour="{name}"]'
    return (
        f"{own} .line, {own} .error, {own}.leader {{ stroke: {colour}; }}\n"
        f"{own} .point {{ fill: {colour}; }}\n"
        f"{own}.hollow .point {{ fill: #ffffff; stroke: {colour}; }}\n"
    )
