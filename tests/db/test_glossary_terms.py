"""What the glossary says of a term beside its definition: owners, former words, related terms, and leads as examples."""

import shutil
from datetime import UTC, datetime, timedelta

import pytest
from people import make_actor

from actions import definitions, glossary_terms, people
from alignment.errors import InvalidInput, NotFound, NotPermitted, StaleVersion, WrongState
from alignment.glossary import TeamWords
from alignment.people import MACHINE, Role, Team
from db.queries import definitions as stored
from db.store import store
from leads.store import warehouse
from tests.lead_histories import History

RULE = {
    "version": 1,
    "all": [{"field": "employees", "op": ">=", "value": 50}, {"field": "demo", "op": "=", "value": True}],
}
OTHER = {"version": 1, "all": [{"field": "employees", "op": "<", "value": 50}]}
START = datetime(2026, 1, 5, tzinfo=UTC)
_imported = {}


@pytest.fixture
def facilitator():
    return make_actor("facilitator", None)


@pytest.fixture
def leads(data_folder, tmp_path_factory):
    """Forty leads, by turns large and small, with and without a demo."""
    if "folder" not in _imported:
        history = History()
        for number in range(40):
            history.lead(
                f"SECRET-{number:02d}",
                ("ads", "referral")[number % 2],
                company=f"Firma{number} GmbH",
                owner="Anna Berg",
                employees=float((10, 80)[number % 2] + number),
                industry=("retail", "software")[number % 3 == 0],
                demo=("yes", "no")[number % 4 > 1],
            )
            history.enter(f"SECRET-{number:02d}", "mql", START + timedelta(days=number))
        history.load()
        warehouse().close()
        _imported["folder"] = tmp_path_factory.mktemp("leads") / "leads"
        shutil.copytree(data_folder / "leads", _imported["folder"])
    else:
        shutil.copytree(_imported["folder"], data_folder / "leads")


def agree(facilitator, rule=RULE, term="mql"):
    version = definitions.draft(facilitator, term, "Fifty people or more who asked for a demo.", rule)
    definitions.propose(facilitator, version)
    for team in ("sales", "marketing"):
        lead = make_actor("team_lead", team)
        definitions.sign(lead, version, stored.find(store().read(), version).content_hash)
    return version


def describe(actor, revision=0, owners=None, words=None, related=()):
    glossary_terms.describe_term(
        actor, "mql", revision, owners=owners or {}, words=words or {}, related=related
    )


def details(actor, key="mql"):
    return glossary_terms.read_details(actor)[key]


def audit_rows(action):
    return store().read().execute("SELECT count(*) FROM audit WHERE action = ?", (action,)).fetchone()[0]


@pytest.mark.parametrize("called", [5, "Hot lead", None])
def test_what_a_team_called_it_is_a_list_of_names(facilitator, called):
    with pytest.raises(InvalidInput, match="list of names"):
        describe(facilitator, words={Team.SALES: (called, "")})


def test_a_term_is_described_for_everybody_to_read(facilitator):
    seller, marketer = make_actor("member", "sales"), make_actor("member", "marketing")
    describe(
        facilitator,
        owners={Team.SALES: seller.person_id, Team.MARKETING: marketer.person_id},
        words={Team.SALES: (["Hot lead"], "Somebody who has asked for a price.")},
        related=["sal", "lead"],
    )
    found = details(seller)
    assert found.owners == {Team.SALES: seller.person_id, Team.MARKETING: marketer.person_id}
    assert found.words == {Team.SALES: TeamWords(("Hot lead",), "Somebody who has asked for a price.")}
    assert found.related == ("lead", "sal")
    assert details(seller, "sal").related == ("mql",)  # it goes both ways
    assert audit_rows("term:describe") == 1


def test_saving_what_is_there_already_changes_nothing(facilitator):
    describe(facilitator, words={Team.SALES: (["Hot lead"], "")})
    describe(facilitator, 1, words={Team.SALES: (["Hot lead"], "")})
    assert details(facilitator).revision == 1
    assert audit_rows("term:describe") == 1


def test_the_second_of_two_who_describe_a_term_is_told(facilitator):
    describe(facilitator, words={Team.SALES: (["Hot lead"], "")})
    with pytest.raises(StaleVersion):
        describe(make_actor("facilitator", None), 0, words={Team.SALES: (["Warm lead"], "")})
    assert details(facilitator).said_by(Team.SALES).called == ("Hot lead",)


def test_the_owner_of_a_side_is_of_that_side(facilitator):
    marketer = make_actor("member", "marketing")
    with pytest.raises(InvalidInput, match="somebody of sales"):
        describe(facilitator, owners={Team.SALES: marketer.person_id})
    assert marketer.person_id in glossary_terms.possible_owners(facilitator)[Team.MARKETING]


def test_an_owner_who_has_left_stays_until_another_is_named(facilitator):
    seller = make_actor("member", "sales")
    describe(facilitator, owners={Team.SALES: seller.person_id})
    people.end_access(MACHINE, seller.person_id)
    describe(facilitator, 1, owners={Team.SALES: seller.person_id}, words={Team.SALES: (["Hot lead"], "")})
    assert details(facilitator).owners == {Team.SALES: seller.person_id}
    assert seller.person_id not in glossary_terms.possible_owners(facilitator)[Team.SALES]


def test_only_terms_of_the_glossary_are_related(facilitator):
    with pytest.raises(InvalidInput, match="in the glossary"):
        describe(facilitator, related=["sal", "nonsense"])


def test_a_search_finds_what_a_team_called_it(facilitator):
    describe(facilitator, words={Team.SALES: (["Hot lead"], "")})
    hits = glossary_terms.search_terms(make_actor("member", "marketing"), "hot")
    assert [(hit.key, hit.why) for hit in hits] == [("mql", "Sales called it “Hot lead”")]


def test_leads_are_suggested_by_the_rule_and_shown_without_a_name(facilitator, leads):
    agree(facilitator)
    found = glossary_terms.suggest_examples(facilitator, "mql", seed=1)
    assert [one.judged.outcome for one in found] == [True] * 3 + [False] * 3
    assert all(len(one.judged.missed) == 1 for one in found[3:])  # near misses come first
    told = str([one.facts for one in found])
    assert "Firma" not in told and "Anna" not in told and "SECRET" not in told
    assert found == glossary_terms.suggest_examples(facilitator, "mql", seed=1)


def test_without_a_rule_or_leads_it_says_what_to_do(facilitator):
    with pytest.raises(WrongState, match="has no rule yet"):
        glossary_terms.suggest_examples(facilitator, "mql")
    with pytest.raises(WrongState, match="Bring in leads first"):
        glossary_terms.suggest_examples(facilitator, "mql", rule=RULE)


def test_examples_say_what_the_rule_makes_of_them(facilitator, leads):
    agree(facilitator)
    passing, *_, failing = glossary_terms.suggest_examples(facilitator, "mql", seed=1)
    glossary_terms.add_example(facilitator, "mql", passing.lead_id, True, "Large, and asked.")
    glossary_terms.add_example(facilitator, "mql", failing.lead_id, False)
    good, bad = glossary_terms.read_examples(make_actor("member", "sales"), "mql")
    assert (good.example.note, good.judged.outcome, good.contradicts) == ("Large, and asked.", True, False)
    assert (bad.judged.outcome, bad.contradicts) == (False, False)
    assert bad.judged.missed == failing.judged.missed


def test_a_draft_that_turns_the_examples_round_is_seen_to(facilitator, leads):
    agree(facilitator)
    passing = glossary_terms.suggest_examples(facilitator, "mql", seed=1)[0]
    glossary_terms.add_example(facilitator, "mql", passing.lead_id, True)
    (under_draft,) = glossary_terms.read_examples(facilitator, "mql", OTHER)
    assert under_draft.contradicts
    assert under_draft.judged.missed == ("employees is less than 50",)


def test_the_same_lead_is_an_example_once_and_can_be_taken_out(facilitator, leads):
    first = glossary_terms.add_example(facilitator, "mql", "SECRET-01", True)
    second = glossary_terms.add_example(facilitator, "mql", "SECRET-01", False)
    (kept,) = glossary_terms.read_examples(facilitator, "mql")
    assert (kept.example.id, kept.example.qualifies, kept.judged) == (second, False, None)
    glossary_terms.take_out_example(facilitator, first)  # gone already
    glossary_terms.take_out_example(facilitator, second)
    assert glossary_terms.read_examples(facilitator, "mql") == ()
    assert audit_rows("term:take_out_example") == 1


def test_an_example_is_a_lead_that_is_there(facilitator, leads):
    with pytest.raises(NotFound, match="not among the leads"):
        glossary_terms.add_example(facilitator, "mql", "nobody", True)


def test_a_member_changes_nothing(leads):
    member = make_actor(Role.MEMBER.value, "sales")
    for change in (
        lambda: describe(member),
        lambda: glossary_terms.add_example(member, "mql", "SECRET-01", True),
        lambda: glossary_terms.suggest_examples(member, "mql"),
    ):
        with pytest.raises(NotPermitted):
            change()
