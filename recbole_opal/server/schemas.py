"""What the service is asked and what it answers: the bodies of requests and responses."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

__all__ = [
    "ExplainRequest",
    "Explanation",
    "Health",
    "ItemId",
    "RecommendRequest",
    "NearItem",
    "Recommendations",
    "Refusal",
    "ReloadFailure",
    "UserHistory",
    "UserList",
]

ItemId = Annotated[StrictStr | StrictInt, Field(description="raw id as in the data: text or int")]
Seconds = Annotated[float, Field(allow_inf_nan=False)]


class _Question(BaseModel):
    """Types are strict, so that 1.0 and true are no ids; unknown names are refused."""

    model_config = ConfigDict(strict=True, extra="forbid")


class UserHistory(_Question):
    """What one user met, oldest first."""

    user: ItemId | None = Field(None, description="repeated in the answer; else the place, from 0")
    items: list[ItemId] = Field(description="may be empty: then the answer is by popularity")
    times: list[Seconds] | None = Field(
        None, description="seconds of each item, for models that read them"
    )


class RecommendRequest(_Question):
    """Users and how their lists are made."""

    histories: list[UserHistory] = Field(min_length=1)
    k: int = Field(50, ge=1, description="length of a list")
    exclude_seen: bool = Field(True, description="leave out what stands in the history")
    exclude: list[ItemId] = Field([], description="left out of all lists")
    only: list[ItemId] | None = Field(None, description="nothing else is recommended")
    diversity: float = Field(0.0, ge=0, allow_inf_nan=False, description="0: by score alone")
    rule: Literal["categories", "mmr", "dpp"] = Field("categories", description="of the diversity")
    per_interest: int = Field(0, ge=0, description="places at least for each interest in use")
    by_share: float = Field(
        0.0,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="part of the list divided among interests by their share of the history",
    )


class ExplainRequest(_Question):
    """A history and the item that it is asked about."""

    items: list[ItemId] = Field(min_length=1, description="the history, oldest first")
    times: list[Seconds] | None = Field(None, description="seconds of each item of the history")
    item: ItemId = Field(description="the item to explain")


class UserList(BaseModel):
    """What is recommended to one user, best first."""

    user: str
    items: list[str]
    scores: list[float] = Field(description="of a list by popularity: training interactions")
    interests: list[int] = Field(
        description="whose score of each item is the largest of the K; -1: found by none"
    )
    by_popularity: bool = Field(description="the history held no item that the model knows")
    unknown: list[str] = Field(description="items of the history that the model does not know")


class Recommendations(BaseModel):
    """The lists of all users of a request, in its order."""

    bundle: str = Field(description="digest of the bundle that answered, as in /health")
    lists: list[UserList]


class NearItem(BaseModel):
    """An item of a history beside the item that is explained."""

    item: str
    ago: int = Field(description="how many items the history goes on after it")
    similarity: float
    interest: int = Field(description="the interest that it belongs to")


class Explanation(BaseModel):
    """Why an item stands where it stands for a history."""

    bundle: str = Field(description="digest of the bundle that answered, as in /health")
    item: str
    score: float = Field(description="the largest of the interests' scores, or the soft maximum")
    rank: int | None = Field(description="among all items not in the history; null: it is in it")
    interest: int = Field(description="the interest whose score is the largest")
    interest_scores: list[float | None] = Field(description="null: the history has not this one")
    interest_parts: list[float | None] = Field(
        description="what each brings to the score, sum 1; null: the history has not this one"
    )
    interest_shares: list[float] = Field(description="share of the history each stands for")
    nearest: list[NearItem] = Field(description="of the history, the most alike first")


class ReloadFailure(BaseModel):
    """Why the bundle that lies there now is not the one that answers."""

    at: str = Field(description="UTC, ISO 8601")
    error: str


class Health(BaseModel):
    """What answers, and since when."""

    ok: bool
    model: str
    stage: str
    dataset: str
    bundle: str = Field(description="SHA-256 of the manifest of what answers")
    since: str = Field(description="UTC, ISO 8601")
    reload_failure: ReloadFailure | None = Field(description="the last one, until one succeeds")


class Refusal(BaseModel):
    """The body of every answer that is none."""

    error: str = Field(description="what is wrong and how to mend it, in one line")
