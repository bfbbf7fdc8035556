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
    lines = [
        "```python",
        "import recbole_opal",
        "",
        'recommender = recbole_opal.load("path of this folder")',
        f"history = {history}  # raw ids, oldest first",
        'print(recommender.recommend({"somebody": history}, k=10))',
        "print(recommender.similar_items(history[-1:], k=10))",
        "```",
        "",
    ]
    if "query.py" in about["files"]:
        lines += [
            "Without this library, with `numpy`, `faiss` and `onnxruntime` alone:",
            "",
            "```bash",
            f"python query.py {shlex.join(examples)}",
            "```",
            "",
        ]
    lines += ["| file | what it holds |", "|---|---|"]
    return lines + [f"| `{name}` | {meaning} |" for name, meaning in about["files"].items()]
