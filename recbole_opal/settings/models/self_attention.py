"""The settings of models with self-attentive interests."""

from recbole_opal.settings.model_schemas import WeighingSettings, setting

__all__ = ["SelfAttentionSettings"]


class SelfAttentionSettings(WeighingSettings):
    """The settings of models with self-attentive interests."""

    num_interests: int = setting(4, "number K of interests a user [P]", ge=1, le=64)
    attention_size: int = setting(
        256,
        "hidden width of the attention, four times the default hidden_size, as in ComiRec [P]",
        ge=1,
        le=65536,
    )
