"""Marketing sees what sales says of its leads, by source, campaign and content."""

from datetime import UTC, date, datetime, timedelta

import pytest
from people import make_actor

from actions import clock, lead_feedback
from actions.lead_decisions import accept_leads, give_feedback
from actions.lead_feed import apply_waiting
from alignment.errors import InvalidInput
from alignment.lead_decisions import Aspect, Objection
from alignment.people import MACHINE
from tests.lead_histories import History

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def at_noon():
    with clock.at(NOW):
        yield


@pytest.fixture
def spoken_of():
    """Eight leads of ads and fairs, of which sales accepted five, and said something of three."""
    history = History()
    for number in range(8):
        source = "ads" if number < 5 else (None if number == 7 else "fair")
        lead_id = f"lead {number}"
        history.lead(lead_id, source, campaign="spring" if number % 2 else None, content="guide")
        history.enter(lead_id, "mql", NOW - (30 + number) * 24 * HOUR)
        if number < 4:
            history.event(lead_id, "accepted", NOW - 20 * 24 * HOUR)
        elif number < 7:
            history.event(lead_id, "rejected", NOW - 20 * 24 * HOUR, reason="no_need" if number < 6 else None)
    history.load()
    sue = make_actor("member", "sales", "Sue Seller")
    accept_leads(sue, ["lead 7"])
    said = (
        ("lead 0", {"worked": ["real_need", "timing"], "objections": ["price"], "note": "Wants an offer."}),
        ("lead 1", {"worked": ["real_need"], "content": "guide", "content_verdict": "helped"}),
        (
            "lead 7",
            {"failed": ["timing"], "content": "guide", "content_verdict": "hindered", "note": "Too early."},
        ),
    )
    for number, (lead_id, feedback) in enumerate(said):
        with clock.at(NOW + number * HOUR):
            give_feedback(sue, lead_id, feedback, 0)
    apply_waiting(MACHINE)


def test_sales_feedback_is_put_together_for_all_and_by_source(spoken_of):
    view = lead_feedback.read_feedback(MACHINE)
    accepted = {
        group.value: (group.acceptance.numerator, group.acceptance.denominator, group.said)
        for group in view.groups
    }
    assert accepted == {"ads": (4, 5, 2), "fair": (0, 2, 0), "(blank)": (1, 1, 1)}
    assert (view.total.acceptance.numerator, view.total.acceptance.denominator, view.total.said) == (5, 8, 3)
    assert view.reasons == {"no_need": 2, "(none)": 1}
    assert view.worked == {Aspect.REAL_NEED: 2, Aspect.TIMING: 1}
    assert view.failed == {Aspect.TIMING: 1}
    assert view.objections == {Objection.PRICE: 1}
    [guide] = view.contents
    assert (guide.name, guide.helped, guide.no_difference, guide.hindered) == ("guide", 1, 0, 1)
    assert [given.feedback.note for given in view.notes] == ["Too early.", "Wants an offer."]


def test_it_can_be_kept_to_one_source_one_period_and_split_otherwise(spoken_of):
    ads = lead_feedback.read_feedback(MACHINE, value="ads")
    assert (ads.total.acceptance.denominator, ads.total.said, ads.note_count) == (5, 2, 1)
    assert ads.reasons == {"no_need": 1} and not ads.failed
    blank = lead_feedback.read_feedback(MACHINE, value="(blank)")
    assert (blank.total.acceptance.denominator, blank.total.said) == (1, 1)
    by_campaign = lead_feedback.read_feedback(MACHINE, by="campaign")
    assert {group.value: group.acceptance.denominator for group in by_campaign.groups} == {
        "spring": 4,
        "(blank)": 4,
    }
    lately = lead_feedback.read_feedback(MACHINE, first_day=date(2026, 2, 1))
    assert (lately.total.acceptance.denominator, lately.total.said) == (2, 2)
    assert lead_feedback.read_feedback(MACHINE, page=2).notes == ()


def test_what_is_no_split_is_refused_and_an_empty_portal_has_none():
    with pytest.raises(InvalidInput):
        lead_feedback.read_feedback(MACHINE, by="colour")
    assert lead_feedback.read_feedback(MACHINE) is None
