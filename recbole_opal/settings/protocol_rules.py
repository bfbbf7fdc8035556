"""The options of the protocols that `split` of `eval_args` names."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from recbole_opal.settings.fields import Finite, Section

__all__ = ["LastDayRule", "TimeRule", "UserRule"]


def _share(value: int | float) -> int | float:
    if not 0 < value < float("inf"):
        raise ValueError("write finite shares larger than 0")
    return value


def _tuple_to_list(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


Shares = Annotated[
    list[Annotated[int | float, AfterValidator(_share)]], BeforeValidator(_tuple_to_list)
]
Cuts = Annotated[list[Finite], BeforeValidator(_tuple_to_list)]
_SEED = 1230  # ComiRec's


class LastDayRule(Section):
    """The last day of the log is test, the day before validation: CMI and OPAL."""

    day_length: Finite = Field(86400, ge=1, description="of a day, in seconds")
    offset: Finite = Field(
        0, description="seconds added to the times before days are cut, 28800 for UTC+8"
    )
    min_days: int = Field(
        4, ge=0, description="active days before the last two that a user must have"
    )
    days: int | None = Field(
        None, ge=3, description="calendar days used, the last of the log; None: all"
    )
    unseen_items: Literal["drop", "keep"] = Field(
        "drop", description="what happens to items that training has not met"
    )


class TimeRule(Section):
    """Global cuts in time."""

    ratios: Shares | None = Field(
        None, min_length=2, max_length=3, description="shares of all rows, oldest first"
    )
    cuts: Cuts | None = Field(
        None, min_length=1, max_length=2, description="times at which validation and test begin"
    )
    unseen_items: Literal["drop", "keep"] = Field(
        "keep", description="what happens to items that training has not met"
    )
    seed: int = Field(
        _SEED, ge=0, description="of the shuffle that halves the users where there is one cut"
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> "TimeRule":
        if (self.ratios is None) == (self.cuts is None):
            raise ValueError("give either ratios or cuts")
        if self.cuts is not None and len(self.cuts) == 2 and self.cuts[0] >= self.cuts[1]:
            raise ValueError("write the earlier cut first")
        return self


class UserRule(Section):
    """Whole users are held out: ComiRec."""

    ratios: Shares = Field([8, 1, 1], min_length=3, max_length=3, description="shares of the users")
    history: Finite = Field(
        0.8, gt=0, lt=1, description="share of a held-out user's sequence that is its history"
    )
    seed: int = Field(_SEED, ge=0, description="of the shuffle of the users")
