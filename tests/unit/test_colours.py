"""Colours that carry meaning can be read, told apart, and are the theme's own."""

import itertools
import tomllib
from pathlib import Path

import pytest

from alignment.disagreement import Verdict
from alignment.people import Team
from components.charts import colours

ROOT = Path(__file__).resolve().parents[2]
THEME = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
MEANINGS = (colours.SALES, colours.MARKETING, colours.NEUTRAL, colours.GOOD, colours.BAD, colours.DIVIDED)


def channels(colour):
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def linear(colour):
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels(colour)]


def luminance(colour):
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear(colour), strict=True))


def contrast(one, other):
    """The WCAG 2 contrast ratio."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def without_red_or_green(colour, matrix):
    """The colour's linear channels as somebody sees them who lacks one kind of cone (Machado et al. 2009, severity 1)."""
    return [sum(factor * part for factor, part in zip(row, linear(colour), strict=True)) for row in matrix]


PROTANOPIA = (
    (0.152286, 1.052583, -0.204868),
    (0.114503, 0.786281, 0.099216),
    (-0.003882, -0.048116, 1.051998),
)
DEUTERANOPIA = (
    (0.367322, 0.860646, -0.227968),
    (0.280085, 0.672501, 0.047413),
    (-0.011820, 0.042940, 0.968881),
)


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("meaning", MEANINGS)
def test_each_meaning_can_be_read_as_text(meaning, mode):
    assert contrast(meaning.on(mode), colours.BACKGROUND.on(mode)) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("matrix", [PROTANOPIA, DEUTERANOPIA])
@pytest.mark.parametrize("pair", [(colours.SALES, colours.MARKETING), (colours.GOOD, colours.BAD)])
def test_the_pairs_stay_apart_for_people_who_lack_red_or_green(pair, matrix, mode):
    one, other = (without_red_or_green(meaning.on(mode), matrix) for meaning in pair)
    assert sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5 > 0.12


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_no_verdict_has_a_teams_colour_and_those_that_say_something_have_their_own(mode):
    verdicts = [colours.of_verdict(verdict, mode) for verdict in Verdict]
    assert not {colours.of_team(team, mode) for team in Team} & set(verdicts)
    said = {colours.of_verdict(one, mode) for one in ("aligned", "split_between", "split_within")}
    assert len(said | {colours.of_verdict(Verdict.UNSURE, mode)}) == 4


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("share", [0.12, 0.22])
def test_text_can_be_read_on_a_pale_area(share, mode):
    under, area = (channels(colour) for colour in (colours.BACKGROUND.on(mode), colours.NEUTRAL.on(mode)))
    mixed = "#" + "".join(
        f"{round((share * a + (1 - share) * b) * 255):02x}" for a, b in zip(area, under, strict=True)
    )
    assert contrast(colours.TEXT.on(mode), mixed) >= 4.5


def test_a_pale_colour_is_the_colour_let_through():
    assert colours.pale("#0F766E", 0.5) == "rgba(15,118,110,0.5)"


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_charts_and_theme_use_the_same_colours(mode):
    theme = THEME[mode]
    assert theme["backgroundColor"] == colours.BACKGROUND.on(mode)
    assert theme["textColor"] == colours.TEXT.on(mode)
    assert theme["chartCategoricalColors"] == [meaning.on(mode) for meaning in MEANINGS]


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_links_and_primary_buttons_can_be_read_and_so_can_faded_captions(mode):
    theme = THEME[mode]
    grounds = (
        theme["backgroundColor"],
        theme["secondaryBackgroundColor"],
        theme["sidebar"]["backgroundColor"],
    )
    for ground, text in itertools.product(grounds, (theme["textColor"], theme["linkColor"])):
        assert contrast(text, ground) >= 4.5
    assert contrast("#FFFFFF", theme["primaryColor"]) >= 4.2
    for ground, text in (
        (theme["backgroundColor"], theme["textColor"]),
        (theme["sidebar"]["backgroundColor"], theme["sidebar"].get("textColor", theme["textColor"])),
    ):
        mixed = [0.6 * a + 0.4 * b for a, b in zip(channels(text), channels(ground), strict=True)]
        faded = "#" + "".join(f"{round(part * 255):02x}" for part in mixed)
        assert contrast(faded, ground) >= 4.5
