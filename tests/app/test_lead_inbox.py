"""Sales decides on leads on the screen; the others see what waits, what was decided, and what is wrong with the data."""

from datetime import timedelta

import pytest
from test_figures import texts

from actions import clock, lead_decisions, lead_inbox, lead_quality
from alignment.lead_decisions import Aspect, ContentVerdict, Objection
from alignment.lifecycle import RejectionReason
from alignment.people import MACHINE, Actor, Role
from tests.hostile import HOSTILE, LIVE, SHORT
from tests.lead_histories import History

PAGE = "pages/leads/leads.py"


@pytest.fixture
def inbox():
    history = History()
    for number in range(3):
        lead_id = f"lead {number}"
        history.lead(
            lead_id,
            "ads",
            company=f"Firm {number}",
            owner="Sue Seller",
            content="Guide",
            demo_requested="true",
        )
        history.enter(lead_id, "mql", clock.now() - timedelta(minutes=10 + number))
    return history.load()


@pytest.fixture
def sue(make_person):
    return make_person("member", "sales", "Sue Seller")


def acting(person):
    return Actor(person.id, clock.now_text())


def waiting():
    return [row.lead.lead_id for row in lead_inbox.read_inbox(MACHINE).rows]


def test_a_salesperson_goes_from_lead_to_lead_and_decides(open_page, inbox, sue):
    app = open_page(PAGE, sue)
    assert "3 leads wait for a decision; none longer than 48 business hours." in texts(app)
    assert "3 of them are yours." in texts(app)
    assert "Firm 0 · lead 0" in texts(app) and "Became an MQL" in texts(app)
    app.button(key="leads_lead 0_accept").click().run()
    assert waiting() == ["lead 1", "lead 2"]
    assert "Firm 1 · lead 1" in texts(app) and "Decided: lead 0" in texts(app)
    assert app.button(key="leads_lead 1_reject").disabled
    app.pills(key="leads_lead 1_reason").set_value(RejectionReason.NO_BUDGET).run()
    app.button(key="leads_lead 1_reject").click().run()
    assert waiting() == ["lead 2"]
    [latest, _] = lead_decisions.list_decisions(acting(sue)).entries
    assert (latest.reason, latest.person_name) == ("no_budget", "Sue Seller")
    app.button(key=f"leads_undo_{latest.id}").click().run()
    assert waiting() == ["lead 1", "lead 2"]
    assert not app.exception


def test_a_link_chooses_whose_leads_and_another_choice_stays(open_page, inbox, make_person):
    other = make_person("member", "sales", "Ben Buyer")
    app = open_page(PAGE, other, whose="own")
    assert "None of the leads that wait is yours" in app.success[0].value and "whose" not in app.query_params
    app.segmented_control(key="leads_whose").set_value(lead_inbox.Whose.ALL).run()
    assert "Firm 0 · lead 0" in texts(app) and not app.exception


def test_whoever_has_leads_that_wait_begins_with_these(open_page, inbox, sue, make_person):
    assert open_page(PAGE, sue).segmented_control(key="leads_whose").value == "own"
    other = open_page(PAGE, make_person("member", "sales", "Ben Buyer"))
    assert other.segmented_control(key="leads_whose").value == "all" and "Firm 0 · lead 0" in texts(other)


def test_several_leads_say_in_words_whether_they_are_overdue(open_page, inbox, sue):
    app = open_page(PAGE, sue)
    app.segmented_control(key="leads_view").set_value("many").run()
    assert list(app.dataframe[0].value["Waiting"]) == ["In time"] * 3


def test_a_lead_that_waits_is_decided_where_it_is_read(open_page, inbox, sue, make_person):
    app = open_page(PAGE, sue, lead="lead 1")
    app.button(key="leads_lead 1_accept").click().run()
    assert waiting() == ["lead 0", "lead 2"] and not app.exception
    assert "Sue Seller accepted" in texts(app)
    assert not [button for button in app.button if button.label in ("Accept", "Reject")]
    reader = open_page(PAGE, make_person("team_lead", "marketing"), lead="lead 2")
    assert not [button for button in reader.button if button.label in ("Accept", "Reject")]


def test_what_worked_goes_with_the_decision(open_page, inbox, sue):
    app = open_page(PAGE, sue)
    app.session_state["leads_lead 0_more"] = True
    app.run()
    app.pills(key="leads_lead 0_worked").set_value([Aspect.REAL_NEED])
    app.pills(key="leads_lead 0_objections").set_value([Objection.PRICE])
    app.pills(key="leads_lead 0_content_verdict").set_value(ContentVerdict.HELPED)
    app.text_input(key="leads_lead 0_note").set_value("Wants an offer.")
    app.button(key="leads_lead 0_accept").click().run()
    view = lead_inbox.read_lead(acting(sue), "lead 0")
    assert view.decisions[0].note == "Wants an offer."
    assert [aspect.value for aspect in view.given.feedback.worked] == ["real_need"]
    assert (view.given.feedback.content, view.given.feedback.content_verdict) == ("Guide", "helped")


def test_who_was_too_slow_reads_who_was_faster_and_goes_on(open_page, inbox, sue, make_person):
    app = open_page(PAGE, sue)
    lead_decisions.accept_leads(acting(make_person("member", "sales", "Sam Other")), ["lead 0"])
    app.button(key="leads_lead 0_accept").click().run()
    assert "Nothing was decided on lead 0: Sam Other has accepted it already." in texts(app)
    assert "Firm 1 · lead 1" in texts(app)


def test_many_are_decided_at_once(open_page, inbox, sue):
    history = History()
    for number in range(40):
        history.lead(f"old {number:02}", "fair").enter(
            f"old {number:02}", "mql", clock.now() - timedelta(days=90)
        )
    history.load()
    app = open_page(PAGE, sue)
    assert "43 leads wait for a decision; 40 have waited longer" in texts(app)
    app.segmented_control(key="leads_whose").set_value("all").run()
    app.segmented_control(key="leads_age").set_value("overdue").run()
    app.segmented_control(key="leads_view").set_value("many").run()
    app.checkbox(key="leads_many_all").check().run()
    app.pills(key="leads_many_reason").set_value(RejectionReason.UNREACHABLE).run()
    app.button(key="leads_many_reject").click().run()
    assert not app.exception
    assert waiting() == ["lead 0", "lead 1", "lead 2"]
    assert "Decided: 40 leads" in texts(app)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("part", ["waiting", "decided", "all", "quality"])
def test_everybody_sees_every_part_and_only_sales_is_offered_to_decide(
    open_page, inbox, make_person, role, part
):
    app = open_page(PAGE, make_person(role.value, "marketing"), part=part)
    assert not app.exception
    assert app.segmented_control(key="leads_part").value == part
    assert not [button for button in app.button if button.label in ("Accept", "Reject", "Undo")]


def test_a_lead_has_an_address_and_can_be_spoken_of(open_page, inbox, sue, make_person):
    app = open_page(PAGE, sue, lead="lead 0")
    assert "Firm 0 · lead 0" in texts(app)
    key = "leads_say_lead 0_0"
    app.pills(key=f"{key}_failed").set_value([Aspect.COMPLETE_DATA])
    app.text_area(key=f"{key}_said").set_value("The number was wrong.")
    next(button for button in app.button if button.label == "Keep").click().run()
    reader = open_page(PAGE, make_person("member", "marketing"), lead="lead 0")
    assert "[Did not work] Complete data" in texts(reader) and "The number was wrong." in texts(reader)
    assert "There is no lead" in texts(open_page(PAGE, sue, lead="nobody"))


def test_the_agreed_minimum_is_seen_by_both_and_changed_by_who_leads(open_page, inbox, make_person):
    lead = make_person("team_lead", "marketing", "Mia Lead")
    app = open_page(PAGE, lead, part="quality")
    assert "Nothing is agreed yet" in texts(app)
    app.multiselect(key="leads_minimum_fields_0").set_value(["employees"]).run()
    app.button(key="leads_minimum_keep").click().run()
    assert lead_quality.read_minimum(MACHINE).fields == ("employees",)
    seen = texts(open_page(PAGE, make_person("member", "sales"), part="quality"))
    assert "3 of 3 leads handed over lack information that was agreed on" in seen
    assert "Last changed by Mia Lead" in seen
    member = open_page(PAGE, make_person("member", "sales"), part="quality")
    assert not [found for found in member.multiselect if found.key == "leads_minimum_fields_1"]


def test_text_from_people_and_files_stays_text(open_page, sue):
    history = History().lead(
        "<b>1</b>", SHORT, company=HOSTILE, campaign=SHORT, content=SHORT, owner=SHORT, note=HOSTILE
    )
    history.event("<b>1</b>", "assigned", clock.now() - timedelta(hours=1))
    history.enter("<b>1</b>", "mql", clock.now() - timedelta(hours=1)).load()
    feedback = {"content": SHORT, "content_verdict": "hindered", "note": HOSTILE}
    lead_decisions.give_feedback(acting(sue), "<b>1</b>", feedback, 0)
    opened = [open_page(PAGE, sue), open_page(PAGE, sue, lead="<b>1</b>")]
    lead_decisions.reject_leads(acting(sue), ["<b>1</b>"], "other", note=HOSTILE)
    opened += [open_page(PAGE, sue, part=part) for part in ("decided", "all", "quality")]
    opened.append(open_page(PAGE, sue, lead="<b>1</b>"))
    for app in opened:
        assert not app.exception
        shown = (*app.markdown, *app.caption, *app.subheader)
        assert not [element.value for element in shown if LIVE.search(str(element.value))]
