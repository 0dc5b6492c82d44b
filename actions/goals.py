"""What people may do with shared goals: propose one, agree to it, take it back, and see how it goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from actions import clock, metrics, settings
from actions.journal import journal
from actions.kept_results import KeptResults
from actions.permissions import authorise
from alignment import definitions as agreements
from alignment import goals as domain
from alignment.errors import InvalidInput, NotFound, WrongState
from alignment.goals import Counted, Goal, GoalMeasure, GoalState, Pace
from alignment.people import Actor, Person, Role, Team
from alignment.texts import required_text
from db.queries import definitions, goals, people
from db.store import Connection, store
from leads import figures_process

if TYPE_CHECKING:  # Ibis takes a second to load: only where leads are really counted
    from leads.goals import Amounts

_TOO_LATE = "The period of “{title}” has begun, and a goal has to be agreed before that. Propose one for a period to come."


@dataclass(frozen=True)
class GoalProgress:
    """A goal as people see it: where it stands, how the outcome and each side's part go, and the names of who agreed.

    The paces are None while there are no leads, and for goals that are not registered. `definitions` are the versions by
    which the qualified leads of the period were judged, if the goal counts any.
    """

    goal: Goal
    state: GoalState
    outcome: Pace | None
    contributions: Mapping[Team, Pace]
    names: Mapping[str, str]
    definitions: Sequence[str] = ()
    currencies: Sequence[str] = ()
    """Of the values that were added, where a value is counted; more than one means that the sum has no single unit."""
    leads: Mapping[GoalMeasure, int] = field(default_factory=dict)
    """How many leads each measure of the goal counts; of a value, the won leads that have one."""

    @property
    def redefined(self) -> bool:
        """Whether qualified leads were counted by another definition than the one the goal was registered under."""
        return bool(self.definitions) and any(label != self.goal.definition for label in self.definitions)


def list_goals(actor: Actor) -> list[GoalProgress]:
    """All goals, those that end last first, with their paces as of what is known of the leads."""
    authorise(actor, "goal:read")
    connection = store().read()
    return progress_of(connection, goals.everything(connection))


def read_revision(actor: Actor) -> str:
    """A text that changes whenever a goal does: what live screens poll."""
    authorise(actor, "goal:read")
    return goals.revision(store().read())


def propose(
    actor: Actor,
    title: str,
    outcome: tuple[str, float],
    marketing: tuple[str, float],
    sales: tuple[str, float],
    first_day: date,
    last_day: date,
) -> str:
    """Propose a goal for a period to come; returns its id. A team lead's own side has thereby agreed.

    `outcome`, `marketing` and `sales` are (measure, target), see `alignment.goals`. Raises InvalidInput with what has to be
    changed.
    """
    person = authorise(actor, "goal:propose")
    title = domain.checked_title(title)
    asked = {None: outcome, Team.MARKETING: marketing, Team.SALES: sales}
    targets = {team: domain.checked_target(team, *_pair(pair)) for team, pair in asked.items()}

    def transaction(connection: Connection) -> str:
        domain.checked_period(settings.company_of(connection).hours, first_day, last_day, _today(connection))
        goal_id = goals.add(
            connection,
            title=title,
            outcome=targets[None],
            marketing=targets[Team.MARKETING],
            sales=targets[Team.SALES],
            first_day=first_day,
            last_day=last_day,
            author_id=person.id,
            at=clock.now_text(),
        )
        journal(connection, person, "goal:propose", "goal", goal_id, after=_document(connection, goal_id))
        if person.role is Role.TEAM_LEAD and person.team is not None:
            _agree(connection, person, person.team, goal_id)
        return goal_id

    return store().write(transaction)


def agree(actor: Actor, goal_id: str) -> bool:
    """Say yes to a goal for one's side; returns whether it is registered with that. Agreeing twice changes nothing.

    Raises WrongState once the period has begun or the goal was taken back, InvalidInput for a team lead of neither side.
    """
    person = authorise(actor, "goal:agree")
    team = person.team
    if team is None:
        raise InvalidInput(
            "A goal is agreed by the team leads of sales and marketing, and you belong to neither."
        )

    def transaction(connection: Connection) -> bool:
        return _agree(connection, person, team, goal_id)

    return store().write(transaction)


def withdraw(actor: Actor, goal_id: str, because: str) -> None:
    """Take a goal back before its period begins, with the reason. Once it has begun it stays, reached or missed.

    Raises WrongState for a goal whose period has begun, or that was taken back before.
    """
    person = authorise(actor, "goal:propose")
    because = required_text(because, "Why it is taken back", 500)

    def transaction(connection: Connection) -> None:
        goal = _found(connection, goal_id)
        if goal.withdrawn_at is not None:
            raise WrongState(f"“{goal.title}” was taken back already.")
        zone = settings.company_of(connection).hours.timezone
        if goal.registered_at is not None and not domain.can_still_be_agreed(goal, clock.now_text(), zone):
            raise WrongState(
                f"The period of “{goal.title}” has begun, so the goal stays: otherwise only goals that are reached would be "
                "left. Say in the recap why it was given up."
            )
        goals.withdraw(connection, goal_id, clock.now_text(), because)
        journal(connection, person, "goal:withdraw", "goal", goal_id, after={"because": because})

    store().write(transaction)


def spans_of_running(connection: Connection) -> dict[str, tuple[date, date]]:
    """The periods of the goals that run now, by id, those that end first first; for actions that have authorised."""
    today = _today(connection)
    running = [goal for goal in goals.everything(connection) if goal.state(today) is GoalState.RUNNING]
    return {goal.id: (goal.first_day, goal.last_day) for goal in running[::-1]}


def progress_of(
    connection: Connection, listed: Sequence[Goal], amounts: "Mapping[str, Amounts] | None" = None
) -> list[GoalProgress]:
    """How goals go, for actions that have authorised: by `amounts`, else by one look at the leads for all of them."""
    today = _today(connection)
    names = {someone.id: someone.name for someone in people.everyone(connection)}
    counting = [
        goal
        for goal in listed
        if goal.state(today) in (GoalState.RUNNING, GoalState.OVER, GoalState.REGISTERED)
    ]
    if amounts is None:
        amounts = _amounts(connection, counting)
    return [_progress(connection, goal, today, names, amounts.get(goal.id)) for goal in listed]


_COUNTED: KeptResults[Mapping[str, "Amounts"]] = KeptResults(16)
"""By version of the lead facts and question, what there is of each goal."""


def _amounts(connection: Connection, counting: Sequence[Goal]) -> Mapping[str, "Amounts"]:
    from leads.store import warehouse

    facts = warehouse()
    revision = facts.revision()
    if not revision or not counting:
        return {}
    spans = {goal.id: (goal.first_day, goal.last_day) for goal in counting}
    question = metrics.ask(connection)
    key = (facts.folder, revision, metrics.rounded(question), tuple(spans.items()))

    def count() -> Mapping[str, "Amounts"]:
        from leads.goals import count_amounts

        return figures_process.run(count_amounts, question, spans)

    return _COUNTED.get(key, count)


def _progress(
    connection: Connection, goal: Goal, today: date, names: Mapping[str, str], amounts: "Amounts | None"
) -> GoalProgress:
    known = {one.person_id: names.get(one.person_id, "someone who has left") for one in goal.agreements}
    known[goal.author_id] = names.get(goal.author_id, "someone who has left")
    if amounts is None:
        return GoalProgress(goal, goal.state(today), None, {}, known)
    until = metrics.known_until()
    elapsed = domain.elapsed(settings.company_of(connection).hours, goal.first_day, goal.last_day, until)
    paces = {
        target: domain.pace(
            target,
            _counted(amounts, target.measure),
            elapsed,
            begun=goal.first_day <= _day(connection, until),
            over=_day(connection, until) > goal.last_day,
        )
        for target in (goal.outcome, *goal.contributions.values())
    }
    counts_qualified = any(target.measure is GoalMeasure.QUALIFIED for target in paces)
    return GoalProgress(
        goal,
        goal.state(today),
        paces[goal.outcome],
        {team: paces[target] for team, target in goal.contributions.items()},
        known,
        amounts.definitions if counts_qualified else (),
        amounts.currencies if any(target.measure is GoalMeasure.REVENUE for target in paces) else (),
        {target.measure: amounts.counts[target.measure] for target in paces},
    )


def _counted(amounts: "Amounts", measure: GoalMeasure) -> Counted:
    if measure is GoalMeasure.REVENUE:
        return Counted(amounts.value, amounts.value_squares)
    return Counted.leads(amounts.counts[measure])


def _agree(connection: Connection, person: Person, team: Team, goal_id: str) -> bool:
    goal = _found(connection, goal_id)
    if goal.withdrawn_at is not None:
        raise WrongState(f"“{goal.title}” was taken back.")
    if goal.agreed_by(team) is not None:
        return goal.registered_at is not None
    now = clock.now_text()
    if not domain.can_still_be_agreed(goal, now, settings.company_of(connection).hours.timezone):
        raise WrongState(_TOO_LATE.format(title=goal.title))
    goals.agree(connection, goal_id, team, person.id, now)
    journal(connection, person, "goal:agree", "goal", goal_id, after={"team": team.value})
    if any(_found(connection, goal_id).agreed_by(side) is None for side in Team):
        return False
    force = agreements.in_force(definitions.in_force_history(connection, "mql"), now)
    goals.register(connection, goal_id, now, force.label if force else "")
    return True


def _found(connection: Connection, goal_id: str) -> Goal:
    goal = goals.find(connection, goal_id)
    if goal is None:
        raise NotFound("There is no such goal.")
    return goal


def _document(connection: Connection, goal_id: str) -> dict[str, Any]:
    goal = _found(connection, goal_id)
    targets = {"outcome": goal.outcome, **{team.value: of for team, of in goal.contributions.items()}}
    return {
        "title": goal.title,
        "from": goal.first_day.isoformat(),
        "to": goal.last_day.isoformat(),
        **{name: [target.measure.value, target.amount] for name, target in targets.items()},
    }


def _pair(pair: object) -> tuple[object, object]:
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise InvalidInput("A target is a measure and an amount.")
    return pair[0], pair[1]


def _today(connection: Connection) -> date:
    return _day(connection, clock.now())


def _day(connection: Connection, instant: datetime) -> date:
    return instant.astimezone(ZoneInfo(settings.company_of(connection).hours.timezone)).date()
