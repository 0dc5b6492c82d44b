"""The order of the agenda: what costs the most leads comes first, and nothing that is being discussed moves."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from actions import answers, clock, people, surveys, workshops
from alignment.errors import NotPermitted, WrongState
from alignment.people import MACHINE, Actor, Role, Team
from alignment.workshops import TopicState
from tests.lead_histories import History

TOML = """
title = "What counts"
mode = "confidential"
min_group = 3
[[questions]]
key = "agreed"
topic = "leads"
type = "yes_no"
text = "A reason for each?"
[[questions]]
key = "kind"
topic = "leads"
type = "choice"
options = ["They asked", "They fit"]
text = "When does a lead count?"
[[questions]]
key = "size"
topic = "leads"
type = "number"
field = "employees"
text = "From how many employees on?"
"""


@pytest.fixture
def facilitator():
    person = people.add_person(MACHINE, "Fay", "fay@example.com", None, Role.FACILITATOR).person
    return Actor(person.id, clock.now_text())


@pytest.fixture
def compared():
    """A closed questionnaire: the teams differ on `size`, which leads can be looked up by, and on `kind`."""
    draw = random.Random(3)
    history = History()
    for number in range(80):
        came = datetime(2025, 9, 1, tzinfo=UTC) + timedelta(days=number)
        history.lead(f"L{number}", "ads", employees=float(draw.randrange(1, 400)))
        history.enter(f"L{number}", "mql", came)
        history.enter(f"L{number}", ("won", "lost")[number % 2], came + timedelta(days=9))
    history.load()
    survey = surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, toml=TOML).id)
    for number in range(12):
        team = list(Team)[number % 2]
        person = people.add_person(MACHINE, f"P{number}", f"p{number}@example.com", team, Role.MEMBER).person
        actor = Actor(person.id, clock.now_text())
        sales = team is Team.SALES
        given = {
            "agreed": True,
            "kind": "They asked" if sales else "They fit",
            "size": 200.0 if sales else 10.0,
        }
        for key, value in given.items():
            answers.save_answer(actor, survey.id, key, value)
        answers.submit_answers(actor, survey.id)
    return surveys.close_survey(MACHINE, survey.id)


def on_table(facilitator, survey, *keys):
    room = workshops.open_workshop(facilitator, "Workshop")
    for key in keys:
        from_comparison = {"survey_id": survey.id, "question_key": key} if key != "own" else {}
        workshops.add_topic(facilitator, room, title=key, **from_comparison)
    return room


def titles(facilitator, room):
    return [topic.title for topic in workshops.read_workshop(facilitator, room).topics]


def topic_of(facilitator, room, title):
    return next(
        topic.id for topic in workshops.read_workshop(facilitator, room).topics if topic.title == title
    )


def test_what_costs_leads_comes_first_and_what_is_agreed_last(facilitator, compared):
    room = on_table(facilitator, compared, "agreed", "kind", "own", "size")
    agenda = workshops.read_agenda(facilitator, room)
    assert list(agenda.costs) == [topic_of(facilitator, room, "size")]
    assert next(iter(agenda.costs.values())).differently > 0
    assert workshops.order_by_agenda(facilitator, room)
    assert titles(facilitator, room) == ["size", "kind", "own", "agreed"]
    assert not workshops.order_by_agenda(facilitator, room), "it is in order already"


def test_what_is_being_discussed_parked_or_agreed_stays_where_it_is(facilitator, compared):
    room = on_table(facilitator, compared, "agreed", "kind", "size")
    workshops.propose(facilitator, topic_of(facilitator, room, "agreed"), "mql", "A lead that asked")
    assert workshops.order_by_agenda(facilitator, room)
    assert titles(facilitator, room) == ["agreed", "size", "kind"]
    workshops.set_topic_state(facilitator, topic_of(facilitator, room, "size"), TopicState.PARKED)
    assert not workshops.order_by_agenda(facilitator, room)


def test_new_topics_come_after_all_others(facilitator, compared):
    room = on_table(facilitator, compared, "kind", "size")
    workshops.order_by_agenda(facilitator, room)
    workshops.add_topic(facilitator, room, title="last")
    assert titles(facilitator, room) == ["size", "kind", "last"]


def test_only_who_runs_the_workshop_changes_the_order_and_not_of_a_closed_one(facilitator, compared):
    room = on_table(facilitator, compared, "kind", "size")
    member = people.add_person(MACHINE, "Mo", "mo@example.com", Team.SALES, Role.MEMBER).person
    with pytest.raises(NotPermitted):
        workshops.order_by_agenda(Actor(member.id, clock.now_text()), room)
    workshops.close_workshop(facilitator, room)
    with pytest.raises(WrongState):
        workshops.order_by_agenda(facilitator, room)
    assert titles(facilitator, room) == ["kind", "size"]
