"""What people may do with objections: record one as a claim, take it back, see how it stands; and deciding those that are due."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from actions import clock, messages, metrics, settings
from actions.journal import journal
from actions.kept_results import KeptResults
from actions.permissions import FACILITATORS, authorise
from alignment import definitions as agreements
from alignment import instants
from alignment.errors import InvalidInput, NotFound, NotPermitted, WrongState
from alignment.messages import MessageKind, objection_confirmed, objection_ended
from alignment.objections import (
    MEASURES,
    Claim,
    Comparison,
    Evidence,
    Objection,
    ObjectionState,
    check_claim,
    claim_in_words,
    evidence_in_words,
    judge,
    outcome_in_words,
)
from alignment.people import Actor, Person, Role
from alignment.texts import required_text
from alignment.workshops import Topic, TopicState
from db.queries import cycles, definitions, objections, people, workshops
from db.store import Connection, store
from leads import figures_process

if TYPE_CHECKING:  # Ibis takes a second to load: only where a figure is really asked for
    from leads.metrics.question import Measure

MOST_WAITING = 50
"""So many objections to a term may wait at the same time."""
MOST_OF_ONE = 5
"""So many of them from one person: who claims enough is right by chance."""
CURRENT_DAYS = 90
"""A claim is set against what its figure was over so many days."""
_LONGEST_REASON = 1_000
_MOST_REASONS = 5


@dataclass(frozen=True)
class Current:
    """A figure as it is now, in words, and for how many days it follows leads, None where it does not."""

    in_words: str
    window_days: int | None


def list_objections(actor: Actor, term_key: str | None = None) -> list[Objection]:
    """All objections, or those to one term, the newest first."""
    authorise(actor, "objection:read")
    return objections.everything(store().read(), term_key)


def read_revision(actor: Actor) -> str:
    """A text that changes whenever an objection does: what live screens poll."""
    authorise(actor, "objection:read")
    return objections.revision(store().read())


def name_authors(actor: Actor) -> dict[str, str]:
    """The names of those who objected, by id; who has left is not among them."""
    authorise(actor, "objection:read")
    connection = store().read()
    authors = {objection.author_id for objection in objections.everything(connection)}
    return {someone.id: someone.name for someone in people.everyone(connection) if someone.id in authors}


def read_standing(actor: Actor, objection_id: str) -> Evidence | None:
    """How the figure of an objection that waits stands so far; None while there are no lead facts or its days are to come."""
    authorise(actor, "objection:read")
    connection = store().read()
    found = _found(connection, objection_id)
    if found.claim.first_day > _today(connection):
        return None
    return _figure(connection, found.claim)


def read_current(actor: Actor, measure: str, field: str = "", field_value: str = "") -> Current | None:
    """What a figure is over the last `CURRENT_DAYS` days, to set a claim against; None while there are no lead facts.

    `field` and `field_value` keep to leads of one kind, as in a claim. Raises InvalidInput for a measure or field there is not.
    """
    authorise(actor, "objection:raise")
    connection = store().read()
    today = _today(connection)
    claim = check_claim(
        measure, Comparison.BELOW, 0.5, today, today, today, field=field, field_value=field_value
    )
    _check_field(actor, claim)
    claim = replace(claim, first_day=today - timedelta(days=CURRENT_DAYS - 1))
    evidence = _figure(connection, claim)
    if evidence is None:
        return None
    return Current(evidence_in_words(claim, evidence), _window_days(connection, claim))


def raise_objection(
    actor: Actor,
    term_key: str,
    reason: str,
    measure: str,
    comparison: str,
    value: float,
    first_day: date,
    last_day: date,
    *,
    field: str = "",
    field_value: str = "",
    topic_id: str | None = None,
) -> str:
    """Object to the definition of a term that is agreed or waits for signatures; returns the objection's id.

    The claim is as in `alignment.objections.check_claim`; `topic_id` is the topic that opens again when the figures prove it
    right; without one it is the one on which the term was last agreed. Raises InvalidInput for a claim that cannot be decided, NotFound for a term or topic that there is not, WrongState
    where nothing of the term is agreed or proposed.
    """
    person = authorise(actor, "objection:raise")
    reason = required_text(reason, "“What is wrong with it?”", _LONGEST_REASON)
    claim = check_claim(
        measure,
        comparison,
        value,
        first_day,
        last_day,
        _today(store().read()),
        field=field,
        field_value=field_value,
    )
    _check_field(actor, claim)

    def transaction(connection: Connection) -> str:
        version = _objected_version(connection, term_key)
        if topic_id is not None and not workshops.is_about(connection, topic_id, term_key):
            raise NotFound("There is no such topic about this term.")
        waiting = [
            one for one in objections.everything(connection, term_key) if one.state is ObjectionState.WAITING
        ]
        if len(waiting) >= MOST_WAITING:
            raise InvalidInput(f"{MOST_WAITING} objections to this term wait already. Take one back first.")
        if sum(one.author_id == person.id for one in waiting) >= MOST_OF_ONE:
            raise InvalidInput(
                f"{MOST_OF_ONE} of your objections to this term wait already. Take one back first."
            )
        if any(one.claim == claim for one in waiting):
            raise InvalidInput("This very claim waits already. Change it, or let the other one be decided.")
        objection_id = objections.add(
            connection,
            term_key=term_key,
            version=version,
            topic_id=topic_id,
            reason=reason,
            claim=claim,
            author_id=person.id,
            at=clock.now_text(),
        )
        journal(
            connection,
            person,
            "objection:raise",
            "objection",
            objection_id,
            after={"term": term_key, "version": version, "reason": reason, "claim": claim_in_words(claim)},
        )
        return objection_id

    return store().write(transaction)


def withdraw(actor: Actor, objection_id: str, because: str) -> None:
    """Take back an objection that waits, with the reason. For its author, and for who runs workshops.

    Raises NotPermitted for anybody else, WrongState once it was decided.
    """
    person = authorise(actor, "objection:raise")
    because = required_text(because, "“Why?”", 500)

    def transaction(connection: Connection) -> None:
        found = _found(connection, objection_id)
        if person.id != found.author_id and person.role not in FACILITATORS:
            raise NotPermitted("Only who objected, or a facilitator, can take an objection back.")
        if found.state is not ObjectionState.WAITING:
            raise WrongState(f"This objection is settled already: {found.state.label.lower()}.")
        objections.withdraw(connection, objection_id, because, clock.now_text())
        journal(
            connection, person, "objection:withdraw", "objection", objection_id, after={"because": because}
        )

    store().write(transaction)


def decide_due(actor: Actor) -> int:
    """Decide the objections whose days are over, as far as the lead facts reach over them; returns how many. For the timer.

    One that the figures prove right puts its topic back on the table and tells the team leads of both sides; of every other
    outcome its author is told. Each is decided once, whoever looks.
    """
    person = authorise(actor, "timer:run")
    connection = store().read()
    waiting = objections.due(connection, _today(connection))
    if not waiting:
        return 0
    zone = settings.company_of(connection).hours.timezone
    decided = 0
    for found in waiting:
        if instants.to_text(metrics.known_until()) < instants.day_start(found.claim.decided_on, zone):
            continue
        evidence = _figure(connection, found.claim)
        if evidence is not None:
            decided += _decide(person, found, evidence)
    return decided


def is_behind(actor: Actor, objection: Objection) -> bool:
    """Whether the days of an objection are over and the lead facts do not reach over them yet."""
    authorise(actor, "objection:read")
    connection = store().read()
    if objection.state is not ObjectionState.WAITING or objection.claim.last_day >= _today(connection):
        return False
    zone = settings.company_of(connection).hours.timezone
    return instants.to_text(metrics.known_until()) < instants.day_start(objection.claim.decided_on, zone)


def _decide(person: Person, found: Objection, evidence: Evidence) -> bool:
    state = judge(found.claim, evidence)
    claim, outcome = claim_in_words(found.claim), outcome_in_words(found.claim, evidence, state)

    def transaction(connection: Connection) -> bool:
        current = objections.find(connection, found.id)
        if current is None or current.state is not ObjectionState.WAITING:
            return False  # another server was faster, or it was taken back
        everyone = [someone for someone in people.everyone(connection) if someone.active]
        author = [someone for someone in everyone if someone.id == found.author_id]
        topic_id = None
        if state is ObjectionState.CONFIRMED:
            topic_id = _reopen(connection, found, f"{claim}. It came true: {outcome} {found.reason}")
            heads = [someone for someone in everyone if someone.role is Role.TEAM_LEAD]
            told = {someone.id: someone for someone in (*heads, *author)}
            wording = objection_confirmed(found.term_name, claim, outcome, found.reason)
            messages.notify(connection, told.values(), MessageKind.ALERT, wording, "workshop")
        else:
            wording = objection_ended(found.term_name, claim, outcome)
            messages.notify(connection, author, MessageKind.ALERT, wording, "reality")
        objections.decide(connection, found.id, state, evidence, clock.now_text(), topic_id)
        journal(
            connection,
            person,
            "objection:decide",
            "objection",
            found.id,
            before={"state": found.state.value},
            after={"state": state.value, "outcome": outcome, "topic": topic_id},
        )
        return True

    return store().write(transaction)


def _reopen(connection: Connection, found: Objection, reason: str) -> str:
    """Put the objection's topic back on the table of an open workshop, or a new one where there is none; its id.

    Where it lies on a table already, what came true before stays with it.
    """
    topic_id = found.topic_id or workshops.topic_that_settled(connection, found.term_key)
    topic = workshops.find_topic(connection, topic_id) if topic_id else None
    title = topic.title if topic is not None else f"{found.term_name}: does it still hold?"
    question = (topic.survey_id, topic.question_key) if topic is not None else (None, None)
    running = [one.id for one in workshops.everything(connection) if one.open]
    rooms = [room for room in (workshops.find(connection, one) for one in running) if room is not None]
    for room in rooms:
        for known in room.topics:
            asked = (known.survey_id, known.question_key)
            if known.id == topic_id or (asked == question and (question[1] or known.title == title)):
                workshops.reopen_topic(connection, known.id, _reasons(known, reason))
                workshops.touch(connection, room.id)
                return known.id
    if rooms:
        workshop_id = rooms[0].id
    else:
        cycle = cycles.current(connection)
        workshop_id = workshops.add(
            connection,
            cycle_id=cycle.id if cycle else None,
            title=f"An objection came true: {found.term_name}",
            at=clock.now_text(),
        )
    added = workshops.add_topic(
        connection,
        workshop_id,
        title=title,
        reason=reason[:_LONGEST_REASON],
        survey_id=question[0],
        question_key=question[1],
    )
    assert added is not None  # the question was looked for on this table
    workshops.touch(connection, workshop_id)
    return added


def _reasons(topic: Topic, reason: str) -> str:
    """What brings a topic to the table: beside what does already, unless that was settled."""
    if topic.state is not TopicState.OPEN or not topic.reason:
        return reason[:_LONGEST_REASON]
    return f"{topic.reason} Besides: {reason}"[: _MOST_REASONS * _LONGEST_REASON]


def _objected_version(connection: Connection, term_key: str) -> str:
    """The label of the version that an objection to a term is to: the one that waits for signatures, else the last one agreed."""
    versions = [one for one in definitions.versions(connection) if one.term_key == term_key]
    if not versions and all(term.key != term_key for term in definitions.terms(connection)):
        raise NotFound("There is no such term.")
    proposed = next((one for one in versions if one.state is agreements.DefinitionState.PROPOSED), None)
    agreed = agreements.timeline(versions)
    current = proposed or (agreed[-1] if agreed else None)
    if current is None:
        raise WrongState("Nothing of this term is agreed or proposed yet, so there is nothing to object to.")
    return current.label


_FIGURES: "KeptResults[list[Measure]]" = KeptResults(64)


def _figure(connection: Connection, claim: Claim) -> Evidence | None:
    """The claim's figure as of what is known now; None while there are no lead facts."""
    found = _measured(connection, claim)
    if found is None:
        return None
    figure, as_of, revision = found
    if figure is None:
        return Evidence(None, 0, 0, None, as_of, revision)
    return Evidence(
        value=figure.value,
        numerator=figure.numerator,
        denominator=figure.denominator,
        interval=figure.interval,
        as_of=figure.as_of,
        facts=revision,
        definition=figure.definition_version or ", ".join(figure.definitions),
        formula=figure.formula,
    )


def _window_days(connection: Connection, claim: Claim) -> int | None:
    found = _measured(connection, claim)
    return found[0].window_days if found is not None and found[0] is not None else None


def _measured(connection: Connection, claim: Claim) -> "tuple[Measure | None, str, str] | None":
    """The measure of a claim, None where it tells none; with the instant it is of and the version of the lead facts."""
    from leads.store import warehouse

    facts = warehouse()
    revision = facts.revision()
    if not revision:
        return None
    question = metrics.ask(connection, first_day=claim.first_day, last_day=claim.last_day, only=claim.only)

    asked = MEASURES[claim.measure].figure

    def compute() -> "list[Measure]":
        from leads.metrics.measuring import measure_all

        return figures_process.run(measure_all, question, {asked.split(":")[0]})

    measures = _FIGURES.get((facts.folder, revision, metrics.rounded(question), asked), compute)
    figure = next((one for one in measures if one.key == asked and not one.group), None)
    return figure, instants.to_text(question.as_of), revision


def _check_field(actor: Actor, claim: Claim) -> None:
    if claim.field and claim.field not in metrics.list_slices(actor):
        raise InvalidInput(f"Leads have no field “{claim.field[:80]}” to keep to. Choose another.")


def _found(connection: Connection, objection_id: str) -> Objection:
    found = objections.find(connection, objection_id) if isinstance(objection_id, str) else None
    if found is None:
        raise NotFound("There is no such objection.")
    return found


def _today(connection: Connection) -> date:
    return clock.now().astimezone(ZoneInfo(settings.company_of(connection).hours.timezone)).date()
