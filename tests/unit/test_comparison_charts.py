"""The figures of a comparison for answers of several parts: what they show is also in words and in the table."""

import pytest
from test_disagreement_compound import CARDS, DEMO, RANKING, RULE, SIZE, cards, one, order, rule

from components.charts.comparison import distribution_figure, distribution_in_words, distribution_rows

FOUND = {
    RANKING: lambda: one(RANKING, [order("si in po or wi")] * 6, [order("in si po or wi")] * 6),
    CARDS: lambda: one(CARDS, [cards("+-+?")] * 6, [cards("+--?")] * 6),
    RULE: lambda: one(RULE, [rule(SIZE)] * 6, [rule(("employees", ">=", 20), DEMO)] * 6),
}


@pytest.mark.parametrize("kind", FOUND)
@pytest.mark.parametrize("mode", ["light", "dark", None])
def test_every_answer_stands_on_the_figure_and_every_team_says_its_name(kind, mode):
    compared = FOUND[kind]()
    figure = distribution_figure(compared, mode)
    written = " ".join(
        [str(note.text) for note in figure.layout.annotations]
        + [str(text) for trace in figure.data for text in (trace.text if trace.text is not None else ())]
    )
    for label in next(iter(compared.distributions.values())).labels:
        assert label in written
    assert "Sales" in written and "Marketing" in written


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
    assert rows["employees at least …"]["Marketing"] == "100% (6), from 20"
    assert rows["demo requested is yes"]["Sales"] == "0% (0)"


@pytest.mark.parametrize("kind", FOUND)
def test_of_too_few_there_is_no_figure(kind):
    compared = one(kind, [None] * 2, [None] * 9)
    assert distribution_figure(compared) is None and distribution_rows(compared) == []


@pytest.mark.parametrize("kind", FOUND)
def test_of_people_who_cannot_say_only_that_is_shown(kind):
    compared = one(kind, [None] * 6, [None] * 6)
    assert distribution_rows(compared) == [
        {"Answer": "can't say", "Sales": "100% (6)", "Marketing": "100% (6)"}
    ]
    assert distribution_figure(compared) is not None


def test_what_people_wrote_is_no_markup_on_the_figure():
    compared = one(RANKING, [["<b>x</b>"]] * 6, [["<b>x</b>"]] * 6, options=("<b>x</b>", "y"))
    notes = [note.text for note in distribution_figure(compared).layout.annotations]
    assert "&lt;b&gt;x&lt;/b&gt;" in notes
