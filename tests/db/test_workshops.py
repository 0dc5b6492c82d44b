"""In a workshop both teams vote, and only what both carry is agreed."""

import json

import pytest
from people import make_actor

from actions import definitions, workshops
from alignment.errors import InvalidInput, NotFound, NotPermitted, WrongState
from alignment.people import Team
from alignment.workshops import Choice, ProposalState, TopicState
from db.store import store


@pytest.fixture
def facilitator():
    return make_actor("facilitator", None)


@pytest.fixture
def room(facilitator):
    """A workshop with one topic and one proposal being voted on: (workshop id, topic id, proposal id)."""
    workshop_id = workshops.add_topic(facilitator, None, title="How big is big enough?")
    topic = workshops.read_workshop(facilitator, workshop_id).topics[0]
    proposal_id = workshops.propose(facilitator, topic.id, "mql", "At least fifty people.")
    return workshop_id, topic.id, proposal_id


def topic_of(facilitator, room):
    return workshops.read_workshop(facilitator, room[0]).topics[0]


@pytest.mark.parametrize(
    ("sales", "marketing", "agreed"),
    [
        (["yes"], ["yes"], True),
        (["yes", "yes", "no"], ["yes", "abstain"], True),
        (["yes"] * 5, ["no"], False),
        (["no"], ["yes"] * 5, False),
        (["yes"], [], False),
        (["yes", "no"], ["yes"], False),
        (["abstain"], ["yes"], False),
    ],
)
def test_agreed_only_if_both_teams_carry_it(facilitator, room, sales, marketing, agreed):
    for team, votes in (("sales", sales), ("marketing", marketing)):
        for choice in votes:
            workshops.vote(make_actor("member", team), room[2], Choice(choice))
    assert workshops.close_vote(facilitator, room[2]) is agreed
    topic = topic_of(facilitator, room)
    assert topic.state is (TopicState.AGREED if agreed else TopicState.OPEN)
    assert topic.proposals[0].state is (ProposalState.CARRIED if agreed else ProposalState.NOT_CARRIED)


def test_how_a_running_vote_stands_is_hidden_from_everyone(facilitator, room):
    voter = make_actor("member", "sales")
    workshops.vote(voter, room[2], Choice.NO)
    for someone in (facilitator, voter, make_actor("admin", None)):
        tally = topic_of(someone, room).proposals[0].tallies[Team.SALES]
        assert (tally.yes, tally.no, tally.cast) == (0, 0, 1)
    assert workshops.read_own_vote(voter, room[2]) is Choice.NO


def test_how_a_withdrawn_vote_stood_stays_hidden(facilitator, room):
    workshops.vote(make_actor("member", "sales"), room[2], Choice.NO)
    workshops.withdraw(facilitator, room[2])
    tally = topic_of(facilitator, room).proposals[0].tallies[Team.SALES]
    assert (tally.yes, tally.no, tally.cast) == (0, 0, 1)


def test_what_both_teams_agreed_is_not_undone_by_hand_nor_parked_under_a_running_vote(facilitator, room):
    with pytest.raises(WrongState, match="being voted on"):
        workshops.set_topic_state(facilitator, room[1], TopicState.PARKED)
    for team in ("sales", "marketing"):
        workshops.vote(make_actor("member", team), room[2], Choice.YES)
    workshops.close_vote(facilitator, room[2])
    for attempt in (
        lambda: workshops.set_topic_state(facilitator, room[1], TopicState.OPEN),
        lambda: workshops.propose(facilitator, room[1], "mql", "Something else."),
    ):
        with pytest.raises(WrongState, match="have agreed"):
            attempt()
    assert topic_of(facilitator, room).state is TopicState.AGREED


def test_a_team_of_few_voters_is_told_only_whether_it_carries(facilitator, room):
    for _ in range(2):
        workshops.vote(make_actor("member", "sales"), room[2], Choice.YES)
    for choice in (Choice.YES, Choice.YES, Choice.NO):
        workshops.vote(make_actor("member", "marketing"), room[2], choice)
    workshops.close_vote(facilitator, room[2])
    tallies = topic_of(facilitator, room).proposals[0].tallies
    assert (tallies[Team.SALES].counted, tallies[Team.SALES].carries) == (False, True)
    assert (tallies[Team.MARKETING].yes, tallies[Team.MARKETING].no) == (2, 1)
    rows = store().read().execute("SELECT after FROM audit WHERE action = 'proposal:decide'").fetchall()
    assert [json.loads(row["after"]) for row in rows] == [{"carried": True, "sales": True, "marketing": True}]


def test_a_second_vote_replaces_the_first(facilitator, room):
    voter = make_actor("member", "sales")
    workshops.vote(voter, room[2], Choice.NO)
    workshops.vote(voter, room[2], Choice.YES)
    workshops.vote(make_actor("member", "marketing"), room[2], Choice.YES)
    assert workshops.close_vote(facilitator, room[2]) is True


def test_after_the_vote_is_closed_nobody_votes(facilitator, room):
    workshops.vote(make_actor("member", "sales"), room[2], Choice.YES)
    workshops.close_vote(facilitator, room[2])
    with pytest.raises(WrongState, match="closed"):
        workshops.vote(make_actor("member", "marketing"), room[2], Choice.YES)


def test_an_empty_vote_cannot_be_closed(facilitator, room):
    with pytest.raises(WrongState, match="Nobody has voted"):
        workshops.close_vote(facilitator, room[2])


def test_who_belongs_to_no_team_has_no_vote(facilitator, room):
    with pytest.raises(NotPermitted, match="neither team"):
        workshops.vote(facilitator, room[2], Choice.YES)


def test_members_run_nothing(room):
    member = make_actor("member", "sales")
    for attempt in (
        lambda: workshops.close_vote(member, room[2]),
        lambda: workshops.propose(member, room[1], "mql", "Mine."),
        lambda: workshops.add_topic(member, room[0], title="Mine"),
        lambda: workshops.close_workshop(member, room[0]),
    ):
        with pytest.raises(NotPermitted):
            attempt()


def test_an_invented_choice_is_refused(room):
    with pytest.raises(InvalidInput, match="yes, no or abstain"):
        workshops.vote(make_actor("member", "sales"), room[2], "maybe")


def test_one_proposal_at_a_time(facilitator, room):
    with pytest.raises(WrongState, match="being voted on"):
        workshops.propose(facilitator, room[1], "mql", "Another wording.")
    workshops.withdraw(facilitator, room[2])
    assert workshops.propose(facilitator, room[1], "mql", "Another wording.")


def test_everything_that_happens_moves_the_revision(facilitator, room):
    seen = workshops.read_revision(facilitator, room[0])
    workshops.vote(make_actor("member", "sales"), room[2], Choice.YES)
    voted = workshops.read_revision(facilitator, room[0])
    workshops.close_vote(facilitator, room[2])
    assert seen < voted < workshops.read_revision(facilitator, room[0])


def test_a_question_is_on_the_table_once(facilitator):
    first = workshops.add_topic(facilitator, None, title="Size", survey_id="s", question_key="size")
    again = workshops.add_topic(facilitator, None, title="Size", survey_id="s", question_key="size")
    assert first == again
    assert len(workshops.read_workshop(facilitator, first).topics) == 1


def test_several_topics_go_on_the_table_together_or_not_at_all(facilitator):
    several = [workshops.NewTopic(key, "Why", "s", key) for key in ("size", "budget", "size")]
    room = workshops.add_topics(facilitator, None, several)
    assert [topic.title for topic in workshops.read_workshop(facilitator, room).topics] == ["size", "budget"]
    with pytest.raises(InvalidInput):
        workshops.add_topics(facilitator, room, [workshops.NewTopic("new"), workshops.NewTopic(" ")])
    assert len(workshops.read_workshop(facilitator, room).topics) == 2
    with pytest.raises(NotPermitted):
        workshops.add_topics(make_actor("member", "sales"), room, several)
    told = store().read().execute("SELECT count(*) FROM audit WHERE action = 'topic:add'").fetchone()[0]
    assert told == 2, "each that was added is in the journal, once"


def test_a_carried_proposal_becomes_the_next_definition(facilitator, room):
    for team in Team:
        workshops.vote(make_actor("member", team.value), room[2], Choice.YES)
    with pytest.raises(WrongState):
        definitions.draft_from_proposal(facilitator, room[2])
    workshops.close_vote(facilitator, room[2])
    seen = workshops.read_revision(facilitator, room[0])
    definition_id = definitions.draft_from_proposal(facilitator, room[2])
    assert workshops.read_revision(facilitator, room[0]) > seen  # live screens look again
    assert workshops.read_workshop(facilitator, room[0]).topics[0].carried.drafted
    entry = next(e for e in definitions.read_glossary(facilitator) if e.term.key == "mql")
    assert (entry.open.id, entry.open.text) == (definition_id, "At least fifty people.")


def test_a_draft_comes_from_a_proposal_that_was_carried_for_its_term(facilitator, room):
    def refused(term, proposal):
        with pytest.raises(NotFound):
            definitions.draft(facilitator, term, "Fifty.", proposal_id=proposal)

    refused("mql", room[2])  # still on the table
    for team in Team:
        workshops.vote(make_actor("member", team.value), room[2], Choice.YES)
    workshops.close_vote(facilitator, room[2])
    refused("sql", room[2])
    for nothing in ("nope", ["x"], 5):
        refused("mql", nothing)
        with pytest.raises(NotFound):
            definitions.draft_from_proposal(facilitator, nothing)
    assert definitions.draft(facilitator, "mql", "Fifty.", proposal_id=room[2])


def test_agreed_is_reached_by_a_vote_only(facilitator, room):
    with pytest.raises(InvalidInput):
        workshops.set_topic_state(facilitator, room[1], TopicState.AGREED)


def test_a_closed_workshop_stays_as_it_is(facilitator, room):
    with pytest.raises(WrongState, match="still running"):
        workshops.close_workshop(facilitator, room[0])
    workshops.withdraw(facilitator, room[2])
    workshops.close_workshop(facilitator, room[0])
    with pytest.raises(WrongState, match="closed"):
        workshops.add_topic(facilitator, room[0], title="Too late")
    with pytest.raises(WrongState):
        workshops.propose(facilitator, room[1], "mql", "Too late")


def test_what_does_not_exist_is_said_so(facilitator):
    for attempt in (
        lambda: workshops.read_workshop(facilitator, "nowhere"),
        lambda: workshops.read_revision(facilitator, "nowhere"),
        lambda: workshops.close_vote(facilitator, "nowhere"),
        lambda: workshops.set_topic_state(facilitator, "nowhere", TopicState.PARKED),
    ):
        with pytest.raises(NotFound):
            attempt()
