"""The start page says which leads wait for a person's decision, and tells the team leads of promises that are not kept."""

from datetime import timedelta

import pytest
from test_running_screens import TODAY, acting, words

from actions import (
    agreements,
    clock,
    definitions,
    lead_decisions,
    lead_duties,
    people,
    promise_signing,
    promises,
    scores,
    today,
)
from alignment.definitions import DefinitionVersion
from alignment.people import MACHINE
from alignment.promises import DeliveryTerms, ResponseTerms
from db.queries import agreements as agreement_rows
from db.store import store
from tests import lead_histories
from tests.lead_histories import History
from tests.loaded_once import load_once

POINT = {"add": 10, "if": {"field": "employees", "op": ">=", "value": 50}}


@pytest.fixture
def crew(make_person):
    return {
        "seller": make_person("member", "sales", name="Sue Seller"),
        "sales": make_person("team_lead", "sales"),
        "marketing": make_person("team_lead", "marketing"),
        "marketer": make_person("member", "marketing"),
    }


@pytest.fixture
def leads(monkeypatch):
    """Four leads that wait; the oldest was called days after it came, which is known as of today."""
    monkeypatch.setattr(lead_histories, "load_once", lambda *tables: load_once(*tables[:2], clock.now()))
    history = History()
    for number, owner in enumerate(("Sue Seller", "Sue Seller", "", "Ben Buyer")):
        history.lead(f"l{number}", "ads", owner=owner)
        history.enter(f"l{number}", "mql", clock.now() - timedelta(days=40 if number == 3 else 0, minutes=10))
    history.event("l3", "contacted", clock.now() - timedelta(days=20))
    return history.load()


def told(person):
    lead_duties.count_duties(acting(person))
    return [task.sentence for task in today.read_today(acting(person)).tasks]


def sign(signers, key, terms):
    promise_signing.propose(MACHINE, promise_signing.draft(MACHINE, key, terms, ""))
    for signer in signers:
        [version] = [entry.open for entry in promises.read_promises(MACHINE) if entry.open]
        promise_signing.sign(signer, version.id, version.content_hash)


def test_without_leads_nothing_is_counted(crew):
    assert told(crew["seller"]) == [] and today.read_today(acting(crew["seller"])).counted


def test_without_leads_those_who_may_are_led_to_where_they_come_in(open_page, crew, make_person):
    facilitator = make_person("facilitator", None)
    assert ("bring_in", "Bring them in") in [
        (task.page, task.label) for task in today.read_today(acting(facilitator)).tasks
    ]
    app = open_page(TODAY, facilitator)
    assert "There are no leads yet" in words(app) and not app.exception
    assert not [task for task in today.read_today(acting(crew["seller"])).tasks if task.page == "bring_in"]
    History().lead("one").load()
    assert not [task for task in today.read_today(acting(facilitator)).tasks if task.page == "bring_in"]


def test_the_page_draws_and_then_tells_what_waits(open_page, leads, crew):
    app = open_page(TODAY, crew["seller"])
    assert "One thing waits for you." in words(app)
    assert "2 leads of yours wait for your decision." in words(app)
    [task] = today.read_today(acting(crew["seller"])).tasks
    assert (task.page, task.query) == ("leads", (("whose", "own"),))
    assert not app.exception


def test_each_is_told_what_is_theirs(leads, crew, make_person):
    assert told(crew["sales"]) == ["4 leads wait for sales to decide, 1 of them overdue."]
    assert told(crew["marketer"]) == []
    newcomer = make_person("member", "sales", name="Nia New")
    assert told(newcomer) == ["1 lead that belongs to nobody waits for a decision."]


def test_what_waits_for_a_signature_comes_before_what_leads_ask_for(leads, crew):
    definitions.propose(MACHINE, definitions.draft(MACHINE, "mql", "Fifty people."))
    assert told(crew["sales"])[:2] == [
        "MQL v1 waits for your signature.",
        "4 leads wait for sales to decide, 1 of them overdue.",
    ]


def test_nothing_is_counted_twice_and_a_decision_is_counted_at_once(leads, crew):
    seller = crew["seller"]
    assert lead_duties.count_duties(acting(seller)) is True
    assert today.read_today(acting(seller)).counted
    assert lead_duties.count_duties(acting(seller)) is False
    lead_decisions.accept_leads(acting(seller), ["l0"])
    assert not today.read_today(acting(seller)).counted
    assert told(seller) == ["1 lead of yours waits for your decision."]


def test_a_new_name_has_other_leads(leads, crew):
    assert len(told(crew["seller"])) == 1
    people.change_own_name(acting(crew["seller"]), "Ben Buyer")
    assert told(crew["seller"]) == ["1 lead of yours waits for your decision."]


def test_team_leads_hear_of_promises_that_are_not_kept(leads, crew):
    signers = [acting(crew[side]) for side in ("marketing", "sales")]
    with clock.at(clock.now() - timedelta(days=70)):
        sign(signers, "follow_up", ResponseTerms(60, at_least=0.9))
        sign(signers, "delivery", DeliveryTerms(9_000, 0.5))
    for side in ("sales", "marketing"):
        [broken] = [sentence for sentence in told(crew[side]) if "promised" in sentence]
        assert "sales kept ‘First contact’ for 0% of 1 lead (promised: 90%)" in broken
        assert "marketing delivered 4 leads (promised: " in broken
    assert "promised" not in " ".join(told(crew["seller"]))
    assert "promised" not in " ".join(told(crew["marketer"]))


def test_what_is_in_force_waits_until_it_is_read(crew):
    signers = [acting(crew[side]) for side in ("marketing", "sales")]
    sign(signers, "follow_up", ResponseTerms(60, at_least=0.9))
    draft = scores.draft(MACHINE, "", {"version": 1, "points": [POINT], "threshold": 10})
    for key, text in (("mql", "Fifty people."), ("sal", "Somebody has called.")):
        definitions.propose(MACHINE, definitions.draft(MACHINE, key, text))
    agreements.propose(MACHINE, draft)
    for version in agreement_rows.proposed(store().read()):
        for signer in signers:
            agreements.sign(signer, version.id, version.content_hash)
    tasks = {task.page: task.sentence for task in today.read_today(acting(crew["marketer"])).tasks}
    assert tasks == {
        "glossary": "MQL v1 and SAL v1 are in force and you have not read them yet.",
        "promises": "First contact v1 is in force and you have not read it yet.",
        "score": "Lead score v1 is in force and you have not read it yet.",
    }
    # who signs has read it
    assert told(crew["sales"]) == ["There are no leads yet: every figure is counted from them."]
    for version in agreement_rows.versions(store().read(), DefinitionVersion):
        if version.key == "sal":
            agreements.acknowledge(acting(crew["marketer"]), version.id)
    [waits, *_] = today.read_today(acting(crew["marketer"])).tasks
    assert waits.sentence == "MQL v1 is in force and you have not read it yet."
    assert (waits.page, waits.query) == ("definition", (("term", "mql"),))
