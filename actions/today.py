"""What waits for a person today, the most pressing first."""

from dataclasses import dataclass

from actions import answers, clock, cycles, messages
from actions.cycles import CycleView
from actions.permissions import authorise, may
from alignment import definitions as agreements
from alignment.cycles import Phase
from alignment.definitions import DefinitionState, DefinitionVersion
from alignment.messages import MessageKind
from alignment.people import Actor, Role
from db.queries import definitions, people, workshops
from db.store import store

# a questionnaire that waits is a task of its own, with or without a message
_SEEN_ANYHOW = (MessageKind.INVITATION, MessageKind.REMINDER)


@dataclass(frozen=True)
class Task:
    """Something to do: a sentence, what its button says, and the page (address) where it is done."""

    sentence: str
    label: str
    page: str


@dataclass(frozen=True)
class Today:
    """A person's day: the tasks, the running cycle, and the definition of an MQL in force."""

    tasks: tuple[Task, ...]
    cycle: CycleView | None
    definition: DefinitionVersion | None


def read_today(actor: Actor) -> Today:
    """Everything the start page shows, for the person who asks."""
    person = authorise(actor, "cycle:read")
    connection = store().read()
    now = clock.now_text()
    cycle = cycles.read_current(actor)
    tasks: list[Task] = []
    if person.team:
        running = next((found for found in workshops.everything(connection) if found.open), None)
        room = workshops.find(connection, running.id) if running else None
        for topic in room.topics if room else ():
            if topic.voting and workshops.choice_of(connection, topic.voting.id, person.id) is None:
                tasks.append(Task(f"A vote is open: {topic.title}", "Vote", "workshop"))
        for progress in answers.my_surveys(actor):
            if progress.submitted:
                continue
            title = progress.survey.title
            if progress.answered:
                tasks.append(
                    Task(
                        f"You have answered {progress.answered} of {progress.total} questions of “{title}”.",
                        "Go on",
                        "answer",
                    )
                )
            else:
                tasks.append(
                    Task(f"“{title}” waits for your answers: {progress.total} questions.", "Answer", "answer")
                )
    told = [one for one in messages.unread_messages(actor) if one.kind not in _SEEN_ANYHOW]
    if told:
        sentence = told[0].subject if len(told) == 1 else f"There are {len(told)} new messages for you."
        tasks.append(Task(sentence, "Read", "inbox"))
    versions = definitions.versions(connection)
    signs_for = person.team if person.role is Role.TEAM_LEAD else None
    for version in versions:
        proposed = version.state is DefinitionState.PROPOSED
        if signs_for is not None and proposed and not version.signed_by(signs_for):
            tasks.append(Task(f"{version.label} waits for your signature.", "Read and sign", "glossary"))
    force = agreements.in_force(agreements.timeline(v for v in versions if v.term_key == "mql"), now)
    if person.team:
        by_term: dict[str, list[DefinitionVersion]] = {}
        for version in versions:
            by_term.setdefault(version.term_key, []).append(version)
        for of_term in by_term.values():
            current = agreements.in_force(agreements.timeline(of_term), now)
            if current and person.id not in definitions.acknowledged_by(connection, current.id):
                tasks.append(
                    Task(f"{current.label} is in force and you have not read it yet.", "Read", "glossary")
                )
    if may(person, "person:add") and sum(someone.active for someone in people.everyone(connection)) == 1:
        tasks.append(Task("Nobody else has access yet.", "Invite people", "people"))
        tasks.append(
            Task("Business hours, time zone and promises are still to be set.", "Set them", "settings")
        )
    if may(person, "cycle:run"):
        tasks.append(_next_step(cycle))
    return Today(tuple(tasks), cycle, force)


def _next_step(cycle: CycleView | None) -> Task:
    if cycle is None:
        return Task("No cycle is running.", "Start one", "cycle")
    name = f"The cycle “{cycle.cycle.name}”"
    missing = [item for item in cycle.gate if not item.met]
    if missing:
        condition = missing[0].text[0].lower() + missing[0].text[1:]
        return Task(f"{name} goes on when {condition}.", "Go there", missing[0].page)
    if cycle.cycle.phase is Phase.RECAP:
        return Task(f"{name} can be closed.", "Close it", "cycle")
    return Task(f"{name} can go on to {cycle.cycle.phase.next.label}.", "Go on", "cycle")
