"""What the Feedback screen says of the leads that were handed over."""

from datetime import timedelta

import pyarrow as pa
from histories import add_history, morning

from actions import imports
from alignment.people import MACHINE

FEEDBACK = "pages/leads/feedback.py"


def words(app):
    return " ".join(str(one.value) for one in (*app.subheader, *app.markdown, *app.caption))


def add_leads_that_went_on():
    """Twenty leads that became SQLs, as an export without decisions tells of them."""
    at = morning(40)
    rows = [{"lead_id": f"lead-{number}", "created_at": at} for number in range(20)]
    events = [
        {"lead_id": row["lead_id"], "type": "entered_stage", "stage": stage, "at": at + timedelta(days=day)}
        for row in rows
        for stage, day in (("mql", 0), ("sql", 3))
    ]
    imports.add_history(MACHINE, pa.Table.from_pylist(rows), pa.Table.from_pylist(events))


def test_it_begins_with_the_share_that_sales_accepted(open_page, make_person):
    add_history(20, start=morning(30))
    app = open_page(FEEDBACK, make_person())
    assert not app.exception
    assert "Sales accepted 60% of the 20 leads it decided on" in words(app)


def test_leads_that_went_on_without_a_recorded_decision_make_no_share(open_page, make_person):
    add_leads_that_went_on()
    app = open_page(FEEDBACK, make_person())
    assert not app.exception and not app.error
    assert "Of none of these leads it is recorded whether sales accepted or rejected it." in words(app)
    assert "which is the least to draw a share from" in words(app)
    assert not app.dataframe
