"""A cost is told of which leads it is, in a window that suits most questions, and not of a handful of leads."""

from datetime import UTC, date, datetime, timedelta

import pytest

from actions import clock, comparison, workshops
from alignment.disagreement.costs import LeadsApart
from alignment.disagreement.measures_in_words import leads_in_words, leads_of
from alignment.people import MACHINE, Team
from alignment.rules import parse
from components.comparison_words import cost_in_short
from components.comparison_workshop import reason_for
from leads.costs import costs_of
from leads.store import warehouse
from tests.closed_leads import AS_OF, MARKETING, SALES, ZONE, closed_survey, condition, made_up_leads
from tests.lead_histories import History

QUARTER = (date(2026, 4, 1), date(2026, 6, 30))


def histories(recent, older, **known_of):
    """So many leads of the quarter, then of the year before; a field is known of the first of each, so many."""
    history = History()
    for age, count in ((30, recent), (200, older)):
        for number in range(count):
            fields = {
                name: float(number % 90) if number < limits[age == 200] else None
                for name, limits in known_of.items()
            }
            came = datetime(2026, 6, 20, tzinfo=UTC) - timedelta(days=age)
            history.lead(f"L{age}-{number}", created_at=came, **fields).enter(f"L{age}-{number}", "mql", came)
    return history.load()


def costs(*fields):
    def rules(field):
        return {
            team: parse({"version": 1, **condition(field, ">=", bound)})
            for team, bound in ((Team.SALES, 50), (Team.MARKETING, 10))
        }

    with warehouse().read() as facts:
        return costs_of(facts, {field: rules(field) for field in fields}, AS_OF, ZONE)


@pytest.mark.parametrize(("known", "enough"), [(29, False), (30, True), (60, True)])
def test_fewer_than_thirty_leads_say_no_cost(known, enough):
    histories(60, 0, score=(known, 0))
    found = costs("score")["score"]
    assert (found.judged, found.untold, found.enough) == (known, 60 - known, enough)


@pytest.mark.parametrize(("known", "enough"), [(99, False), (100, True)])
def test_less_than_a_third_of_the_leads_say_no_cost(known, enough):
    histories(300, 0, score=(known, 0))
    assert costs("score")["score"].enough is enough


def test_one_field_that_every_lead_has_does_not_choose_the_window_of_all_others():
    fields = {"employees": (120, 900), "score": (20, 800), "visits": (20, 800)}
    histories(120, 900, **fields)
    assert (costs("employees")["employees"].first_day, costs("employees")["employees"].last_day) == QUARTER
    found = costs(*fields)
    assert all(one.enough and one.judged >= 800 for one in found.values())
    assert {(one.first_day, one.last_day) for one in found.values()} == {
        (date(2025, 6, 1), date(2026, 5, 31))
    }


def test_a_question_with_too_few_leads_has_no_cost_and_says_why():
    made_up_leads(40)
    survey = closed_survey(SALES, MARKETING)
    with clock.at(AS_OF + timedelta(days=1)):
        found = comparison.compare_survey(MACHINE, survey.id).question("rule")
    assert found.cost is None and found.untold_cost is not None and found.untold_cost.judged < 30
    assert found.as_dict()["cost"] is None


def test_the_words_say_of_which_leads_a_cost_is_and_of_how_many_it_cannot_be_told():
    nothing = {Team.SALES: 0, Team.MARKETING: 0}
    cost = LeadsApart(
        3291, 51, {Team.SALES: 0, Team.MARKETING: 1298}, nothing, nothing, date(2026, 7, 1), date(2026, 9, 30)
    )
    assert cost_in_short(cost).startswith("Treats 1,298 of 3,291 leads of July to September 2026 differently")
    words = leads_in_words(cost)
    assert (
        "1,298 of 3,291 leads of July to September 2026" in words and "Of 51 more it cannot be told" in words
    )
    alike = leads_in_words(LeadsApart(40, 51, nothing, nothing, nothing))
    assert "all of 40 past leads alike" in alike and "Of 51 more" in alike


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2025, 10, 1), date(2026, 9, 30), "leads of October 2025 to September 2026"),
        (date(2026, 2, 1), date(2026, 2, 28), "leads of February 2026"),
        (date(2026, 2, 3), date(2026, 3, 5), "leads of 3 February to 5 March 2026"),
    ],
)
def test_periods_are_said_in_months_where_they_are_months(first, last, words):
    nothing = {Team.SALES: 0, Team.MARKETING: 0}
    assert leads_of(LeadsApart(1, 0, nothing, nothing, nothing, first, last)) == words


def test_what_a_topic_keeps_in_the_workshop_names_no_cost_which_the_next_import_would_change():
    made_up_leads(1_200)
    survey = closed_survey()
    with clock.at(AS_OF + timedelta(days=1)):
        compared = comparison.compare_survey(MACHINE, survey.id).question("rule")
        assert compared.cost.differently
        assert reason_for(compared) == compared.sentence
        room = workshops.add_topic(
            MACHINE, None, title="Rule", reason=reason_for(compared), survey_id=survey.id, question_key="rule"
        )
        before = list(workshops.read_agenda(MACHINE, room).costs.values())
        made_up_leads(900, seed=2)
        assert list(workshops.read_agenda(MACHINE, room).costs.values()) != before
