"""Charts of leads beside the comparison: the map of topics, a field's spread, traits, and agreement over time."""

import html
import itertools
import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_colours import contrast
from test_disagreement_compound import one

from alignment.disagreement import LeadsApart, Verdict
from alignment.disagreement.change import AlignmentMeasure, AlignmentThen
from alignment.field_spread import FieldSpread
from alignment.people import Team
from alignment.questionnaires import QuestionType
from alignment.rules import parse
from alignment.statistics import newcombe, wilson
from alignment.traits import Trait, Traits
from components.charts import colours
from components.charts.alignment import alignment_figure, alignment_in_words, alignment_rows
from components.charts.comparison import distribution_figure
from components.charts.field_spread import spread_figure, spread_in_words, spread_rows
from components.charts.topic_map import topic_map, topic_map_in_words, topic_map_rows
from components.charts.traits import traits_figure, traits_in_words, traits_rows

SALES, MARKETING = Team.SALES, Team.MARKETING
HOSTILE = '<a href="https://x.example">x</a>'
ASKED = one(QuestionType.CHOICE, ["a"] * 6, ["b"] * 6, options=("a", "b"))
HIDDEN = one(QuestionType.CHOICE, ["a"] * 2, ["b"] * 6, options=("a", "b"))


def written_on(figure):
    """Everything that stands on a figure, as a reader sees it."""
    notes = " ".join(str(note.text) for note in figure.layout.annotations)
    return html.unescape(re.sub(r"<[^>]*>", " ", notes))


def percentages(text):
    return set(re.findall(r"\d+%", text))


def topic(key, verdict=Verdict.SPLIT_BETWEEN, strength=0.5, cost=None, title=""):
    nothing = dict.fromkeys(Team, 0)
    leads = None if cost is None else LeadsApart(1000, 0, {SALES: cost, MARKETING: 0}, nothing, nothing)
    asked = replace(ASKED.question, key=key, title=title or f"Topic {key}")
    return replace(ASKED, question=asked, verdict=verdict, strength=strength, cost=leads)


# ── the map of topics ────────────────────────────────────────────────────────────────────────────────────────────────

TOPICS = [
    topic("budget", strength=0.8, cost=312),
    topic("size", Verdict.SPLIT_WITHIN, 0.3, 80),
    topic("hours", Verdict.UNSURE, 0.1),
    topic("demo", Verdict.ALIGNED, 0.0, 0),
]


def test_the_map_its_words_and_its_table_tell_the_same_of_every_topic():
    words = topic_map_in_words(TOPICS)
    assert "1. Topic budget: split between the teams, apart 0.80, 312 leads." in words
    assert "3. Topic hours: everyone unsure, apart 0.10, cost in leads not known." in words
    rows = topic_map_rows(TOPICS)
    assert [row["Place"] for row in rows] == [1, 2, 3, 4]
    assert rows[0] == {
        "Place": 1,
        "Topic": "Topic budget",
        "Verdict": "split between the teams",
        "Apart (0 to 1)": "0.80",
        "Leads treated differently": "312",
    }
    assert rows[2]["Leads treated differently"] == "not known"
    written = written_on(topic_map(TOPICS))
    assert "Topic budget" in written and "far apart and costly" in written and "not known" in written
    assert {"1", "2", "3", "4"} <= set(written.split())


def test_further_apart_lies_to_the_right_and_costlier_lies_higher():
    spots = {note.text: note for note in topic_map(TOPICS).layout.annotations}
    assert spots["<b>1</b>"].x > spots["<b>2</b>"].x > spots["<b>4</b>"].x
    assert spots["<b>1</b>"].y < spots["<b>2</b>"].y < spots["<b>4</b>"].y < spots["<b>3</b>"].y


def test_a_topic_keeps_its_place_on_the_agenda_when_others_are_filtered_out():
    kept, places = TOPICS[2:], {one.question.key: place for place, one in enumerate(TOPICS, start=1)}
    assert [row["Place"] for row in topic_map_rows(kept, places)] == [3, 4]
    assert "<b>3</b>" in {note.text for note in topic_map(kept, None, places).layout.annotations}


def test_what_is_hidden_or_has_too_few_answers_is_not_on_the_map():
    few = topic("few", Verdict.TOO_FEW)
    assert HIDDEN.hidden
    assert topic_map([HIDDEN, few]) is None and topic_map([]) is None
    assert topic_map_in_words([HIDDEN]) == "" and topic_map_rows([HIDDEN, few]) == []
    assert "Not on the map for too few answers: 2." in topic_map_in_words([*TOPICS, HIDDEN, few])
    assert len(topic_map_rows([*TOPICS, HIDDEN])) == len(TOPICS)


topics = st.lists(
    st.tuples(
        st.sampled_from([verdict for verdict in Verdict if verdict is not Verdict.TOO_FEW]),
        st.floats(0, 1),
        st.none() | st.integers(0, 10**6),
    ),
    min_size=1,
    max_size=60,
)


@settings(max_examples=40, deadline=None)
@given(topics, st.booleans())
def test_no_number_or_name_overlaps_another_and_every_topic_is_drawn_or_counted(drawn, at_one_point):
    questions = [
        topic(str(index), verdict, 0.0 if at_one_point else strength, cost, "A topic with a long name")
        for index, (verdict, strength, cost) in enumerate(drawn)
    ]
    figure = topic_map(questions)
    span = figure.layout.xaxis.range[1] - figure.layout.xaxis.range[0]
    for width in (300, 1200):
        boxes = []
        for note in figure.layout.annotations:
            number = re.fullmatch(r"<b>(\d+)</b>", note.text)
            name = note.text.startswith("A topic")
            if not number and not name:
                continue
            wide = 19 if number else 5.5 * len(note.text)
            x = (note.x - figure.layout.xaxis.range[0]) / span * width + (note.xshift or 0)
            left = x - {"left": 0, "center": wide / 2, "right": wide}[note.xanchor]
            boxes.append((left, left + wide, note.y - 7, note.y + 7))
            assert left >= -1 and left + wide <= width + 1
        for (a, b, c, d), (e, f, g, h) in itertools.combinations(boxes, 2):
            assert b <= e + 0.01 or f <= a + 0.01 or d <= g + 0.01 or h <= c + 0.01
    marks = sum(len(trace.x) for trace in figure.data)
    more = sum(int(note.text[1:]) for note in figure.layout.annotations if re.fullmatch(r"\+\d+", note.text))
    assert marks + more == len(questions)


# ── a field's spread ─────────────────────────────────────────────────────────────────────────────────────────────────

SPREAD = FieldSpread(
    field="employees",
    label="Employees",
    edges=(0, 10, 20, 50, 100),
    labels=("under 10", "10–19", "20–49", "50 or more"),
    won=(1, 2, 30, 40),
    lost=(50, 40, 25, 7),
    open=(3, 0, 5, 1),
    unknown=6,
    thresholds={SALES: 50.0, MARKETING: 20.0},
)


def test_the_spread_says_what_each_team_asks_for_and_how_many_leads_lie_between():
    words, written = spread_in_words(SPREAD), written_on(spread_figure(SPREAD))
    assert "Sales asks for at least 50 and marketing asks for at least 20." in words
    for told in (words, written):
        assert "60 leads lie between the two" in told and "204" in told
        assert "at least 50" in told and "at least 20" in told
    assert "20–49: 30 won, 25 lost, 5 open" in words and "Of 6 more it is not known." in words
    assert spread_rows(SPREAD)[2] == {"Value": "20–49", "Won": 30, "Lost": 25, "Open": 5, "All": 60}
    assert spread_rows(SPREAD)[-1]["All"] == 6


def test_each_bar_is_as_long_as_the_leads_of_its_class():
    won, lost, open_ = spread_figure(SPREAD).data
    unit = sum(part.x[0] for part in (won, lost, open_)) / 54
    for index in range(4):
        whole = SPREAD.won[index] + SPREAD.lost[index] + SPREAD.open[index]
        assert won.x[index] + lost.x[index] + open_.x[index] == pytest.approx(whole * unit)
        assert open_.base[index] == pytest.approx((SPREAD.won[index] + SPREAD.lost[index]) * unit)


def test_a_line_stands_where_its_threshold_lies_among_the_classes():
    def lines(spread):
        """Where each team's line stands, counted in classes from the beginning of the first."""
        figure = spread_figure(spread)
        of_class = figure.data[0].y
        height = of_class[1] - of_class[0]
        return {
            shape.line.color: (shape.y0 - of_class[0]) / height + 0.5
            for shape in figure.layout.shapes
            if shape.type == "line" and shape.y0 == shape.y1
        }

    sales, marketing = (colours.of_team(team) for team in Team)
    assert lines(SPREAD) == {sales: pytest.approx(3), marketing: pytest.approx(2)}
    within = lines(replace(SPREAD, thresholds={SALES: 35.0, MARKETING: 1e9}))
    assert within[sales] == pytest.approx(2.5) and 3.9 < within[marketing] < 4


@pytest.mark.parametrize(
    ("thresholds", "told"),
    [
        ({SALES: 50.0, MARKETING: 50.0}, "Both teams ask for at least 50."),
        ({SALES: None, MARKETING: 20.0}, "Sales asks for nothing and marketing asks for at least 20."),
        ({}, "Both teams ask for nothing."),
    ],
)
def test_who_asks_for_the_same_or_for_nothing_is_told_so(thresholds, told):
    assert told in spread_in_words(replace(SPREAD, thresholds=thresholds))


def test_a_unit_stands_behind_the_field_where_it_says_more_than_its_name():
    assert spread_in_words(replace(SPREAD, unit="employees")).startswith("Employees of 204 past leads.")
    days = replace(SPREAD, label="Answer time", unit="days")
    assert spread_in_words(days).startswith("Answer time in days of 204")
    assert "Answer time in days, 204" in written_on(spread_figure(days))


@pytest.mark.parametrize(
    "thresholds",
    [{SALES: 50.0, MARKETING: 50.0}, {SALES: None, MARKETING: 20.0}, {SALES: 33.0, MARKETING: 20.0}, {}],
)
def test_leads_between_are_not_told_where_the_classes_cannot_tell_them(thresholds):
    spread = replace(SPREAD, thresholds=thresholds)
    assert "between" not in spread_in_words(spread) + written_on(spread_figure(spread))


def test_leads_between_are_told_where_somebody_counted_them():
    spread = replace(SPREAD, thresholds={SALES: 33.0, MARKETING: 20.0}, downwards=True)
    assert "31 leads lie between the two" in spread_in_words(spread, 31)
    assert "31 leads lie between the two" in written_on(spread_figure(spread, "dark", 31))
    assert "at most 33" in spread_in_words(spread)


def test_of_a_field_that_no_lead_has_there_is_no_figure():
    nothing = replace(SPREAD, won=(0,) * 4, lost=(0,) * 4, open=(0,) * 4)
    assert spread_figure(nothing) is None and spread_in_words(nothing) == ""


# ── traits ───────────────────────────────────────────────────────────────────────────────────────────────────────────

RULE = parse({"version": 1, "all": [{"field": "x", "op": "is_known"}]})


def trait(words, won, of_won, lost, of_lost, q=0.001, suspected=""):
    interval = newcombe(won, of_won, lost, of_lost)
    difference = won / of_won - lost / of_lost
    return Trait(
        "x", words, RULE, won, of_won, lost, of_lost, suspected, difference=difference, interval=interval, q=q
    )


TRAITS = Traits(
    (
        trait("employees at least 50", 120, 300, 90, 900),
        trait("demo requested", 2, 30, 5, 60, 0.8, "filled in after the outcome"),
    ),
    won=300,
    lost=900,
)


def test_traits_are_told_alike_on_the_figure_in_words_and_in_the_table():
    written, words = written_on(traits_figure(TRAITS)), traits_in_words(TRAITS)
    rows = traits_rows(TRAITS)
    assert "employees at least 50: 40% of 300 won and 10% of 900 lost, +30 points (+24 to +36)" in words
    assert rows[0] == {
        "Trait": "employees at least 50",
        "Among won": "40% (120 of 300)",
        "Among lost": "10% (90 of 900)",
        "Difference": "+30 points (+24 to +36)",
        "Tells": "more often won",
        "Note": "",
    }
    assert rows[1]["Tells"] == "could be chance" and "could be chance, filled in" in words
    assert "120 of 300 won, 90 of 900 lost" in written and "+30 points (+24 to +36)" in written
    shown = percentages(written) - {"0%", "95%"}
    assert shown <= percentages(words) and shown <= percentages(" ".join(" ".join(r.values()) for r in rows))


def test_what_does_not_tell_is_grey():
    figure = traits_figure(TRAITS)
    drawn = [trace.marker.line.color for trace in figure.data if trace.marker.symbol == "square"]
    assert drawn == [colours.BAD.on(None), colours.NEUTRAL.on(None)]


def test_without_traits_there_is_the_reason():
    none = Traits((), reason="Fewer than 20 leads were won.")
    assert traits_figure(none) is None and traits_rows(none) == []
    assert traits_in_words(none) == "Fewer than 20 leads were won."


# ── agreement over time ──────────────────────────────────────────────────────────────────────────────────────────────


def then(index, agreed, topics=24, group=0, title="Qualified lead", cycle=1):
    measure = AlignmentMeasure(agreed, topics, wilson(agreed, topics), 0.3)
    return AlignmentThen(f"s{index}", title, cycle, date(2025, 1 + index, 3), measure, group)


def test_agreement_is_told_alike_on_the_figure_in_words_and_in_the_table():
    points = [then(0, 9), then(1, 15, cycle=None), then(2, 0, 0)]
    written, words = written_on(alignment_figure(points)), alignment_in_words(points)
    assert "9 of 24" in written and "38%" in written and "Cycle 1" in written and "Feb 2025" in written
    assert "(3 January 2025) 9 of 24, 38% (95% interval 21% to 57%)" in words
    rows = alignment_rows(points)
    assert rows[0]["Agreed"] == "9 of 24" and rows[0]["Share"].startswith("38%")
    assert rows[1]["Cycle"] == "" and rows[2]["Share"] == ""
    assert percentages(written) - {"0%", "50%", "100%"} <= percentages(words)


def test_only_what_asked_the_same_is_joined():
    colour = colours.GOOD.on("light")

    def joins(points):
        return [
            (shape.x0, shape.x1)
            for shape in alignment_figure(points, "light").layout.shapes
            if shape.line.color == colour
        ]

    assert joins([then(0, 9), then(1, 12)]) == [(0, 1)]
    assert joins([then(0, 9), then(1, 12, group=1), then(2, 14)]) == [(0, 2)]
    assert "asked different questions" in alignment_in_words([then(0, 9), then(1, 12, group=1)])


def test_without_a_topic_there_is_no_line():
    assert alignment_figure([]) is None and alignment_in_words([]) == "" and alignment_rows([]) == []
    assert alignment_figure([then(0, 0, 0)]) is None


# ── all of them ──────────────────────────────────────────────────────────────────────────────────────────────────────

FIGURES = {
    "map": lambda mode: topic_map([*TOPICS, topic("x", cost=5, title=HOSTILE)], mode),
    "spread": lambda mode: spread_figure(
        replace(SPREAD, label=HOSTILE, labels=(HOSTILE, *SPREAD.labels[1:]), unit=HOSTILE), mode
    ),
    "traits": lambda mode: traits_figure(
        Traits((trait(HOSTILE, 5, 20, 1, 20, suspected=HOSTILE), *TRAITS.traits)), mode
    ),
    "alignment": lambda mode: alignment_figure([then(0, 9), then(1, 8, title=HOSTILE, cycle=None)], mode),
    "answers": lambda mode: distribution_figure(ASKED, mode),
}


@pytest.mark.parametrize("kind", FIGURES)
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_what_people_wrote_is_no_markup_and_everything_can_be_read(kind, mode):
    figure, ground = FIGURES[kind](mode), colours.BACKGROUND.on(mode)
    for note in figure.layout.annotations:
        assert "<a" not in note.text
        if note.font.color != ground:  # that stands within a mark, whose contrast is the same
            assert contrast(note.font.color, ground) >= 4.5
        for colour in re.findall(r"color:(#\w{6})", note.text):
            assert contrast(colour, ground) >= 4.5
    for trace in figure.data:
        colour = trace.marker.color
        outline = trace.marker.line.color
        assert (
            contrast(outline if colour in (ground, None) or colour.startswith("rgba") else colour, ground)
            >= 3
        )


@pytest.mark.parametrize("kind", FIGURES)
def test_everything_stands_within_the_height_of_the_figure(kind):
    figure = FIGURES[kind]("light")
    for note in figure.layout.annotations:
        lines = note.text.count("<br>") + 1
        top = note.y - (lines * 8.5 if note.yanchor == "middle" else 0)
        assert top >= -2 and top + lines * 15 <= figure.layout.height + 2, note.text
