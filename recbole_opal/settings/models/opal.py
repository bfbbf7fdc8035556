"""The settings of OPAL."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from recbole_opal.settings.fields import Finite
from recbole_opal.settings.model_schemas import (
    LEAST,
    TRAINING,
    WeighingSettings,
    preset,
    setting,
    weight,
)

__all__ = ["OPALSettings"]

_Window = Annotated[int, Field(ge=1, le=1000)]


class OPALSettings(WeighingSettings):
    """OPAL (Li, Jin, Yu, Zheng, Song, Zhuo, Xiang; ICME 2024; arXiv 2407.14741).

    Orthogonal Hyper-category Guided Multi-interest Elicitation for Micro-video Matching.
    """

    trained_in: ClassVar = ("soft", "hard", "next")  # the stages in their order
    scoring: Literal["maximum", "logsumexp"] = preset("scoring", "logsumexp")
    num_interests: int = setting(
        4, "number K of hyper-categories and of interests a user [P, A]", ge=1, le=64
    )
    assignment_temperature: Finite | None = setting(
        None,
        "divides the similarities that assign items to hyper-categories; ~ = temperature [D]",
        ge=LEAST,
        le=10,
    )
    fusion_weight: Finite = setting(
        0.5, "weight of the evolved h_j in u_j; 1 = h_j only [A]", ge=0, le=1
    )
    fusion: Literal["fixed", "learned", "whole"] = setting(
        "whole",
        "learned = z_j + g_j h_j, whose gate g_j starts at 0, so that entering the hard stage "
        "changes nothing; whole = z_j + g_j h_j + g'_j h, h of the whole history [D]",
    )
    evolution_activation: Literal["relu", "none"] = setting(
        "none", "what follows the linear layer behind the GRU [A]"
    )
    evolution_input: Literal["plain", "weighted"] = setting(
        "plain",
        "weighted = GRU input times a straight-through argmax of p, so that gradients reach p [D]",
    )
    interest_prior: Finite = setting(
        1.0, "weight of log(share of the interest in the history) in its score [D]", ge=0, le=10
    )
    orthogonality_weight: Finite = weight(10.0, "lambda_o, of mean (<o_i, o_j> - delta_ij)^2 [P]")
    uniformity_weight: Finite = weight(1.0, "lambda_f, of std / mean of the categories' shares [P]")
    unique_weight: Finite = weight(0.0, "lambda_q, of -mean log max_j p_tj in the hard stage [P]")
    stage_windows: dict[str, _Window] | None = setting(
        {"next": 1},
        "most targets in a stage by its name, each 1 or more, of the W; 1 = the next item [D]",
        under=TRAINING,
    )
