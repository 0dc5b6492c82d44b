"""What the teams say in their own words: how a term is counted, weighed and kept from pointing at few people."""

import json
import math
import random
import re

import numpy as np
import pytest
from hostile import HOSTILE
from hypothesis import given, settings
from hypothesis import strategies as st

from alignment.disagreement.terms import MOST_TERMS, SAID_MORE_FROM, Terms, compare_terms, log_odds, terms_of
from alignment.people import Team
from alignment.questionnaires import Question, QuestionType, Response

SALES, MARKETING = Team.SALES, Team.MARKETING
WORDS = Question("words", "topic", QuestionType.TEXT, dict.fromkeys(Team, "?"))


def told(sales, marketing, least=3, languages=("en",)) -> Terms:
    return terms_of({SALES: sales, MARKETING: marketing}, least, languages)


def people(found: Terms, text):
    (term,) = [term for term in found.terms if term.text == text]
    return tuple(term.people[team] for team in Team)


def texts(found: Terms):
    return {term.text for term in found.terms}


def test_log_odds_and_z_equal_the_example_worked_by_hand():
    # 7 of 10 in sales, 5 of 8 in marketing: α₀ = 5, α = 5 · 12.5/19 = 3.289474
    # sales 10.289474 to 4.710526, marketing 8.289474 to 4.710526: δ = ln(2.184358) − ln(1.759777)
    # z = δ / √(1/10.289474 + 1/8.289474) = δ / 0.466713
    delta, z = log_odds([[7], [5]], [10, 8])
    assert delta[0] == pytest.approx(math.log(10.289473684 / 8.289473684), abs=1e-9)
    assert delta[0] == pytest.approx(0.2161347, abs=1e-6)
    assert z[0] == pytest.approx(0.2161347 / 0.466713, abs=1e-5)


def test_terms_carry_the_log_odds_of_people():
    found = told(["budget"] * 7 + ["nothing"] * 3, ["budget"] * 5 + ["nothing"] * 3)
    (term,) = [term for term in found.terms if term.text == "budget"]
    delta, z = log_odds([[7], [5]], [10, 8])
    assert (term.log_odds, term.z) == pytest.approx((delta[0], z[0]))
    assert term.said_more_by is None and people(found, "budget") == (7, 5)


@given(st.integers(1, 30), st.integers(1, 30), st.data())
def test_log_odds_are_finite_and_turn_with_the_teams(n_a, n_b, data):
    y = [[data.draw(st.integers(0, n_a))], [data.draw(st.integers(0, n_b))]]
    (delta, z), (back, back_z) = log_odds(y, [n_a, n_b]), log_odds(y[::-1], [n_b, n_a])
    assert np.isfinite([delta, z]).all()
    assert (delta, z) == (pytest.approx(-back), pytest.approx(-back_z))
    if n_a == n_b:
        assert np.sign(delta) == np.sign(y[0][0] - y[1][0])


def test_people_are_counted_and_not_how_often_they_say_it():
    once = told(["webinar"] * 4 + ["fair"] * 4, ["fair"] * 8)
    often = told(["webinar, webinar. Webinar! " * 50] * 4 + ["fair"] * 4, ["fair"] * 8)
    assert people(once, "webinar") == people(often, "webinar") == (4, None)
    assert once.terms == often.terms


def test_whoever_says_it_more_is_named_and_what_both_say_is_not_counted_against_anyone():
    found = told(["call them sooner, good leads"] * 8, ["more budget, good leads"] * 8)
    assert {term.text for term in found.said_more_by(SALES)} >= {"sooner"}
    assert {term.text for term in found.said_more_by(MARKETING)} >= {"budget"}
    assert {term.text for term in found.said_more_by(None)} == {"good leads"}
    for term in found.terms:
        assert (term.z > 0) == (term.log_odds > 0)
        if term.said_more_by:
            assert abs(term.z) >= SAID_MORE_FROM


@pytest.mark.parametrize(("sales", "marketing"), [(4, 9), (9, 4), (0, 9), (0, 0)])
def test_where_too_few_of_a_team_wrote_nothing_is_told_of_either(sales, marketing):
    found = told(["budget"] * sales, ["budget"] * marketing, least=5)
    assert found.terms == () and dict(found.wrote) == {} and "at least 5 people" in found.reason


def test_a_term_of_fewer_than_the_group_is_told_of_nobody():
    found = told(["budget"] * 4 + ["fair"] * 6, ["webinar"] * 4 + ["fair"] * 6, least=5)
    assert texts(found) == {"fair"}


def test_fewer_than_the_group_in_the_other_team_look_the_same_whether_nobody_or_four_say_it():
    of = [
        told(["budget"] * 6 + ["fair"] * 4, ["fair and budget"] * few + ["fair"] * (10 - few), least=5)
        for few in range(6)
    ]
    assert of[0] == of[1] == of[4] and of[4] != of[5]
    assert people(of[0], "budget") == (6, None) and people(of[5], "budget") == (6, 5)
    (budget,) = of[0].said_more_by(SALES)
    assert of[0].people_text(budget, MARKETING) == "fewer than 5 of 10"


def test_phrases_are_of_neighbours_in_one_sentence_without_words_that_say_nothing():
    found = told(["Response time matters. Not ready leads, and the time of day"] * 4, ["x1"] * 4)
    assert "response time" in texts(found) and "not ready" in texts(found)
    assert not texts(found) & {"the", "and", "not", "of", "of day", "time of", "matters not", "leads and"}


def test_a_word_that_is_only_ever_said_within_a_phrase_is_told_as_the_phrase():
    found = told(["response time"] * 4, ["fair"] * 4)
    assert texts(found) == {"response time", "fair"}
    alone = told(["response time"] * 4 + ["time"], ["fair"] * 5)
    assert texts(alone) == {"response time", "time", "fair"}


def test_words_that_say_nothing_depend_on_the_languages_of_the_questionnaire():
    german = ["Die Größe ist nicht wichtig"] * 4
    assert "größe" in texts(told(german, german, languages=("de",)))
    assert "nicht wichtig" in texts(told(german, german, languages=("de", "en")))
    assert not texts(told(german, german, languages=("de",))) & {"die", "ist", "nicht"}
    french = ["L’entreprise n'est pas prête"] * 4
    assert {"entreprise", "pas prête"} <= texts(told(french, french, languages=("fr",)))
    assert "entreprise" in texts(told(french, french, languages=("fr-CA",)))
    assert "die größe" in texts(told(german, german, languages=("xx",)))


def test_case_and_sharp_s_make_no_other_word_and_the_usual_form_is_shown():
    found = told(["Straße"] * 3 + ["STRASSE"] * 2, ["straße"] * 5)
    assert people(found, "straße") == (5, 5)
    # the same word in composed and decomposed letters, and in wide ones
    assert people(told(["Cafe\u0301"] * 3, ["café"] * 2 + ["ｃａｆｅ\u0301"]), "café") == (3, 3)


def test_numbers_hyphens_and_possessives_stay_whole():
    found = told(["1,5 hours: the lead's follow-up in 24 hours"] * 4, ["fair"] * 4)
    assert {"1,5 hours", "24 hours", "follow-up", "lead"} - texts(found) <= {"follow-up", "lead"}
    assert any("follow-up" in text for text in texts(found)) and not any(
        "'s" in text for text in texts(found)
    )


def test_scripts_whose_vowels_are_marks_keep_their_words():
    assert "हिन्दी" in " ".join(texts(told(["हिन्दी"] * 4, ["x1"] * 4)))
    assert "שלום" in " ".join(texts(told(["\u202eשלום\u202c"] * 4, ["x1"] * 4)))


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE,
        "=HYPERLINK(1) +1 @SUM -2 \x00\x07\u202e\u2066<b>bold</b> 😀👩‍👩‍👧 `code` **x** [a](b) $x$ :red[x]",
        "a" * 200_000,
        "'" * 50_000 + "a'" * 50_000 + "1," * 50_000,
        "\u0301" * 10_000 + "\ufdfa" * 2_000,
        "",
        "   \n\t ",
    ],
)
def test_hostile_text_leaves_only_letters_numbers_and_what_stands_within_words(text):
    found = told([text] * 5, [text] * 5)
    for term in found.terms:
        assert not re.search(
            r"[<>\[\](){}*_`$=+@|\\/\x00-\x1f\u200e\u200f\u202a-\u202e\u2066-\u2069]", term.text
        )
        assert all(part[0].isalnum() and len(part) <= 40 for part in term.text.split(" "))
    json.dumps(found.as_dict(), allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(max_size=30), max_size=8), st.lists(st.text(max_size=30), max_size=8), st.integers(0, 4)
)
def test_whatever_people_write_there_are_terms_or_a_reason(sales, marketing, least):
    found = told(sales, marketing, least)
    assert found.terms or found.reason
    assert found == told(sales[::-1], marketing[::-1], least)
    for term in found.terms:
        shown = [count for count in term.people.values() if count is not None]
        assert shown and min(shown) >= max(least, 1)
    json.dumps(found.as_dict(), allow_nan=False)


def test_a_skipped_question_and_cant_say_are_nobodys_words():
    responses = [Response(f"s{i}", SALES, {"words": "budget"}) for i in range(3)]
    responses += [Response(f"m{i}", MARKETING, {"words": "budget"}) for i in range(3)]
    responses += [
        Response("a", SALES, {"words": None}),
        Response("b", MARKETING),
        Response("c", SALES, {"words": " "}),
    ]
    found = compare_terms(WORDS, responses, 3)
    assert dict(found.wrote) == {SALES: 3, MARKETING: 3} and people(found, "budget") == (3, 3)


def test_of_thousands_of_words_only_the_most_telling_are_told():
    draw = random.Random(3)
    words = [f"word{number}" for number in range(400)]
    sides = [[" . ".join(draw.sample(words, 60)) for _ in range(60)] for _ in range(2)]
    found = told(*sides, least=5)
    for whose in (*Team, None):
        assert 0 < len(found.said_more_by(whose)) <= MOST_TERMS
    sizes = [abs(term.z) for term in found.terms]
    assert sizes == sorted(sizes, reverse=True)
