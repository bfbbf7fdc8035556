"""Which of the given settings a variant gets: each model takes those that it knows."""

from collections.abc import Mapping, Sequence
from typing import Any

from recbole_opal.comparison.variants import Variant
from recbole_opal.errors import SettingsError
from recbole_opal.host import find_model_class
from recbole_opal.process.program import command
from recbole_opal.settings.validation import known_settings
from recbole_opal.suggest import did_you_mean

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
        _refuse_unknown(shared, among)
    known = known_settings(find_model_class(variant.model))
    taken = {name: value for name, value in shared.items() if name in known}
    return taken | dict(variant.settings)


def _refuse_unknown(shared: Mapping[str, Any], among: Sequence[Variant]) -> None:
    models = dict.fromkeys(variant.model for variant in among)
    known = set().union(*(known_settings(find_model_class(model)) for model in models))
    for name, value in shared.items():
        if name not in known:
            hint = did_you_mean(name, known | {"seeds", "tune", "jobs"}, "--")
            hint = hint or f"; `{command('--help')}` lists the settings."
            raise SettingsError(
                f"--{name}={value}: none of {', '.join(models)} has a setting {name}{hint}"
            )
