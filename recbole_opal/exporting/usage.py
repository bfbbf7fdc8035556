"""How a bundle is used: the lines of its card."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["usage_lines"]


def usage_lines(about: Mapping[str, Any], examples: Sequence[str]) -> list[str]:
    """Return Markdown: asking by `recbole_opal`, by `query.py`, and what each file is.

    Args:
        about: `bundle.json`.
        examples: raw ids of a few items.
    """
    history = json.dumps(list(examples), ensure_ascii=False)
    seconds = [1_600_000_000 + 3600 * place for place in range(len(examples))]
    met = ", times={'somebody': times}" if about["reads_times"] else ""
    lines = [
        "```python",
        "import recbole_opal",
        "",
        'recommender = recbole_opal.load("path of this folder")',
        f"history = {history}  # raw ids, oldest first",
        *([f"times = {seconds}  # seconds, when each was met"] if met else []),
        f"print(recommender.recommend({{'somebody': history}}, k=10{met}))",
        "print(recommender.similar_items(history[-1:], k=10))",
        "```",
        "",
    ]
    if "query.py" in about["files"]:
        pairs = zip(examples, seconds, strict=True)
        words = [f"{item}@{time}" if met else item for item, time in pairs]
        lines += [
            "Without this library, with `numpy`, `faiss` and `onnxruntime` alone:",
            "",
            "```bash",
            f"python query.py {shlex.join(words)}",
            "```",
            "",
        ]
    lines += ["| file | what it holds |", "|---|---|"]
    return lines + [f"| `{name}` | {meaning} |" for name, meaning in about["files"].items()]
