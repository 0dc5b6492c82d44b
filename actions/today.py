"""What waits for a person today, the most pressing first."""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from actions import answers, clock, comparison, cycles, lead_duties, messages
from actions.agreements import waiting_for
from actions.cycles import CycleView
from actions.permissions import authorise, may
from alignment import definitions as agreements
from alignment import instants
from alignment.agreements import AgreementKind, AgreementVersion
from alignment.cycles import Phase
from alignment.definitions import DefinitionVersion
from alignment.disagreement.words import join_words
from alignment.messages import MessageKind
from alignment.people import Actor, Person
from alignment.promises import PromiseVersion
from alignment.questionnaires import Mode
from alignment.scores import ScoreVersion
from alignment.surveys import Survey, SurveyStatus
from db.queries import agreements as agreement_rows
from db.queries import answers as answer_rows
from db.queries import definitions, invitees, people, surveys, workshops
from db.store import Connection, store

# a questionnaire that waits is a task of its own, with or without a message
_SEEN_ANYHOW = (MessageKind.INVITATION, MessageKind.REMINDER)

_SIGNED_ON = {
    AgreementKind.DEFINITION: "definition",
    AgreementKind.PROMISE: "promises",
    AgreementKind.SCORE: "score",
}

RESULTS_STAY = timedelta(days=30)
"""So long after a questionnaire closed, the start page leads to its comparison."""


@dataclass(frozen=True)
class Task:
    """Something to do: a sentence, what its button says, and the page (address) where it is done.

    `survey_id` is the questionnaire that the page is to show, '' for none; `query` what else its link asks for.
    """

    sentence: str
    label: str
    page: str
    survey_id: str = ""
    query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Today:
    """A person's day: the tasks, the running cycle, and the definition of an MQL in force.

    `results` are comparisons that can be read since a short while; they ask for nothing, so that they are no tasks.
    What leads ask for is as it was counted last; `counted` is whether that still holds, else `lead_duties.count_duties`
    counts it anew.
    """

    tasks: tuple[Task, ...]
    cycle: CycleView | None
    definition: DefinitionVersion | None
    results: tuple[Task, ...] = ()
    counted: bool = True


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
                tasks.append(Task(f"A vote is open: “{topic.title}”.", "Vote", "workshop"))
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
    for waiting in waiting_for(
        connection, person
    ):  # others cannot go on without it: before what leads ask for
        sentence = f"{waiting.label} waits for your signature."
        query = (("term", waiting.key),) if waiting.kind is AgreementKind.DEFINITION else ()
        tasks.append(Task(sentence, "Read and sign", _SIGNED_ON[waiting.kind], query=query))
    duties, counted = lead_duties.last_counted(connection, person)
    tasks += [Task(duty.sentence, duty.label, duty.page, query=duty.query) for duty in duties]
    told = [one for one in messages.unread_messages(actor) if one.kind not in _SEEN_ANYHOW]
    if told:
        sentence = (
            _ended(told[0].subject) if len(told) == 1 else f"There are {len(told)} new messages for you."
        )
        tasks.append(Task(sentence, "Read", "inbox"))
    force = agreements.in_force(definitions.in_force_history(connection), now)
    if person.team:
        tasks += _unread(connection, person, now)
    if may(person, "person:add") and sum(someone.active for someone in people.everyone(connection)) == 1:
        tasks.append(Task("Nobody else has access yet.", "Invite people", "people"))
        tasks.append(Task("Business hours, time zone and holidays are still to be set.", "Set them", "hours"))
    if may(person, "cycle:run"):
        tasks.append(_next_step(cycle))
    if may(person, "leads:import") and not _has_leads():
        tasks.append(
            Task("There are no leads yet: every figure is counted from them.", "Bring them in", "bring_in")
        )
    return Today(tuple(tasks), cycle, force, _results(connection, person), counted)


def _has_leads() -> bool:
    """Whether leads were brought in, also where they cannot be read now."""
    from leads.pointer import WarehouseUnavailable
    from leads.store import warehouse

    try:
        return bool(warehouse().revision())
    except WarehouseUnavailable:
        return True


def _unread(connection: Connection, person: Person, now: str) -> list[Task]:
    """What both teams agreed, is in force and the person has not acknowledged: one task for each page where it is read."""
    tasks = []
    read = agreement_rows.read_by(connection, person.id)
    for of in (DefinitionVersion, PromiseVersion, ScoreVersion):
        by_subject: dict[str, list[AgreementVersion]] = {}
        for version in agreement_rows.versions(connection, of):
            by_subject.setdefault(version.key, []).append(version)
        current = [agreements.in_force(agreements.timeline(one), now) for one in by_subject.values()]
        unread = [version for version in current if version is not None and version.id not in read]
        if not unread:
            continue
        single = len(unread) == 1
        names = join_words([version.label for version in unread])
        sentence = f"{names} {'is' if single else 'are'} in force and you have not read {'it' if single else 'them'} yet."
        page = _SIGNED_ON[of.kind]
        if of.kind is not AgreementKind.DEFINITION:
            tasks.append(Task(sentence, "Read", page))
        elif single:
            tasks.append(Task(sentence, "Read", page, query=(("term", unread[0].key),)))
        else:
            tasks.append(Task(sentence, "Read", "glossary"))
    return tasks


def _results(connection: Connection, person: Person) -> tuple[Task, ...]:
    """The comparisons of questionnaires closed lately, for those who took part and those who run questionnaires."""
    since = instants.to_text(clock.now() - RESULTS_STAY)
    runs = may(person, "survey:prepare")
    return tuple(
        Task(
            f"The answers to ‘{survey.title}’ are in. See where {'the teams stand' if person.team is None else 'you stand'}.",
            "See them",
            "comparison",
            survey.id,
        )
        for survey in surveys.listed(connection)
        if survey.status is SurveyStatus.CLOSED
        and (survey.closed_at or "") >= since
        and (runs or _took_part(connection, survey, person))
        and _is_readable(str(store().path), survey.id, survey.revision)
    )


def _took_part(connection: Connection, survey: Survey, person: Person) -> bool:
    """Whether they submitted; nobody can tell of a closed anonymous questionnaire, where everybody asked counts."""
    if person.team is None:
        return False
    if survey.mode is Mode.ANONYMOUS:
        return invitees.is_asked(connection, survey, person.id)
    found = answer_rows.participation(connection, survey.id, person.id)
    return found is not None and found[1]


@lru_cache(maxsize=64)
def _is_readable(path: str, survey_id: str, revision: int) -> bool:
    """Counted once: the answers of a closed survey stay, and whatever changes them moves its revision."""
    connection = store().read()
    return comparison.is_readable(connection, surveys.known(connection, survey_id))


def _ended(subject: str) -> str:
    """The subject of a message as a sentence among others."""
    return subject if subject.endswith((".", "!", "?", "”", "’")) else f"{subject}."


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
