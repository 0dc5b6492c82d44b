"""A definition is in force only when both sides have signed the same content, and then never changes."""

from datetime import UTC, date, datetime, timedelta

import pytest
from people import make_actor

from actions import clock, definitions, people
from alignment.definitions import DefinitionState
from alignment.errors import InvalidInput, NotFound, NotPermitted, StaleVersion, WrongState
from alignment.people import MACHINE, Role, Team
from db.queries import definitions as stored
from db.store import store

RULE = {"version": 1, "all": [{"field": "employees", "op": ">=", "value": 50}]}


@pytest.fixture
def sales():
    return make_actor("team_lead", "sales")


@pytest.fixture
def marketing():
    return make_actor("team_lead", "marketing")


@pytest.fixture
def facilitator():
    return make_actor("facilitator", None)


def find(definition_id):
    return stored.find(store().read(), definition_id)


def proposed(facilitator, text="Fifty people or more.", rule=RULE, **more):
    definition_id = definitions.draft(facilitator, "mql", text, rule, **more)
    definitions.propose(facilitator, definition_id)
    return definition_id


def agree(definition_id, *leads):
    for lead in leads:
        definitions.sign(lead, definition_id, find(definition_id).content_hash)


def test_it_is_in_force_once_both_team_leads_have_signed(facilitator, sales, marketing):
    definition_id = proposed(facilitator)
    assert definitions.sign(sales, definition_id, find(definition_id).content_hash) is False
    assert definitions.in_force_now(facilitator) is None
    assert definitions.sign(marketing, definition_id, find(definition_id).content_hash) is True
    assert definitions.in_force_now(facilitator).id == definition_id


def test_one_side_signing_twice_is_still_one_side(facilitator, sales):
    other_lead = make_actor("team_lead", "sales")
    definition_id = proposed(facilitator)
    agree(definition_id, sales, other_lead, sales)
    assert find(definition_id).state is DefinitionState.PROPOSED
    assert len(find(definition_id).signatures) == 1


def test_one_person_who_changes_sides_does_not_sign_for_both(facilitator, sales):
    definition_id = proposed(facilitator)
    agree(definition_id, sales)
    people.change_person(
        MACHINE, sales.person_id, name="Turncoat", team=Team.MARKETING, role=Role.TEAM_LEAD, revision=1
    )
    with pytest.raises(NotPermitted, match="signed MQL v1 for the other side already"):
        agree(definition_id, sales)
    assert find(definition_id).state is DefinitionState.PROPOSED


def test_an_edit_voids_the_signatures_and_the_old_version_stays_in_force(facilitator, sales, marketing):
    first = proposed(facilitator)
    agree(first, sales, marketing)
    second = proposed(facilitator, "A hundred people or more.")
    agree(second, sales)
    assert definitions.edit(facilitator, second, find(second).revision, "Eighty people or more.", RULE, None)
    assert find(second).signatures == ()
    assert find(second).state is DefinitionState.DRAFT
    assert definitions.in_force_now(facilitator).id == first
    definitions.propose(facilitator, second)
    agree(second, marketing)
    assert definitions.in_force_now(facilitator).id == first
    agree(second, sales)
    assert definitions.in_force_now(facilitator).id == second


def test_saving_the_same_content_again_keeps_the_signatures(facilitator, sales):
    definition_id = proposed(facilitator)
    agree(definition_id, sales)
    seen = find(definition_id)
    assert not definitions.edit(
        facilitator, definition_id, seen.revision, seen.text, RULE, seen.effective_from
    )
    assert len(find(definition_id).signatures) == 1


def test_signing_what_is_no_longer_there_is_refused(facilitator, sales):
    definition_id = proposed(facilitator)
    seen = find(definition_id)
    definitions.edit(facilitator, definition_id, seen.revision, "Something else.", RULE, None)
    definitions.propose(facilitator, definition_id)
    with pytest.raises(StaleVersion, match="Read the new text"):
        definitions.sign(sales, definition_id, seen.content_hash)


def test_the_second_of_two_editors_is_told(facilitator):
    definition_id = definitions.draft(facilitator, "mql", "First words.")
    seen = find(definition_id).revision
    definitions.edit(facilitator, definition_id, seen, "From one editor.", None, None)
    with pytest.raises(StaleVersion):
        definitions.edit(make_actor("facilitator", None), definition_id, seen, "From another.", None, None)
    assert find(definition_id).text == "From one editor."


def test_an_agreed_version_never_changes(facilitator, sales, marketing):
    definition_id = proposed(facilitator)
    agree(definition_id, sales, marketing)
    agreed = find(definition_id)
    for change in (
        lambda: definitions.edit(facilitator, definition_id, agreed.revision, "New.", None, None),
        lambda: definitions.drop(facilitator, definition_id),
        lambda: definitions.propose(facilitator, definition_id),
        lambda: definitions.send_back(sales, definition_id, "Too late"),
        lambda: definitions.sign(sales, definition_id, agreed.content_hash),
    ):
        with pytest.raises(WrongState):
            change()
    assert find(definition_id) == agreed


def test_only_a_team_lead_with_a_team_signs(facilitator):
    definition_id = proposed(facilitator)
    content = find(definition_id).content_hash
    for nobody in (make_actor("member", "sales"), facilitator, make_actor("admin", "sales")):
        with pytest.raises(NotPermitted):
            definitions.sign(nobody, definition_id, content)


def test_a_draft_cannot_be_signed(facilitator, sales):
    definition_id = definitions.draft(facilitator, "mql", "Not proposed yet.")
    with pytest.raises(WrongState, match="still a draft"):
        definitions.sign(sales, definition_id, find(definition_id).content_hash)


def test_sending_back_gives_the_reason_and_voids_the_other_signature(facilitator, sales, marketing):
    definition_id = proposed(facilitator)
    agree(definition_id, sales)
    definitions.send_back(marketing, definition_id, "The number is too high.")
    found = find(definition_id)
    assert (found.state, found.returned_because, found.signatures) == (
        DefinitionState.DRAFT,
        "The number is too high.",
        (),
    )


def test_a_term_has_one_open_version_at_a_time(facilitator):
    definitions.draft(facilitator, "mql", "One.")
    with pytest.raises(WrongState, match="already being prepared"):
        definitions.draft(facilitator, "mql", "Two.")
    assert definitions.draft(facilitator, "sal", "Another term is free.")


def test_a_version_signed_for_a_later_day_supersedes_on_that_day(facilitator, sales, marketing):
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    with clock.at(now):
        first = proposed(facilitator)
        agree(first, sales, marketing)
    with clock.at(now + timedelta(days=1)):
        second = proposed(facilitator, "Later.", effective_from=date(2026, 4, 1))
        agree(second, sales, marketing)
        assert definitions.in_force_now(facilitator).id == first
    with clock.at(datetime(2026, 4, 1, 0, 0, 1, tzinfo=UTC)):
        assert definitions.in_force_now(facilitator).id == second
    history = stored.in_force_history(store().read())
    assert [v.id for v in history] == [first, second]
    assert history[0].in_force_until == history[1].in_force_from


def test_a_day_in_the_past_does_not_reach_back_before_the_signatures(facilitator, sales, marketing):
    definition_id = proposed(facilitator, effective_from=date(2020, 1, 1))
    agree(definition_id, sales, marketing)
    agreed = find(definition_id)
    assert agreed.in_force_from == agreed.agreed_at


def test_a_hostile_or_broken_rule_is_refused_with_a_sentence(facilitator):
    for rule in (
        {"version": 1, "all": [{"field": "employees", "op": "explode", "value": 1}]},
        {"version": 1, "all": []},
        {"version": 99},
        ["not", "a", "rule"],
    ):
        with pytest.raises(InvalidInput):
            definitions.draft(facilitator, "mql", "Some text.", rule)
    assert stored.versions(store().read()) == []


def test_what_a_member_sees_is_never_an_unproposed_draft(facilitator):
    definition_id = definitions.draft(facilitator, "mql", "Half a thought.")
    member = make_actor("member", "marketing")
    assert all(entry.open is None for entry in definitions.read_glossary(member))
    definitions.propose(facilitator, definition_id)
    assert [e.open.id for e in definitions.read_glossary(member) if e.open] == [definition_id]


def test_acknowledging_counts_once(facilitator, sales, marketing):
    definition_id = proposed(facilitator)
    member = make_actor("member", "marketing")
    with pytest.raises(NotFound):
        definitions.acknowledge(member, definition_id)
    agree(definition_id, sales, marketing)
    definitions.acknowledge(member, definition_id)
    definitions.acknowledge(member, definition_id)
    entry = next(e for e in definitions.read_glossary(member) if e.term.key == "mql")
    assert (entry.acknowledged, entry.acknowledged_count, entry.members) == (
        True,
        3,
        3,
    )  # who signed has read it


def test_a_term_of_our_own_joins_the_glossary_once(facilitator):
    key = definitions.add_term(facilitator, "Product qualified lead", "Has used the product.")
    assert definitions.draft(facilitator, key, "Three sessions in a week.")
    with pytest.raises(InvalidInput, match="already has"):
        definitions.add_term(facilitator, "product QUALIFIED lead", "Again.")
