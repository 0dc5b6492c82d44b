"""The reasons on lead cards once a questionnaire is closed: shown card by card, never so that one could tell whose they are."""

import csv
import io
import json

import pytest
from made_up_cards import put_cards
from people import make_actor

from actions import answers, comparison, responses, surveys
from alignment.errors import NotFound, NotPermitted, WrongState
from alignment.people import MACHINE, Team

TOML = """
title = "Judge these"
mode = "{mode}"
min_group = 3
[[questions]]
key = "cards"
topic = "t"
type = "lead_cards"
count = 3
text = "Which of these leads are qualified?"
[[questions]]
key = "why"
topic = "t"
type = "text"
text = "Anything else?"
required = false
"""
MODES = ("named", "confidential", "anonymous")


def opened(mode="confidential"):
    prepared = surveys.prepare_survey(MACHINE, toml=TOML.format(mode=mode))
    return surveys.open_survey(MACHINE, put_cards(prepared).id)


def judged(reasons):
    """All three cards judged; `reasons` are by card number."""
    return {
        str(number): {"verdict": "qualified", **({"reason": reasons[number]} if number in reasons else {})}
        for number in (1, 2, 3)
    }


def submit(survey, team, reasons):
    who = make_actor(team=team.value)
    answers.save_answer(who, survey.id, "cards", judged(reasons))
    answers.submit_answers(who, survey.id)
    return who


def closed(sales, marketing, mode="confidential"):
    """A closed survey; each team's people are given by what they wrote on which card."""
    survey = opened(mode)
    for team, people in ((Team.SALES, sales), (Team.MARKETING, marketing)):
        for reasons in people:
            submit(survey, team, reasons)
    return surveys.close_survey(MACHINE, survey.id)


def shown(survey):
    return comparison.read_card_reasons(MACHINE, survey.id)["cards"].by_card


def exported(survey):
    return "".join(
        responses.export_responses(MACHINE, survey.id, form).content.decode("utf-8-sig")
        for form in ("csv", "json")
    )


@pytest.mark.parametrize("mode", MODES)
def test_reasons_stand_by_card_and_team_without_names(mode):
    survey = closed(
        [{1: f"too small {n}"} for n in range(5)],
        [{1: f"fits {n}", 3: f"in time {n}"} for n in range(5)],
        mode,
    )
    found = shown(survey)
    assert set(found) == {1, 3} and set(found[3]) == {Team.MARKETING}
    assert sorted(found[1][Team.SALES]) == [f"too small {n}" for n in range(5)]
    assert shown(survey) == found, "the order stays, so that no two looks can be laid side by side"


@pytest.mark.parametrize("few", [1, 4])
@pytest.mark.parametrize("mode", MODES)
def test_reasons_that_few_of_a_team_gave_are_shown_of_neither_team(mode, few):
    survey = closed([{1: "HIDDEN"}] * few + [{}] * (6 - few), [{1: "HIDDEN TOO", 2: "open"}] * 6, mode)
    assert set(shown(survey)) == {2}
    if mode != "named":
        assert "HIDDEN" not in exported(survey) and "open" in exported(survey)


@pytest.mark.parametrize("sales", [2, 4])
def test_a_small_team_hides_the_reasons_of_both(sales):
    survey = closed([{1: "HIDDEN"}] * sales, [{1: "HIDDEN"}] * 6)
    found = comparison.read_card_reasons(MACHINE, survey.id)["cards"]
    assert found.by_card == {} and "at least 5 people of each team" in found.reason
    if sales >= 3:  # the comparison shows, the reasons do not
        assert comparison.compare_survey(MACHINE, survey.id).question("cards").distributions
        assert "HIDDEN" not in exported(survey)


def test_the_first_few_reasons_look_like_none_at_all():
    for few in (0, 1, 4):
        survey = closed([{1: "HIDDEN"}] * few + [{}] * (6 - few), [{}] * 6)
        found = comparison.read_card_reasons(MACHINE, survey.id)["cards"]
        assert found.by_card == {} and "HIDDEN" not in repr(found)
        assert (
            found.reason
            == "Reasons are shown on cards where at least 5 people of each team that gave any did."
        )


def test_reasons_that_were_not_submitted_are_never_seen():
    survey = opened()
    for team in Team:
        for n in range(5):
            submit(survey, team, {1: f"seen {n}"})
    begun = make_actor()
    answers.save_answer(begun, survey.id, "cards", judged({1: "HIDDEN"}))
    surveys.close_survey(MACHINE, survey.id)
    assert len(shown(survey)[1][Team.SALES]) == 5 and "HIDDEN" not in repr(shown(survey))


@pytest.mark.parametrize("mode", ["confidential", "anonymous"])
@pytest.mark.parametrize("real", [1, 4])
def test_made_up_reasons_from_a_file_do_not_lift_a_few_over_the_minimum(mode, real):
    """Whoever brought them knows them, and would be left with the others'."""
    survey = opened(mode)
    for n in range(6):
        submit(survey, Team.SALES, {1: "HIDDEN"} if n < real else {})
        submit(survey, Team.MARKETING, {2: "open"})
    text = io.StringIO(newline="")
    rows = [(f"x{n}", "sales", json.dumps(judged({1: "made up", 2: "made up"}))) for n in range(6)]
    csv.writer(text).writerows([("person", "team", "cards"), *rows])
    report = responses.import_responses(MACHINE, survey.id, "x.csv", text.getvalue().encode(), external=True)
    assert report.accepted == 6
    surveys.close_survey(MACHINE, survey.id)
    found = shown(survey)
    assert "HIDDEN" not in repr(found) and "HIDDEN" not in exported(survey)
    assert found[2] == {Team.SALES: ("made up",) * 6, Team.MARKETING: ("open",) * 6}


def test_the_order_of_the_reasons_is_not_that_of_the_people_on_any_card():
    texts = [f"reason {n:02}" for n in range(20)]
    people = [dict.fromkeys((1, 2, 3), text) for text in texts]
    found = shown(closed(people, people))
    orders = [found[card][team] for card in (1, 2, 3) for team in Team]
    assert len(set(orders)) == len(orders), "nor can one person's be followed from card to card"
    assert tuple(texts) not in orders and all(sorted(order) == texts for order in orders)


def test_nothing_is_shown_before_closing_and_only_to_those_who_may_read():
    survey = opened()
    for team in Team:
        for _ in range(5):
            submit(survey, team, {1: "HIDDEN"})
    with pytest.raises(WrongState, match="still open"):
        comparison.read_card_reasons(MACHINE, survey.id)
    with pytest.raises(NotPermitted):
        comparison.read_card_reasons(None, survey.id)
    surveys.close_survey(MACHINE, survey.id)
    assert 1 in comparison.read_card_reasons(make_actor(), survey.id)["cards"].by_card


def test_team_results_have_the_reasons_beside_the_judgements():
    survey = closed([{1: "=too small"}] * 5, [{}] * 5)
    document = json.loads(responses.export_responses(MACHINE, survey.id, "json").content)
    told = next(one for one in document["results"] if one["question"] == "cards")["teams"]
    assert told["sales"]["reasons"] == {"Card 1": ["=too small"] * 5} and "reasons" not in told["marketing"]
    rows = csv.DictReader(
        io.StringIO(responses.export_responses(MACHINE, survey.id, "csv").content.decode("utf-8-sig"))
    )
    answered = [row["answer"] for row in rows if row["question"] == "cards" and row["team"] == "sales"]
    assert answered.count("Card 1: =too small") == 5 and "Card 1" in answered


def test_a_draft_is_said_to_be_one_to_those_who_prepare_it():
    draft = put_cards(surveys.prepare_survey(MACHINE, toml=TOML.format(mode="confidential")))
    for read in (comparison.compare_survey, comparison.read_comments, comparison.read_card_reasons):
        for who in (MACHINE, make_actor("facilitator", None)):
            with pytest.raises(WrongState, match="still a draft"):
                read(who, draft.id)
        with pytest.raises(NotFound, match="no such questionnaire"):
            read(make_actor(), draft.id)
