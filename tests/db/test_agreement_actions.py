"""Definitions, promises and the score are agreed in one way, and no way round leads to 'in force'."""

import json
import threading
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlite_utils
from people import make_actor

from actions import (
    agreement_evidence,
    agreements,
    clock,
    definitions,
    people,
    promise_signing,
    promises,
    scores,
)
from alignment import agreements as domain
from alignment.agreements import AgreementKind, AgreementState, Changed, DraftConflict
from alignment.errors import InvalidInput, NotFound, NotPermitted, Refusal, StaleVersion, WrongState
from alignment.people import MACHINE, Actor, Role, Team
from alignment.promises import Answer, DeliveryTerms, ResponseTerms
from alignment.rules import InvalidRule
from db import store as stores
from db.migrations import migrations
from db.queries import agreements as stored
from db.store import store
from tests.lead_histories import History

RULE = {"version": 1, "all": [{"field": "employees", "op": ">=", "value": 50}]}
POINTS = {"version": 1, "points": [{"if": RULE["all"][0], "add": 30}], "threshold": 20}
MORE_POINTS = {"version": 1, "points": [{"if": RULE["all"][0], "add": 40}], "threshold": 20}
AT = "2026-03-01T10:00:00.000000Z"


@pytest.fixture
def facilitator():
    return make_actor("facilitator", None)


@pytest.fixture
def sales():
    return make_actor("team_lead", "sales", "Sal Lead")


@pytest.fixture
def marketing():
    return make_actor("team_lead", "marketing", "Mar Lead")


def find(version_id):
    return stored.find(store().read(), version_id)


def audit_rows():
    return [tuple(row) for row in store().read().execute("SELECT * FROM audit ORDER BY rowid")]


# the score


def test_the_score_is_agreed_like_a_definition(facilitator, sales, marketing):
    assert scores.read_score(facilitator).in_force is None
    version_id = scores.draft(facilitator, "Size counts.", POINTS)
    agreements.propose(facilitator, version_id)
    assert agreements.sign(sales, version_id, find(version_id).content_hash) is False
    assert scores.in_force_now(sales) is None
    assert agreements.sign(marketing, version_id, find(version_id).content_hash) is True
    found = scores.read_score(make_actor())
    assert found.in_force.rule == POINTS and found.in_force.label == "Lead score v1" and found.open is None
    assert scores.in_force_now(sales).id == version_id
    second = scores.draft(facilitator, "", MORE_POINTS)
    assert scores.edit(facilitator, second, 1, "Why not.", MORE_POINTS, None) is True
    assert scores.read_score(make_actor()).open is None  # members see no drafts
    assert scores.read_score(sales).open.text == "Why not."


def test_a_score_is_points_and_a_threshold(facilitator, sales):
    for wrong in (RULE, {"version": 1, "points": []}, "points", None):
        with pytest.raises((InvalidInput, InvalidRule)):
            scores.draft(facilitator, "Text", wrong)
        with pytest.raises((InvalidInput, InvalidRule)):
            scores.propose_points(sales, wrong)
    with pytest.raises(NotFound):
        agreements.draft(facilitator, AgreementKind.SCORE, "second_score", {"text": "", "rule": POINTS})


def test_neither_side_sees_the_others_points_before_it_has_given_its_own(facilitator, sales, marketing):
    scores.propose_points(sales, POINTS)
    for other in (marketing, facilitator, MACHINE, make_actor("member", "marketing")):
        seen = scores.read_score(other)
        assert seen.sides == {} and seen.proposed_by == {Team.SALES}
    assert scores.read_score(sales).sides[Team.SALES].rule == POINTS
    scores.propose_points(marketing, MORE_POINTS)
    sides = scores.read_score(facilitator).sides
    assert (sides[Team.SALES].rule, sides[Team.MARKETING].rule) == (POINTS, MORE_POINTS)
    scores.propose_points(sales, MORE_POINTS)
    assert scores.read_score(facilitator).sides[Team.SALES].revision == 2
    with pytest.raises(NotPermitted):
        scores.propose_points(facilitator, POINTS)


# two people, one draft


def test_the_second_of_two_editors_has_both_contents_before_them(facilitator):
    first = definitions.draft(facilitator, "mql", "Fifty people.", RULE, date(2026, 12, 1))
    seen = find(first).revision
    definitions.edit(facilitator, first, seen, "Eighty people.", RULE, date(2026, 12, 1))
    definitions.edit(facilitator, first, seen + 1, "Ninety people.", RULE, date(2026, 12, 1))
    with pytest.raises(DraftConflict, match="choose what to keep") as told:
        definitions.edit(make_actor("facilitator", None), first, seen, "Fifty people.", None, None)
    conflict = told.value.conflict
    assert (conflict.base.text, conflict.mine.text, conflict.theirs.text) == (
        "Fifty people.",
        "Fifty people.",
        "Ninety people.",
    )
    text, rule, _ = conflict.differences
    assert (text.changed, rule.changed) == (Changed.THEIRS, Changed.MINE)
    assert conflict.merged.text == "Ninety people." and conflict.merged.rule is None
    assert definitions.edit(
        facilitator, first, conflict.theirs.revision, conflict.merged.text, conflict.merged.rule, None
    )
    with pytest.raises(DraftConflict) as told:
        definitions.edit(facilitator, first, seen, "Five people.", RULE, date(2026, 12, 1))
    assert told.value.conflict.merged is None
    assert told.value.conflict.differences[0].changed is Changed.BOTH


def test_a_promise_that_two_people_edit_gives_both_contents_too(facilitator):
    version_id = promise_signing.draft(facilitator, "delivery", DeliveryTerms(50, 0.6), "Note")
    promise_signing.edit(facilitator, version_id, 1, DeliveryTerms(60, 0.6), "Note", None)
    with pytest.raises(DraftConflict) as told:
        promise_signing.edit(facilitator, version_id, 1, DeliveryTerms(50, 0.6), "Another", None)
    assert told.value.conflict.merged.content == {
        "terms": {"leads_a_month": 60, "acceptance": 0.6},
        "note": "Another",
    }


def test_who_edits_what_was_signed_meanwhile_is_told_that_first(facilitator, sales):
    version_id = definitions.draft(facilitator, "mql", "Fifty people.")
    definitions.propose(facilitator, version_id)
    agreements.sign(sales, version_id, find(version_id).content_hash)
    with pytest.raises(DraftConflict, match="signed or sent back") as told:
        definitions.edit(facilitator, version_id, 1, "Sixty people.", None, None)
    assert told.value.conflict.only_moved_on and find(version_id).signed_by(Team.SALES)


def test_a_voided_signature_stays_to_be_seen(facilitator, sales):
    version_id = definitions.draft(facilitator, "mql", "Fifty people.")
    definitions.propose(facilitator, version_id)
    agreements.sign(sales, version_id, find(version_id).content_hash)
    definitions.edit(facilitator, version_id, find(version_id).revision, "Sixty people.", None, None)
    (voided,) = find(version_id).voided
    assert voided.person_id == sales.person_id and voided.voided_at and not find(version_id).signatures


def at_once(*jobs):
    """Run jobs at the same moment, each in its thread; what each gave or raised."""
    gate, results = threading.Barrier(len(jobs)), [None] * len(jobs)

    def run(number, job):
        gate.wait()
        try:
            results[number] = job()
        except Refusal as refusal:
            results[number] = refusal

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_of_two_who_draft_or_change_at_once_one_wins_and_the_other_is_told(facilitator, sales, marketing):
    rows = audit_rows()
    drafted = at_once(*(lambda n=n: definitions.draft(facilitator, "mql", f"Words {n}.") for n in range(4)))
    (version_id,) = [one for one in drafted if isinstance(one, str)]
    assert all(isinstance(one, WrongState) for one in drafted if one != version_id)
    edited = at_once(
        *(lambda n=n: definitions.edit(facilitator, version_id, 1, f"{n}.", None, None) for n in range(4))
    )
    assert edited.count(True) == 1
    assert all(isinstance(one, DraftConflict) for one in edited if one is not True)
    definitions.propose(facilitator, version_id)
    content = find(version_id).content_hash
    agreements.sign(sales, version_id, content)
    revision = find(version_id).revision
    signed, changed = at_once(
        lambda: agreements.sign(marketing, version_id, content),
        lambda: definitions.edit(facilitator, version_id, revision, "Other words.", None, None),
    )
    found = find(version_id)
    if found.state is AgreementState.AGREED:
        assert signed is True and isinstance(changed, StaleVersion | WrongState)
        assert found.fully_signed and found.text != "Other words."
    else:
        assert changed is True and isinstance(signed, StaleVersion | WrongState)
        assert not found.signatures and definitions.in_force_now(sales) is None
    assert audit_rows()[: len(rows)] == rows and len(audit_rows()) > len(rows)


def test_who_changes_sides_while_the_leads_are_asked_signs_for_neither(facilitator, sales, monkeypatch):
    version_id = definitions.draft(facilitator, "mql", "Fifty people.")
    definitions.propose(facilitator, version_id)

    def changes_sides(actor, version):
        people.change_person(
            MACHINE, actor.person_id, name="T", team=Team.MARKETING, role=Role.TEAM_LEAD, revision=1
        )

    monkeypatch.setattr(agreement_evidence, "gather", changes_sides)
    with pytest.raises(NotPermitted, match="has changed"):
        agreements.sign(sales, version_id, find(version_id).content_hash)
    assert not find(version_id).signatures


@pytest.mark.parametrize(
    ("role", "team", "active"),
    [("team_lead", "sales", 0), ("member", "sales", 1), ("team_lead", "marketing", 1)],
)
def test_a_signature_of_who_no_longer_leads_the_team_brings_nothing_into_force(
    facilitator, sales, marketing, role, team, active
):
    version_id = definitions.draft(facilitator, "mql", "Fifty people.")
    definitions.propose(facilitator, version_id)
    agreements.sign(sales, version_id, find(version_id).content_hash)
    change = "UPDATE person SET role = ?, team = ?, active = ? WHERE id = ?"
    store().write(lambda connection: connection.execute(change, (role, team, active, sales.person_id)))
    with pytest.raises(WrongState, match=r"Sal Lead signed .* no longer leads .* Send it back"):
        agreements.sign(marketing, version_id, find(version_id).content_hash)
    assert definitions.in_force_now(marketing) is None
    assert len(find(version_id).signatures) == 1
    agreements.send_back(marketing, version_id, "Sal has left.")
    definitions.propose(facilitator, version_id)
    for lead in (marketing, make_actor("team_lead", "sales", "Sue Cessor")):
        agreed = agreements.sign(lead, version_id, find(version_id).content_hash)
    assert agreed is True


# the store's own guard


def test_the_store_itself_lets_no_version_be_agreed_without_two_and_none_be_changed(
    facilitator, sales, marketing
):
    version_id = definitions.draft(facilitator, "mql", "Fifty people.")
    definitions.propose(facilitator, version_id)

    def by_force(statement):
        with pytest.raises(stores.sqlite3.IntegrityError):
            store().write(lambda connection: connection.execute(statement, (version_id,)))

    by_force("UPDATE agreement SET state = 'agreed' WHERE id = ?")
    agreements.sign(sales, version_id, find(version_id).content_hash)
    by_force("UPDATE agreement SET state = 'agreed' WHERE id = ?")
    by_force("UPDATE agreement SET state = 'agreed', content_hash = 'x' WHERE id = ?")
    for change in ("team = 'marketing'", "content_hash = 'x'", "person_id = 'x'", "voided_at = NULL"):
        by_force(f"UPDATE agreement_signature SET {change} WHERE agreement_id = ?")
    by_force("UPDATE agreement_signature SET voided_at = 'now', signed_at = 'then' WHERE agreement_id = ?")
    by_force("DELETE FROM agreement_signature WHERE agreement_id = ?")
    agreements.sign(marketing, version_id, find(version_id).content_hash)
    agreed = find(version_id)
    by_force("DELETE FROM agreement_signature WHERE agreement_id = ?")
    by_force("UPDATE agreement_signature SET voided_at = 'now' WHERE agreement_id = ?")
    columns = "version, content, effective_from, content_hash, state, author_id, created_at, agreed_at, in_force_from"
    copied = f"INSERT INTO agreement (id, kind, subject, {columns}) SELECT 'x', kind, 'sql', {columns} FROM agreement"
    by_force(f"{copied} WHERE id = ?")
    for change in ("content = '{}'", "state = 'draft'", "in_force_from = NULL", "content_hash = ''"):
        by_force(f"UPDATE agreement SET {change} WHERE id = ?")
    by_force("DELETE FROM agreement WHERE id = ?")
    assert find(version_id) == agreed


# reading


def test_who_leads_sees_who_has_not_read_what_is_in_force(facilitator, sales, marketing):
    reader, other = make_actor("member", "sales", "Rea Der"), make_actor("member", "marketing", "Zoe Late")
    version_id = promise_signing.draft(facilitator, "follow_up", ResponseTerms(60))
    with pytest.raises(NotFound):
        agreements.acknowledge(reader, version_id)
    promise_signing.propose(facilitator, version_id)
    for lead in (sales, marketing):
        promise_signing.sign(lead, version_id, find(version_id).content_hash)
    agreements.acknowledge(reader, version_id)
    agreements.acknowledge(reader, version_id)
    with pytest.raises(NotPermitted, match="Only people"):
        agreements.acknowledge(MACHINE, version_id)
    found = agreements.read_readers(sales, version_id)
    assert [person.name for person, _ in found.read] == ["Sal Lead", "Mar Lead", "Rea Der"]
    assert [person.name for person in found.not_yet] == ["Zoe Late"]
    people.end_access(MACHINE, other.person_id)
    assert agreements.read_readers(sales, version_id).not_yet == ()
    with pytest.raises(NotPermitted):
        agreements.read_readers(reader, version_id)


def test_a_version_has_a_lasting_address_and_hidden_ones_are_not_there(facilitator, sales, marketing):
    version_id = definitions.draft(facilitator, "mql", "Fifty people.")
    member = make_actor()
    with pytest.raises(NotFound):
        agreements.read_version(member, version_id)
    assert agreements.read_version(sales, version_id).state is AgreementState.DRAFT
    definitions.propose(facilitator, version_id)
    for lead in (sales, marketing):
        agreements.sign(lead, version_id, find(version_id).content_hash)
    assert agreements.read_version(member, version_id).in_force_until is None


# evidence


@pytest.fixture
def leads():
    """Forty leads of the first quarter; half of them large, of which half are won."""
    history = History()
    for number in range(40):
        at = datetime(2026, 2, 2, 9, tzinfo=UTC) + timedelta(days=number % 20, minutes=number)
        history.lead(f"l{number}", employees=100 if number % 2 else 10).enter(f"l{number}", "mql", at)
        history.event(f"l{number}", "contacted", at + timedelta(minutes=20))
        if number % 4 == 1:
            history.enter(f"l{number}", "won", at + timedelta(days=20))
    with clock.at(datetime(2026, 6, 15, 9, tzinfo=UTC)):
        yield history.load()


def test_what_past_leads_said_is_frozen_with_what_was_proposed_and_signed(
    leads, facilitator, sales, marketing
):
    version_id = definitions.draft(facilitator, "mql", "Fifty people.", RULE)
    definitions.propose(facilitator, version_id)
    (kept,) = agreements.read_evidence(sales, version_id)
    assert (kept.moment, kept.content_hash) == ("proposed", find(version_id).content_hash)
    passed = kept.document["verdicts"]["passed"]
    assert kept.facts and (passed["leads"], passed["won"]) == (20, 10)
    agreements.sign(sales, version_id, kept.content_hash)
    assert agreements.read_evidence(sales, version_id) == (kept,)  # the same leads say the same
    History().lead("new", employees=70).enter("new", "mql", datetime(2026, 3, 3, tzinfo=UTC)).load()
    agreements.sign(marketing, version_id, kept.content_hash)
    first, second = agreements.read_evidence(sales, version_id)
    assert first == kept and second.moment == "signed" and second.facts != kept.facts
    assert second.document["verdicts"]["passed"] != passed


def test_an_edit_asks_the_leads_again_and_the_score_and_promises_ask_them_as_well(leads, facilitator):
    version_id = scores.draft(facilitator, "Size counts.", POINTS)
    agreements.propose(facilitator, version_id)
    scores.edit(facilitator, version_id, find(version_id).revision, "Size counts more.", MORE_POINTS, None)
    agreements.propose(facilitator, version_id)
    first, second = agreements.read_evidence(facilitator, version_id)
    assert first.content_hash != second.content_hash == find(version_id).content_hash
    assert second.document["verdicts"]["passed"]["leads"] == 20
    promise = promise_signing.draft(facilitator, "follow_up", ResponseTerms(60, Answer.ATTEMPT))
    promise_signing.propose(facilitator, promise)
    (kept,) = agreements.read_evidence(facilitator, promise)
    assert (kept.document["result"]["in_time"], kept.document["result"]["due"]) == (40, 40)


def test_where_the_leads_cannot_tell_it_says_why_and_keeps_nobody_from_signing(leads, facilitator):
    odd = {"version": 1, "all": [{"field": "shoe_size", "op": ">=", "value": 43}]}
    version_id = definitions.draft(facilitator, "mql", "Large feet.", odd)
    definitions.propose(facilitator, version_id)
    (kept,) = agreements.read_evidence(facilitator, version_id)
    assert "shoe_size" in kept.document["cannot_tell"]
    without = definitions.draft(facilitator, "sal", "No rule.")
    definitions.propose(facilitator, without)
    assert agreements.read_evidence(facilitator, without) == ()


def test_evidence_of_another_content_is_not_kept_with_this_one(leads, facilitator, monkeypatch):
    version_id = definitions.draft(facilitator, "mql", "Fifty people.", RULE)
    gather = agreement_evidence.gather

    def edited_meanwhile(actor, version):
        found = gather(actor, version)
        definitions.edit(actor, version, 1, "Fifty people!", POINTS, None)
        return found

    monkeypatch.setattr(agreement_evidence, "gather", edited_meanwhile)
    definitions.propose(facilitator, version_id)
    assert find(version_id).state is AgreementState.PROPOSED
    assert agreements.read_evidence(facilitator, version_id) == ()


# odd input


@pytest.mark.parametrize(
    ("kind", "key", "content"),
    [
        (AgreementKind.DEFINITION, "mql", {"text": "x"}),
        (AgreementKind.DEFINITION, "mql", {"text": "x", "rule": None, "terms": {}}),
        (AgreementKind.DEFINITION, "mql", None),
        (AgreementKind.PROMISE, "follow_up", {"terms": {"limit_minutes": 5}, "note": ""}),
        (AgreementKind.PROMISE, "follow_up", {"terms": {"leads_a_month": 5, "acceptance": 1}, "note": ""}),
        (AgreementKind.PROMISE, "delivery", {"terms": "many", "note": ""}),
        (AgreementKind.SCORE, "lead_score", {"terms": {}, "note": ""}),
    ],
)
def test_content_of_another_shape_is_refused_with_a_sentence(facilitator, kind, key, content):
    with pytest.raises(InvalidInput):
        agreements.draft(facilitator, kind, key, content)
    with pytest.raises(InvalidInput):
        agreements.draft(facilitator, kind, key, content, datetime.now(UTC))
    assert store().read().execute("SELECT count(*) FROM agreement").fetchone()[0] == 0


def test_a_day_at_the_beginning_of_time_is_a_day_in_the_past(facilitator, sales, marketing):
    version_id = definitions.draft(facilitator, "mql", "Always so.", None, date(1, 1, 1))
    definitions.propose(facilitator, version_id)
    for lead in (sales, marketing):
        definitions.sign(lead, version_id, find(version_id).content_hash)
    assert find(version_id).in_force_from == find(version_id).agreed_at


# stores of earlier versions


TERMS = {"answer": "attempt", "at_least": 0.9, "clock": "business", "limit_minutes": 45, "start": "mql"}


def fill_a_store_from_before(folder):
    """A definition and a promise in each state, signed, voided and read, as the version before left them."""
    folder.mkdir(parents=True)
    old = sqlite_utils.Database(folder / "concord.db")
    migrations.apply(old, stop_before="0012_agreements")
    for name, team in (("ada", "sales"), ("bea", "marketing")):
        old["person"].insert(
            {
                "id": name, "name": name.title(), "email": f"{name}@example.com", "team": team,
                "role": "team_lead", "active": 1, "sessions_valid_from": "", "created_at": AT,
            }
        )  # fmt: skip
    for number, (term, state) in enumerate(
        (("mql", "agreed"), ("mql", "dropped"), ("mql", "proposed"), ("sal", "draft")), 1
    ):
        same = {
            "id": f"d{number}", "version": number if term == "mql" else 1, "effective_from": "2026-03-01",
            "state": state, "author_id": "ada", "created_at": AT, "agreed_at": AT if state == "agreed" else None,
            "in_force_from": AT if state == "agreed" else None, "revision": 4,
        }  # fmt: skip
        rule = json.dumps(RULE) if state in ("agreed", "proposed") else None
        content = domain.hash_content(
            AgreementKind.DEFINITION,
            term,
            {"text": f"Ünder {number}", "rule": rule and RULE},
            date(2026, 3, 1),
        )
        old["definition"].insert(
            {**same, "term_key": term, "text": f"Ünder {number}", "rule": rule, "content_hash": content}
        )
        promised = domain.hash_content(
            AgreementKind.PROMISE, "follow_up", {"terms": TERMS, "note": "n"}, date(2026, 3, 1)
        )
        old["promise_version"].insert(
            {
                **same, "id": f"p{number}", "version": 1 + number, "terms": json.dumps(TERMS), "note": "n",
                "promise_key": "follow_up" if term == "mql" else "feedback", "content_hash": promised,
            }
        )  # fmt: skip
        for team, who in (("sales", "ada"), ("marketing", "bea")):
            if state in ("agreed", "dropped") or (state == "proposed" and team == "sales"):
                signed = {
                    "id": f"s{number}{team}", "person_id": who, "team": team, "signed_at": AT,
                    "voided_at": AT if state == "dropped" else None,
                }  # fmt: skip
                old["signature"].insert({**signed, "definition_id": f"d{number}", "content_hash": content})
                old["promise_signature"].insert(
                    {
                        **signed,
                        "id": f"t{number}{team}",
                        "promise_version_id": f"p{number}",
                        "content_hash": promised,
                    }
                )
    old["acknowledgement"].insert({"definition_id": "d1", "person_id": "ada", "at": AT})
    rows = {
        table: [tuple(row) for row in old.execute(f"SELECT * FROM {table} ORDER BY id")]
        for table in ("definition", "promise_version")
    }
    old.conn.commit()
    old.close()
    return rows


def test_a_store_from_before_keeps_every_version_with_its_signatures_and_goes_on(data_folder):
    before = fill_a_store_from_before(data_folder)
    assert store().fault() is None
    connection = store().read()
    versions = definitions.read_glossary(MACHINE)
    mql = next(entry for entry in versions if entry.term.key == "mql")
    assert (mql.in_force.id, mql.in_force.text, mql.in_force.rule) == ("d1", "Ünder 1", RULE)
    assert mql.in_force.fully_signed and mql.acknowledged_count == 1
    assert (mql.open.id, mql.open.revision, mql.open.signed_by(Team.SALES).person_id) == ("d3", 4, "ada")
    dropped = stored.find(connection, "d2")
    assert dropped.state is AgreementState.DROPPED and len(dropped.voided) == 2
    kept = {entry.promise.key: entry for entry in promises.read_promises(MACHINE)}
    assert kept["follow_up"].in_force.terms == ResponseTerms(45, at_least=0.9)
    assert kept["follow_up"].open.id == "p3" and kept["feedback"].open.id == "p4"
    count = connection.execute("SELECT kind, count(*) FROM agreement GROUP BY kind ORDER BY kind").fetchall()
    assert [tuple(row) for row in count] == [
        ("definition", len(before["definition"])),
        ("promise", len(before["promise_version"])),
    ]
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    assert not tables & {"definition", "signature", "acknowledgement", "promise_version", "promise_signature"}
    # what was half signed before is signed on, and saving the same again voids nothing
    bea = Actor("bea", clock.now_text())
    open_one = stored.find(connection, "d3")
    assert not definitions.edit(MACHINE, "d3", 4, open_one.text, RULE, open_one.effective_from)
    assert definitions.sign(bea, "d3", open_one.content_hash) is True
    assert promise_signing.sign(bea, "p3", kept["follow_up"].open.content_hash) is True
    with pytest.raises(DraftConflict) as told:
        definitions.edit(MACHINE, "d4", 3, "Other", None, None)
    assert told.value.conflict.base.text == "Ünder 4"
