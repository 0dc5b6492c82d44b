"""Running a questionnaire: who is asked, when it opens and closes, who is reminded, and what a personal link opens."""

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from people import make_actor
from test_answers import answer_all

from actions import answers, clock, invitations, messages, people, schedules, settings, sign_in, surveys
from alignment import instants
from alignment.errors import InvalidInput, NotFound, NotPermitted, StaleVersion, WrongState
from alignment.messages import MessageKind
from alignment.people import MACHINE, Actor, Role, Team
from alignment.questionnaire_files import from_document, to_document, write_toml
from alignment.questionnaires import Mode
from alignment.surveys import Audience, SurveyStatus
from alignment.templates import template
from db.queries import sign_ins
from db.store import StoreUnavailable, store
from jobs.rounds import run_round

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
PASSWORD = "correct horse battery"


@pytest.fixture
def facilitator():
    return make_actor("facilitator", None, "Fia Facilitator")


@pytest.fixture
def ada():
    return make_actor("member", "sales", "Ada")


@pytest.fixture
def bea():
    return make_actor("member", "marketing", "Bea")


def draft(facilitator, mode="confidential", **choices):
    document = to_document(template("qualified_lead"))
    document["mode"] = mode
    return surveys.prepare_survey(facilitator, toml=write_toml(from_document(document)), **choices)


def opened(facilitator, mode="confidential", **choices):
    return surveys.open_survey(facilitator, draft(facilitator, mode, **choices).id)


def finish(actor, survey):
    answer_all(actor, survey)
    answers.submit_answers(actor, survey.id)


def kinds(actor):
    return [message.kind.value for message in messages.my_messages(actor)]


def audit(noun_id=None):
    rows = (
        store()
        .read()
        .execute("SELECT actor, action, noun_id, before, after FROM audit ORDER BY id")
        .fetchall()
    )
    return [dict(row) for row in rows if noun_id in (None, row["noun_id"])]


def contents():
    tables = [row[0] for row in store().read().execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {
        table: [tuple(row) for row in store().read().execute(f'SELECT * FROM "{table}"')] for table in tables
    }


def local(actor, **later):
    """What the company's clocks show in a while."""
    shown = settings.local_time(actor, clock.now_text()) + timedelta(**later)
    return shown.replace(tzinfo=None)


# ── who is asked ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_both_teams_are_asked_unless_people_are_chosen_and_those_who_join_later_too(facilitator, ada, bea):
    survey = draft(facilitator)
    assert invitations.read_asked(facilitator, survey.id).asked == {ada.person_id, bea.person_id}
    surveys.open_survey(facilitator, survey.id)
    cleo = make_actor("member", "sales", "Cleo")
    assert invitations.read_asked(facilitator, survey.id).asked == {
        ada.person_id,
        bea.person_id,
        cleo.person_id,
    }
    assert kinds(cleo) == []
    assert run_round().invited == 1 and kinds(cleo) == ["invitation"]
    assert run_round().invited == 0 and kinds(ada) == ["invitation"]


def test_who_was_not_chosen_does_not_find_the_questionnaire_and_is_not_told(facilitator, ada, bea):
    survey = draft(facilitator)
    survey = invitations.ask_people(facilitator, survey.id, [ada.person_id], revision=survey.revision)
    assert survey.audience is Audience.PEOPLE
    surveys.open_survey(facilitator, survey.id)
    assert kinds(ada) == ["invitation"] and kinds(bea) == []
    assert [one.survey.id for one in answers.my_surveys(ada)] == [survey.id]
    assert answers.my_surveys(bea) == []
    with pytest.raises(NotFound):
        answers.my_progress(bea, survey.id)
    assert surveys.response_rates(facilitator, survey.id)[Team.MARKETING].invited == 0


def test_more_people_can_be_asked_of_an_open_one_and_are_invited_then_but_nobody_is_left_out(
    facilitator, ada, bea
):
    survey = draft(facilitator)
    survey = invitations.ask_people(facilitator, survey.id, [ada.person_id], revision=survey.revision)
    survey = surveys.open_survey(facilitator, survey.id)
    survey = invitations.ask_people(
        facilitator, survey.id, [ada.person_id, bea.person_id], revision=survey.revision
    )
    assert kinds(ada) == kinds(bea) == ["invitation"]
    with pytest.raises(WrongState, match="left out"):
        invitations.ask_people(facilitator, survey.id, [bea.person_id], revision=survey.revision)
    survey = invitations.ask_both_teams(facilitator, survey.id, revision=survey.revision)
    with pytest.raises(WrongState, match="left out"):
        invitations.ask_people(facilitator, survey.id, [bea.person_id], revision=survey.revision)


def test_who_has_no_access_for_a_while_stays_among_those_who_are_asked_by_an_open_one(facilitator, ada, bea):
    cleo = make_actor("member", "sales", "Cleo")
    survey = draft(facilitator)
    both = [ada.person_id, bea.person_id]
    survey = invitations.ask_people(facilitator, survey.id, both, revision=survey.revision)
    survey = surveys.open_survey(facilitator, survey.id)
    people.end_access(MACHINE, bea.person_id)
    more = [ada.person_id, cleo.person_id]
    invitations.ask_people(facilitator, survey.id, more, revision=survey.revision)
    people.give_access(MACHINE, bea.person_id)
    assert invitations.read_asked(facilitator, survey.id).asked == {*both, cleo.person_id}


def test_people_who_cannot_answer_cannot_be_asked(facilitator, ada):
    survey = draft(facilitator)
    gone = make_actor("member", "sales")
    people.end_access(MACHINE, gone.person_id)
    for somebody in (gone.person_id, facilitator.person_id, "01NOBODY", ""):
        with pytest.raises(InvalidInput, match="cannot answer"):
            invitations.ask_people(
                facilitator, survey.id, [ada.person_id, somebody], revision=survey.revision
            )
    for nobody in ([], None):
        with pytest.raises(InvalidInput, match="Nobody is chosen"):
            invitations.ask_people(facilitator, survey.id, nobody, revision=survey.revision)
    with pytest.raises(InvalidInput):
        invitations.ask_people(facilitator, survey.id, ada.person_id, revision=survey.revision)


def test_two_facilitators_choosing_at_once_do_not_overwrite_each_other(facilitator, ada, bea):
    survey = draft(facilitator)
    invitations.ask_people(facilitator, survey.id, [ada.person_id], revision=survey.revision)
    with pytest.raises(StaleVersion):
        invitations.ask_people(facilitator, survey.id, [bea.person_id], revision=survey.revision)
    assert invitations.read_asked(facilitator, survey.id).asked == {ada.person_id}


def test_a_questionnaire_for_nobody_does_not_open(facilitator, ada):
    survey = draft(facilitator)
    invitations.ask_people(facilitator, survey.id, [ada.person_id], revision=survey.revision)
    people.end_access(MACHINE, ada.person_id)
    with pytest.raises(WrongState, match="Nobody is asked"):
        surveys.open_survey(facilitator, survey.id)
    assert surveys.read_survey(facilitator, survey.id).status is SurveyStatus.DRAFT


def test_a_file_of_people_tells_its_rows_apart_and_changes_nothing(facilitator, ada):
    email = people.list_people(MACHINE)[0].person.email
    before = audit()
    found = invitations.read_people_file(facilitator, f"email\n{email}\nnobody@example.com\n".encode())
    assert [person.id for person in found.people] == [ada.person_id]
    assert [row.line for row in found.refused] == [3]
    assert audit() == before


# ── opening and closing by itself ────────────────────────────────────────────────────────────────────────────────────


def test_it_opens_and_closes_by_itself_as_the_machine(facilitator, ada):
    with clock.at(NOON):
        survey = draft(facilitator)
        survey = schedules.set_dates(
            facilitator,
            survey.id,
            opens=datetime(2026, 6, 2, 9),
            closes=datetime(2026, 6, 9, 17),
            revision=survey.revision,
        )
        assert run_round().opened == 0
    with clock.at(datetime(2026, 6, 2, 9, 0, 1, tzinfo=UTC)):
        assert run_round().opened == 1
        assert run_round().opened == 0
        assert kinds(ada) == ["invitation"]
        finish(ada, survey)
    with clock.at(datetime(2026, 6, 9, 17, tzinfo=UTC)):
        with pytest.raises(WrongState, match="closed"):  # even before the timer has come by
            answers.save_answer(ada, survey.id, "size", "x")
        assert (run_round().closed, run_round().closed) == (1, 0)
    assert surveys.read_survey(facilitator, survey.id).status is SurveyStatus.CLOSED
    by_machine = [row["action"] for row in audit(survey.id) if row["actor"] == "machine"]
    assert by_machine == ["survey:open", "survey:close"]


def test_times_are_the_companys_also_where_its_clocks_change(facilitator):
    company, revision = settings.company_with_revision(MACHINE)
    hours = replace(company.hours, timezone="Europe/Berlin")
    settings.change_company(MACHINE, replace(company, hours=hours), revision)
    with clock.at(datetime(2026, 3, 1, tzinfo=UTC)):
        survey = draft(facilitator)
        survey = schedules.set_dates(
            facilitator,
            survey.id,
            opens=datetime(2026, 3, 28, 9),
            closes=datetime(2026, 3, 30, 9),
            revision=survey.revision,
        )
        assert survey.opens_at == "2026-03-28T08:00:00.000000Z"
        assert survey.closes_at == "2026-03-30T07:00:00.000000Z"
        with pytest.raises(InvalidInput, match="does not exist"):
            schedules.set_dates(
                facilitator, survey.id, closes=datetime(2026, 3, 29, 2, 30), revision=survey.revision
            )
        survey = schedules.set_dates(
            facilitator, survey.id, closes=datetime(2026, 10, 25, 2, 30), revision=survey.revision
        )
        assert (
            survey.closes_at == "2026-10-25T01:30:00.000000Z"
        )  # the second of the two, so that nobody loses an hour


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        ({"opens": {"minutes": -1}}, "opening time has to lie ahead"),
        ({"closes": {"minutes": -1}}, "closing time has to lie ahead"),
        ({"closes": {"days": 900}}, "within two years"),
        ({"opens": {"days": 2}, "closes": {"days": 1}}, "close before it opens"),
        ({"remind_days": 2}, "needs a closing time"),
        ({"closes": {"days": 9}, "remind_days": 0}, "from 1 to 30"),
        ({"closes": {"days": 9}, "remind_days": 31}, "from 1 to 30"),
        ({"closes": {"days": 9}, "remind_days": True}, "from 1 to 30"),
        ({"closes": {"days": 9}, "remind_days": "2"}, "from 1 to 30"),
    ],
)
def test_dates_that_make_no_sense_are_refused_with_a_remedy(facilitator, dates, words):
    survey = draft(facilitator)
    given = {k: local(facilitator, **v) if isinstance(v, dict) else v for k, v in dates.items()}
    with pytest.raises(InvalidInput, match=words):
        schedules.set_dates(facilitator, survey.id, **given, revision=survey.revision)
    assert surveys.read_survey(facilitator, survey.id) == survey


def test_a_moved_closing_time_is_told_once_to_those_who_answer(facilitator, ada):
    survey = opened(facilitator)
    for days in (5, 3):
        survey = schedules.set_dates(
            facilitator, survey.id, closes=local(facilitator, days=days), revision=survey.revision
        )
    assert kinds(ada) == ["dates", "invitation"]
    assert f"{local(facilitator, days=3):%A}" in messages.my_messages(ada)[0].body
    survey = schedules.set_dates(
        facilitator, survey.id, closes=local(facilitator, days=3), remind_days=1, revision=survey.revision
    )
    with pytest.raises(InvalidInput, match="press Close"):
        schedules.set_dates(
            facilitator, survey.id, closes=local(facilitator, minutes=-1), revision=survey.revision
        )


def test_what_cannot_open_by_itself_is_told_to_the_facilitators_once(facilitator, ada):
    with clock.at(NOON):
        survey = draft(facilitator)
        survey = schedules.set_dates(
            facilitator,
            survey.id,
            opens=datetime(2026, 6, 2),
            closes=datetime(2026, 6, 3),
            revision=survey.revision,
        )
    with clock.at(datetime(2026, 6, 4, tzinfo=UTC)):  # the portal had been off
        for _ in range(2):
            assert (run_round().opened, run_round().faults) == (0, ())
    assert kinds(facilitator) == ["trouble"] and kinds(ada) == []
    assert len(messages.unread_messages(facilitator)) == 1
    assert "closing time has passed" in messages.my_messages(facilitator)[0].body
    found = surveys.read_survey(facilitator, survey.id)
    assert (found.status, found.opens_at) == (SurveyStatus.DRAFT, None)
    surveys.discard_survey(facilitator, survey.id)


def test_a_closing_time_that_was_moved_while_the_timer_looked_is_kept(facilitator):
    with clock.at(NOON):
        survey = opened(facilitator)
        moved = schedules.set_dates(
            facilitator, survey.id, closes=datetime(2026, 6, 2, 12), revision=survey.revision
        )
    with clock.at(NOON + timedelta(minutes=5)):
        with pytest.raises(WrongState, match="stays open"):
            surveys.close_survey(MACHINE, survey.id, if_due=True)
        assert not schedules._close_by_itself(MACHINE, replace(moved, closes_at=instants.to_text(NOON)))
        assert surveys.read_survey(facilitator, survey.id) == moved
        surveys.close_survey(MACHINE, survey.id)


def scheduled(facilitator):
    survey = draft(facilitator)
    return schedules.set_dates(facilitator, survey.id, opens=datetime(2026, 6, 2), revision=survey.revision)


@pytest.mark.parametrize("trouble", [StoreUnavailable("Not saved: the disk is full."), KeyError("x")])
def test_trouble_that_is_not_the_surveys_own_takes_no_opening_time_and_stops_no_other(
    facilitator, ada, monkeypatch, trouble
):
    with clock.at(NOON):
        late, good = scheduled(facilitator), scheduled(facilitator)
    opening = surveys.open_survey

    def troubled(actor, survey_id, **given):
        if survey_id == late.id:
            raise trouble
        return opening(actor, survey_id, **given)

    with clock.at(NOON + timedelta(days=1)):
        with monkeypatch.context() as now:
            now.setattr(surveys, "open_survey", troubled)
            assert run_round().opened == 1
        assert surveys.read_survey(facilitator, good.id).status is SurveyStatus.OPEN
        assert surveys.read_survey(facilitator, late.id) == late and kinds(facilitator) == []
        assert run_round().opened == 1


# ── reminders ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mode", ["named", "confidential", "anonymous"])
def test_a_reminder_reaches_only_those_who_have_not_finished_and_want_it(facilitator, ada, bea, mode):
    survey = opened(facilitator, mode)
    cleo = make_actor("member", "sales", "Cleo")
    messages.choose_reminders(cleo, False)
    finish(ada, survey)
    answer_all(bea, survey)  # begun, not submitted
    count = invitations.remind(facilitator, survey.id)
    assert "reminder" in kinds(bea)
    assert "reminder" not in kinds(ada) + kinds(cleo)
    assert count == (1 if mode == "named" else None)


def test_nobody_learns_from_a_reminder_who_has_finished_unless_the_survey_is_named(facilitator, ada, bea):
    """Cleo alone wants no reminders; a count of those reminded would tell whether she has finished."""
    cleo = make_actor("member", "sales", "Cleo")
    messages.choose_reminders(cleo, False)
    told = []
    for who in (ada, cleo):
        survey = opened(facilitator, "anonymous")
        finish(who, survey)
        outlook = invitations.outlook(facilitator, survey.id)
        told.append(
            (
                outlook.unfinished,
                outlook.recipients,
                outlook.names,
                invitations.remind(facilitator, survey.id),
            )
        )
        rows = [row for row in audit(survey.id) if row["action"] == "survey:remind"]
        told[-1] += tuple((row["before"], row["after"]) for row in rows)
    assert told[0] == told[1]


def test_in_a_named_survey_facilitators_see_who_has_not_finished(facilitator, ada, bea):
    survey = opened(facilitator, "named")
    finish(ada, survey)
    outlook = invitations.outlook(facilitator, survey.id)
    assert [one.name for one in outlook.names] == [one.name for one in outlook.recipients] == ["Bea"]


def test_reminding_again_the_same_day_reaches_nobody_and_the_next_day_it_does(facilitator, ada):
    with clock.at(NOON):
        survey = opened(facilitator, "named")
        assert invitations.remind(facilitator, survey.id) == 1
        with pytest.raises(WrongState, match="within the last day"):
            invitations.remind(make_actor("facilitator", None), survey.id)
    with clock.at(NOON + timedelta(hours=23, minutes=59)), pytest.raises(WrongState):
        invitations.remind(facilitator, survey.id)
    with clock.at(NOON + timedelta(days=1)):
        assert invitations.remind(facilitator, survey.id) == 1
    assert kinds(ada) == ["reminder", "reminder", "invitation"]


def test_eight_who_press_at_once_send_one_reminder(facilitator, ada, bea):
    survey = opened(facilitator)
    together = threading.Barrier(8)

    def press():
        together.wait()
        invitations.remind(facilitator, survey.id)

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kinds(ada) == kinds(bea) == ["reminder", "invitation"]


def test_there_is_nobody_to_remind_once_everybody_has_finished_and_nothing_before_it_opens(facilitator, ada):
    survey = draft(facilitator)
    with pytest.raises(WrongState, match="not open"):
        invitations.remind(facilitator, survey.id)
    surveys.open_survey(facilitator, survey.id)
    finish(ada, survey)
    with pytest.raises(WrongState, match="nobody to remind"):
        invitations.remind(facilitator, survey.id)


def test_it_reminds_by_itself_once_before_closing(facilitator, ada, bea):
    with clock.at(NOON):
        survey = opened(facilitator)
        schedules.set_dates(
            facilitator, survey.id, closes=datetime(2026, 6, 11, 12), remind_days=3, revision=survey.revision
        )
        finish(bea, survey)
    for day, so_far in ((7, 0), (8, 1), (8, 1), (9, 1), (10, 1)):
        with clock.at(NOON.replace(day=day, minute=1)):
            run_round()
            assert kinds(ada).count("reminder") == so_far, day
    assert kinds(bea).count("reminder") == 0


def test_who_was_invited_within_a_day_is_not_reminded_by_itself_yet(facilitator, ada):
    with clock.at(NOON):
        survey = opened(facilitator)
        schedules.set_dates(
            facilitator, survey.id, closes=datetime(2026, 6, 3, 12), remind_days=5, revision=survey.revision
        )
        run_round()
        assert kinds(ada).count("reminder") == 0
    with clock.at(NOON + timedelta(hours=25)):
        run_round()
        assert kinds(ada).count("reminder") == 1


def test_closing_an_anonymous_survey_forgets_whom_it_reminded_and_for_whom_it_made_links(
    facilitator, ada, bea
):
    survey = opened(facilitator, "anonymous")
    finish(ada, survey)
    invitations.remind(facilitator, survey.id)
    invitations.make_links(facilitator, survey.id, [bea.person_id])
    surveys.close_survey(facilitator, survey.id)
    for table in ("message", "survey_link"):
        assert store().read().execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0


# ── the inbox ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_everybody_reads_only_their_own_messages(facilitator, ada, bea):
    opened(facilitator)
    hers = messages.my_messages(bea)[0]
    assert hers.id not in [message.id for message in messages.my_messages(ada)]
    assert messages.mark_read(ada, hers.id) == 0
    assert len(messages.unread_messages(bea)) == 1
    assert messages.mark_read(bea, hers.id) == 1
    assert messages.unread_messages(bea) == [] and len(messages.unread_messages(ada)) == 1


def test_messages_about_closed_questionnaires_are_kept_but_no_longer_new(facilitator, ada):
    survey = opened(facilitator)
    surveys.close_survey(facilitator, survey.id)
    assert kinds(ada) == ["invitation"] and messages.unread_messages(ada) == []


# ── personal links ───────────────────────────────────────────────────────────────────────────────────────────────────


def mailed(survey, actor):
    """A link as a mail holds it."""
    return store().write(lambda connection: invitations.new_token(connection, survey.id, actor.person_id))


def copied(facilitator, survey, actor, **choices):
    return invitations.make_links(facilitator, survey.id, [actor.person_id], **choices)[0].token


def test_a_link_signs_a_member_in_who_never_chose_a_password_as_often_as_needed(facilitator, ada):
    survey = opened(facilitator, "named")
    for token in (mailed(survey, ada), copied(facilitator, survey, ada)):
        followed = invitations.followed_link(token)
        assert (followed.survey_id, followed.person.id, followed.signs_in) == (survey.id, ada.person_id, True)
        for _ in range(2):
            session, survey_id = invitations.sign_in_by_link(token)
            assert (session.person_id, survey_id) == (ada.person_id, survey.id)
            cookie = sign_in.issue_token(session, followed.person.email)
            assert sign_in.read_token(cookie).person_id == ada.person_id


def test_looking_at_a_link_changes_nothing(facilitator, ada):
    survey = opened(facilitator)
    token = mailed(survey, ada)
    before = contents()
    for _ in range(3):
        invitations.followed_link(token)
    assert contents() == before


def test_only_a_hash_of_a_link_is_kept_and_it_is_long(facilitator, ada):
    survey = opened(facilitator)
    tokens = [mailed(survey, ada), copied(facilitator, survey, ada)]
    kept = "\n".join(
        str(tuple(row))
        for table in ("survey_link", "audit", "message")
        for row in store().read().execute(f"SELECT * FROM {table}")
    )
    for token in tokens:
        assert token not in kept and token[2:] not in kept
        assert len(token) - 2 >= 43  # 32 bytes


@pytest.mark.parametrize(
    "token", ["", "x", "m.", "m." + "A" * 43, "c." + "A" * 43, "A" * 5000, None, 7, "\x00", "😀"]
)
def test_a_guess_opens_nothing(facilitator, ada, token):
    mailed(opened(facilitator), ada)
    with pytest.raises(NotFound, match="does not work"):
        invitations.followed_link(token)
    with pytest.raises(NotFound, match="does not work"):
        invitations.sign_in_by_link(token)


def test_a_copied_link_cannot_be_turned_into_a_mailed_one(facilitator, ada):
    token = copied(facilitator, opened(facilitator), ada)
    with pytest.raises(NotFound):
        invitations.followed_link("m." + token[2:])


def test_a_link_ends_when_the_questionnaire_closes_by_hand_or_by_its_time(facilitator, ada):
    survey = opened(facilitator)
    token = mailed(survey, ada)
    closes = local(facilitator, hours=1)
    schedules.set_dates(facilitator, survey.id, closes=closes, revision=survey.revision)
    with clock.at(datetime.now(UTC) + timedelta(hours=1)), pytest.raises(NotFound):
        invitations.sign_in_by_link(token)
    invitations.sign_in_by_link(token)
    surveys.close_survey(facilitator, survey.id)
    with pytest.raises(NotFound):
        invitations.sign_in_by_link(token)


def test_a_link_ends_after_sixty_days(facilitator, ada):
    with clock.at(NOON):
        survey = opened(facilitator)
        token = mailed(survey, ada)
    with clock.at(NOON + timedelta(days=59)):
        invitations.followed_link(token)
    with clock.at(NOON + timedelta(days=60)):
        with pytest.raises(NotFound):
            invitations.followed_link(token)
        run_round()
    assert store().read().execute("SELECT count(*) FROM survey_link").fetchone()[0] == 0


def test_a_link_ends_with_its_persons_access_and_does_not_come_back_with_it(facilitator, ada):
    survey = opened(facilitator)
    token = mailed(survey, ada)
    people.end_access(MACHINE, ada.person_id)
    with pytest.raises(NotFound):
        invitations.sign_in_by_link(token)
    people.give_access(MACHINE, ada.person_id)
    with pytest.raises(NotFound):
        invitations.sign_in_by_link(token)


def test_a_new_link_replaces_the_earlier_ones_where_that_is_asked(facilitator, ada):
    survey = opened(facilitator)
    first, second = mailed(survey, ada), copied(facilitator, survey, ada)
    invitations.followed_link(first)
    third = copied(facilitator, survey, ada, replacing=True)
    for gone in (first, second):
        with pytest.raises(NotFound):
            invitations.followed_link(gone)
    assert invitations.followed_link(third).signs_in


@pytest.mark.parametrize("role", [Role.FACILITATOR, Role.TEAM_LEAD, Role.ADMIN])
def test_a_link_signs_in_nobody_who_may_do_more_than_answer(facilitator, ada, role):
    survey = opened(facilitator)
    token = mailed(survey, ada)
    boss = make_actor(role.value, "sales")
    with pytest.raises(InvalidInput, match="members"):
        invitations.make_links(facilitator, survey.id, [boss.person_id])
    assert boss.person_id not in [link.person.id for link in invitations.make_links(facilitator, survey.id)]
    change = {"name": "Ada", "team": Team.SALES, "role": role}
    people.change_person(MACHINE, ada.person_id, **change, revision=1)  # and nobody who has come to since
    assert not invitations.followed_link(token).signs_in
    with pytest.raises(WrongState, match="password"):
        invitations.sign_in_by_link(token)


def test_links_are_made_for_those_who_are_asked_while_it_is_open_by_those_who_run_it(facilitator, ada, bea):
    survey = draft(facilitator)
    survey = invitations.ask_people(facilitator, survey.id, [ada.person_id], revision=survey.revision)
    with pytest.raises(WrongState, match="not open"):
        invitations.make_links(facilitator, survey.id)
    surveys.open_survey(facilitator, survey.id)
    for not_asked in (bea.person_id, facilitator.person_id, "01NOBODY"):
        with pytest.raises(InvalidInput):
            invitations.make_links(facilitator, survey.id, [not_asked])
    for role in ("member", "team_lead"):
        with pytest.raises(NotPermitted):
            invitations.make_links(make_actor(role, "sales"), survey.id)
    assert [link.person.name for link in invitations.make_links(facilitator, survey.id)] == ["Ada"]


def test_making_a_link_is_in_the_audit_log_and_told_to_its_person(facilitator, ada):
    survey = opened(facilitator)
    copied(facilitator, survey, ada)
    (row,) = [row for row in audit(ada.person_id) if row["action"] == "make link"]
    assert row["actor"] == facilitator.person_id
    assert json.loads(row["after"]) == {"survey": survey.id, "replaces": False}
    copied(facilitator, survey, ada)
    told = messages.my_messages(ada)[0]
    assert told.kind is MessageKind.LINK and "Fia Facilitator has made" in told.body
    assert kinds(ada) == ["link", "invitation"]  # the later one takes the place of the earlier


NOT_NAMED = pytest.mark.parametrize("mode", ["confidential", "anonymous"])


def used(token):
    """Who comes in by a link, as the one who acts."""
    session, _ = invitations.sign_in_by_link(token)
    return Actor(session.person_id, session.signed_in_at)


def by_password(actor):
    session = sign_in.check(people_by_id()[actor.person_id].email, PASSWORD)
    return Actor(session.person_id, session.signed_in_at)


def people_by_id():
    return {entry.person.id: entry.person for entry in people.list_people(MACHINE)}


def begin(actor, survey):
    answers.save_answer(actor, survey.id, survey.questionnaire.questions[0].key, None)


@NOT_NAMED
def test_a_copied_link_works_once_and_no_later_one_does_either(facilitator, ada, mode):
    survey = opened(facilitator, mode)
    first, sent = copied(facilitator, survey, ada), mailed(survey, ada)
    hers = used(first)
    begin(hers, survey)
    for token in (first, copied(facilitator, survey, ada)):
        assert invitations.followed_link(token) == invitations.followed_link(sent)  # looking tells nothing
        with pytest.raises(WrongState, match="password"):
            invitations.sign_in_by_link(token)
    assert answers.my_progress(hers, survey.id).answers  # and she goes on in her browser
    assert invitations.sign_in_by_link(sent)[1] == survey.id  # what went to her own mailbox goes on working


@NOT_NAMED
@pytest.mark.parametrize("way", ["password", "mail", "invitation"])
def test_the_session_of_a_copied_link_ends_when_its_person_comes_in_otherwise(facilitator, ada, mode, way):
    survey = opened(facilitator, mode)
    hers = mailed(survey, ada)
    theirs = used(copied(facilitator, survey, ada))
    assert answers.my_progress(theirs, survey.id).answers == {}
    if way == "password":
        store().write(
            lambda c: sign_ins.set_password(c, ada.person_id, sign_in.hash_password(PASSWORD, PASSWORD))
        )
        ada = by_password(ada)
    elif way == "mail":
        ada = used(hers)
    else:
        session = people.accept_invitation(people.invite(MACHINE, ada.person_id).token, PASSWORD, PASSWORD)
        ada = Actor(session.person_id, session.signed_in_at)
    begin(ada, survey)
    with pytest.raises(NotPermitted, match="session has ended"):
        answers.my_progress(theirs, survey.id)
    if way == "password":  # signing in once more ends nothing of one's own
        by_password(ada)
        answers.my_progress(ada, survey.id)


@NOT_NAMED
def test_neither_a_refusal_nor_the_audit_log_tells_that_somebody_has_begun(facilitator, ada, bea, mode):
    cleo, dora = make_actor("member", "sales", "Cleo"), make_actor("member", "sales", "Dora")
    for one in (ada, bea):
        people.set_password(MACHINE, one.person_id, PASSWORD)
    survey = opened(facilitator, mode)
    links = {one: copied(facilitator, survey, one) for one in (ada, bea, cleo, dora)}
    begin(by_password(ada), survey)
    by_password(bea)
    begin(used(links[cleo]), survey)
    used(links[dora])
    rows = len(audit())
    said = set()
    for token in links.values():
        with pytest.raises(WrongState) as refused:
            invitations.sign_in_by_link(token)
        said.add(str(refused.value))
    assert len(said) == 1 and "begun" not in said.pop()
    assert len(audit()) == rows


def test_a_copied_link_to_one_survey_shows_no_answers_to_another(facilitator, ada):
    named, guarded = opened(facilitator, "named"), opened(facilitator)
    ada = used(mailed(guarded, ada))
    begin(ada, guarded)
    token = copied(facilitator, named, ada)
    with pytest.raises(WrongState, match="password"):
        invitations.sign_in_by_link(token)
    surveys.close_survey(facilitator, guarded.id)
    assert invitations.sign_in_by_link(token)[1] == named.id


def test_a_session_from_before_the_opening_counts_as_one_that_may_have_answered(facilitator, ada):
    with clock.at(NOON):
        earlier = opened(facilitator)
        invitations.sign_in_by_link(copied(facilitator, earlier, ada))
        surveys.close_survey(facilitator, earlier.id)
    for days, signs_in in ((6, False), (8, True)):
        with clock.at(NOON + timedelta(days=days)):
            survey = opened(facilitator)
            token = copied(facilitator, survey, ada)
            if signs_in:
                assert invitations.sign_in_by_link(token)[1] == survey.id
            else:
                with pytest.raises(WrongState, match="password"):
                    invitations.sign_in_by_link(token)
                surveys.close_survey(facilitator, survey.id)


@pytest.mark.parametrize("way", ["sign out", "change password", "set password"])
def test_signing_out_everywhere_and_a_new_password_end_personal_links(facilitator, ada, bea, way):
    survey = opened(facilitator)
    people.set_password(MACHINE, ada.person_id, PASSWORD)
    tokens, others = [mailed(survey, ada), copied(facilitator, survey, ada)], mailed(survey, bea)
    ada = by_password(ada)
    if way == "sign out":
        sign_in.end_every_session(ada)
    elif way == "change password":
        people.change_own_password(ada, PASSWORD, PASSWORD + "!", PASSWORD + "!")
    else:
        people.set_password(MACHINE, ada.person_id, PASSWORD)
    for token in tokens:
        with pytest.raises(NotFound):
            invitations.sign_in_by_link(token)
    assert invitations.sign_in_by_link(others)[1] == survey.id


def test_in_a_named_survey_a_copied_link_goes_on_working(facilitator, ada):
    survey = opened(facilitator, "named")
    assert survey.mode is Mode.NAMED
    token = copied(facilitator, survey, ada)
    finish(ada, survey)
    assert invitations.sign_in_by_link(token)[1] == survey.id


def test_who_tried_a_copied_link_first_is_out_once_its_person_uses_it(facilitator, ada):
    survey = opened(facilitator, "named")
    token = copied(facilitator, survey, ada)
    with clock.at(datetime.now(UTC) - timedelta(minutes=1)):
        earlier, _ = invitations.sign_in_by_link(token)
    email = invitations.followed_link(token).person.email
    cookie = sign_in.issue_token(earlier, email)
    assert sign_in.read_token(cookie) is not None
    invitations.sign_in_by_link(token)
    assert sign_in.read_token(cookie) is None


def test_instants_of_the_dates_are_kept_in_the_stores_form(facilitator):
    survey = draft(facilitator)
    survey = schedules.set_dates(
        facilitator, survey.id, closes=local(facilitator, days=1), revision=survey.revision
    )
    assert instants.to_text(instants.from_text(survey.closes_at)) == survey.closes_at
