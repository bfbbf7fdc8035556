"""The one place that meets RecBole 1.2.1: what is imported of it, overridden, and worked around.

`install` finds it; `flaws` undoes what its modules do to a process; `upstream_models` names those
of its models that run here, `mended` the two that are mended; `yaml_settings` reads its settings;
`known_history` serves the models that know no order.
"""

from recbole_opal.host.flaws import quiet_autograd, quiet_deprecations
from recbole_opal.host.install import MissingRecBoleError, recbole_folder, require_recbole
from recbole_opal.host.upstream_models import find_model_class, supported_models

__all__ = [
    "MissingRecBoleError",
    "find_model_class",
    "quiet_autograd",
    "quiet_deprecations",
    "recbole_folder",
    "require_recbole",
    "supported_models",
]
