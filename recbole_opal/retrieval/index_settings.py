"""The settings of each kind of approximate index, what they may be, and how they are checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recbole_opal.errors import SettingsError, reason_of
from recbole_opal.suggest import did_you_mean

__all__ = [
    "APPROXIMATE_KINDS",
    "EXACT_KINDS",
    "KINDS",
    "HnswSettings",
    "IndexSettings",
    "IvfFlatSettings",
    "IvfPqSettings",
    "Sq8Settings",
    "index_help",
    "index_settings",
]

_MANY = 2**20


class IndexSettings(BaseModel):
    """What every approximate index has; those `SEARCHING` can change without building it anew."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    SEARCHING: ClassVar[frozenset[str]] = frozenset({"refine"})

    refine: int = Field(1, ge=1, le=64, description="candidates of an interest, times the list")


class CodedSettings(IndexSettings):
    """An index of codes that are shorter than the vectors."""

    SEARCHING = frozenset({"refine", "rescore"})

    rescore: bool = Field(True, description="False: the scores of the codes, only for measuring")


class IvfFlatSettings(IndexSettings):
    """Items in lists around centroids, of which those nearest to an interest are searched."""

    SEARCHING = IndexSettings.SEARCHING | {"nprobe"}

    nlist: int | None = Field(None, ge=1, le=_MANY, description="lists; None: about 4 sqrt(N)")
    nprobe: int = Field(32, ge=1, le=_MANY, description="lists that are searched")
    sample: int = Field(64, ge=39, le=1024, description="most items a list in training")
    seed: int = Field(2020, ge=0, le=2**31 - 1, description="of training")


class IvfPqSettings(CodedSettings, IvfFlatSettings):
    """The same lists, of product-quantised items.

    The default of 22 codes keeps an item in 32 bytes, with its 8-byte id and its share of the
    centroids, at a million items of width 64.
    """

    SEARCHING = CodedSettings.SEARCHING | IvfFlatSettings.SEARCHING

    refine: int = Field(2, ge=1, le=64, description="candidates of an interest, times the list")
    subvectors: int | None = Field(
        None, ge=1, le=256, description="codes an item; None: 22, or less for narrow items"
    )
    bits: int | None = Field(
        None, ge=4, le=8, description="of a code; None: 8, or less for fewer than 256 items"
    )


class HnswSettings(IndexSettings):
    """A graph of near items in layers, walked towards an interest."""

    SEARCHING = IndexSettings.SEARCHING | {"ef_search"}

    links: int = Field(16, ge=2, le=256, description="neighbours of an item, Faiss's M")
    ef_construction: int = Field(80, ge=4, le=4096, description="breadth of building")
    ef_search: int = Field(128, ge=1, le=_MANY, description="breadth of the search")


class Sq8Settings(CodedSettings):
    """All items, scanned, each coordinate in one byte."""

    refine: int = Field(2, ge=1, le=64, description="candidates of an interest, times the list")


_SECTIONS: dict[str, type[IndexSettings]] = {
    "ivf-flat": IvfFlatSettings,
    "ivf-pq": IvfPqSettings,
    "hnsw": HnswSettings,
    "sq8": Sq8Settings,
}
EXACT_KINDS = ("torch", "faiss")
APPROXIMATE_KINDS = tuple(_SECTIONS)
KINDS = (*EXACT_KINDS, *APPROXIMATE_KINDS)


def index_settings(kind: str, given: Mapping[str, Any] | None) -> IndexSettings | None:
    """Return the settings of a kind of search with its defaults; an exact one has none.

    Raises:
        SettingsError: the kind is unknown, or a setting of it is unknown or out of range.
    """
    if kind not in KINDS:
        hint = did_you_mean(kind, KINDS, "--retrieval=") or f"; choose {', '.join(KINDS)}."
        raise SettingsError(f"--retrieval={kind} is no search over items{hint}")
    section = _SECTIONS.get(kind)
    if section is None:
        if given:
            raise SettingsError(
                f"--retrieval_args: --retrieval={kind} has no settings; leave it away, or choose "
                f"one of {', '.join(APPROXIMATE_KINDS)}."
            )
        return None
    for name in given or ():
        if name not in section.model_fields:
            known = section.model_fields
            hint = did_you_mean(str(name), known) or f"; choose from {', '.join(known)}."
            raise SettingsError(f"--retrieval_args: {name} is no setting of {kind}{hint}")
    try:
        return section.model_validate(dict(given or {}))
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        raise SettingsError(
            f"--retrieval_args: {name}={(given or {})[name]!r} is not valid ({reason_of(error)}); "
            f"write for example --retrieval_args=\"{{'{name}': "
            f'{_example(section, name)!r}}}" ({section.model_fields[name].description}).'
        ) from error


def index_help() -> str:
    """Return what `--help` says of approximate searches: kinds, settings with defaults."""
    lines = []
    for kind, section in _SECTIONS.items():
        lines.append(f"  {kind:10}{' '.join((section.__doc__ or '').partition('.')[0].split())}")
        fields = section.model_fields.items()
        lines += [f"      {name}={field.default}: {field.description}" for name, field in fields]
    return "\n".join(lines)


def _example(section: type[IndexSettings], name: str) -> Any:
    default = section.model_fields[name].default
    return {"nlist": 1024, "subvectors": 16, "bits": 8}[name] if default is None else default
