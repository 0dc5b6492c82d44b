"""Searching the glossary finds a word under whatever name somebody knows it, and says why."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alignment.errors import InvalidInput
from alignment.glossary import (
    STARTING_TEXTS,
    Entry,
    TeamWords,
    check_words,
    evidence_sentences,
    parts_of,
    search,
    still_to_fill_in,
)
from alignment.people import Team
from alignment.rules import parse, sentence
from alignment.what_if import Outcomes, RuleChange, Verdicts, Window
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


# ── what past leads say, in words ────────────────────────────────────────────────────────────────────────────────────

WINDOW = Window(date(2026, 4, 1), date(2026, 6, 30), "facts-7")


def evidence(passed, failed, change=None, warnings=(), weeks=()):
    verdicts = Verdicts(passed, failed, Outcomes(4, 0, 0, 4), weeks)
    return {
        "as_of": "2026-07-02T09:00:00.000000Z",
        "window": WINDOW.to_document(),
        "verdicts": verdicts.to_document(),
        "warnings": list(warnings),
        "change": None if change is None else change.to_document(),
    }


def test_evidence_is_told_with_its_numbers_and_how_sure_they_are():
    change = RuleChange(
        WINDOW, Outcomes(80, 20, 20, 0), Outcomes(20, 5, 5, 0), Outcomes(), Outcomes(), Outcomes()
    )
    warning = {"code": "leakage", "field": "budget", "text": "“budget” may be filled in after the outcome."}
    document = evidence(Outcomes(100, 25, 25, 10), Outcomes(1_000, 0, 50, 900), change, [warning], (7, 8, 9))
    assert evidence_sentences(document) == (
        "100 of 1,104 leads that came from 1 April 2026 to 30 June 2026 would have qualified, about 8 in a usual week. "
        "Of 4 it cannot tell, because a field that decides is empty.",
        "Among those that were won or lost since, of 50 that would have qualified 50% (95% interval 37% to 63%) and of 50 that "
        "would not 0% (95% interval 0% to 7%) were won.",
        "Of all that were won, it lets 100% through.",
        "Against the version in force, 20 leads of 100 from 1 April to 30 June 2026 would change side; 5 of them were won.",
        "“budget” may be filled in after the outcome.",
    )


def test_where_nothing_has_ended_no_rate_is_told():
    (told,) = evidence_sentences(evidence(Outcomes(3, 0, 0, 0), Outcomes(2, 0, 0, 2)))
    assert told.startswith("3 of 9 leads")


def test_evidence_that_could_not_be_found_says_why_and_any_other_document_nothing():
    assert evidence_sentences({"cannot_tell": "There is no field “x”."}) == (
        "Past leads cannot tell: There is no field “x”.",
    )
    assert evidence_sentences({"result": {"in_time": 3, "due": 4, "share": 0.75}}) == ()


def test_what_a_starting_text_leaves_to_the_teams_is_told_until_it_is_filled_in():
    text = STARTING_TEXTS["mql"]
    assert still_to_fill_in("mql", text) == ("(industry, size, country)", "(number)")
    filled = text.replace("(industry, size, country)", "(software, from 50 people, Germany)")
    assert still_to_fill_in("mql", filled) == ("(number)",)
    assert still_to_fill_in("mql", filled.replace("(number)", "30")) == ()
    assert still_to_fill_in("our_own_term", text) == ()
