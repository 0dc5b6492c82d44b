"""A click right after typing takes what was typed: the browser sends both at once, and no earlier run may decide."""

import pytest

from actions import clock, definitions, workshops
from alignment.people import Actor
from db.queries import definitions as stored
from db.store import store

RULE = {"version": 1, "all": [{"field": "employees", "op": ">=", "value": 50}]}
LARGER = {"version": 1, "all": [{"field": "employees", "op": ">=", "value": 90}]}


def acting(person):
    return Actor(person.id, clock.now_text())


@pytest.fixture
def facilitator(make_person):
    return make_person("facilitator", None)


def errors(app):
    return " ".join(error.value for error in app.error)


def test_the_wording_typed_last_is_put_to_the_vote(open_page, facilitator):
    workshop_id = workshops.add_topic(acting(facilitator), None, title="How big?")
    app = open_page("pages/workshop/workshop.py", facilitator)
    app.text_area(key="workshop_propose_text_mql").set_value("Ten people.").run()
    app.text_area(key="workshop_propose_text_mql").set_value("Fifty people.")
    app.button(key="workshop_propose").click().run()
    (proposal,) = workshops.read_workshop(acting(facilitator), workshop_id).topics[0].proposals
    assert proposal.text == "Fifty people."


def test_a_rule_that_is_not_complete_is_not_put_to_the_vote_as_if_there_were_none(open_page, facilitator):
    workshop_id = workshops.add_topic(acting(facilitator), None, title="How big?")
    app = open_page("pages/workshop/workshop.py", facilitator)
    app.segmented_control(key="workshop_propose_mql_mode").set_value("Conditions")
    app.text_area(key="workshop_propose_text_mql").set_value("Fifty people.")
    app.button(key="workshop_propose").click().run()
    assert "not complete yet" in errors(app)
    assert workshops.read_workshop(acting(facilitator), workshop_id).topics[0].proposals == ()


def test_the_definition_typed_last_is_saved(open_page, facilitator):
    draft = definitions.draft(acting(facilitator), "mql", "Ten people.", RULE)
    app = open_page("pages/definitions/definition.py", facilitator, term="mql")
    app.session_state[f"definition_edit_{draft}"] = True
    app.run()
    app.text_area(key=f"definition_mql_{draft}_text").set_value("Fifty people.")
    app.button(key=f"definition_mql_{draft}_save").click().run()
    assert not app.exception and not app.error
    assert stored.find(store().read(), draft).text == "Fifty people."


def edited_by_two(open_page, facilitator):
    """(page, id of the draft): one typed another text while somebody else changed the day and the rule, and saved it."""
    draft = definitions.draft(acting(facilitator), "mql", "Ten people.", RULE)
    app = open_page("pages/definitions/definition.py", facilitator, term="mql")
    app.session_state[f"definition_edit_{draft}"] = True
    app.run()
    definitions.edit(acting(facilitator), draft, 1, "Ten people.", LARGER, None)
    app.text_area(key=f"definition_mql_{draft}_text").set_value("Fifty people.").run()
    app.button(key=f"definition_mql_{draft}_save").click().run()
    assert "Someone changed" in errors(app)
    return app, draft


def test_of_two_who_edit_a_draft_the_second_sees_both_contents_and_loses_nothing(open_page, facilitator):
    app, draft = edited_by_two(open_page, facilitator)
    assert stored.find(store().read(), draft).rule == LARGER
    assert app.text_area(key=f"definition_mql_{draft}_text").value == "Fifty people."
    shown = " ".join(element.value for element in (*app.markdown, *app.caption))
    assert ":red[~~Ten~~] :green-background[Fifty] people." in shown
    assert ":red[~~50~~] :green-background[90]" in shown


@pytest.mark.parametrize(
    ("button", "text", "rule"),
    [
        ("merged", "Fifty people.", "LARGER"),
        ("mine", "Fifty people.", "RULE"),
        ("theirs", "Ten people.", "LARGER"),
    ],
)
def test_each_way_out_of_a_conflict_keeps_what_it_says(open_page, facilitator, button, text, rule):
    app, draft = edited_by_two(open_page, facilitator)
    app.button(key=f"definition_mql_{draft}_keep_{button}").click().run()
    assert not app.exception and not app.error
    found = stored.find(store().read(), draft)
    assert (found.text, found.rule) == (text, globals()[rule])
    app.session_state[f"definition_edit_{draft}"] = True
    app.run()
    assert app.text_area(key=f"definition_mql_{draft}_text").value == text


def test_a_topic_typed_last_is_added(open_page, facilitator):
    workshop_id = workshops.add_topic(acting(facilitator), None, title="How big?")
    app = open_page("pages/workshop/workshop.py", facilitator)
    app.text_input(key="workshop_topic_title").set_value("How soon?")
    app.button(key="workshop_topic_add").click().run()
    topics = workshops.read_workshop(acting(facilitator), workshop_id).topics
    assert [topic.title for topic in topics] == ["How big?", "How soon?"]
    app.button(key="workshop_topic_add").click().run()
    assert "is empty" in errors(app)
