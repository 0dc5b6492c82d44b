"""Fill an empty store with the sample company: everything through the actions people use, dated back from today."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from actions import (
    agreements,
    answers,
    capacity,
    clock,
    comparison,
    cycles,
    definitions,
    goals,
    imports,
    lead_cards,
    leads,
    people,
    promise_signing,
    promises,
    scores,
    settings,
    surveys,
    workshops,
)
from actions.people import Newcomer
from actions.permissions import authorise
from alignment.company import Company
from alignment.errors import WrongState
from alignment.people import Actor, Person, Role, Team
from alignment.surveys import Survey
from alignment.workshops import Choice, TopicState
from sample.agreement import (
    DISQUALIFIED,
    GROWTH,
    MARKETING_POINTS,
    PROMISED,
    PROMISED_FOR_REFERRED,
    REFERRED,
    SALES_CAN_WORK,
    SALES_POINTS,
    SCORE,
    SCORE_TEXT,
    TOPICS,
    Put,
)
from sample.answers import answer_sheets
from sample.feedback import speak_of_leads
from sample.judgements import ABOUT_JUDGING, judge
from sample.lead_history import HOURS, lead_history, to_arrow
from sample.leanings import FIRST, PROMISES, SECOND, Leanings
from sample.objections import doubt
from sample.staff import FACILITATOR, MARKETING_LEAD, SALES, SALES_LEAD, STAFF
from sample.vocabulary import explain_words

NAME = "Tarnholm Analytics"
SEED = 1

# how many days ago; meetings on a weekend move to the Friday before
FOUNDED = 560
FIRST_STARTED = 456
FIRST_ASKED = 452
FIRST_CLOSED = 428
FIRST_PLANNED = 424
WORKSHOP = 400
SIGNED = 386
IN_FORCE = 335
EXECUTED = 334
RECAP = 76
RECAP_WRITTEN = 63
FIRST_ENDED = 61
CARDS_ASKED = 48
CARDS_CLOSED = 34
GOAL_AGREED = 62
GOAL_BEGAN = 56
SECOND_STARTED = 24
SECOND_ASKED = 22
SECOND_CLOSED = 10
PROMISES_ASKED = 8

_YET_TO_ANSWER = ("Svenja Brackmann", "Ilse van Roden")
_HALF_WAY = "Kwame Asantewa"
_READERS = {"mql": 20, "sal": 16, "disqualified": 12}  # how many of the teams have read each definition
_READERS_OF_OTHERS = 18  # … each promise and the score
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class SignIn:
    """A way in: one of the sample company's people. `team` is None for those of neither side."""

    name: str
    email: str
    role: Role
    team: Team | None


@dataclass(frozen=True)
class SampleCompany:
    """What was made: the company's name, who can sign in, and the password they all share."""

    name: str
    password: str
    sign_ins: tuple[SignIn, ...]


def load(actor: Actor, progress: Callable[[float, str], None] | None = None) -> SampleCompany:
    """Make the sample company as of today. `progress` is told the share done, from 0 to 1, and what is made next.

    Raises WrongState when the portal has people or leads already: a sample never mixes with a company's own data.
    """
    authorise(actor, "sample:load")
    for found, what in ((people.list_people(actor), "people"), (leads.read_revision(actor), "leads")):
        if found:
            raise WrongState(
                f"There are {what} in this portal already. The sample company goes into an empty one only: choose "
                "another data folder, or empty this one."
            )
    tell = progress or (lambda share, text: None)
    past = _Past(clock.now())
    tell(0.0, "Leads of eighteen months")
    contents = _import_leads(actor, past)
    tell(0.2, "People")
    password, members = _hire(actor, past)
    story = _Story(past, members)
    tell(0.25, "Leads that both teams judge")
    story.judged_cards()
    tell(0.35, "The first cycle: questionnaire")
    cycle, survey = story.first_identify()
    tell(0.6, "The first cycle: workshop and signatures")
    story.first_plan(cycle, survey)
    tell(0.65, "The first cycle: recap")
    story.first_recap(cycle)
    tell(0.9, "A goal that both teams share")
    story.shared_goal()
    tell(0.95, "The second cycle")
    story.second_identify()
    tell(0.96, "Objections, and whether they came true")
    story.doubt(actor)
    tell(0.97, "What sales says of the leads")
    story.speak_of_leads(actor, contents)
    tell(1.0, "Done")
    sign_ins = tuple(SignIn(c.name, c.email, c.role, c.team) for c in STAFF)
    return SampleCompany(NAME, password, sign_ins)


class _Past:
    """Days before today in the company's zone, and the clock set to them."""

    def __init__(self, now: datetime) -> None:
        self.zone = ZoneInfo(HOURS.timezone)
        self.today = now.astimezone(self.zone).date()

    def day(self, ago: int) -> date:
        """The day so many days ago, or the Friday before where that is a weekend."""
        found = self.today - timedelta(days=ago)
        return found - timedelta(days=max(0, found.weekday() - 4))

    def instant(self, ago: int, hour: float) -> datetime:
        """An hour, with its fraction, of that day."""
        midnight = datetime.combine(self.day(ago), time(), self.zone)
        return midnight + timedelta(hours=hour)

    @contextmanager
    def at(self, ago: int, hour: float) -> Iterator[None]:
        """Let actions happen then."""
        with clock.at(self.instant(ago, hour)):
            yield


def _import_leads(actor: Actor, past: _Past) -> dict[str, str | None]:
    """Returns what each lead has read, by its id."""
    sellers = [colleague.name for colleague in SALES if colleague.role is Role.MEMBER]
    agreed_on = past.day(IN_FORCE)
    history = lead_history(past.today, agreed_on, sellers, seed=SEED)
    imports.add_history(actor, to_arrow(history.leads), to_arrow(history.events))
    return dict(zip(history.leads["lead_id"], history.leads["content"], strict=True))


def _hire(actor: Actor, past: _Past) -> tuple[str, dict[str, Person]]:
    """The company's settings and people; returns their password, and the people by name."""
    password = "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))
    with past.at(FOUNDED, 9):
        company = Company(NAME, HOURS, follow_up_minutes=60, feedback_hours=16, sample=True)
        _, revision = settings.company_with_revision(actor)
        settings.change_company(actor, company, revision)
        newcomers = [Newcomer(c.name, c.email, c.team, c.role) for c in STAFF]
        added = people.add_with_password(actor, newcomers, password, real=False)
    return password, {person.name: person for person in added}


class _Story:
    """What the people of the sample company did, in order."""

    def __init__(self, past: _Past, members: Mapping[str, Person]) -> None:
        self._past = past
        self._people = members
        self._teams = {team: [p for p in members.values() if p.team is team] for team in Team}

    def judged_cards(self) -> None:
        """Between the cycles everybody judged the same leads, each for themselves.

        It is told first, so that those about the definition stay the last closed ones in the lists.
        """
        with self._past.at(CARDS_ASKED, 9):
            draft = surveys.prepare_survey(self._facilitator, template="lead_cards")
            question = draft.questionnaire.question("cards")
            review = lead_cards.draw_cards(
                self._facilitator, draft.id, question.key, seed=SEED, revision=draft.revision
            )
            survey = surveys.open_survey(self._facilitator, draft.id)
        names = {team: [person.name for person in self._teams[team]] for team in Team}
        judged = judge(review.cards, names, SEED)
        sheets = answer_sheets(survey.questionnaire, ABOUT_JUDGING, names, SEED)
        whole = {name: {question.key: judged[name], **sheet} for name, sheet in sheets.items()}
        self._give(survey, whole, CARDS_ASKED, CARDS_CLOSED, {})
        with self._past.at(CARDS_CLOSED, 17):
            surveys.close_survey(self._facilitator, survey.id)

    def first_identify(self) -> tuple[str, Survey]:
        """The first cycle up to its plan: a questionnaire that everybody answers. Returns the cycle's id."""
        with self._past.at(FIRST_STARTED, 10):
            cycle = cycles.start_cycle(self._facilitator, "Speak one language")
        survey = self._ask(cycle, FIRST_ASKED)
        self._answer(survey, FIRST, FIRST_ASKED, FIRST_CLOSED, {})
        with self._past.at(FIRST_CLOSED, 17):
            survey = surveys.close_survey(self._facilitator, survey.id)
        with self._past.at(FIRST_PLANNED, 9):
            self._advance(cycle)
        return cycle, survey

    def first_plan(self, cycle: str, survey: Survey) -> None:
        """The workshop, what was drafted from it, signed and read, and the point people."""
        carried: dict[str, str] = {}
        with self._past.at(WORKSHOP, 10):
            workshop = workshops.open_workshop(self._facilitator, "What we call a qualified lead", cycle)
            compared = {
                c.question.key: c for c in comparison.compare_survey(self._facilitator, survey.id).questions
            }
            for put in TOPICS:
                found = compared[put.question_key]
                workshops.add_topic(
                    self._facilitator,
                    workshop,
                    title=found.question.name,
                    reason=found.sentence,
                    survey_id=survey.id,
                    question_key=put.question_key,
                )
        topics = {t.question_key: t.id for t in workshops.read_workshop(self._facilitator, workshop).topics}
        for number, put in enumerate(TOPICS):
            with self._past.at(WORKSHOP, 10.3 + 0.4 * number):
                proposal = self._vote(topics[put.question_key], put)
            if put.carried and proposal:
                carried[put.term_key] = proposal
        with self._past.at(WORKSHOP, 12.2):
            workshops.close_workshop(self._facilitator, workshop)
            sales, marketing = self._person("Jonas Wikstrand").id, self._person("Noor Elmasri").id
            cycles.name_point_people(self._facilitator, cycle, self._revision(cycle), sales, marketing)
        self._sign(carried)
        self._promise()
        self._score()
        with self._past.at(EXECUTED, 9):
            self._advance(cycle)
            self._read()
            explain_words(self._facilitator, lambda name: self._person(name).id)

    def _revision(self, cycle: str) -> int:
        return cycles.read_cycle(self._facilitator, cycle).cycle.revision

    def first_recap(self, cycle: str) -> None:
        """Half a year and more later: look back, write it down, close."""
        with self._past.at(RECAP, 9):
            self._advance(cycle)
        with self._past.at(RECAP_WRITTEN, 15):
            cycles.write_recap(self._facilitator, cycle, self._revision(cycle), GROWTH)
        with self._past.at(FIRST_ENDED, 16):
            self._advance(cycle)

    def shared_goal(self) -> None:
        """What both teams want of a quarter, agreed before it began."""
        first, last = self._past.day(GOAL_BEGAN), self._past.day(GOAL_BEGAN) + timedelta(days=90)
        with self._past.at(GOAL_AGREED, 14):
            goal = goals.propose(
                self._actor(SALES_LEAD.name),
                "A quarter of better leads",
                ("won", 110),
                ("qualified", 1_080),
                ("accepted", 900),
                first,
                last,
            )
            goals.agree(self._actor(MARKETING_LEAD.name), goal)

    def second_identify(self) -> None:
        """The running cycle: the first one's questions asked again and closed, and promises that three have not submitted."""
        with self._past.at(SECOND_STARTED, 10):
            cycle = cycles.start_cycle(self._facilitator, "Leads that are not ready yet")
        again = self._ask(cycle, SECOND_ASKED)
        self._answer(again, SECOND, SECOND_ASKED, SECOND_CLOSED, {})
        with self._past.at(SECOND_CLOSED, 17):
            surveys.close_survey(self._facilitator, again.id)
        asked = self._ask(cycle, PROMISES_ASKED, "promises")
        some = len(asked.questionnaire.questions) // 2
        unfinished = {**dict.fromkeys(_YET_TO_ANSWER, 0), _HALF_WAY: some}
        self._answer(asked, PROMISES, PROMISES_ASKED, 1, unfinished)

    def doubt(self, machine: Actor) -> None:
        """What two people had against the definition, and what became of it."""
        doubt(machine, self._actor, self._past.instant, self._past.day)

    def speak_of_leads(self, machine: Actor, contents: Mapping[str, str | None]) -> None:
        """What sales decides in the portal, and what it says of the leads."""
        sellers = {person.name: self._actor(person.name) for person in self._teams[Team.SALES]}
        speak_of_leads(machine, self._actor(SALES_LEAD.name), sellers, contents, self._past.instant, SEED)

    def _ask(self, cycle: str, ago: int, template: str = "qualified_lead") -> Survey:
        with self._past.at(ago, 8.5):
            survey = surveys.prepare_survey(self._facilitator, template=template, cycle_id=cycle)
            return surveys.open_survey(self._facilitator, survey.id)

    def _answer(
        self,
        survey: Survey,
        leanings: Mapping[str, Leanings],
        first: int,
        last: int,
        unfinished: Mapping[str, int],
    ) -> None:
        """Everybody answers as their team leans, between two days."""
        names = {team: [person.name for person in self._teams[team]] for team in Team}
        sheets = answer_sheets(survey.questionnaire, leanings, names, SEED)
        self._give(survey, sheets, first, last, unfinished)

    def _give(
        self,
        survey: Survey,
        sheets: Mapping[str, Mapping[str, Any]],
        first: int,
        last: int,
        unfinished: Mapping[str, int],
    ) -> None:
        """Everybody answers once between two days; those in `unfinished` only so many questions, without submitting."""
        random = Random(f"{SEED} {first}")
        order = sorted((random.randint(last, first - 1), random.uniform(9, 16.5), name) for name in sheets)
        for ago, hour, name in sorted(order, key=lambda entry: (-entry[0], entry[1])):
            sheet = sheets[name]
            count = unfinished.get(name, len(sheet))
            moment = self._past.instant(ago, hour)
            for number, (key, value) in enumerate(list(sheet.items())[:count]):
                with clock.at(moment + timedelta(seconds=14 * number)):
                    answers.save_answer(self._actor(name), survey.id, key, value)
            if name not in unfinished:
                with clock.at(moment + timedelta(seconds=14 * count)):
                    answers.submit_answers(self._actor(name), survey.id)

    def _vote(self, topic: str, put: Put) -> str:
        """Put a proposal to the vote, or park the topic; returns the proposal's id or ''."""
        if not put.text:
            workshops.set_topic_state(self._facilitator, topic, TopicState.PARKED)
            return ""
        proposal = workshops.propose(self._facilitator, topic, put.term_key, put.text, put.rule)
        for team, yes in zip(Team, put.yes, strict=True):
            for number, person in enumerate(self._shuffled(team, put.question_key)):
                choice = Choice.YES if number < yes else (Choice.ABSTAIN if number == yes else Choice.NO)
                workshops.vote(self._actor(person.name), proposal, choice)
        workshops.close_vote(self._facilitator, proposal)
        return proposal

    def _sign(self, carried: Mapping[str, str]) -> None:
        """Draft what was carried, and one term settled without a vote; both team leads sign."""
        start = self._past.day(IN_FORCE)
        with self._past.at(WORKSHOP - 2, 14):
            drafts = [
                definitions.draft_from_proposal(self._facilitator, proposal, start)
                for proposal in carried.values()
            ]
            drafts.append(definitions.draft(self._facilitator, "disqualified", DISQUALIFIED, None, start))
            for draft in drafts:
                definitions.propose(self._facilitator, draft)
        for later, lead in enumerate((MARKETING_LEAD, SALES_LEAD)):
            with self._past.at(SIGNED - later, 16):
                signer = self._actor(lead.name)
                for entry in definitions.read_glossary(signer):
                    if entry.open is not None and entry.open.id in drafts:
                        definitions.sign(signer, entry.open.id, entry.open.content_hash)

    def _promise(self) -> None:
        """Draft what each side promises the other; both team leads sign."""
        start = self._past.day(IN_FORCE)
        with self._past.at(WORKSHOP - 2, 15):
            referred = promise_signing.add_promise(self._facilitator, REFERRED)
            for key, terms in {**PROMISED, referred: PROMISED_FOR_REFERRED}.items():
                draft = promise_signing.draft(self._facilitator, key, terms, "", start)
                promise_signing.propose(self._facilitator, draft)
        for later, lead in enumerate((MARKETING_LEAD, SALES_LEAD)):
            with self._past.at(SIGNED - later, 16.5):
                signer = self._actor(lead.name)
                for entry in promises.read_promises(signer):
                    if entry.open is not None:
                        promise_signing.sign(signer, entry.open.id, entry.open.content_hash)

    def _score(self) -> None:
        """Each side says which points it would give; then both team leads sign one score."""
        with self._past.at(WORKSHOP - 2, 15.5):
            for lead, points in ((SALES_LEAD, SALES_POINTS), (MARKETING_LEAD, MARKETING_POINTS)):
                scores.propose_points(self._actor(lead.name), points)
            capacity.change_capacity(self._actor(SALES_LEAD.name), SALES_CAN_WORK)
            draft = scores.draft(self._facilitator, SCORE_TEXT, SCORE, self._past.day(IN_FORCE))
            agreements.propose(self._facilitator, draft)
        content = agreements.read_version(self._facilitator, draft).content_hash
        for later, lead in enumerate((MARKETING_LEAD, SALES_LEAD)):
            with self._past.at(SIGNED - later, 17):
                agreements.sign(self._actor(lead.name), draft, content)

    def _read(self) -> None:
        both = [person for team in Team for person in self._teams[team]]
        for term, count in _READERS.items():
            current = definitions.in_force_now(self._facilitator, term)
            if current is None:
                continue
            for person in Random(f"{SEED} {term}").sample(both, count):
                definitions.acknowledge(self._actor(person.name), current.id)
        others = [entry.in_force for entry in promises.read_promises(self._facilitator)]
        for version in (*others, scores.in_force_now(self._facilitator)):
            if version is None:
                continue
            for person in Random(f"{SEED} read").sample(both, _READERS_OF_OTHERS):
                agreements.acknowledge(self._actor(person.name), version.id)

    def _advance(self, cycle: str) -> None:
        revision = cycles.read_cycle(self._facilitator, cycle).cycle.revision
        cycles.advance(self._facilitator, cycle, revision)

    def _shuffled(self, team: Team, salt: str) -> Sequence[Person]:
        order = list(self._teams[team])
        Random(f"{SEED} {salt} {team.value}").shuffle(order)
        return order

    def _person(self, name: str) -> Person:
        return self._people[name]

    def _actor(self, name: str) -> Actor:
        return Actor(self._people[name].id, clock.now_text())

    @property
    def _facilitator(self) -> Actor:
        return self._actor(FACILITATOR.name)
