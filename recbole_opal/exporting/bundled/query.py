"""Recommend from this folder: python query.py ITEM ITEM ... (raw ids, oldest first).

For a model that reads times: ITEM@SECONDS. Needs numpy, faiss and onnxruntime, nothing else.
"""

import json
import sys
from pathlib import Path

import faiss
import numpy as np
import onnxruntime

HERE, LISTED = Path(__file__).parent, 10
about = json.loads((HERE / "bundle.json").read_text("utf-8"))
tokens = json.loads((HERE / "ids.json").read_text("utf-8"))[about["item_field"]]
numbers = {token: number for number, token in enumerate(tokens) if number}  # 0 is padding
words = [word.rpartition("@")[::2] if about["reads_times"] else (word, 0) for word in sys.argv[1:]]
known = [(numbers[item], float(time)) for item, time in words if item in numbers]
if not known:
    raise SystemExit("none of these items is known; write ids as they stand in ids.json.")
items, times = map(np.array, zip(*known, strict=True))
newest = slice(-about["longest_history"], None)
given = {"items": items[None, newest], "times": times[None, newest]}  # one user: (1, L)
encoder = onnxruntime.InferenceSession(str(HERE / "encoder.onnx"))
queries = encoder.run(None, {each.name: given[each.name] for each in encoder.get_inputs()})[0][0]
index = faiss.read_index(str(HERE / "index.faiss"))  # one user is K queries, (K, D)
wide = np.pad(queries, ((0, 0), (0, index.d - queries.shape[1])))  # some kinds are wider
soft = about["scoring"] == "logsumexp"  # whose best items need not be the best of any query
_, found = index.search(wide, min(index.ntotal, (4 if soft else 1) * LISTED + len(known)))
rows = np.setdiff1d(found, [-1, *(items - 1)])  # row r is item r + 1; -1: none was found
products = np.load(HERE / "items.npy", mmap_mode="r")[rows] @ queries.T
scores = products.max(axis=1)
if soft:
    sharp = (products - scores[:, None]) / about["temperature"]
    scores += about["temperature"] * np.log(np.exp(sharp).sum(axis=1))
for place in np.lexsort((rows, -scores))[:LISTED]:
    print(f"{tokens[rows[place] + 1]}\t{scores[place]:.4f}")
