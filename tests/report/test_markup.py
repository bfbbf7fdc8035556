import re
from importlib.resources import files

import pytest

from recbole_opal.report.elements import tabs
from recbole_opal.report.markup import Markup, join, node


def test_text_is_escaped_and_markup_is_not():
    inner = node("b", "a < b & c")
    assert node("p", "<script>", inner) == "<p>&lt;script&gt;<b>a &lt; b &amp; c</b></p>"


def test_attributes_are_escaped():
    assert node("i", title='"><script>') == '<i title="&quot;&gt;&lt;script&gt;"></i>'


def test_names_of_attributes():
    found = node("input", type="radio", data_tip="x", class_="a b", checked=True, id=None)
    assert found == '<input type="radio" data-tip="x" class="a b" checked>'
    assert node("p", hidden=False) == "<p></p>"


@pytest.mark.parametrize(
    ("value", "text"), [(1.0, "1"), (0.126, "0.13"), (12.5, "12.5"), (-3.999, "-4"), (100.0, "100")]
)
def test_floats_keep_two_digits(value, text):
    assert node("circle", r=value) == f'<circle r="{text}"></circle>'


def test_an_attribute_may_be_called_name():
    assert node("input", name="tabs") == '<input name="tabs">'


def test_join_flattens_and_escapes():
    assert join("a&", [None, [Markup("<br>"), "b"]], (c for c in "<")) == "a&amp;<br>b&lt;"
    assert isinstance(join("x"), Markup)


def test_slicing_markup_gives_text_that_is_escaped_again():
    """Only whole markup is trusted: a part of it is plain text."""
    assert join(Markup("<b>x</b>")[:3]) == "&lt;b&gt;"


def test_each_of_many_tabs_shows_its_panel():
    """The style sheet counts no panels: each stands behind its own button."""
    text = tabs("t", {f"title {n}": f"content {n}" for n in range(9)})
    found = re.findall(r'<input[^>]*id="t-(\d)"[^>]*><label for="t-(\d)">title (\d)</label>'
                       r'<div class="panel">content (\d)</div>', text)  # fmt: skip
    assert found == [(str(n),) * 4 for n in range(9)]
    assert text.count(" checked>") == 1
    style = files("recbole_opal.report").joinpath("style.css").read_text()
    assert ".tabs > input:checked + label + .panel { display: block; }" in style


def test_the_pictures_for_a_phone_are_hidden_before_they_are_shown_there():
    style = files("recbole_opal.report").joinpath("style.css").read_text()
    assert style.rindex("\n.narrow { display: none") < style.index(".narrow { display: block")
