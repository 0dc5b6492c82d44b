"""Workshop, glossary, cycle and start page as each role meets them."""

import re

import pytest

from actions import clock, cycles, definitions, workshops
from alignment.people import Actor, Role
from db.queries import definitions as stored
from db.store import store

RULE = {"version": 1, "all": [{"field": "employees", "op": ">=", "value": 50}]}
PAGES = (
    "pages/home/today.py",
    "pages/workshop/workshop.py",
    "pages/definitions/glossary.py",
    "pages/cycle/cycle.py",
)


def acting(person):
    return Actor(person.id, clock.now_text())


def texts(app):
    """What a reader sees: the escapes of markdown taken away."""
    shown = (*app.subheader, *app.markdown, *app.caption, *app.error, *app.warning)
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", " ".join(str(element.value) for element in shown))


def labels(app):
    return [button.label for button in app.button]


@pytest.fixture
def people(make_person):
    return {
        "facilitator": make_person("facilitator", None),
        "sales": make_person("team_lead", "sales"),
        "marketing": make_person("team_lead", "marketing"),
        "member": make_person("member", "sales"),
        "admin": make_person("admin", None),
    }


@pytest.fixture
def proposed(people):
    """The id of a proposed MQL definition with a rule."""
    facilitator = acting(people["facilitator"])
    definition_id = definitions.draft(facilitator, "mql", "Fifty people or more.", RULE)
    definitions.propose(facilitator, definition_id)
    return definition_id


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("path", PAGES)
def test_every_role_opens_every_page_of_an_empty_portal(open_page, make_person, path, role):
    app = open_page(path, make_person(role.value, "sales"))
    assert not app.exception
    assert app.title


@pytest.mark.parametrize("path", PAGES)
def test_nobody_sees_them_without_signing_in(open_page, people, path):
    app = open_page(path, None)
    assert not app.title
    assert [field.label for field in app.text_input] == ["E-mail", "Password"]


def test_an_empty_portal_says_what_to_do_next(open_page, people):
    assert "There is no workshop yet." in texts(
        open_page("pages/workshop/workshop.py", people["facilitator"])
    )
    assert "Start a cycle" in labels(open_page("pages/cycle/cycle.py", people["facilitator"]))
    assert "0 of 7 terms are agreed" in texts(open_page("pages/definitions/glossary.py", people["member"]))


def test_a_team_lead_signs_and_the_second_signature_puts_it_in_force(open_page, people, proposed):
    app = open_page("pages/definitions/glossary.py", people["sales"])
    assert "waits for your signature" in texts(app)
    app.button(key=f"glossary_sign_{proposed}").click().run()
    assert "waits for signatures" in texts(app)
    assert f"glossary_sign_{proposed}" not in [button.key for button in app.button]
    app = open_page("pages/definitions/glossary.py", people["marketing"])
    app.button(key=f"glossary_sign_{proposed}").click().run()
    assert "1 of 7 terms is agreed and in force" in texts(app)
    assert "A lead qualifies if employees is at least 50" in texts(app)


@pytest.mark.parametrize("who", ["facilitator", "member", "admin"])
def test_nobody_else_is_offered_a_signature(open_page, people, proposed, who):
    app = open_page("pages/definitions/glossary.py", people[who])
    assert f"glossary_sign_{proposed}" not in [button.key for button in app.button]


def test_a_signature_under_a_text_that_changed_meanwhile_is_refused_with_a_sentence(
    open_page, people, proposed
):
    app = open_page("pages/definitions/glossary.py", people["sales"])
    facilitator = acting(people["facilitator"])
    seen = stored.find(store().read(), proposed)
    definitions.edit(facilitator, proposed, seen.revision, "Something else.", RULE, None)
    definitions.propose(facilitator, proposed)
    app.button(key=f"glossary_sign_{proposed}").click().run()
    assert "was changed after you opened it" in texts(app)
    assert stored.find(store().read(), proposed).signatures == ()


def test_a_member_reads_and_acknowledges(open_page, people, proposed):
    for lead in ("sales", "marketing"):
        content = stored.find(store().read(), proposed).content_hash
        definitions.sign(acting(people[lead]), proposed, content)
    today = open_page("pages/home/today.py", people["member"])
    assert "you have not read it yet" in texts(today)
    app = open_page("pages/definitions/glossary.py", people["member"])
    app.button(key=f"glossary_read_{proposed}").click().run()
    assert "acknowledged by 3 of 3 people" in texts(app)
    assert "Nothing waits for you" in texts(open_page("pages/home/today.py", people["member"]))


def test_both_teams_vote_and_the_facilitator_closes(open_page, people):
    facilitator = acting(people["facilitator"])
    workshop_id = workshops.add_topic(facilitator, None, title="How big?")
    topic = workshops.read_workshop(facilitator, workshop_id).topics[0]
    proposal_id = workshops.propose(facilitator, topic.id, "mql", "Fifty people.", RULE)
    for lead in ("sales", "marketing"):
        app = open_page("pages/workshop/workshop.py", people[lead])
        app.segmented_control(key=f"workshop_vote_{proposal_id}").set_value("yes").run()
        assert "The result shows when voting closes" in texts(app)
    app = open_page("pages/workshop/workshop.py", people["facilitator"])
    app.button(key=f"workshop_close_{proposal_id}").click().run()
    assert "Agreed: both teams carry it." in texts(app)
    app.button(key=f"workshop_draft_{proposal_id}").click().run()
    assert not app.exception
    assert "MQL v1" in texts(open_page("pages/definitions/glossary.py", people["facilitator"]))


def test_text_from_people_shows_as_it_was_typed(open_page, people):
    nasty = "<img src=x onerror=alert(1)> ![x](https://evil.example/x.png) [click](javascript:alert(1)) :red[x] $x^2$"
    facilitator = acting(people["facilitator"])
    workshop_id = workshops.add_topic(facilitator, None, title=nasty, reason=nasty)
    topic = workshops.read_workshop(facilitator, workshop_id).topics[0]
    workshops.propose(facilitator, topic.id, "mql", nasty)
    definitions.propose(facilitator, definitions.draft(facilitator, "sal", nasty))
    for path in ("pages/workshop/workshop.py", "pages/definitions/glossary.py", "pages/home/today.py"):
        app = open_page(path, people["member"])
        assert not app.exception
        for element in (*app.markdown, *app.caption, *app.subheader):
            if "evil" in element.value:
                assert not re.search(r"(?<!\\)(<img|!\[|\]\(|:red\[|\$x)", element.value)


def test_the_cycle_says_what_is_missing(open_page, people):
    cycles.start_cycle(acting(people["facilitator"]), "Spring")
    app = open_page("pages/cycle/cycle.py", people["facilitator"])
    assert "“Spring” is in Identify: 3 things are missing before the next step." in texts(app)
    assert "cycle_advance" not in [button.key for button in app.button]
    today = open_page("pages/home/today.py", people["facilitator"])
    assert (
        "The cycle “Spring” goes on when a questionnaire has been put to both teams and is closed"
        in texts(today)
    )
