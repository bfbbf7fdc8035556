"""The whole report of the made comparison, read as text."""

import json
import re
import shutil
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from recbole_opal.report.report_command import main
from recbole_opal.report.write import write_report

ROOT = Path(__file__).parents[2]
VOID = {"br", "col", "input", "meta"}


@pytest.fixture(scope="module")
def report(comparison_folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(comparison_folder.parents[1])
        return write_report(comparison_folder).read_text(encoding="utf-8")


class Checker(HTMLParser):
    """Collects ids, links, headings and inline code, and sees that every element is closed."""

    def __init__(self):
        super().__init__()
        self.policy, self.attributes, self.code = None, set(), {"style": [], "script": []}
        self.open, self.ids, self.links, self.headings = [], [], [], []
        self.labels = []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.attributes |= set(attributes)
        if attributes.get("http-equiv") == "Content-Security-Policy":
            assert not any(self.code.values())  # it counts for what stands behind it
            self.policy = attributes["content"]
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [attributes[name] for name in ("href", "src") if name in attributes]
        self.labels += attributes.get("aria-labelledby", "").split()
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in self.code:
            self.code[self.open[-1]].append(data)
        if self.open and self.open[-1] == "h2":
            self.headings.append(data.strip())


@pytest.fixture(scope="module")
def checked(report):
    checker = Checker()
    checker.feed(report)
    checker.close()
    assert checker.open == []
    return checker


def test_all_sections_are_there(checked):
    assert [name for name in checked.headings if name] == [
        "Results", "Accuracy against cost", "Accuracy against diversity",
        "Accuracy against diversity, re-ranked", "The lists", "Who and what is served",
        "How many interests",
        "Training", "What each hyper-category holds", "A few users", "How it was made",
    ]  # fmt: skip


def test_ids_are_unique_and_every_reference_has_one(checked):
    assert len(set(checked.ids)) == len(checked.ids)
    assert {link.removeprefix("#") for link in checked.links} <= set(checked.ids)
    assert set(checked.labels) <= set(checked.ids)


def test_nothing_is_loaded_from_elsewhere(report, checked):
    assert all(link.startswith("#") for link in checked.links)
    without_names = report.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?://|//cdn|@import|url\(", without_names)


def test_the_policy_allows_our_own_style_and_script_and_nothing_else(checked):
    rules = dict(rule.split(" ", 1) for rule in checked.policy.split("; "))
    assert rules.pop("default-src") == rules.pop("base-uri") == rules.pop("form-action") == "'none'"
    assert rules.pop("img-src") == "data:"
    for name, parts in checked.code.items():
        digest = sha256("".join(parts).encode()).digest()
        assert rules.pop(f"{name}-src") == f"'sha256-{b64encode(digest).decode()}'"
    assert rules == {}
    # What the policy would refuse.
    assert "style" not in checked.attributes
    assert not [name for name in checked.attributes if name.startswith("on")]


def test_pictures_are_sound_and_named(report):
    pictures = re.findall(r"<svg.*?</svg>", report, flags=re.DOTALL)
    assert len(pictures) > 20
    name = "{http://www.w3.org/2000/svg}"
    for picture in pictures:
        root = ElementTree.fromstring(picture)  # noqa: S314 our own text
        assert root.get("role") == "img"
        assert root.find(f"{name}title").text
        assert root.find(f"{name}desc").text
        assert "nan" not in picture.lower().replace("nanny", "")


def test_the_error_of_a_failed_model_is_told(report):
    assert "the loss became nan in stage train, epoch 3, step 7" in report


def test_nothing_was_unreadable(report):
    assert "could not be read" not in report
    assert "could not be rebuilt" not in report


def copy_of(folder, target):
    """Copy a comparison and make its run folders findable from the copy."""
    shutil.copytree(folder, target)
    path = target / "comparison.json"
    plain = json.loads(path.read_text())
    for row in plain["rows"]:
        row["runs"] = {seed: str((folder / run).resolve()) for seed, run in row["runs"].items()}
    path.write_text(json.dumps(plain))
    return path, plain


def test_hostile_names_stay_text(comparison_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(comparison_folder.parents[1])
    path, plain = copy_of(comparison_folder, tmp_path / "copy")
    attack = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    plain["dataset"] = plain["command"] = plain["hardware"] = attack
    plain["versions"] = {attack: attack}
    plain["tuning"] = {"trials": 2, "found": {attack: {attack: attack}}}
    for row in plain["rows"]:
        row["label"] += attack
        row["error"] = row["error"] and attack
    path.write_text(json.dumps(plain))
    text = write_report(path.parent).read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "<img" not in text
    assert text.count("<script>") == 1
    assert "&lt;script&gt;alert" in text


def test_hostile_titles_and_tags_of_the_data_stay_text(comparison_folder, monkeypatch):
    from recbole_opal.report import item_names
    from recbole_opal.report.item_names import ItemNames

    attack = "<script>alert(1)</script>"
    monkeypatch.chdir(comparison_folder.parents[1])
    monkeypatch.setattr(
        item_names, "_titles", lambda *_: {str(i): f"{attack}{i}" for i in range(240)}
    )
    monkeypatch.setattr(ItemNames, "tags_of", lambda *_: [attack])
    text = write_report(comparison_folder).read_text(encoding="utf-8")
    assert "&lt;script&gt;alert" in text
    assert "<script>alert" not in text


def test_a_data_set_that_is_gone_is_not_missed(comparison_folder, tmp_path, report):
    """Run folders stay, the atomic files move away."""
    data = comparison_folder.parents[1] / "data"
    path, _ = copy_of(comparison_folder, tmp_path / "copy")
    data.rename(tmp_path / "away")
    try:
        text = write_report(path.parent).read_text(encoding="utf-8")
    finally:
        (tmp_path / "away").rename(data)
    assert "What could not be read" not in text
    assert "Recall@20 by history length" in text


def test_run_folders_that_are_gone_are_told_and_the_rest_drawn(comparison_folder, tmp_path):
    path, plain = copy_of(comparison_folder, tmp_path / "copy")
    for row in plain["rows"]:
        row["runs"] = {seed: f"../{row['model']}-gone-{seed}" for seed in row["runs"]}
    path.write_text(json.dumps(plain))
    text = write_report(path.parent).read_text(encoding="utf-8")
    assert "What could not be read" in text
    assert "Accuracy against diversity" in text
    assert "by history length" not in text


def test_a_comparison_of_nothing_but_failures(comparison_folder, tmp_path):
    path, plain = copy_of(comparison_folder, tmp_path / "copy")
    plain["rows"] = [row for row in plain["rows"] if row["error"]]
    path.write_text(json.dumps(plain))
    text = write_report(path.parent).read_text(encoding="utf-8")
    assert "Without a result" in text
    assert "<svg" not in text


def test_the_command_draws_again(comparison_folder, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(comparison_folder.parents[1])
    assert main([str(comparison_folder)]) == 0
    assert capsys.readouterr().out.strip() == str(comparison_folder / "report.html")
    assert main([str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("error: cannot read")
    assert main([]) == 2
    assert main(["--help"]) == 0
