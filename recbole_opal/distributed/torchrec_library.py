"""TorchRec, which holds item tables in parts: optional, imported only where a table asks for it."""

from __future__ import annotations

import logging
import warnings
from types import SimpleNamespace
from typing import Any

from recbole_opal.errors import SettingsError

__all__ = ["import_torchrec"]

_INSTALL = 'pip install "recbole-opal[torchrec]" && pip install --no-deps torchrec==1.8.0'


def import_torchrec(setting: str) -> Any:
    """Return what is used of TorchRec, by its names there.

    Raises:
        SettingsError: it is missing, or does not go with the torch that is installed.
    """
    # The first speaks of kernels that other machines have, the second of what the first does.
    for name in ("torchrec", "torch.fx._symbolic_trace"):
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from fbgemm_gpu.split_embedding_configs import EmbOptimType
            from torchrec.distributed import comm_ops, sharding_plan
            from torchrec.distributed.embedding import EmbeddingCollectionSharder
            from torchrec.distributed.embedding_types import EmbeddingComputeKernel
            from torchrec.distributed.types import ShardingEnv
            from torchrec.modules.embedding_configs import EmbeddingConfig
            from torchrec.modules.embedding_modules import EmbeddingCollection
            from torchrec.sparse.jagged_tensor import KeyedJaggedTensor
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise SettingsError(
            f"--item_table={setting} needs TorchRec, which cannot be imported ({error}); "
            f"{_INSTALL}, or --item_table=local."
        ) from error
    return SimpleNamespace(
        EmbOptimType=EmbOptimType,
        EmbeddingCollection=EmbeddingCollection,
        EmbeddingCollectionSharder=EmbeddingCollectionSharder,
        EmbeddingComputeKernel=EmbeddingComputeKernel,
        EmbeddingConfig=EmbeddingConfig,
        KeyedJaggedTensor=KeyedJaggedTensor,
        ShardingEnv=ShardingEnv,
        comm_ops=comm_ops,
        sharding_plan=sharding_plan,
    )
