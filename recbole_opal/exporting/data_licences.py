"""What is known of the terms of data sets, by the names that this project gives them."""

from __future__ import annotations

__all__ = ["NOT_STATED", "data_licence"]

NOT_STATED = "not stated"

_TERMS = {
    "kuairand": "CC BY-SA 4.0 (KuaiRand: Gao et al., CIKM 2022), if these are those data",
    "ml-100k": (
        "GroupLens's terms of MovieLens 100K, if these are those data: research use with "
        "acknowledgement (Harper and Konstan, ACM TiiS 2015); no redistribution and no commercial "
        "use without permission"
    ),
    "synthetic-small": "none: the data are drawn at random",
}


def data_licence(dataset: str) -> str:
    """Return the terms of a data set as far as its name tells them, else `not stated`."""
    name = dataset.lower()
    return next((terms for start, terms in _TERMS.items() if name.startswith(start)), NOT_STATED)
