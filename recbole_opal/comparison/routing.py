"""Which of the given settings a variant gets: each model takes those that it knows."""

from collections.abc import Mapping, Sequence
from typing import Any

from recbole_opal.comparison.variants import Variant
from recbole_opal.host import find_model_class
from recbole_opal.host.validation import known_settings
from recbole_opal.settings.refused import refuse_unknown

__all__ = ["settings_for"]


def settings_for(
    variant: Variant, shared: Mapping[str, Any], among: Sequence[Variant] = ()
) -> dict[str, Any]:
    """Return the settings of a variant: the shared ones its model knows, its own over them.

    Args:
        variant: whose settings.
        shared: settings given for all.
        among: all variants; if given, a shared setting that none of their models knows is an error.

    Raises:
        SettingsError: such a setting.
    """
    if among:
        models = list(dict.fromkeys(each.model for each in among))
        theirs = (known_settings(find_model_class(model)) for model in models)
        refuse_unknown(shared, set().union(*theirs), models)
    known = known_settings(find_model_class(variant.model))
    taken = {name: value for name, value in shared.items() if name in known}
    return taken | dict(variant.settings)
