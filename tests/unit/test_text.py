"""Text from people is shown as it was typed."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment.texts import number_text, optional_text, quoted
from components.text import ink, plain

ROOT = Path(__file__).resolve().parents[2]
JOINER = "\u2060"
ALIVE = re.compile(
    r"(?<!\\)[*_`~$\[\]<>#|!&]"  # markdown, formulas, HTML, links, images
    r"|:[\w+/-]+:"  # emoji and icon shortcodes
    r"|(?:https?|ftp)://|www\.\w"  # addresses that turn into links by themselves
    r"|(?:^|\s)(?:<->|->|<-|--|>=|<=|~=)(?:\s|$)"  # typographic replacements
)


def seen(markdown):
    """What a reader sees: escapes resolved, the joiner without width dropped."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown).replace(JOINER, "")


@pytest.mark.parametrize(
    "text",
    [
        "**bold** _it_ ~~no~~ `code`",
        "![pixel](https://evil.example/p.png)",
        "[click](javascript:alert(1))",
        "https://evil.example www.evil.example a@evil.example",
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        ":red[x] :material/home: :smile: :streamlit: :blue-badge[y] :shimmer[z]",
        "$x^2$ $$y$$",
        "# heading\n- list\n1. one\n> quote\n| a | b |\n|---|---|\n---\n===",
        "a -> b <- c -- d >= e",
        "&amp; &lt;b&gt; \\* \\",
        "    indented code",
    ],
)
def test_a_payload_is_dead_and_still_readable(text):
    markdown = plain(text)
    assert not ALIVE.search(re.sub(r"\\\\", "", markdown))
    assert [line.strip() for line in seen(markdown).split("\n")] == [
        line.strip() for line in text.split("\n")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Would you call a lead who left only a private e-mail address?",
        "Before you take a lead: who decides, and when; in which country (or countries)?",
        "It's a 'yes' or \"no\". MQL/SQL",
    ],
)
def test_an_ordinary_sentence_stays_as_it_is_for_labels_are_read_aloud_as_they_stand(text):
    assert plain(text) == text


@given(st.text(max_size=80))
def test_any_text_keeps_its_words_and_nothing_in_it_is_alive(text):
    markdown = plain(text)
    assert not ALIVE.search(re.sub(r"\\\\", "", markdown))
    assert "".join(seen(markdown).split()) == "".join(text.replace(JOINER, "").split())


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1250075, "1,250,075"),
        (123456.78, "123,456.78"),
        (1e12, "1,000,000,000,000"),
        (-1234567.25, "-1,234,567.25"),
        (0.5, "0.5"),
        (1 / 3, "0.333333"),
        (0.1 + 0.2, "0.3"),
        (0.0000015, "1.5e-06"),
        (-0.0, "0"),
        (7, "7"),
        (1e15, "1e+15"),
        (float("inf"), "inf"),
    ],
)
def test_a_number_is_shown_as_it_is(number, text):
    assert number_text(number) == text


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_no_digit_of_a_whole_number_is_lost(number):
    assert number_text(float(number)).replace(",", "") == str(number)


def test_what_is_copied_from_a_screen_comes_back_without_what_has_no_width():
    assert optional_text(plain("ada@example.com").replace("\\", ""), "x") == "ada@example.com"


@given(st.text(alphabet="a “”„‟\"'"))
def test_a_quoted_text_cannot_end_its_own_quotation(text):
    shown = quoted(text)
    assert shown[0] == "“" and shown[-1] == "”" and not set(shown[1:-1]) & set("“”„‟")
    assert len(shown) == len(text) + 2


def test_a_choice_is_written_in_the_colour_of_text_in_both_themes():
    themes = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
    assert ink("Mine") == ":yellow[Mine]"
    for mode in ("light", "dark"):
        assert themes[mode]["yellowTextColor"] == themes[mode]["textColor"]


def test_every_choice_is_written_so():
    for path in [*(ROOT / "pages").rglob("*.py"), *(ROOT / "components").rglob("*.py")]:
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = getattr(call.func, "attr", "") if isinstance(call, ast.Call) else ""
            if called in ("segmented_control", "pills"):
                names = {part.id for part in ast.walk(call) if isinstance(part, ast.Name)}
                assert "ink" in names, (
                    f"{path.relative_to(ROOT)}:{call.lineno} writes its labels without components.text.ink"
                )
