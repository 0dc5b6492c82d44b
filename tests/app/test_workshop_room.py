"""The workshop says which one it is, how old what it tells is, and lets a rule start from what a team asks for."""

from datetime import UTC, datetime

from test_agreements import acting, texts

from actions import answers, clock, surveys, workshops
from alignment.people import MACHINE, Actor, Team
from components.rule_editor import describe_rule

PAGE = "pages/workshop/workshop.py"
TOML = """
title = "Size"
mode = "confidential"
min_group = 3
[[questions]]
key = "size"
topic = "fit"
type = "number"
field = "employees"
text = "From how many employees on?"
"""


def of_september(make_person):
    """A closed questionnaire of September 2025: sales asks for 100 employees, marketing for 10."""
    with clock.at(datetime(2025, 9, 20, tzinfo=UTC)):
        survey = surveys.open_survey(MACHINE, surveys.prepare_survey(MACHINE, toml=TOML).id)
        for team, size in ((Team.SALES, 100.0), (Team.MARKETING, 10.0)):
            for _ in range(4):
                who = Actor(make_person("member", team.value).id, clock.now_text())
                answers.save_answer(who, survey.id, "size", size)
                answers.submit_answers(who, survey.id)
        return surveys.close_survey(MACHINE, survey.id)


def at_work(make_person):
    """(a facilitator, the workshop with the question of size on its table)."""
    survey = of_september(make_person)
    facilitator = make_person("facilitator", None)
    room = workshops.open_workshop(acting(facilitator), "Autumn table")
    workshops.add_topic(
        acting(facilitator),
        room,
        title="Size",
        reason="Sales says 100.",
        survey_id=survey.id,
        question_key="size",
    )
    return facilitator, room


def test_the_heading_has_the_name_and_findings_have_their_month(open_page, make_person):
    facilitator, _ = at_work(make_person)
    app = open_page(PAGE, facilitator)
    assert "Autumn table, " in app.subheader[0].value and "0 of 1 topic agreed" in app.subheader[0].value
    assert "Sales says 100. As answered in September 2025." in texts(app)


def test_where_no_workshop_is_open_a_facilitator_opens_the_next_one(open_page, make_person):
    facilitator, room = at_work(make_person)
    assert "workshop_open_next" not in [one.key for one in open_page(PAGE, facilitator).button]
    workshops.close_workshop(acting(facilitator), room)
    app = open_page(PAGE, facilitator)
    assert "Autumn table" in app.subheader[0].value and "closed" in app.subheader[0].value
    app.button(key="workshop_open_next").click().run()
    assert app.text_input(key="workshop_new_title") and not app.exception
    member = open_page(PAGE, make_person("member", "sales"))
    assert "workshop_open_next" not in [one.key for one in member.button]


def test_a_proposal_starts_from_the_typical_rule_of_either_team(open_page, make_person):
    facilitator, room = at_work(make_person)
    topic = workshops.read_workshop(acting(facilitator), room).topics[0]
    app = open_page(PAGE, facilitator)
    assert "Sales: a lead qualifies if employees is at least 100." in texts(app)
    assert "Marketing: a lead qualifies if employees is at least 10." in texts(app)
    app.button(key=f"workshop_start_{topic.id}_marketing").click().run()
    editor = next(one for one in app.segmented_control if (one.key or "").endswith("_marketing_mode"))
    assert editor.value == "Conditions"
    app.text_area(key="workshop_propose_text_mql").set_value("From ten employees on.")
    app.button(key="workshop_propose").click().run()
    assert not app.exception
    proposal = workshops.read_workshop(acting(facilitator), room).topics[0].voting
    assert describe_rule(proposal.rule) == "A lead qualifies if employees is at least 10\\."
