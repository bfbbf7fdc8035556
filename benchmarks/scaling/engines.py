"""Which existing engine takes each part beyond one machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Engine:
    """A part of the work, what does it here, and what is made for more of it."""

    part: str
    here: str
    beyond: str


ENGINES = (
    Engine(
        "item table and its optimiser",
        "one embedding, Adam on the rows met",
        "TorchRec tables, row-wise sharded, with row-wise Adagrad (4 bytes of state a row in the "
        "place of 512)",
    ),
    Engine(
        "everything else that is learnt",
        "one process",
        "`torchrun`, data-parallel: the 29,000 other weights are summed over all machines",
    ),
    Engine(
        "the log: joining, filtering, k-core, order",
        "`convert`, `--histories_folder`",
        "Parquet files by user, sorted by DuckDB on one disk, by Spark on many",
    ),
    Engine(
        "where item vectors start",
        "randomised eigenvectors (scipy), in memory",
        "`--item_start=random`, or vectors of the items' content",
    ),
    Engine(
        "candidates",
        "exact blocks, Faiss IVF-PQ",
        "Faiss on GPUs or sharded, with lists on disk; ScaNN; Milvus or Vespa where shards, "
        "replicas and filters are somebody else's work (docs/vector-stores.md)",
    ),
    Engine(
        "ids and their tokens",
        "`ids.json`, in memory",
        "a Parquet table or a key-value store; training needs the numbers alone",
    ),
    Engine(
        "serving",
        "`recbole-opal serve`",
        "the exported encoder (ONNX) in Triton, in front of the vector store",
    ),
)
