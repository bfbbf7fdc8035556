import re
import shutil

import pytest
import yaml

from recbole_opal.errors import SettingsError
from recbole_opal.models import MODELS as OURS
from recbole_opal.settings import properties
from recbole_opal.settings.fields import allowed
from recbole_opal.settings.model_schemas import section_of
from recbole_opal.settings.schema import SHARED_SECTIONS
from recbole_opal.settings.values import load_settings_file

MODEL_SECTIONS = {name: section_of(network) for name, network in OURS.items()}

LINE = re.compile(
    r"^(?P<name>\w+):[^#]*#\s+\((?P<kind>bool|int|float|str|list|dict)\) "
    r"\S.*\[(?P<sources>[RPAD, ]+)\]$"
)
KINDS = {
    **{"an integer": "int", "a number": "float", "True or": "bool", "a list": "list"},
    "a mapping": "dict",
}


def lines(path):
    text = path.read_text(encoding="utf-8")
    return [line for line in text.splitlines() if re.match(r"\w", line)]


def test_the_folder_is_found_beside_the_package():
    assert properties.overall_yaml().is_file()
    assert properties.properties_folder().name == "properties"


def test_the_folder_is_found_inside_an_installed_package(tmp_path, monkeypatch):
    shutil.copytree(properties.properties_folder(), tmp_path / "properties")
    monkeypatch.setattr(properties, "_PACKAGE", tmp_path)
    assert properties.properties_folder() == tmp_path / "properties"
    assert properties.model_yaml("OPAL") == tmp_path / "properties/model/OPAL.yaml"


def test_a_broken_installation_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(properties, "_PACKAGE", tmp_path / "package")
    with pytest.raises(SettingsError, match="install recbole_opal again"):
        properties.properties_folder()


def test_yaml_files_are_found_by_name_only():
    assert properties.model_yaml("OPAL").name == "OPAL.yaml"
    assert properties.dataset_yaml("ml-100k").name == "ml-100k.yaml"
    for name in ("opal2", "../overall", "dataset/ml-100k", ""):
        assert properties.model_yaml(name) is None
        assert properties.dataset_yaml(name) is None


def test_the_datasets_that_are_there_are_known_the_bundled_one_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert properties.datasets_at_hand() == ["ml-100k", "synthetic-small"]
    for name in ("b", "a", "ml-100k"):
        (tmp_path / "dataset" / name).mkdir(parents=True)
        (tmp_path / "dataset" / name / f"{name}.inter").write_text("")
    (tmp_path / "dataset" / "empty").mkdir()
    (tmp_path / "dataset" / "file").write_text("")
    assert properties.datasets_at_hand() == ["ml-100k", "synthetic-small", "a", "b"]
    assert properties.datasets_at_hand("dataset") == ["a", "b", "ml-100k"]
    assert properties.datasets_at_hand("nowhere") == properties.datasets_at_hand("\0") == []


MODEL_YAMLS = sorted((properties.properties_folder() / "model").iterdir())
# RecBole's models whose settings are made comparable with ours; Pop has none.
FOREIGN = [path.stem for path in MODEL_YAMLS if path.stem not in MODEL_SECTIONS]


def test_every_model_of_ours_has_a_yaml():
    assert {path.stem for path in MODEL_YAMLS} >= set(MODEL_SECTIONS)


@pytest.mark.parametrize("path", [properties.overall_yaml(), *MODEL_YAMLS], ids=lambda p: p.stem)
def test_every_parameter_is_commented_with_type_and_source(path):
    found = lines(path)
    assert len(found) > (14 if path.stem not in FOREIGN else 3) or path.stem == "Pop"
    for line in found:
        assert LINE.match(line), line


@pytest.mark.parametrize("model", FOREIGN)
def test_a_recbole_model_s_yaml_holds_settings_of_the_type_in_the_comment(model, configure):
    written = load_settings_file(properties.model_yaml(model))
    effective = configure(model)
    for line in lines(properties.model_yaml(model)):
        match = LINE.match(line)
        assert type(written[match["name"]]).__name__ == match["kind"], line
        if match["name"] != "search":
            assert effective[match["name"]] == written[match["name"]], line


@pytest.mark.parametrize("model", FOREIGN)
def test_a_recbole_model_is_trained_like_ours(model, configure):
    theirs, ours = configure(model), configure("OPAL")
    widths = [theirs[name] for name in ("embedding_size", "hidden_size") if name in theirs]
    assert not widths or ours["hidden_size"] in widths
    if theirs["MODEL_TYPE"].name == "SEQUENTIAL":
        assert theirs["MAX_ITEM_LIST_LENGTH"] == ours["MAX_ITEM_LIST_LENGTH"]
        assert theirs["loss_type"] == "CE"
        # One target a row, where a row of ours has up to `future_window`: fewer rows in a batch.
        assert theirs["train_batch_size"] == 256
    if "learning_rate" in load_settings_file(properties.model_yaml(model)):
        for name in ("learning_rate_schedule", "warmup_steps", "stopping_step"):
            assert theirs[name] == ours[name], name


@pytest.mark.parametrize("model", MODEL_SECTIONS)
def test_the_types_and_ranges_in_the_comments_are_those_that_are_checked(model):
    fields = MODEL_SECTIONS[model].model_fields
    checked = 0
    for line in lines(properties.model_yaml(model)):
        match = LINE.match(line)
        if match["name"] not in fields:
            continue
        checked += 1
        wanted = allowed(fields[match["name"]])
        kind = next((kind for text, kind in KINDS.items() if wanted.startswith(text)), "str")
        assert match["kind"] == kind, line
        text = wanted.partition(" in ")[2] if " in " in wanted else wanted
        if kind in ("int", "float", "str"):
            assert text in line, (text, line)
    assert checked == len(fields)


@pytest.mark.parametrize("path", sorted((properties.properties_folder() / "dataset").iterdir()))
def test_a_dataset_s_yaml_names_source_licence_and_types(path):
    text = path.read_text(encoding="utf-8")
    assert "Source:" in text
    assert "Licence:" in text
    for line in lines(path):
        assert re.search(r"#\s+\((bool|str|dict)\) ", line), line
    assert set(load_settings_file(path)["load_col"]["inter"]) >= {"user_id", "item_id", "timestamp"}


@pytest.mark.parametrize("model", MODEL_SECTIONS)
def test_the_defaults_of_a_model_s_schema_equal_its_yaml(model):
    written = load_settings_file(properties.model_yaml(model))
    for name, field in MODEL_SECTIONS[model].model_fields.items():
        assert written[name] == field.default, name
        assert type(written[name]) is type(field.default), name


def test_the_defaults_of_the_shared_schema_equal_overall_yaml_and_recbole_s(configure):
    written = load_settings_file(properties.overall_yaml())
    assert written.pop("repeatable") is True  # RecBole's False for general models is refused
    fields = {name: field for part in SHARED_SECTIONS for name, field in part.model_fields.items()}
    assert set(written) <= set(fields)
    for name, value in written.items():
        assert fields[name].default == value, name
    effective = configure("GRU4Rec")
    for name in set(fields) - set(written):
        assert fields[name].default == effective[name], name


def test_no_setting_is_checked_twice():
    shared = [name for part in SHARED_SECTIONS for name in part.model_fields]
    assert len(shared) == len(set(shared))
    for section in MODEL_SECTIONS.values():
        assert not set(shared) & set(section.model_fields)


def test_the_files_are_plain_yaml_too():
    for path in properties.properties_folder().rglob("*.yaml"):
        plain = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        assert plain == load_settings_file(path)
