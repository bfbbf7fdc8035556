"""The settings of YouTubeDNN."""

from recbole_opal.settings.model_schemas import WeighingSettings

__all__ = ["YouTubeDNNSettings"]


class YouTubeDNNSettings(WeighingSettings):
    """YouTubeDNN (Covington et al., RecSys 2016).

    One mean-pooled vector, the control of every multi-interest model.
    """
