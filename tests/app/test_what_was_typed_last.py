"""A click right after typing takes what was typed: the browser sends both at once, and no earlier run may decide."""

import pytest

from actions import clock, definitions, workshops
from alignment.people import Actor
from db.queries import definitions as stored
from db.store import store

RULE = {"version": 1, "all": [{"field": "employees", "op": ">=", "value": 50}]}


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
    app = open_page("pages/definitions/glossary.py", facilitator)
    app.session_state[f"glossary_edit_{draft}"] = True
    app.run()
    app.text_area(key=f"glossary_mql_{draft}_text").set_value("Fifty people.")
    app.button(key=f"glossary_mql_{draft}_save").click().run()
    assert not app.exception and not app.error
    assert stored.find(store().read(), draft).text == "Fifty people."


def test_a_draft_that_someone_changed_meanwhile_is_overwritten_only_after_saying_so(open_page, facilitator):
    draft = definitions.draft(acting(facilitator), "mql", "Ten people.", RULE)
    app = open_page("pages/definitions/glossary.py", facilitator)
    app.session_state[f"glossary_edit_{draft}"] = True
    app.run()
    definitions.edit(acting(facilitator), draft, 1, "Twenty people.", RULE, None)
    app.text_area(key=f"glossary_mql_{draft}_text").set_value("Fifty people.").run()
    app.button(key=f"glossary_mql_{draft}_save").click().run()
    assert "Someone changed" in errors(app)
    assert stored.find(store().read(), draft).text == "Twenty people."
    assert app.text_area(key=f"glossary_mql_{draft}_text").value == "Fifty people."
    app.button(key=f"glossary_mql_{draft}_save").click().run()
    assert not app.error
    assert stored.find(store().read(), draft).text == "Fifty people."


def test_a_topic_typed_last_is_added(open_page, facilitator):
    workshop_id = workshops.add_topic(acting(facilitator), None, title="How big?")
    app = open_page("pages/workshop/workshop.py", facilitator)
    app.text_input(key="workshop_topic_title").set_value("How soon?")
    app.button(key="workshop_topic_add").click().run()
    topics = workshops.read_workshop(acting(facilitator), workshop_id).topics
    assert [topic.title for topic in topics] == ["How big?", "How soon?"]
    app.button(key="workshop_topic_add").click().run()
    assert "is empty" in errors(app)
