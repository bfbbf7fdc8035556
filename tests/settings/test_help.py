import pytest

from recbole_opal.cli import main
from recbole_opal.help import help_text
from recbole_opal.models import MODELS
from recbole_opal.settings.model_schemas import section_of
from recbole_opal.settings.schema import SHARED_SECTIONS
from recbole_opal.settings.values import parse_value

MODEL_SECTIONS = {name: section_of(network) for name, network in MODELS.items()}
MINE = """
from pydantic import Field
from recbole_opal import OPAL, MultiInterestNetwork, MultiInterestSettings

class MySettings(MultiInterestSettings):
    depth: int = Field(3, ge=1, description="layers")

class Mine(MultiInterestNetwork):
    Settings = MySettings
    stages = ("warm", "main")

class Deeper(OPAL.network_class):
    class Settings(OPAL.network_class.Settings):
        depth: int = Field(3, ge=1, description="layers")

class Adapted(OPAL):
    Settings = MySettings
"""


def flags(title):
    """Return the settings of a part of the whole help with the default that is shown."""
    lines = help_text("all").partition(f"\n\n{title}:\n")[2].partition("\n\n")[0].splitlines()
    return dict(line[4:].split("=", 1) for line in lines if line.startswith("  --"))


def all_shown():
    """Yield each section with what the help shows of it; of a model what OPAL's has otherwise."""
    for name, section in MODEL_SECTIONS.items():
        yield section, flags("OPAL") | flags(name)
    for section in SHARED_SECTIONS:
        yield section, flags(section.__name__.removesuffix("Settings").lower())


def test_every_setting_is_listed_with_its_default_as_it_may_be_typed():
    for section, shown in all_shown():
        for name, field in section.model_fields.items():
            typed = shown[name].strip('"') if isinstance(field.default, dict) else shown[name]
            value = parse_value(typed)
            assert value == field.default or str(value) == field.default, name


def test_the_model_s_own_defaults_of_shared_settings_are_told():
    assert "--learning_rate=0.01" in help_text("OPAL")
    assert "--weight_decay=0.0001" in help_text("OPAL")


def test_lines_fit_a_terminal_of_100_columns():
    assert max(map(len, help_text().splitlines())) <= 100


def test_the_overview_fits_two_screens_and_names_the_commands():
    shown = help_text("", {"run": "train", "report": "draw"})
    assert len(shown.splitlines()) <= 48
    assert "  report  " in shown
    assert "OPAL, " in shown


@pytest.mark.parametrize(
    ("topic", "line"),
    [
        ("OPAL", "  --num_interests=4"),
        ("opal", "  --num_interests=4"),
        ("SASRec", "  --n_layers=2  (int)"),
        ("topk", "  --topk=[10,20,50]"),
        ("training", "  --learner=adam"),
        ("protocols", "  {'RS': [8, 1, 1]}"),
        ("indexes", "      nprobe=32: lists that are searched"),
    ],
)
def test_a_topic_shows_its_settings_with_defaults(capsys, topic, line):
    for words in ([f"--help={topic}"], ["--help", topic]):
        assert main(words) == 0
        assert any(each.startswith(line) for each in capsys.readouterr().out.splitlines())


def test_a_topic_that_is_none_is_told_in_one_line(capsys):
    assert main(["--help=OPALL"]) == 2
    told = capsys.readouterr().err
    assert told == "error: --help=OPALL: there is no such topic; did you mean --help=OPAL?\n"


@pytest.mark.parametrize(
    ("name", "stages"), [("Mine", "--stages=[warm,main]"), ("Deeper", "--stages=[soft,hard,next]")]
)
def test_a_class_of_the_user_s_has_help_too(tmp_path, capsys, name, stages):
    (tmp_path / "mine.py").write_text(MINE)
    assert main([f"--help={tmp_path / 'mine.py'}:{name}"]) == 0
    shown = capsys.readouterr().out
    assert "  --depth=3\n      layers; an integer in [1, inf)" in shown
    assert f"  {stages}\n" in shown


def test_a_class_derived_from_recbole_s_side_of_a_model_is_told_what_to_derive_from(
    tmp_path, capsys, configure, refusal
):
    (tmp_path / "mine.py").write_text(MINE)
    address = f"{tmp_path / 'mine.py'}:Adapted"
    assert main([f"--help={address}"]) == 2
    told = "; derive it from the network itself, as class Adapted(OPAL.network_class)."
    assert capsys.readouterr().err.endswith(f"{told}\n")
    assert refusal(address).endswith(told)
    deeper = configure(f"{tmp_path / 'mine.py'}:Deeper", depth=5, stages="hard")
    assert (deeper["depth"], deeper["stages"]) == (5, ["hard"])
    assert "did you mean --depth?" in refusal(f"{tmp_path / 'mine.py'}:Mine", deptth=5)


def test_every_setting_has_a_meaning():
    for section in (*MODEL_SECTIONS.values(), *SHARED_SECTIONS):
        for name, field in section.model_fields.items():
            assert field.description, name
