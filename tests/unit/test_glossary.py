"""Searching the glossary finds a word under whatever name somebody knows it, and says why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment.errors import InvalidInput
from alignment.glossary import STARTING_TEXTS, Entry, TeamWords, check_words, parts_of, search
from alignment.people import Team
from alignment.rules import parse, sentence
from db.migrations.m0003_agreements import TERMS

ENTRIES = (
    Entry("lead", "Lead", {}, "Somebody who may buy."),
    Entry(
        "mql",
        "MQL",
        {
            Team.SALES: TeamWords(("Hot lead", "Réunion"), "Has asked for a price."),
            Team.MARKETING: TeamWords(("Prospect",)),
        },
        "Fifty people or more.",
    ),
    Entry("sal", "SAL", {}, "A lead that sales takes on."),
)


def keys(query):
    return [hit.key for hit in search(ENTRIES, query)]


def test_a_name_comes_before_what_a_team_called_it_and_that_before_a_text():
    assert keys("lead") == ["lead", "mql", "sal"]


def test_it_says_why_a_term_was_found():
    assert [hit.why for hit in search(ENTRIES, "lead")] == [
        "",
        "Sales called it “Hot lead”",
        "Found in its text",
    ]


@pytest.mark.parametrize("query", ["reunion", "RÉUNION", "réun"])
def test_accents_and_capitals_do_not_matter(query):
    assert keys(query) == ["mql"]


def test_every_word_has_to_occur():
    assert keys("fifty people") == ["mql"]
    assert keys("fifty zebras") == []


def test_an_empty_search_shows_everything():
    assert keys(" !? ") == ["lead", "mql", "sal"]


@given(st.text(max_size=40))
def test_no_search_finds_a_term_twice_or_one_that_is_not_there(query):
    found = keys(query)
    assert len(found) == len(set(found)) and set(found) <= {"lead", "mql", "sal"}


def test_names_are_kept_once_whatever_their_capitals():
    assert check_words(Team.SALES, ["Hot lead", "hot LEAD", "", " SQL "], None) == TeamWords(
        ("Hot lead", "SQL")
    )


def test_too_many_names_are_refused():
    with pytest.raises(InvalidInput, match="Sales has 9 names; at most 8"):
        check_words(Team.SALES, [f"name {number}" for number in range(9)], "")


def test_every_built_in_term_has_text_to_begin_from():
    assert set(STARTING_TEXTS) == {key for key, _, _ in TERMS}


def test_the_parts_of_a_rule_are_rules_of_their_own():
    size = {"field": "employees", "op": ">=", "value": 50}
    demo = {"field": "demo", "op": "=", "value": True}
    all_of = parse({"version": 1, "all": [size, {"any": [demo, {"field": "visits", "op": ">", "value": 3}]}]})
    assert [sentence(part) for part in parts_of(all_of)] == [
        "employees is at least 50",
        "demo is yes, or visits is more than 3",
    ]
    points = parse(
        {"version": 1, "points": [{"if": size, "add": 20}, {"if": demo, "add": 40}], "threshold": 50}
    )
    assert [sentence(part) for part in parts_of(points)] == ["employees is at least 50", "demo is yes"]
    any_of = parse({"version": 1, "any": [size, demo]})
    assert parts_of(any_of) == (any_of,)
