"""Sales decides on the leads it was handed, once each, and can take it back; nobody else decides."""

import json
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from people import make_actor

from actions import clock, lead_decisions, lead_feed, lead_inbox, lead_quality, settings
from actions.lead_decisions import accept_leads, give_feedback, reject_leads, undo_decisions
from alignment.company import Company
from alignment.errors import NotFound, NotPermitted, Refusal, StaleVersion
from alignment.people import MACHINE, Role
from db.queries import lead_inflow
from db.store import store
from leads.store import warehouse
from tests.lead_histories import History

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)  # a Wednesday
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def at_noon():
    with clock.at(NOW):
        yield


@pytest.fixture
def inbox():
    """Three leads wait: fresh, old and nobody's; four do not."""
    history = History()
    for lead_id, source, owner, hours in (
        ("fresh", "ads", "Sue Seller", 2),
        ("old", "fair", "Sam Other", 24 * 30),
        ("nobodys", None, None, 3),
    ):
        history.lead(lead_id, source, owner=owner, employees=80.0, campaign="spring", content="guide")
        history.enter(lead_id, "mql", NOW - hours * HOUR)
    for lead_id in ("accepted", "rejected", "went on", "lost", "later", "raw"):
        history.lead(lead_id, "ads", employees=None)
    for lead_id in ("accepted", "rejected", "went on", "lost"):
        history.enter(lead_id, "mql", NOW - 9 * HOUR)
    history.event("accepted", "accepted", NOW - 8 * HOUR)
    history.event("rejected", "rejected", NOW - 8 * HOUR, reason="no_need")
    history.enter("went on", "opportunity", NOW - 8 * HOUR)
    history.enter("lost", "lost", NOW - 8 * HOUR)
    history.enter("later", "mql", NOW + HOUR)
    return history.load()


@pytest.fixture
def sue():
    return make_actor("member", "sales", "Sue Seller")


def waiting(actor=MACHINE, **asked):
    return [row.lead.lead_id for row in lead_inbox.read_inbox(actor, **asked).rows]


def applied():
    """The latest episode of each lead, once everything that was taken has come into the facts."""
    lead_feed.apply_waiting(MACHINE)
    with warehouse().read() as facts:
        return {row["lead_id"]: row for row in facts.rows(facts.episode.filter(facts.episode["last"]))}


def taken():
    """The types of the events that wait for the facts, in order."""
    return [json.loads(item.content)["type"] for item in lead_inflow.after(store().read(), 0, 10_000)]


def test_only_what_was_handed_over_and_not_decided_waits_the_latest_first(inbox, sue):
    assert waiting() == ["fresh", "nobodys", "old"]
    assert waiting(order="longest") == ["old", "nobodys", "fresh"]
    assert waiting(sue, whose="own") == ["fresh"]
    assert waiting(sue, whose="nobody") == ["nobodys"]
    assert waiting(source="(blank)") == ["nobodys"]
    assert waiting(source="fair") == lead_inbox.list_waiting(MACHINE, source="fair") == ["old"]
    assert waiting(page=2) == []


def test_who_has_waited_longer_than_agreed_is_counted_and_found(inbox, sue):
    _, revision = settings.company_with_revision(MACHINE)
    settings.change_company(MACHINE, Company("Us", feedback_hours=40), revision)
    found = lead_inbox.read_inbox(sue)
    assert (found.counts.total, found.counts.overdue, found.counts.own, found.counts.nobodys) == (3, 1, 1, 1)
    assert found.counts.sources == {"(blank)": 1, "ads": 1, "fair": 1}
    assert (found.limit_hours, found.decides) == (40, True)
    assert waiting(age="overdue") == ["old"]
    assert waiting(age="in_time") == ["fresh", "nobodys"]
    assert [row.overdue for row in found.rows] == [False, False, True]


def test_an_inbox_without_leads_is_none():
    assert lead_inbox.read_inbox(MACHINE) is None
    assert lead_inbox.list_waiting(MACHINE) == []


def test_a_decision_is_out_of_the_inbox_at_once_and_in_the_facts_with_the_next_step(inbox, sue):
    done = accept_leads(sue, ["fresh"], note="Called back within the hour.")
    assert done.lead_ids == ("fresh",)
    reject_leads(sue, ["old"], "no_budget")
    assert waiting() == ["nobodys"]
    facts = applied()
    naive = NOW.replace(tzinfo=None)
    assert facts["fresh"]["accepted_at"] == facts["fresh"]["sal_at"] == naive
    assert (facts["old"]["rejected_at"], facts["old"]["reason"]) == (naive, "no_budget")
    assert waiting() == ["nobodys"]
    [entry] = lead_inbox.read_lead(sue, "fresh").decisions
    assert (entry.person_name, entry.note) == ("Sue Seller", "Called back within the hour.")
    assert (entry.lead.source, entry.lead.campaign, entry.lead.content) == ("ads", "spring", "guide")


def test_what_was_decided_stays_out_of_the_inbox_however_long_the_facts_are_behind(inbox, sue):
    accept_leads(sue, ["fresh"])
    reject_leads(sue, ["old"], "no_budget")
    with clock.at(NOW + timedelta(days=2)):
        assert waiting() == ["later", "nobodys"]
        assert accept_leads(sue, ["nobodys"]).lead_ids == ("nobodys",)
        with pytest.raises(StaleVersion):
            accept_leads(sue, ["fresh"])
        applied()
        assert waiting() == ["later"]


def test_taken_back_it_waits_again_and_counts_no_more(inbox, sue):
    done = accept_leads(sue, ["fresh"])
    applied()
    with clock.at(NOW + HOUR):
        assert undo_decisions(sue, done.batch_id) == 1
        assert waiting() == ["later", "fresh", "nobodys", "old"]
        facts = applied()["fresh"]
        told = [event["type"] for event in lead_inbox.read_lead(sue, "fresh").record.events]
        assert told == ["entered_stage"]
        assert facts["accepted_at"] is facts["sal_at"] is facts["rejected_at"] is None
        assert facts["mql_at"] is not None
        reject_leads(sue, ["fresh"], "bad_timing")
        facts = applied()["fresh"]
        assert (facts["accepted_at"], facts["reason"]) == (None, "bad_timing")
    with clock.at(NOW + 24 * HOUR):
        assert waiting() == ["later", "nobodys", "old"]


def test_who_decided_and_the_team_lead_take_back_and_nobody_twice(inbox, sue):
    done = accept_leads(sue, ["fresh", "old"])
    with pytest.raises(NotPermitted, match="Sue Seller decided this"):
        undo_decisions(make_actor("member", "sales"), done.batch_id)
    with pytest.raises(NotPermitted, match="Only sales"):
        undo_decisions(make_actor("team_lead", "marketing"), done.batch_id)
    assert undo_decisions(make_actor("team_lead", "sales"), done.batch_id) == 2
    with pytest.raises(NotFound, match="somebody has done so"):
        undo_decisions(sue, done.batch_id)
    assert waiting() == ["fresh", "nobodys", "old"]


def test_many_at_once_pass_over_what_somebody_else_has_decided(inbox, sue):
    accept_leads(make_actor("member", "sales", "Sam Other"), ["old"])
    done = reject_leads(sue, ["fresh", "old", "accepted", "raw", "nobodys", "fresh"], "not_a_fit")
    assert done.lead_ids == ("fresh", "nobodys")
    assert dict(done.passed_over) == {
        "old": "Sam Other has accepted it already",
        "accepted": "it is decided already",
        "raw": "it was never handed over",
    }
    assert waiting() == []
    [latest, first] = lead_decisions.list_decisions(sue).entries
    assert (latest.count, latest.standing, latest.reason, latest.lead_id) == (2, 2, "not_a_fit", "")
    assert (first.count, first.lead_id, first.person_name) == (1, "old", "Sam Other")
    assert lead_decisions.list_decisions(sue).own == {latest.id}


def test_two_people_who_decide_at_the_same_moment_decide_once(inbox):
    people = [make_actor("member", "sales", f"Seller {number}") for number in range(4)]
    ready, outcomes = Barrier(len(people)), []

    def decide(actor, number):
        with clock.at(NOW):
            ready.wait()
            try:
                decided = (
                    accept_leads(actor, ["fresh"])
                    if number % 2
                    else reject_leads(actor, ["fresh"], "no_need")
                )
                outcomes.append(decided.lead_ids)
            except StaleVersion as refusal:
                outcomes.append(str(refusal))

    threads = [Thread(target=decide, args=(actor, number)) for number, actor in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(("fresh",)) == 1
    told = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert len(told) == 3 and all("Nothing was decided on fresh: Seller " in sentence for sentence in told)
    assert taken() in (["rejected"], ["accepted", "entered_stage"])


def test_a_lead_that_comes_back_waits_for_a_decision_of_its_own(inbox, sue):
    reject_leads(sue, ["fresh"], "bad_timing")
    applied()
    again = History().lead("fresh", "ads").enter("fresh", "mql", NOW + 24 * 30 * HOUR)
    again.load()
    with clock.at(NOW + 24 * 31 * HOUR):
        assert "fresh" in waiting()
        accept_leads(sue, ["fresh"])
        assert "fresh" not in waiting()
        assert len(lead_inbox.read_lead(sue, "fresh").decisions) == 2


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("team", ["sales", "marketing"])
def test_only_sales_decides(inbox, role, team):
    actor = make_actor(role.value, team)
    may = team == "sales" and role in (Role.MEMBER, Role.TEAM_LEAD)
    assert lead_inbox.read_inbox(actor).decides is may
    if may:
        assert accept_leads(actor, ["fresh"]).lead_ids == ("fresh",)
    else:
        for attempt in (
            lambda: accept_leads(actor, ["fresh"]),
            lambda: reject_leads(actor, ["fresh"], "no_need"),
            lambda: give_feedback(actor, "fresh", {"note": "x"}, 0),
        ):
            with pytest.raises(NotPermitted):
                attempt()


def test_the_machine_and_people_without_a_team_do_not_decide(inbox):
    for actor in (MACHINE, make_actor("facilitator", None)):
        with pytest.raises(NotPermitted, match=r"in sales|As facilitator"):
            accept_leads(actor, ["fresh"])


@pytest.mark.parametrize(
    "attempt",
    [
        lambda sue: accept_leads(sue, []),
        lambda sue: accept_leads(sue, "fresh"),
        lambda sue: accept_leads(sue, [None]),
        lambda sue: accept_leads(sue, ["x" * 501]),
        lambda sue: accept_leads(sue, [f"lead {number}" for number in range(1_001)]),
        lambda sue: accept_leads(sue, ["fresh"], note="x" * 1_001),
        lambda sue: accept_leads(sue, ["fresh"], feedback={"worked": ["magic"]}),
        lambda sue: accept_leads(sue, ["fresh", "old"], feedback={"note": "both fine"}),
        lambda sue: reject_leads(sue, ["fresh"], ""),
        lambda sue: reject_leads(sue, ["fresh"], "because"),
        lambda sue: reject_leads(sue, ["raw"], "no_need"),
        lambda sue: give_feedback(sue, "fresh", {}, 0),
        lambda sue: give_feedback(sue, "fresh", {"note": "x"}, 1),
        lambda sue: give_feedback(sue, "raw", {"note": "x"}, 0),
        lambda sue: give_feedback(sue, "fresh", {"worked": ["timing"], "failed": ["timing"]}, 0),
        lambda sue: give_feedback(sue, "fresh", {"content_verdict": "helped"}, 0),
        lambda sue: lead_inbox.read_inbox(sue, whose="everyone's"),
        lambda sue: lead_inbox.read_inbox(sue, age="ripe"),
        lambda sue: lead_inbox.read_lead(sue, "nowhere"),
    ],
)
def test_what_cannot_be_used_gets_a_sentence_and_changes_nothing(inbox, sue, attempt):
    with pytest.raises(Refusal):
        attempt(sue)
    assert waiting() == ["fresh", "nobodys", "old"]
    assert taken() == []
    assert lead_decisions.list_decisions(sue).total == 0
    assert lead_inbox.read_lead(sue, "fresh").given is None


def test_feedback_goes_with_a_decision_or_comes_later_and_nobody_overwrites_what_they_have_not_seen(
    inbox, sue
):
    accept_leads(
        sue,
        ["fresh"],
        feedback={
            "worked": ["real_need", "timing"],
            "failed": ["complete_data"],
            "objections": ["price"],
            "content": "guide",
            "content_verdict": "helped",
            "note": "Knew exactly what they want.",
        },
    )
    given = lead_inbox.read_lead(sue, "fresh").given
    assert [aspect.value for aspect in given.feedback.worked] == ["real_need", "timing"]
    assert (given.feedback.content, given.person_name, given.revision) == ("guide", "Sue Seller", 1)
    sam = make_actor("member", "sales", "Sam Other")
    with pytest.raises(StaleVersion, match="somebody else"):
        give_feedback(sam, "fresh", {"note": "mine"}, 0)
    give_feedback(sam, "fresh", {"objections": ["trust"], "note": "Later they asked for references."}, 1)
    given = lead_inbox.read_lead(sue, "fresh").given
    assert (given.person_name, given.revision, given.feedback.worked) == ("Sam Other", 2, ())
    with pytest.raises(StaleVersion):
        accept_leads(sue, ["old"], feedback={"note": "x"}, feedback_revision=3)
    assert "old" in waiting()
    give_feedback(sam, "accepted", {"failed": ["speed_of_handover"]}, 0)
    assert lead_inbox.read_lead(sue, "accepted").given.revision == 1


def test_a_lead_tells_how_it_came_what_happened_and_what_is_missing(inbox, sue):
    lead_quality.change_minimum(make_actor("team_lead", "sales"), ["employees", "country"], [], 0)
    view = lead_inbox.read_lead(sue, "went on")
    assert [(event["type"], event["stage"]) for event in view.record.events] == [
        ("entered_stage", "mql"),
        ("entered_stage", "opportunity"),
    ]
    assert view.missing == ("Employees", "Country")
    assert (view.record.waiting, view.definition, view.explanation) == (False, None, None)
    assert lead_inbox.read_lead(sue, "raw").record.handed_over is None
    assert [row.missing for row in lead_inbox.read_inbox(sue).rows] == [("Country",)] * 3


def test_live_screens_learn_of_every_change(inbox, sue):
    seen = [lead_inbox.read_revision(sue)]
    done = accept_leads(sue, ["fresh"])
    seen.append(lead_inbox.read_revision(sue))
    with clock.at(NOW + HOUR):
        undo_decisions(sue, done.batch_id)
        seen.append(lead_inbox.read_revision(sue))
        give_feedback(sue, "fresh", {"note": "x"}, 0)
        seen.append(lead_inbox.read_revision(sue))
    applied()
    seen.append(lead_inbox.read_revision(sue))
    assert len(set(seen)) == len(seen)


def test_a_thousand_are_decided_and_taken_back_at_once(sue):
    history = History()
    for number in range(1_000):
        history.lead(f"lead {number}", "ads").enter(f"lead {number}", "mql", NOW - HOUR)
    history.load()
    ids = lead_inbox.list_waiting(sue)
    assert len(ids) == 1_000
    done = reject_leads(sue, ids, "unreachable")
    assert len(done.lead_ids) == 1_000 and waiting() == []
    assert undo_decisions(sue, done.batch_id) == 1_000
    assert lead_inbox.read_inbox(sue).counts.total == 1_000
