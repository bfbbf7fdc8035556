"""Recommend from this folder: python query.py ITEM ITEM ... (raw ids, oldest first).

Needs numpy, faiss and onnxruntime, nothing else.
"""

import json
import sys
from pathlib import Path

import faiss
import numpy as np
import onnxruntime

HERE = Path(__file__).parent


def recommend(history: list[str], k: int = 10) -> list[tuple[str, float]]:
    """Return the ids and scores of the k best items that the history does not hold."""
    about = json.loads((HERE / "bundle.json").read_text("utf-8"))
    tokens = json.loads((HERE / "ids.json").read_text("utf-8"))[about["item_field"]]
    numbers = {token: number for number, token in enumerate(tokens) if number}  # 0 is padding
    seen = [numbers[item] for item in history if item in numbers]
    if not seen:
        raise SystemExit("none of these items is known; ask with ids of ids.json.")
    encoder = onnxruntime.InferenceSession(str(HERE / "encoder.onnx"))
    newest = np.array([seen[-about["longest_history"] :]])  # (1, L)
    queries = encoder.run(None, {"items": newest})[0][0]  # (K, D): one user is K queries
    index = faiss.read_index(str(HERE / "index.faiss"))
    found = index.search(queries, min(index.ntotal, k + len(set(seen))))
    best: dict[int, float] = {}
    for score, row in zip(*(part.ravel().tolist() for part in found), strict=True):
        if row >= 0 and row + 1 not in seen:  # row r of the index is item r + 1
            best[row + 1] = max(score, best.get(row + 1, score))
    ranked = sorted(best, key=lambda item: (-best[item], item))[:k]
    return [(tokens[item], best[item]) for item in ranked]


if __name__ == "__main__":
    for token, score in recommend(sys.argv[1:]):
        print(f"{token}\t{score:.4f}")
