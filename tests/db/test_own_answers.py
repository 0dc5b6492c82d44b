"""One's own answers, marked in the comparison, are shown to who gave them, and to nobody who holds another way in."""

import pytest
from people import make_actor

from actions import answers, clock, comparison, invitations, people, sign_in, surveys
from alignment.people import MACHINE, Actor
from db.queries import people as member_rows
from db.store import store

TOML = """
title = "How do we feel?"
mode = "{mode}"
min_group = 3
[[questions]]
key = "size"
topic = "t"
type = "number"
text = "How many employees?"
"""
PASSWORD, OTHER_PASSWORD = "correct horse battery", "another good one"


def answered_by(victim, mode="confidential", *, mailed=False, meanwhile=None):
    """A closed survey that `victim` has answered, signed in by mail or with their password; `meanwhile` came in between."""
    survey = opened(mode)
    if mailed:
        token = store().write(
            lambda connection: invitations.new_token(connection, survey.id, victim.person_id)
        )
        session, _ = invitations.sign_in_by_link(token)
        who = Actor(session.person_id, session.signed_in_at)
    else:
        who = come_in(victim, PASSWORD)
    answers.save_answer(who, survey.id, "size", 40)
    if meanwhile is not None:
        meanwhile()
        who = Actor(who.person_id, clock.now_text())
    submit(who, survey, 97731)
    for other in (*members("sales", 3), *members("marketing", 4)):
        submit(other, survey, 40)
    surveys.close_survey(MACHINE, survey.id)
    return survey


def come_in(victim, password):
    session = sign_in.check(member_rows.find(store().read(), victim.person_id).email, password)
    return Actor(session.person_id, session.signed_in_at)


def opened(mode):
    survey = surveys.prepare_survey(MACHINE, toml=TOML.format(mode=mode))
    return surveys.open_survey(MACHINE, survey.id)


def submit(who, survey, size):
    answers.save_answer(who, survey.id, "size", size)
    answers.submit_answers(who, survey.id)


def members(team, count):
    return [make_actor(team=team) for _ in range(count)]


def accept(victim, password=PASSWORD):
    link = people.invite(MACHINE, victim.person_id).token
    return people.accept_invitation(link, password, password)


@pytest.mark.parametrize("way", ["invitation", "command line"])
@pytest.mark.parametrize("then", ["signs in", "has changed it first"])
def test_a_password_from_before_shows_no_answers_that_came_by_the_mailed_link(way, then):
    victim, now = make_actor(), PASSWORD
    if way == "invitation":
        accept(victim)  # whoever made the invitation does
    else:
        people.set_password(MACHINE, victim.person_id, PASSWORD)
    if then != "signs in":
        now = OTHER_PASSWORD
        people.change_own_password(come_in(victim, PASSWORD), PASSWORD, now, now)
    survey = answered_by(victim, mailed=True)
    own = comparison.read_own_answers(come_in(victim, now), survey.id)
    assert not own.answers and "before you answer the next" in own.reason


def test_who_answers_with_the_password_they_chose_sees_their_answers_with_it():
    victim = make_actor()
    accept(victim)
    survey = answered_by(victim)
    assert comparison.read_own_answers(come_in(victim, PASSWORD), survey.id).answers["size"] == 97731
    people.change_own_password(come_in(victim, PASSWORD), PASSWORD, OTHER_PASSWORD, OTHER_PASSWORD)
    assert comparison.read_own_answers(come_in(victim, OTHER_PASSWORD), survey.id).answers


def test_a_password_that_was_handed_over_shows_nothing_until_its_owner_has_changed_it_and_answered():
    victim = make_actor()
    people.set_password(MACHINE, victim.person_id, PASSWORD)
    survey = answered_by(victim)
    assert (
        "Change it under Account" in comparison.read_own_answers(come_in(victim, PASSWORD), survey.id).reason
    )
    changing = come_in(victim, PASSWORD)  # whoever knows it could do so
    people.change_own_password(changing, PASSWORD, OTHER_PASSWORD, OTHER_PASSWORD)
    assert not comparison.read_own_answers(come_in(victim, OTHER_PASSWORD), survey.id).answers
    other = make_actor()
    people.set_password(MACHINE, other.person_id, OTHER_PASSWORD)
    people.change_own_password(come_in(other, OTHER_PASSWORD), OTHER_PASSWORD, PASSWORD, PASSWORD)
    assert comparison.read_own_answers(come_in(other, PASSWORD), answered_by(other).id).answers


def test_a_password_that_was_set_between_the_first_answer_and_the_last_shows_nothing():
    victim = make_actor()
    accept(victim)
    survey = answered_by(victim, meanwhile=lambda: accept(victim, OTHER_PASSWORD))
    own = comparison.read_own_answers(come_in(victim, OTHER_PASSWORD), survey.id)
    assert not own.answers and "since you began" in own.reason


def test_who_came_by_mail_and_has_no_password_sees_their_answers():
    victim = make_actor()
    survey = answered_by(victim, mailed=True)
    assert comparison.read_own_answers(Actor(victim.person_id, clock.now_text()), survey.id).answers


def test_in_a_named_survey_no_way_in_is_asked_about():
    victim = make_actor()
    people.set_password(MACHINE, victim.person_id, PASSWORD)
    survey = answered_by(victim, "named")
    assert comparison.read_own_answers(come_in(victim, PASSWORD), survey.id).answers
