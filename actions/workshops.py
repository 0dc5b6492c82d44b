"""What people may do in a workshop: put topics on the table, propose, vote, decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from actions import clock, comparison
from actions.journal import journal
from actions.permissions import authorise
from alignment.errors import InvalidInput, NotFound, NotPermitted, Refusal, WrongState
from alignment.people import Actor, Person
from alignment.rules import parse, to_document
from alignment.texts import optional_text, required_text
from alignment.workshops import (
    Choice,
    Proposal,
    ProposalState,
    Tally,
    Topic,
    TopicState,
    Workshop,
    carried,
    in_agenda_order,
    veiled,
)
from db.queries import cycles, definitions, people, workshops
from db.store import Connection, store

if TYPE_CHECKING:  # brings numpy, which only a comparison needs
    from alignment.disagreement.costs import LeadsApart


def open_workshop(actor: Actor, title: str, cycle_id: str | None = None) -> str:
    """Open a workshop, by default in the running cycle; returns its id."""
    person = authorise(actor, "workshop:run")
    title = required_text(title, "The title", 120)

    def transaction(connection: Connection) -> str:
        found = cycles.current(connection) if cycle_id is None else cycles.find(connection, cycle_id)
        if cycle_id is not None and found is None:
            raise NotFound("This cycle does not exist.")
        workshop_id = workshops.add(
            connection, cycle_id=found.id if found else None, title=title, at=clock.now_text()
        )
        journal(connection, person, "workshop:open", "workshop", workshop_id, after={"title": title})
        return workshop_id

    return store().write(transaction)


def list_workshops(actor: Actor) -> list[Workshop]:
    """All workshops, newest first, without their topics."""
    authorise(actor, "workshop:attend")
    return workshops.everything(store().read())


def read_revision(actor: Actor, workshop_id: str) -> int:
    """The number that moves with everything that happens in the workshop: what live screens poll."""
    authorise(actor, "workshop:attend")
    revision = workshops.revision(store().read(), workshop_id)
    if revision is None:
        raise NotFound("This workshop does not exist.")
    return revision


def read_workshop(actor: Actor, workshop_id: str) -> Workshop:
    """The workshop with topics and proposals. How a running vote stands is nobody's to see: only how many voted."""
    authorise(actor, "workshop:attend")
    found = workshops.find(store().read(), workshop_id)
    if found is None:
        raise NotFound("This workshop does not exist.")
    return replace(found, topics=tuple(_veil(topic) for topic in found.topics))


def read_own_vote(actor: Actor, proposal_id: str) -> Choice | None:
    """What the person who asks has voted on a proposal."""
    person = authorise(actor, "workshop:attend")
    return workshops.choice_of(store().read(), proposal_id, person.id)


def count_voters(actor: Actor) -> dict[str, int]:
    """How many active people of each team could vote, by team value."""
    authorise(actor, "workshop:attend")
    counts = {"sales": 0, "marketing": 0}
    for someone in people.everyone(store().read()):
        if someone.active and someone.team:
            counts[someone.team.value] += 1
    return counts


def list_table(actor: Actor) -> set[tuple[str, str]]:
    """The questions, as (survey id, question key), that are on the table of the newest open workshop."""
    authorise(actor, "workshop:attend")
    connection = store().read()
    running = next((found for found in workshops.everything(connection) if found.open), None)
    room = workshops.find(connection, running.id) if running else None
    topics = room.topics if room else ()
    return {(t.survey_id, t.question_key) for t in topics if t.survey_id and t.question_key}


def add_topic(
    actor: Actor,
    workshop_id: str | None,
    *,
    title: str,
    reason: str = "",
    survey_id: str | None = None,
    question_key: str | None = None,
) -> str:
    """Put a topic on a workshop's table and return the workshop's id.

    Without `workshop_id` the newest open workshop takes it; when there is none, one is opened. A question that is
    on the table already stays there once.
    """
    authorise(actor, "workshop:run")
    return add_topics(actor, workshop_id, [NewTopic(title, reason, survey_id, question_key)])


@dataclass(frozen=True)
class NewTopic:
    """A topic that is to be put on a table: from a question of a questionnaire, or only a title."""

    title: str
    reason: str = ""
    survey_id: str | None = None
    question_key: str | None = None


def add_topics(actor: Actor, workshop_id: str | None, topics: Sequence[NewTopic]) -> str:
    """Put several topics on a workshop's table, in their order, all of them or none; returns the workshop's id.

    The workshop and what is on its table already are dealt with as in `add_topic`.
    """
    person = authorise(actor, "workshop:run")
    checked = [
        replace(
            topic,
            title=required_text(topic.title, "The topic", 300),
            reason=optional_text(topic.reason, "The reason", 1000),
        )
        for topic in topics
    ]

    def transaction(connection: Connection) -> str:
        target = workshop_id
        if target is None:
            running = next((w for w in workshops.everything(connection) if w.open), None)
            if running is None:
                cycle = cycles.current(connection)
                target = workshops.add(
                    connection,
                    cycle_id=cycle.id if cycle else None,
                    title="Alignment workshop",
                    at=clock.now_text(),
                )
            else:
                target = running.id
        else:
            _open_workshop(connection, target)
        for topic in checked:
            topic_id = workshops.add_topic(
                connection,
                target,
                title=topic.title,
                reason=topic.reason,
                survey_id=topic.survey_id,
                question_key=topic.question_key,
            )
            if topic_id is not None:
                workshops.touch(connection, target)
                journal(connection, person, "topic:add", "topic", topic_id, after={"title": topic.title})
        return target

    return store().write(transaction)


@dataclass(frozen=True)
class Agenda:
    """The topics of a workshop that came from a comparison: by id, where each stands on the agenda (0 first), and what its
    disagreement costs in leads, as far as that is known."""

    places: Mapping[str, int]
    costs: "Mapping[str, LeadsApart]"


def read_agenda(actor: Actor, workshop_id: str) -> Agenda:
    """What the comparisons say of a workshop's topics: what is to be settled before what is agreed, the most leads first.

    A topic whose questionnaire or question cannot be compared any more has no place. Raises NotFound where there is no such
    workshop.
    """
    authorise(actor, "workshop:attend")
    return _agenda(actor, read_workshop(actor, workshop_id))


def order_by_agenda(actor: Actor, workshop_id: str) -> bool:
    """Put the topics that nobody has discussed yet into the order of the agenda; returns whether that changed anything.

    Topics with a proposal, parked and agreed ones, and those that came from no comparison stay where they are. Raises
    WrongState when the workshop is closed.
    """
    person = authorise(actor, "workshop:run")
    agenda = read_agenda(actor, workshop_id)

    def transaction(connection: Connection) -> bool:
        found = _open_workshop(connection, workshop_id)
        before = [topic.id for topic in found.topics]
        after = list(in_agenda_order(found.topics, agenda.places))
        if after == before:
            return False
        workshops.set_order(connection, after)
        workshops.touch(connection, workshop_id)
        journal(
            connection,
            person,
            "workshop:order",
            "workshop",
            workshop_id,
            before={"topics": before},
            after={"topics": after},
        )
        return True

    return store().write(transaction)


def set_topic_state(actor: Actor, topic_id: str, state: TopicState) -> None:
    """Park a topic or take it up again. 'Agreed' is reached by a vote only, and stays; a running vote is closed first."""
    person = authorise(actor, "workshop:run")
    if state not in (TopicState.OPEN, TopicState.PARKED):
        raise InvalidInput("A topic is agreed by a vote of both teams, not by hand.")

    def transaction(connection: Connection) -> None:
        topic = _without_a_vote(connection, topic_id)
        workshops.set_topic_state(connection, topic_id, state)
        workshops.touch(connection, topic.workshop_id)
        journal(
            connection,
            person,
            "topic:state",
            "topic",
            topic_id,
            before={"state": topic.state.value},
            after={"state": state.value},
        )

    store().write(transaction)


def propose(
    actor: Actor, topic_id: str, term_key: str, text: str, rule: Mapping[str, Any] | None = None
) -> str:
    """Put a wording (and rule) for a term to the vote of both teams; returns the proposal's id.

    Raises WrongState while another proposal of the topic is being voted on.
    """
    person = authorise(actor, "workshop:run")
    text = required_text(text, "The proposal", 4000)
    checked = None if rule is None else to_document(parse(rule))

    def transaction(connection: Connection) -> str:
        topic = _without_a_vote(connection, topic_id)
        if definitions.find_term(connection, term_key) is None:
            raise NotFound("This term is not in the glossary. Add it there first.")
        proposal_id = workshops.add_proposal(
            connection,
            topic_id,
            term_key=term_key,
            text=text,
            rule=checked,
            author_id=person.id,
            at=clock.now_text(),
        )
        workshops.touch(connection, topic.workshop_id)
        journal(
            connection,
            person,
            "proposal:open",
            "proposal",
            proposal_id,
            after={"term": term_key, "text": text, "rule": checked},
        )
        return proposal_id

    return store().write(transaction)


def vote(actor: Actor, proposal_id: str, choice: Choice | str) -> None:
    """Cast or change one's vote while voting runs. Only people of a team vote. The choice is not in the audit log."""
    person = authorise(actor, "workshop:vote")
    if person.team is None:
        raise NotPermitted("Only people of sales or marketing vote. You are in neither team.")
    team = person.team
    if choice not in set(Choice):
        raise InvalidInput("A vote is yes, no or abstain.")

    def transaction(connection: Connection) -> None:
        _, topic = _voting(connection, proposal_id)
        workshops.cast(
            connection,
            proposal_id,
            person_id=person.id,
            team=team,
            choice=Choice(choice),
            at=clock.now_text(),
        )
        workshops.touch(connection, topic.workshop_id)
        journal(connection, person, "proposal:vote", "proposal", proposal_id, after={"team": team.value})

    store().write(transaction)


def close_vote(actor: Actor, proposal_id: str) -> bool:
    """End the vote; returns whether both teams carried it. The topic is then agreed, else it stays open."""
    person = authorise(actor, "workshop:run")

    def transaction(connection: Connection) -> bool:
        _, topic = _voting(connection, proposal_id)
        tallies = workshops.tally(connection, proposal_id)
        if not any(tally.cast for tally in tallies.values()):
            raise WrongState("Nobody has voted yet. Wait for votes, or withdraw the proposal.")
        agreed = carried(tallies)
        workshops.decide(
            connection,
            proposal_id,
            ProposalState.CARRIED if agreed else ProposalState.NOT_CARRIED,
            clock.now_text(),
        )
        if agreed:
            workshops.set_topic_state(connection, topic.id, TopicState.AGREED)
        workshops.touch(connection, topic.workshop_id)
        journal(
            connection,
            person,
            "proposal:decide",
            "proposal",
            proposal_id,
            after={
                "carried": agreed,
                **{team.value: tally.carries for team, tally in tallies.items()},
            },
        )
        return agreed

    return store().write(transaction)


def withdraw(actor: Actor, proposal_id: str) -> None:
    """Take a proposal off the table before its vote is closed."""
    person = authorise(actor, "workshop:run")

    def transaction(connection: Connection) -> None:
        _, topic = _voting(connection, proposal_id)
        workshops.decide(connection, proposal_id, ProposalState.WITHDRAWN, clock.now_text())
        workshops.touch(connection, topic.workshop_id)
        journal(connection, person, "proposal:withdraw", "proposal", proposal_id)

    store().write(transaction)


def close_workshop(actor: Actor, workshop_id: str) -> None:
    """End a workshop; what was agreed stays. Raises WrongState while a vote is running."""
    person = authorise(actor, "workshop:run")

    def transaction(connection: Connection) -> None:
        found = _open_workshop(connection, workshop_id)
        if any(topic.voting for topic in found.topics):
            raise WrongState("A vote is still running. Close or withdraw it first.")
        workshops.close(connection, workshop_id, clock.now_text())
        journal(connection, person, "workshop:close", "workshop", workshop_id)

    store().write(transaction)


def _agenda(actor: Actor, workshop: Workshop) -> Agenda:
    costs: dict[str, LeadsApart] = {}
    order: list[tuple[tuple[bool, int, int], str]] = []
    for survey_id in dict.fromkeys(topic.survey_id for topic in workshop.topics if topic.survey_id):
        try:
            found = comparison.compare_survey(actor, survey_id).questions
        except Refusal:
            continue
        ranked = {one.question.key: (place, one) for place, one in enumerate(found)}
        for topic in workshop.topics:
            if topic.survey_id != survey_id or topic.question_key not in ranked:
                continue
            place, one = ranked[topic.question_key]
            if one.cost is not None:
                costs[topic.id] = one.cost
            leads = one.cost.differently if one.cost is not None else 0
            order.append(((one.verdict.value in ("aligned", "too_few"), -leads, place), topic.id))
    return Agenda({topic_id: place for place, (_, topic_id) in enumerate(sorted(order))}, costs)


def _veil(topic: Topic) -> Topic:
    def shown(proposal: Proposal) -> Proposal:
        if proposal.state not in (ProposalState.VOTING, ProposalState.WITHDRAWN):
            return replace(
                proposal, tallies={team: veiled(tally) for team, tally in proposal.tallies.items()}
            )
        return replace(
            proposal, tallies={team: Tally(abstain=tally.cast) for team, tally in proposal.tallies.items()}
        )

    return replace(topic, proposals=tuple(shown(proposal) for proposal in topic.proposals))


def _open_workshop(connection: Connection, workshop_id: str) -> Workshop:
    found = workshops.find(connection, workshop_id)
    if found is None:
        raise NotFound("This workshop does not exist.")
    if not found.open:
        raise WrongState("This workshop is closed. Open a new one.")
    return found


def _topic(connection: Connection, topic_id: str) -> Topic:
    topic = workshops.find_topic(connection, topic_id)
    if topic is None:
        raise NotFound("This topic does not exist.")
    _open_workshop(connection, topic.workshop_id)
    return topic


def _without_a_vote(connection: Connection, topic_id: str) -> Topic:
    """A topic of an open workshop that is neither agreed nor being voted on."""
    topic = _topic(connection, topic_id)
    workshop = _open_workshop(connection, topic.workshop_id)
    if topic.state is TopicState.AGREED:
        raise WrongState("Both teams have agreed on this topic. Add a new topic to take it up again.")
    if any(other.id == topic_id and other.voting for other in workshop.topics):
        raise WrongState("A proposal for this topic is being voted on. Close that vote first.")
    return topic


def _voting(connection: Connection, proposal_id: str) -> tuple[Proposal, Topic]:
    proposal = workshops.find_proposal(connection, proposal_id)
    if proposal is None:
        raise NotFound("This proposal does not exist.")
    if proposal.state is not ProposalState.VOTING:
        raise WrongState("The vote on this proposal is closed.")
    return proposal, _topic(connection, proposal.topic_id)


def may_vote(person: Person) -> bool:
    """Whether a person belongs to a team and so has a vote."""
    return person.team is not None
