"""Which runs and tables several processes can share, and the device that each of them takes."""

from __future__ import annotations

from typing import Any

from recbole_opal.distributed.launch import launched
from recbole_opal.distributed.torchrec_library import import_torchrec
from recbole_opal.errors import SettingsError
from recbole_opal.evaluation.registry import chosen_metrics
from recbole_opal.models import MODELS

__all__ = ["own_gpu", "require_joint_draws", "require_parts", "require_shared_table"]


def require_parts(model_class: type[Any]) -> None:
    """Refuse to share the training of a model whose loss would not be that of the joint batch."""
    network = getattr(model_class, "network_class", None)
    if launched() is None or _trains_in_parts(network):
        return
    able = [name for name, each in MODELS.items() if _trains_in_parts(each)]
    reason = (
        "a model of RecBole's own is trained by one process"
        if network is None
        else "its losses, for all we know, are not those of the joint batch where processes have "
        "parts of it (an own class that is right says trains_in_parts = True)"
    )
    raise SettingsError(
        f"--model={model_class.__name__} cannot be trained by several processes: {reason}; start "
        f"it without torchrun, or take one of {', '.join(able)}."
    )


def require_shared_table(config: Any) -> None:
    """Refuse a table in parts, before any data is read, that the processes could not hold.

    Raises:
        SettingsError: TorchRec is missing, the device is none that it was tried on here, or the
            vectors cannot be cut so.
    """
    launch, kind = launched(), config["item_table"]
    if launch is None or kind in (None, "local"):
        return
    if config["device"].type != "cpu":
        raise SettingsError(
            f"--item_table={kind} is held by TorchRec on processors alone here; write "
            "--use_gpu=False, or --item_table=local."
        )
    width = config["hidden_size"]
    step = 4 * (launch.processes if kind == "column_wise" else 1)
    if width % step:
        raise SettingsError(
            f"--hidden_size={width} cannot be held with --item_table={kind} by "
            f"{launch.processes} processes; write a multiple of {step}, as "
            f"--hidden_size={-(-width // step) * step}."
        )
    ranking = [m.name for m in chosen_metrics(config["metrics"]) if m.needs_ranks]
    if ranking:
        raise SettingsError(
            f"--metrics={','.join(ranking)} needs the scores of all items in one process, which "
            f"--item_table={kind} has nowhere; leave it away, or write --item_table=local."
        )
    import_torchrec(kind)


def require_joint_draws(settings: Any) -> None:
    """Refuse what is drawn for single items, of which each process has others.

    Their generators, from which all draw the same negatives, would no longer be alike.
    """
    share = settings["new_item_share"]
    if launched() is not None and settings["item_features"] and share:
        raise SettingsError(
            f"--new_item_share={share} draws for single items, which several processes would do "
            "otherwise than one; write --new_item_share=0, or start it without torchrun."
        )


def own_gpu(given: str) -> str:
    """Return the GPU of this process among those that `gpu_id` names, one for each on a machine.

    Alone, all of them; where only one is named, as by default, those from it on.
    """
    launch, names = launched(), [name.strip() for name in given.split(",") if name.strip()]
    if launch is None or not names:
        return given
    if len(names) == 1 and names[0].isdecimal():
        return str(int(names[0]) + launch.on_host)
    if launch.on_host >= len(names):
        raise SettingsError(
            f"--gpu_id={given} names {len(names)} GPUs for more processes; name one for each, or "
            f"write --nproc-per-node={len(names)}."
        )
    return names[launch.on_host]


def _trains_in_parts(network: type[Any] | None) -> bool:
    """Tell whether a class says it for itself: what a subclass adds may be otherwise."""
    return network is not None and bool(vars(network).get("trains_in_parts", False))
