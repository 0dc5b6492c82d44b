"""Whatever people of any role do in whatever order: nothing is in force without both signatures on the same content."""

import json
from datetime import date
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from people import make_actor

from actions import agreements, clock, people
from alignment.agreements import AgreementKind, hash_content
from alignment.errors import NotPermitted, Refusal
from alignment.people import MACHINE, Actor, Role, Team
from alignment.promises import ResponseTerms, to_document
from alignment.scores import LEAD_SCORE
from db.queries import people as stored_people
from db.store import store

RULES = [
    {"version": 1, "points": [{"if": {"field": "employees", "op": ">=", "value": size}, "add": 30}], "threshold": 20}
    for size in (10, 50)
]  # fmt: skip
SUBJECTS = {
    AgreementKind.DEFINITION: ("mql", [{"text": text, "rule": RULES[0]} for text in ("a", "b")]),
    AgreementKind.PROMISE: (
        "follow_up",
        [{"terms": to_document(ResponseTerms(minutes)), "note": ""} for minutes in (60, 90)],
    ),
    AgreementKind.SCORE: (LEAD_SCORE, [{"text": "", "rule": rule} for rule in RULES]),
}
CAST = (
    ("facilitator", None),
    ("team_lead", "sales"),
    ("team_lead", "sales"),
    ("team_lead", "marketing"),
    ("member", "marketing"),
    ("admin", "sales"),
)
whoever = st.integers(0, len(CAST))  # the last is the administrator of the machine
either = st.integers(0, 1)
rarely = st.sampled_from([False, False, True])


class Agreeing(RuleBasedStateMachine):
    """One subject, six people and the machine. The people's roles may change between any two steps."""

    cast: ClassVar[list] = []

    @initialize(kind=st.sampled_from(list(AgreementKind)))
    def begin(self, kind):
        self.kind, (self.key, self.contents) = kind, SUBJECTS[kind]
        self.id = self.hash = None
        self.signed = {}  # what the rules of the house say about the open version: team → (person, hash)
        self.agreed = dict(self.rows())
        self.audit = self.log()
        for person, (role, team) in zip(self.cast, CAST, strict=True):
            self.become(person, role, team)
        row = self.open_row()
        if row:
            agreements.drop(MACHINE, row["id"])
        self.bring_forward(0)

    def rows(self):
        """Every agreed version as it stands in the store: id → row."""
        found = store().read().execute("SELECT * FROM agreement WHERE state = 'agreed'").fetchall()
        return {row["id"]: tuple(row) for row in found}

    def open_row(self):
        statement = (
            "SELECT * FROM agreement WHERE kind = ? AND subject = ? AND state IN ('draft', 'proposed')"
        )
        return store().read().execute(statement, (self.kind.value, self.key)).fetchone()

    def log(self):
        return store().read().execute("SELECT count(*), max(rowid) FROM audit").fetchone()[0]

    def become(self, actor, role, team):
        now = stored_people.find(store().read(), actor.person_id)
        if (now.role.value, now.team and now.team.value) != (role, team):
            people.change_person(
                MACHINE,
                actor.person_id,
                name=now.name,
                team=Team(team) if team else None,
                role=Role(role),
                revision=stored_people.revision(store().read(), actor.person_id),
            )

    def actor(self, number):
        if number == len(self.cast):
            return MACHINE
        return Actor(self.cast[number].person_id, clock.now_text())  # a new role ends the session

    def attempt(self, action, *arguments):
        try:
            return action(*arguments)
        except Refusal as refusal:
            return refusal

    @rule(who=whoever, what=either)
    def draft(self, who, what):
        given = self.attempt(
            agreements.draft, self.actor(who), self.kind, self.key, self.contents[what], date(2026, 1, 1)
        )
        if isinstance(given, str):
            self.id, self.signed = given, {}

    @precondition(lambda self: self.id)
    @rule(who=whoever, what=either, behind=either)
    def edit(self, who, what, behind):
        row = self.open_row()
        revision = row["revision"] - behind if row else 1
        given = self.attempt(
            agreements.edit, self.actor(who), self.id, revision, self.contents[what], date(2026, 1, 1)
        )
        if given is True:
            self.signed = {}

    @precondition(lambda self: self.id)
    @rule(who=whoever)
    def propose(self, who):
        self.attempt(agreements.propose, self.actor(who), self.id)

    @rule(what=either)
    def bring_forward(self, what):
        if not self.open_row():
            self.draft(len(self.cast), what)
        self.propose(len(self.cast))

    @precondition(lambda self: self.id)
    @rule(side=st.sampled_from(list(Team)), fresh=st.sampled_from([True, True, True, False]))
    def a_side_signs(self, side, fresh):
        for number, one in enumerate(self.cast):
            person = stored_people.find(store().read(), one.person_id)
            if (person.role, person.team) == (Role.TEAM_LEAD, side):
                self.sign(number, fresh)
                return

    @precondition(lambda self: self.id)
    @rule(who=whoever, fresh=st.sampled_from([True, True, True, False]))
    def sign(self, who, fresh):
        row, actor = self.open_row(), self.actor(who)
        if row and fresh:
            self.hash = row["content_hash"]
        given = self.attempt(agreements.sign, actor, self.id, self.hash)
        if isinstance(given, bool):
            person = stored_people.find(store().read(), actor.person_id)
            assert person.role is Role.TEAM_LEAD
            assert row["content_hash"] == self.hash and row["state"] == "proposed"
            self.signed.setdefault(person.team, (person.id, self.hash))
            signers, hashes = (
                {one for one, _ in self.signed.values()},
                {one for _, one in self.signed.values()},
            )
            assert given is (len(self.signed) == 2 and len(signers) == 2 and len(hashes) == 1)
            assert not given or self.all_lead()
        elif actor is MACHINE:
            assert isinstance(given, NotPermitted)

    def all_lead(self):
        """Whether all who have signed still lead the team for which they did."""
        for team, (who, _) in self.signed.items():
            person = stored_people.find(store().read(), who)
            if (person.role, person.team, person.active) != (Role.TEAM_LEAD, team, True):
                return False
        return True

    @precondition(lambda self: self.id)
    @rule(who=whoever, really=rarely)
    def send_back(self, who, really):
        if not really:
            return
        if self.attempt(agreements.send_back, self.actor(who), self.id, "No.") is None:
            self.signed = {}

    @precondition(lambda self: self.id)
    @rule(who=whoever, really=rarely)
    def drop(self, who, really):
        if not really:
            return
        if self.attempt(agreements.drop, self.actor(who), self.id) is None:
            self.signed = {}

    @precondition(lambda self: self.id)
    @rule(who=whoever)
    def acknowledge(self, who):
        self.attempt(agreements.acknowledge, self.actor(who), self.id)

    @rule(who=st.integers(0, len(CAST) - 1), role=st.sampled_from([*CAST, ("team_lead", "marketing")]))
    def change_role(self, who, role):
        self.become(self.cast[who], *role)

    def teardown(self):
        """Wherever they have left it, a team lead of each side can still come to an agreement."""
        if not hasattr(self, "key"):
            return
        for person, (role, team) in zip(self.cast, CAST, strict=True):
            self.become(person, role, team)
        if not self.all_lead():
            self.send_back(1, True)
        self.bring_forward(0)
        for side in Team:
            self.a_side_signs(side, True)
        assert self.open_row() is None and self.rows().keys() - self.agreed.keys() == {self.id}
        self.what_was_agreed_stays_and_what_is_new_has_both_signatures()

    @invariant()
    def what_was_agreed_stays_and_what_is_new_has_both_signatures(self):
        now = self.rows()
        assert {key: now[key] for key in self.agreed} == self.agreed
        for version_id in now.keys() - self.agreed.keys():
            statement = "SELECT * FROM agreement_signature WHERE agreement_id = ? AND voided_at IS NULL"
            signatures = store().read().execute(statement, (version_id,)).fetchall()
            row = store().read().execute("SELECT * FROM agreement WHERE id = ?", (version_id,)).fetchone()
            content = hash_content(
                self.kind, self.key, json.loads(row["content"]), date.fromisoformat(row["effective_from"])
            )
            assert {one["team"] for one in signatures} == {"sales", "marketing"}
            assert len({one["person_id"] for one in signatures}) == 2
            assert {one["content_hash"] for one in signatures} == {content} == {row["content_hash"]}
            assert {(Team(one["team"]), one["person_id"]) for one in signatures} == {
                (team, who) for team, (who, _) in self.signed.items()
            }
            assert row["agreed_at"] and row["in_force_from"] >= row["agreed_at"]
        self.agreed = now

    @invariant()
    def the_signatures_that_count_are_those_since_the_last_change(self):
        statement = (
            "SELECT team, person_id FROM agreement_signature WHERE agreement_id = ? AND voided_at IS NULL"
        )
        counted = {
            (Team(one["team"]), one["person_id"]) for one in store().read().execute(statement, (self.id,))
        }
        assert counted == {(team, who) for team, (who, _) in self.signed.items()}

    @invariant()
    def the_log_only_grows(self):
        before, self.audit = self.audit, self.log()
        assert self.audit >= before


@pytest.fixture
def cast():
    stays = make_actor("admin", None)  # there has to be an administrator throughout
    people.set_password(MACHINE, stays.person_id, "long enough words")
    return [make_actor(role, team) for role, team in CAST]


def test_nothing_comes_into_force_without_both_signatures_on_the_same_content(cast):
    class WithPeople(Agreeing):
        pass

    WithPeople.cast = cast
    run_state_machine_as_test(
        WithPeople, settings=settings(max_examples=30, stateful_step_count=40, deadline=None)
    )
