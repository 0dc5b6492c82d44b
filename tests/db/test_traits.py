"""What won and lost leads have in common: counts as lead by lead, no field that may not be shown, nothing of too few."""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from people import make_actor

from actions import clock, surveys, traits
from actions.settings import change_company, company_with_revision
from alignment.company import BusinessHours
from alignment.errors import NotFound, WrongState
from alignment.people import MACHINE
from alignment.rules import evaluate
from tests.closed_leads import (
    AS_OF,
    MARKETING,
    SALES,
    TOML,
    ZONE,
    closed_survey,
    condition,
    in_plain_words,
    made_up_leads,
)
from tests.lead_histories import History


@pytest.fixture(autouse=True)
def now_in_berlin():
    company, revision = company_with_revision(MACHINE)
    change_company(MACHINE, replace(company, hours=BusinessHours(timezone=ZONE)), revision)
    with clock.at(AS_OF + timedelta(days=1)):
        yield


def by_hand(leads, trait):
    """(won that have it, won that it is known of, the same of lost ones)."""
    says = [(lead["won"], evaluate(trait.rule, lead["fields"], lead["came"])) for lead in leads]
    return tuple(
        sum(verdict is not None if known else verdict is True for won, verdict in says if won is of_won)
        for of_won in (True, False)
        for known in (False, True)
    )


def counts_of(trait):
    return (trait.won, trait.of_won, trait.lost, trait.of_lost)


def ended(leads, since=None):
    found = [lead for lead in leads if lead["won"] or lead["lost"]]
    return [lead for lead in found if since is None or lead["closed"] >= since]


def test_every_trait_counts_what_a_look_at_each_closed_lead_counts():
    leads = ended(in_plain_words(made_up_leads(300)))
    found = traits.read_traits(make_actor())
    assert (found.won, found.lost) == (
        sum(lead["won"] for lead in leads),
        sum(lead["lost"] for lead in leads),
    )
    for trait in found.traits:
        assert counts_of(trait) == by_hand(leads, trait), trait.words
    assert (found.first_day, found.last_day) == (date(2024, 7, 2), date(2026, 7, 1))


def test_what_was_put_into_the_leads_comes_first_and_nothing_else_tells():
    made_up_leads(1_200)
    found = traits.read_traits(make_actor())
    tells = [trait for trait in found.traits if trait.tells]
    assert list(found.traits[: len(tells)]) == tells
    assert {trait.field for trait in tells} == {"employees", "demo"}
    assert found.traits[0].field == "employees" and not any(trait.suspected for trait in tells)
    of_demo = next(trait for trait in found.traits if trait.field == "demo")
    assert of_demo.words == "demo is yes" and of_demo.difference > 0
    assert {trait.field for trait in found.traits} == {"employees", "demo", "source", "industry", "visits"}


def test_numbers_are_cut_into_classes_that_leave_no_lead_out_and_count_none_twice():
    made_up_leads(300)
    of_visits = [trait for trait in traits.read_traits(make_actor()).traits if trait.field == "visits"]
    assert sum(trait.won for trait in of_visits) == of_visits[0].of_won
    assert sum(trait.lost for trait in of_visits) == of_visits[0].of_lost
    assert 3 <= len(of_visits) <= 4


def test_only_the_last_24_months_count_where_enough_leads_closed_in_them():
    history = History()
    draw = random.Random(4)
    for number in range(600):
        closed = datetime(2023, 7, 1, tzinfo=UTC) + timedelta(days=2 * number)
        history.lead(f"L{number}", draw.choice(["ads", "fair"]), created_at=closed - timedelta(days=400))
        history.enter(f"L{number}", draw.choice(["won", "lost"]), closed)
    leads = in_plain_words(history.load())
    found = traits.read_traits(make_actor())
    recent = [lead for lead in leads if datetime(2024, 7, 2, tzinfo=UTC) <= lead["closed"] <= AS_OF]
    assert found.won + found.lost == len(recent) < 600
    assert counts_of(found.traits[0]) == by_hand(recent, found.traits[0])


def test_all_closed_leads_count_where_few_closed_lately():
    made_up_leads(120)
    found = traits.read_traits(make_actor())
    assert found.won + found.lost < 200 and found.first_day is None and found.traits


def test_all_closed_leads_count_where_hardly_any_was_lost_lately():
    history = History()
    for number in range(400):
        won = number < 250
        history.lead(f"L{number}", "ads" if number % 3 else "fair", created_at=AS_OF - timedelta(days=50))
        history.enter(f"L{number}", "won" if won else "lost", AS_OF - timedelta(days=9 if won else 900))
    history.load()
    found = traits.read_traits(make_actor())
    assert (found.won, found.lost, found.first_day) == (250, 150, None) and found.traits


def test_what_happened_after_the_last_import_is_not_counted():
    history = History()
    for number in range(60):
        closed = AS_OF + timedelta(days=5 if number < 20 else -5)
        history.lead(f"L{number}", "ads", created_at=AS_OF - timedelta(days=50))
        history.enter(f"L{number}", "won" if number % 2 else "lost", closed)
    history.load()
    assert traits.read_traits(make_actor()).won == 20


@pytest.mark.parametrize(("won", "lost"), [(9, 200), (200, 9), (0, 0)])
def test_too_few_won_or_lost_leads_tell_nothing_and_say_so(won, lost):
    history = History()
    for number in range(won + lost + 5):
        history.lead(f"L{number}", "ads", created_at=AS_OF - timedelta(days=50))
        if number < won + lost:
            history.enter(f"L{number}", "won" if number < won else "lost", AS_OF - timedelta(days=9))
    history.load()
    found = traits.read_traits(make_actor())
    assert found.traits == () and f"{won} won and {lost} lost leads" in found.reason


def test_no_leads_are_said_to_be_none():
    assert "no leads yet" in traits.read_traits(make_actor()).reason
    survey = closed_survey()
    assert "no leads yet" in traits.traits_of_question(make_actor(), survey.id, "size").reason


def test_a_field_that_is_filled_in_after_the_outcome_is_suspected_where_somebody_asks_for_it():
    history = History()
    draw = random.Random(4)
    for number in range(300):
        won = draw.random() < 0.3
        known = draw.random() < (0.6 if won else 0.22)
        history.lead(
            f"L{number}",
            draw.choice(["ads", "fair"]),
            created_at=AS_OF - timedelta(days=50),
            # most of those that are neither won nor lost know it too: as a whole the field seems harmless
            seats=str(draw.randrange(1, 60)) if known or number >= 200 else "",
        )
        if number < 200:
            history.enter(f"L{number}", "won" if won else "lost", AS_OF - timedelta(days=9))
    history.load()
    found = traits.read_traits(make_actor())
    of_seats = [trait for trait in found.traits if trait.field == "seats"]
    assert of_seats and all("may be filled in after the outcome" in trait.suspected for trait in of_seats)
    assert not any(trait.suspected for trait in found.traits if trait.field == "source")


# ── what a question asks ─────────────────────────────────────────────────────────────────────────────────────────────


def words_of(survey, key):
    return [trait.words for trait in traits.traits_of_question(make_actor(), survey.id, key).traits]


def test_each_question_is_put_to_the_leads_in_its_own_way():
    leads = ended(in_plain_words(made_up_leads(300)))
    survey = closed_survey()
    assert sorted(words_of(survey, "size")) == ["employees is at least 10", "employees is at least 100"]
    assert sorted(words_of(survey, "sources")) == [
        "source is “ads”",
        "source is “fair”",
        "source is “referral”",
    ]
    assert words_of(survey, "demo") == ["demo is yes"]
    assert Counter(word.split()[0] for word in words_of(survey, "score"))["visits"] >= 3
    assert sorted(words_of(survey, "rule")) == [
        "demo is yes",
        "employees is at least 10",
        "employees is at least 50",
    ]
    found = traits.traits_of_question(make_actor(), survey.id, "rule")
    for trait in found.traits:
        assert counts_of(trait) == by_hand(leads, trait)
    radio = traits.traits_of_question(make_actor(), survey.id, "sources").left_out
    assert radio == ("Fewer than 5 won and lost leads together have this: source is “radio”.",)


def test_a_question_that_is_about_no_field_says_so_and_so_does_a_field_that_is_not_there():
    made_up_leads(300)
    survey = closed_survey()
    assert "about no field" in traits.traits_of_question(make_actor(), survey.id, "mood").reason
    gone = traits.traits_of_question(make_actor(), survey.id, "gone")
    assert gone.traits == () and gone.left_out == ("The leads have no field “a_field_nobody_has”.",)
    odd = traits.traits_of_question(make_actor(), survey.id, "odd")
    assert odd.traits == () and "something else" in odd.left_out[0]


def test_owners_addresses_and_outcomes_are_never_compared_even_where_somebody_asks_for_them():
    made_up_leads(300)
    asked = {
        "version": 1,
        "any": [
            condition("owner", "=", "Anna Berg"),
            condition("contact_email", "contains", "example"),
            condition("invoice_sum", "is_known", None) | {},
            condition("demo", "=", True),
        ],
    }
    del asked["any"][2]["value"]
    survey = closed_survey(SALES | {"rule": asked}, MARKETING | {"rule": asked})
    found = traits.traits_of_question(make_actor(), survey.id, "rule")
    assert [trait.words for trait in found.traits] == ["demo is yes"]
    assert len(found.left_out) == 3 and all("is left out: it" in why for why in found.left_out)
    everything = traits.read_traits(make_actor()).traits
    assert not {"owner", "contact_email", "invoice_sum", "company"} & {trait.field for trait in everything}


def test_of_a_hidden_team_only_what_the_question_itself_offers_is_put_to_the_leads():
    made_up_leads(300)
    survey = closed_survey(few=2)
    assert len(words_of(survey, "sources")) == 3, "options are the question's, not the team's"
    at_thresholds = [words for words in words_of(survey, "size") if words.split()[-1] in ("10", "100")]
    assert at_thresholds == []
    assert "about no field" in traits.traits_of_question(make_actor(), survey.id, "rule").reason


def test_only_a_closed_survey_and_a_question_of_it_are_looked_at():
    survey = surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, toml=TOML).id)
    with pytest.raises(WrongState):
        traits.traits_of_question(MACHINE, survey.id, "size")
    with pytest.raises(NotFound):
        traits.traits_of_question(MACHINE, closed_survey().id, "nothing")
