from recbole_opal.models import MODELS as OURS
from recbole_opal.settings.help import help_text
from recbole_opal.settings.model_schemas import section_of
from recbole_opal.settings.schema import SHARED_SECTIONS
from recbole_opal.settings.values import parse_value

MODEL_SECTIONS = {name: section_of(network) for name, network in OURS.items()}


def flags():
    """Return the settings of the help with the default that is shown."""
    lines = help_text().partition("OPAL:\n")[2].splitlines()
    return dict(line[4:].split("=", 1) for line in lines if line.startswith("  --"))


def test_every_setting_is_listed_with_its_default_as_it_may_be_typed():
    shown = flags()
    for section in (*MODEL_SECTIONS.values(), *SHARED_SECTIONS):
        for name, field in section.model_fields.items():
            typed = shown[name].strip('"') if isinstance(field.default, dict) else shown[name]
            value = parse_value(typed)
            assert value == field.default or str(value) == field.default, name


def test_the_model_s_own_defaults_of_shared_settings_are_told():
    assert "--MAX_ITEM_LIST_LENGTH=100" in help_text()
    assert "--weight_decay=0.0001" in help_text()


def test_lines_fit_a_terminal_of_100_columns():
    assert max(map(len, help_text().splitlines())) <= 100


def test_every_setting_has_a_meaning():
    for section in (*MODEL_SECTIONS.values(), *SHARED_SECTIONS):
        for name, field in section.model_fields.items():
            assert field.description, name
