"""The figures of a comparison: what they show is also in words and in the table, for every type, and only what may be shown."""

import html
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_disagreement_compound import CARDS, DEMO, RANKING, RULE, SIZE, cards, one, order, rule

from alignment.disagreement.number_classes import class_of, number_classes
from alignment.people import Team
from alignment.questionnaires import QuestionType
from alignment.texts import number_text
from components.charts.comparison import distribution_figure, distribution_in_words, distribution_rows
from components.charts.distribution.scale import bands_of
from components.charts.lettering import lines_of

CHOICE, CHOICES, YES_NO = QuestionType.CHOICE, QuestionType.CHOICES, QuestionType.YES_NO
SCALE, NUMBER = QuestionType.SCALE, QuestionType.NUMBER
MANY = tuple(f"Option number {index}" for index in range(30))

FOUND = {
    CHOICE: lambda: one(CHOICE, ["a"] * 5 + ["b", None], ["b"] * 6, options=("a", "b", "c")),
    CHOICES: lambda: one(CHOICES, [["a", "b"]] * 5 + [[]], [["b"]] * 6, options=("a", "b", "c")),
    YES_NO: lambda: one(YES_NO, [True] * 5 + [False], [False] * 6),
    SCALE: lambda: one(SCALE, [4, 5, 5, 3, 4, 1, None], [1, 2, 3, 1, 2, 5]),
    NUMBER: lambda: one(NUMBER, [50, 60, 70, 55, 52, 51], [10, 20, 30, 11, 12, 13], unit="people"),
    RANKING: lambda: one(RANKING, [order("si in po or wi")] * 6, [order("in si po or wi")] * 6),
    CARDS: lambda: one(CARDS, [cards("+-+?")] * 6, [cards("+--?")] * 6),
    RULE: lambda: one(RULE, [rule(SIZE)] * 6, [rule(("employees", ">=", 20), DEMO)] * 6),
    "many": lambda: one(CHOICES, [list(MANY[:9])] * 6, [list(MANY[3:20])] * 7, options=MANY),
}
"""A question of each type, answered by two teams that may be shown."""


def written_on(figure):
    """Everything that stands on a figure, as a reader sees it."""
    notes = [str(note.text) for note in figure.layout.annotations]
    traces = [str(text) for trace in figure.data for text in (trace.text if trace.text is not None else ())]
    return html.unescape(re.sub(r"<[^>]*>", " ", " ".join([*notes, *traces])))


def percentages(text):
    return set(re.findall(r"\d+%", text))


def said_in_rows(rows):
    return " ".join(value for row in rows for value in row.values())


@pytest.mark.parametrize("kind", FOUND)
@pytest.mark.parametrize("mode", ["light", "dark", None])
def test_every_answer_stands_on_the_figure_and_every_team_says_its_name(kind, mode):
    compared = FOUND[kind]()
    written = re.sub(r"\s+", " ", written_on(distribution_figure(compared, mode)))
    if kind is SCALE:  # points are put together; the table has each
        assert "1–2" in written and "4–5" in written
    else:
        for label in next(iter(compared.distributions.values())).labels:
            assert label in written
    assert "Sales" in written and "Marketing" in written


@pytest.mark.parametrize("kind", FOUND)
def test_every_percentage_on_the_figure_is_in_the_words_and_in_the_table(kind):
    compared = FOUND[kind]()
    shown = percentages(written_on(distribution_figure(compared))) - (
        {"0%", "100%"} if kind == "many" else set()  # the ends of the axis
    )
    assert shown <= percentages(distribution_in_words(compared))
    assert shown <= percentages(said_in_rows(distribution_rows(compared)))


@settings(max_examples=40, deadline=None)
@given(
    kind_and_answers=st.sampled_from([CHOICE, YES_NO, SCALE, NUMBER]).flatmap(
        lambda kind: st.tuples(
            st.just(kind),
            *(
                st.lists(
                    {
                        CHOICE: st.sampled_from(["a", "b", "c", None]),
                        YES_NO: st.sampled_from([True, False, None]),
                        SCALE: st.sampled_from([1, 2, 3, 4, 5, 6, 7, None]),
                        NUMBER: st.none() | st.floats(0, 1e6, allow_subnormal=False),
                    }[kind],
                    min_size=3,
                    max_size=12,
                )
                for _ in Team
            ),
        )
    ),
)
def test_figure_words_and_table_agree_whatever_was_answered(kind_and_answers):
    kind, sales, marketing = kind_and_answers
    compared = one(kind, sales, marketing, options=("a", "b", "c") if kind is CHOICE else (), points=7)
    own = sales[0]
    shown = percentages(written_on(distribution_figure(compared, "dark", own)))
    assert shown <= percentages(distribution_in_words(compared, own))
    assert shown <= percentages(said_in_rows(distribution_rows(compared, own)))


def test_places_are_told_in_words_and_in_the_table():
    compared = FOUND[RANKING]()
    assert "Mean place, 1 is first. Sales, 6 people: size 1.0, industry 2.0" in distribution_in_words(
        compared
    )
    first = distribution_rows(compared)[0]
    assert first == {
        "Answer": "size",
        "Sales": "place 1.0 (first for 6)",
        "Marketing": "place 2.0 (first for 0)",
    }


def test_judgements_are_told_in_words_and_in_the_table():
    compared = FOUND[CARDS]()
    assert "Share that calls the lead qualified. Sales, 6 people: Card 1 100%" in distribution_in_words(
        compared
    )
    third = distribution_rows(compared)[2]
    assert third == {
        "Answer": "Card 3",
        "Sales": "100% (6 yes, 0 no, of 6)",
        "Marketing": "0% (0 yes, 6 no, of 6)",
    }


def test_conditions_are_told_with_their_thresholds():
    compared = FOUND[RULE]()
    assert "employees at least … 100% (typically 50)" in distribution_in_words(compared)
    rows = {row["Answer"]: row for row in distribution_rows(compared)}
    assert rows["employees at least …"]["Marketing"] == "100% (6), typically 20"
    assert rows["demo requested is yes"]["Sales"] == "0% (0)"
    assert "typically sales 50, marketing 20" in written_on(distribution_figure(compared))


def test_who_chose_nothing_is_told_too():
    compared = FOUND[CHOICES]()
    assert distribution_rows(compared)[-1] == {
        "Answer": "none of these",
        "Sales": "17% (1)",
        "Marketing": "0% (0)",
    }
    assert "none of these 17%" in distribution_in_words(compared)
    assert "none of these" in written_on(distribution_figure(compared))


# ── scales ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("points", "bands"),
    [
        (2, ["1", "2"]),
        (3, ["1", "2", "3"]),
        (4, ["1", "2–3", "4"]),
        (5, ["1–2", "3", "4–5"]),
        (7, ["1–2", "3–5", "6–7"]),
        (11, ["1–4", "5–7", "8–11"]),
    ],
)
def test_the_ends_of_a_scale_are_the_thirds_of_the_rule_for_agreement(points, bands):
    compared = one(SCALE, [1] * 4, [points] * 4, points=points)
    assert [band.label for band in bands_of(compared.question)] == bands
    written = written_on(distribution_figure(compared))
    assert all(band in written for band in bands)
    assert "not at all" in written and "completely" in written


def test_what_is_said_below_the_middle_lies_to_the_left_and_above_to_the_right():
    compared = one(SCALE, [1, 1, 3, 3, 5, 5, 5, 5], [3] * 8)
    figure = distribution_figure(compared)
    pieces = sorted(
        (base, base + length)
        for trace in figure.data
        for base, length in zip(trace.base, trace.x, strict=True)
        if trace.y[0] == figure.data[0].y[0]
    )
    assert pieces == [(-0.375, -0.125), (-0.125, 0.125), (0.125, 0.625)]


# ── one's own answer ─────────────────────────────────────────────────────────────────────────────────────────────────

OWN = {
    CHOICE: ("b", "you", "Your answer: b."),
    CHOICES: (["a", "c"], "you", "Your answer: a, c."),
    YES_NO: (False, "you", "Your answer: no."),
    SCALE: (4, "★", "Your answer: 4."),
    NUMBER: (52, "you: 52", "(52)."),
    RANKING: (["wish", "size"], "you: place 2", "Your answer: size (place 2), wish (place 1)."),
    CARDS: ({"2": {"verdict": "cant_tell"}}, "★ you", "Your answer: Card 2 (can't tell)."),
    RULE: (rule(("employees", ">=", 30)), "you: 30", "Your answer: employees at least … (30)."),
}


@pytest.mark.parametrize("kind", OWN)
def test_ones_own_answer_is_marked_on_the_figure_in_words_and_in_the_table(kind):
    compared, (own, mark, words) = FOUND[kind](), OWN[kind]
    assert mark in written_on(distribution_figure(compared, "light", own))
    assert distribution_in_words(compared, own).endswith(words)
    assert any(row["You"] for row in distribution_rows(compared, own))


@pytest.mark.parametrize("kind", OWN)
@pytest.mark.parametrize("own", [None, "elsewhere", 99, True, [], {}, ["x"], {"9": "x"}, float("nan")])
def test_what_is_no_answer_to_the_question_marks_nothing_and_breaks_nothing(kind, own):
    compared = FOUND[kind]()
    if (kind is NUMBER and own == 99) or (kind is YES_NO and own is True):
        return
    assert "★" not in written_on(distribution_figure(compared, "light", own))
    assert distribution_rows(compared, own) == distribution_rows(compared)


@given(st.lists(st.floats(-1e9, 1e9, allow_nan=False), min_size=2, max_size=20))
def test_every_number_lies_in_the_class_it_was_counted_in(values):
    import numpy as np

    values = [round(value, 2) for value in values]
    edges, labels = number_classes(np.array(values))
    for value in values:
        counted = int(np.clip(np.searchsorted(edges, value, side="right") - 1, 0, len(edges) - 1))
        found = class_of(labels, value)
        assert found == counted or math.isclose(edges[max(found, counted)], value, rel_tol=1e-6, abs_tol=1e-6)


# ── what may not be shown, and what people wrote ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", [kind for kind in FOUND if kind != "many"])
def test_of_too_few_there_is_no_figure(kind):
    compared = one(kind, [None] * 2, [None] * 9, options=("a", "b"))
    assert distribution_figure(compared, "light", "a") is None
    assert distribution_rows(compared, "a") == [] and distribution_in_words(compared, "a") == ""


@pytest.mark.parametrize("kind", [RANKING, CARDS, RULE])
def test_of_people_who_cannot_say_only_that_is_shown(kind):
    compared = one(kind, [None] * 6, [None] * 6)
    assert distribution_rows(compared)[-1] == {
        "Answer": "can't say",
        "Sales": "100% (6)",
        "Marketing": "100% (6)",
    }
    assert "100%" in written_on(distribution_figure(compared))


@pytest.mark.parametrize("kind", [CHOICE, CHOICES, YES_NO, SCALE, NUMBER, CARDS, RANKING, RULE])
@pytest.mark.parametrize("silent", ["both", "one"])
def test_a_team_that_cannot_say_is_drawn_and_told(kind, silent):
    given_ = {
        CHOICE: "a",
        CHOICES: ["a"],
        YES_NO: True,
        SCALE: 2,
        NUMBER: 5,
        CARDS: cards("+-+?"),
        RANKING: ["a", "b"],
        RULE: rule(SIZE),
    }[kind]
    compared = one(kind, [None] * 5, [None if silent == "both" else given_] * 5, options=("a", "b"))
    shown = percentages(written_on(distribution_figure(compared, "dark", given_)))
    assert shown <= percentages(distribution_in_words(compared)) | ({"0%"} if kind is SCALE else set())
    assert "can't say 100%" in distribution_in_words(compared)


HOSTILE = '<a href="https://x.example">x</a><br>&amp; <b>bold'


@pytest.mark.parametrize("kind", [CHOICE, CHOICES, RANKING])
def test_what_people_wrote_is_no_markup_on_the_figure(kind):
    answer = HOSTILE if kind is CHOICE else [HOSTILE]
    compared = one(kind, [answer] * 6, [answer] * 6, options=(HOSTILE, "y"))
    notes = "".join(note.text for note in distribution_figure(compared, "light", answer).layout.annotations)
    assert not re.search(r"<a |<b>bold", notes)
    assert "&lt;a href=" in notes and "&amp;amp;" in notes


def test_names_of_ends_and_units_are_no_markup_either():
    scale = one(SCALE, [1] * 4, [5] * 4, ends=("<i>low</i>", "<i>high</i>"))
    number = one(NUMBER, [1, 2, 3, 4], [5, 6, 7, 8], unit="<i>x</i>")
    for compared in (scale, number):
        assert "<i>" not in "".join(note.text for note in distribution_figure(compared).layout.annotations)


@given(st.text(min_size=1, max_size=200), st.integers(4, 60), st.integers(1, 3))
def test_a_label_never_takes_more_lines_or_wider_ones_than_there_is_room_for(text, width, most):
    lines = lines_of(text, width, most)
    assert 1 <= len(lines) <= most
    assert all(len(line) <= width for line in lines)


def test_a_label_of_120_characters_is_shortened_on_the_figure_and_whole_in_the_table():
    label = "A budget that somebody who may sign for it has approved in writing before the quarter ends, and not merely said to be on"
    assert len(label) == 120
    compared = one(CHOICE, [label] * 6, ["y"] * 6, options=(label, "y"))
    assert "…" in written_on(distribution_figure(compared))
    assert distribution_rows(compared)[0]["Answer"] == label
    assert label in distribution_in_words(compared)


def test_thirty_options_and_forty_cards_fit_beneath_each_other():
    many = distribution_figure(FOUND["many"]())
    deck = distribution_figure(one(CARDS, [cards("+-" * 20)] * 6, [cards("-+" * 20)] * 6, count=40))
    for figure, rows in ((many, 30), (deck, 40)):
        assert rows * 25 < figure.layout.height < rows * 70
        assert all(0 <= note.y <= figure.layout.height for note in figure.layout.annotations)


@pytest.mark.parametrize("own", [7.0, 123456.0, 1234567.0, 1e12])
def test_ones_own_number_stands_whole_on_the_figure_however_large(own):
    compared = one(NUMBER, [1.0, 2.0, own], [5.0, 6.0, 1e6])
    assert number_text(own) in written_on(distribution_figure(compared, "light", own))


def test_of_many_conditions_the_figure_says_how_many_more_there_are():
    document = rule(*((f"field_{number}", "=", True) for number in range(11)))
    figure = distribution_figure(one(RULE, [document] * 4, [document] * 4))
    assert "3 more in the table" in written_on(figure)
    assert len(distribution_rows(one(RULE, [document] * 4, [document] * 4))) == 11
