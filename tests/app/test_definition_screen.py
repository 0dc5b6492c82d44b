"""One term as each role meets it: what is agreed, what changed, who has read it, and leads that show what it means."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from actions import clock, definitions, glossary_terms
from alignment.people import Actor, Role, Team
from db.queries import definitions as stored
from db.store import store
from tests.lead_histories import History

PAGE = "pages/definitions/definition.py"
GLOSSARY = "pages/definitions/glossary.py"
NASTY = (
    "<img src=x onerror=alert(1)> ![x](https://evil.example/x.png) [click](javascript:alert(1)) :red[x] $x^2$"
)


def rule(size):
    return {"version": 1, "all": [{"field": "employees", "op": ">=", "value": size}]}


def acting(person):
    return Actor(person.id, clock.now_text())


def texts(app):
    shown = (*app.subheader, *app.markdown, *app.caption, *app.error, *app.warning, *app.info)
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", " ".join(str(element.value) for element in shown))


def keys(app):
    return [button.key for button in app.button]


@pytest.fixture
def people(make_person):
    return {
        "facilitator": make_person("facilitator", None),
        "sales": make_person("team_lead", "sales"),
        "marketing": make_person("team_lead", "marketing"),
        "member": make_person("member", "sales", name="Mona Member"),
        "admin": make_person("admin", None),
    }


@pytest.fixture
def leads():
    """Ten leads of 10, 20 … 100 employees; every other one was won."""
    history = History()
    for number in range(1, 11):
        came = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(days=number)
        history.lead(
            f"L{number}", employees=float(10 * number), industry="retail", company=f"Firma{number} GmbH"
        )
        history.enter(f"L{number}", "mql", came)
        history.enter(f"L{number}", "won" if number % 2 else "lost", came + timedelta(days=9))
    history.load()


def agree(people, text, size=None):
    version = definitions.draft(acting(people["facilitator"]), "mql", text, rule(size) if size else None)
    definitions.propose(acting(people["facilitator"]), version)
    for lead in ("sales", "marketing"):
        definitions.sign(acting(people[lead]), version, stored.find(store().read(), version).content_hash)
    return version


@pytest.mark.parametrize("role", Role)
def test_every_role_opens_a_term_that_nobody_has_touched(open_page, make_person, role):
    app = open_page(PAGE, make_person(role.value, "sales"), term="mql")
    assert not app.exception
    assert "have not agreed yet what MQL means" in texts(app)


@pytest.mark.parametrize("query", [{}, {"term": "nonsense"}])
def test_a_link_that_leads_nowhere_says_so(open_page, people, query):
    app = open_page(PAGE, people["member"], **query)
    assert not app.exception
    assert "glossary" in texts(app)


def test_a_draft_begins_with_a_text_to_fill_in(open_page, people):
    app = open_page(PAGE, people["facilitator"], term="sal")
    assert "one of the agreed reasons" in app.text_area(key="definition_sal_new_text").value
    app.text_area(key="definition_sal_new_text").set_value("Sales takes it on.")
    app.button(key="definition_sal_new_save").click().run()
    assert not app.exception
    assert "SAL v1 is being drafted" in texts(app)
    assert "Sales takes it on." in texts(app)


def test_a_permanent_link_leads_to_its_version_whatever_came_later(open_page, people):
    agree(people, "Ten people.", 10)
    agree(people, "Fifty people.", 50)
    app = open_page(PAGE, people["member"], term="mql", version="1")
    assert "MQL v1 was in force" in texts(app)
    assert "In force now is MQL v2." in texts(app)
    assert "Ten people." in texts(app)
    missing = open_page(PAGE, people["member"], term="mql", version="7")
    assert "there is none of this number" in texts(missing)
    assert "MQL v2 is agreed" in texts(missing)


def test_what_changed_is_told_in_words_and_in_leads(open_page, people, leads):
    agree(people, "Ten people.", 10)
    agree(people, "Fifty people.", 50)
    app = open_page(PAGE, people["member"], term="mql")
    shown = " ".join(element.value for element in app.markdown)
    assert ":red[~~Ten~~] :green-background[Fifty] people." in shown
    assert ":red[~~10~~] :green-background[50]" in shown
    assert "4 leads of 10" in texts(app) and "2 of them were won" in texts(app)
    app.selectbox(key="definition_from_mql").select_index(1).run()
    assert "Choose two different versions." in texts(app)


def test_the_rule_is_taken_away_as_another_system_reads_it(open_page, people, leads):
    version = agree(people, "Fifty people.", 50)
    app = open_page(PAGE, people["member"], term="mql")
    app.button(key=f"definition_{version}_exports").click().run()
    assert not app.exception
    assert any(code.value and '"employees"' in code.value for code in app.code)
    assert "Salesforce SOQL" in app.selectbox(key=f"definition_{version}_target").options


@pytest.mark.parametrize(
    ("who", "first", "whose"),
    [
        ("sales", True, "your signature"),
        ("marketing", False, "the signature of sales"),
        ("facilitator", False, "the signature of sales"),
    ],
)
def test_what_waits_for_a_signature_stands_first_for_who_is_to_sign(open_page, people, who, first, whose):
    agree(people, "Ten people.")
    version = definitions.draft(acting(people["facilitator"]), "mql", "Fifty people.")
    definitions.propose(acting(people["facilitator"]), version)
    definitions.sign(acting(people["marketing"]), version, stored.find(store().read(), version).content_hash)
    headings = [one.value for one in open_page(PAGE, people[who], term="mql").subheader]
    assert f"MQL v2 waits for {whose}." in headings[0]
    assert (headings[1:3] == ["Being prepared", "In force"]) is first
    assert "Being prepared" in headings


def test_a_draft_of_ones_own_stands_first(open_page, people):
    agree(people, "Ten people.")
    definitions.draft(acting(people["facilitator"]), "mql", "Fifty people.")
    for who, first in (("facilitator", True), ("sales", False)):
        headings = [one.value for one in open_page(PAGE, people[who], term="mql").subheader]
        assert (headings[1:3] == ["Being prepared", "In force"]) is first


@pytest.mark.parametrize(
    ("text", "size", "asked"), [("Many.", 50, True), ("Many.", 60, False), ("Ten.", 50, False)]
)
def test_a_text_that_changed_without_its_rule_is_asked_about(open_page, people, text, size, asked):
    agree(people, "Ten.", 50)
    definitions.draft(acting(people["facilitator"]), "mql", text, rule(size))
    shown = texts(open_page(PAGE, people["facilitator"], term="mql"))
    assert ("Does the text still say the same?" in shown) is asked
    assert not asked or "The rule is unchanged: A lead qualifies if employees is at least 50. Does" in shown


def test_evidence_that_was_frozen_stands_beside_the_signature(open_page, people, leads):
    version = definitions.draft(acting(people["facilitator"]), "mql", "Fifty people.", rule(50))
    definitions.propose(acting(people["facilitator"]), version)
    app = open_page(PAGE, people["sales"], term="mql")
    assert "What past leads said when it was proposed" in texts(app)
    assert f"definition_sign_{version}" in keys(app)
    app.button(key=f"definition_sign_{version}").click().run()
    assert f"definition_sign_{version}" not in keys(app)


def test_signatures_that_an_edit_made_void_are_seen_to_be(open_page, people):
    facilitator = acting(people["facilitator"])
    version = definitions.draft(facilitator, "mql", "Fifty people.")
    definitions.propose(facilitator, version)
    seen = stored.find(store().read(), version)
    definitions.sign(acting(people["sales"]), version, seen.content_hash)
    seen = stored.find(store().read(), version)
    definitions.edit(facilitator, version, seen.revision, "Ninety people.", None, None)
    definitions.propose(facilitator, version)
    app = open_page(PAGE, people["marketing"], term="mql")
    assert "Signed before, void since" in texts(app)


def test_whoever_follows_it_up_sees_who_has_not_read_it(open_page, people):
    version = agree(people, "Fifty people.")
    assert "Mona Member (sales)" in texts(open_page(PAGE, people["facilitator"], term="mql"))
    member = open_page(PAGE, people["member"], term="mql")
    assert "Mona Member (sales)" not in texts(member)
    member.button(key=f"definition_read_{version}").click().run()
    assert "acknowledged by 3 of 3 people" in texts(member)


def test_leads_are_picked_and_seen_to_contradict_a_draft(open_page, people, leads):
    agree(people, "Fifty people.", 50)
    app = open_page(PAGE, people["facilitator"], term="mql")
    app.session_state["definition_pick_mql"] = True
    app.run()
    add = next(button for button in app.button if button.label == "Use as an example")
    add.click().run()
    assert not app.exception
    (example,) = glossary_terms.read_examples(acting(people["member"]), "mql")
    assert example.example.qualifies
    definitions.draft(acting(people["facilitator"]), "mql", "Two hundred people.", rule(200))
    app = open_page(PAGE, people["facilitator"], term="mql")
    assert "the one lead that shows what MQL means would be on the other side" in texts(app)
    member = open_page(PAGE, people["member"], term="mql")
    assert "The rule says: counts." in texts(member)
    assert "Firma" not in texts(member)


def test_both_sides_are_described_on_the_page(open_page, people):
    app = open_page(PAGE, people["facilitator"], term="mql")
    app.session_state["definition_about_mql"] = True
    app.run()
    app.text_area(key="definition_about_mql_meant_sales").set_value("Somebody who asked for a price.")
    app.selectbox(key="definition_about_mql_owner_sales").set_value(people["member"].id)
    app.multiselect(key="definition_about_mql_related").set_value(["sal"])
    app.button(key="definition_about_mql_save").click().run()
    assert not app.exception
    told = texts(open_page(PAGE, people["member"], term="mql"))
    assert "Used to mean: Somebody who asked for a price." in told
    assert "Answers for it: Mona Member" in told


def test_a_search_finds_a_term_by_what_it_was_called(open_page, people):
    words = {Team.SALES: (["Hot lead"], "")}
    glossary_terms.describe_term(acting(people["facilitator"]), "mql", 0, owners={}, words=words, related=[])
    app = open_page(GLOSSARY, people["member"])
    app.text_input(key="glossary_search").set_value("hot").run()
    assert "Sales called it “Hot lead”" in texts(app)
    assert "#### Opportunity" not in texts(app)
    app.text_input(key="glossary_search").set_value("zebra").run()
    assert "Nothing in the glossary is called so" in texts(app)


def test_only_the_administrator_is_offered_the_public_page(open_page, people):
    admin = open_page(GLOSSARY, people["admin"])
    admin.toggle(key="glossary_published").set_value(True).run()
    assert not admin.exception
    assert any(code.value.endswith("/agreement") for code in admin.code)
    lead = open_page(GLOSSARY, people["sales"])
    assert not lead.toggle
    assert any(code.value.endswith("/agreement") for code in lead.code)


def test_text_from_people_shows_as_it_was_typed(open_page, people):
    facilitator = acting(people["facilitator"])
    agree(people, f"One. {NASTY}")
    definitions.propose(facilitator, definitions.draft(facilitator, "mql", f"Two. {NASTY}"))
    words = {team: ([NASTY[:50]], NASTY) for team in Team}
    glossary_terms.describe_term(facilitator, "mql", 0, owners={}, words=words, related=[])
    for path, query in ((PAGE, {"term": "mql"}), (GLOSSARY, {})):
        app = open_page(path, people["sales"], **query)
        assert not app.exception
        for element in (*app.markdown, *app.caption, *app.subheader, *app.warning):
            if "onerror" in element.value:
                assert not re.search(r"(?<!\\)(<img|!\[|\]\(|:red\[x|\$x)", element.value)
