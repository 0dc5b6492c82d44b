"""What people may do with a cycle: start one, move it on through its gates, name point people, close it."""

from dataclasses import dataclass

from actions import clock, comparison, recap
from actions.journal import journal
from actions.permissions import authorise
from alignment import definitions as agreements
from alignment.cycles import Cycle, GateFacts, GateItem, Phase, gate
from alignment.errors import InvalidInput, NotFound, StaleVersion, WrongState
from alignment.people import Actor, Person, Team
from alignment.surveys import Survey, SurveyStatus
from alignment.texts import required_text
from db.queries import cycles, definitions, people, surveys
from db.store import Connection, store

_CHANGED = "Someone moved or changed this cycle meanwhile. Look again before you go on."


@dataclass(frozen=True)
class CycleView:
    """A cycle as its page shows it: the gate of its phase, and the names of its point people."""

    cycle: Cycle
    gate: tuple[GateItem, ...]
    sales_point: Person | None
    marketing_point: Person | None


def read_current(actor: Actor) -> CycleView | None:
    """The running cycle, None when there is none."""
    authorise(actor, "cycle:read")
    connection = store().read()
    cycle = cycles.current(connection)
    return _view(connection, cycle) if cycle else None


def read_cycle(actor: Actor, cycle_id: str) -> CycleView:
    """Any cycle. Raises NotFound."""
    authorise(actor, "cycle:read")
    connection = store().read()
    cycle = cycles.find(connection, cycle_id)
    if cycle is None:
        raise NotFound("This cycle does not exist.")
    return _view(connection, cycle)


def list_cycles(actor: Actor) -> list[Cycle]:
    """All cycles, newest first."""
    authorise(actor, "cycle:read")
    return cycles.everything(store().read())


def start_cycle(actor: Actor, name: str) -> str:
    """Start the next cycle in its Identify phase; returns its id. Raises WrongState while one is running."""
    person = authorise(actor, "cycle:run")
    name = required_text(name, "The name", 80)

    def transaction(connection: Connection) -> str:
        running = cycles.current(connection)
        if running is not None:
            raise WrongState(f"“{running.name}” is still running. Close it with its recap first.")
        cycle_id = cycles.add(connection, name=name, at=clock.now_text())
        journal(connection, person, "cycle:start", "cycle", cycle_id, after={"name": name})
        return cycle_id

    return store().write(transaction)


def name_point_people(
    actor: Actor, cycle_id: str, revision: int, sales_id: str | None, marketing_id: str | None
) -> None:
    """Name who looks after the plan on each side; each has to belong to that team and be active.

    Raises StaleVersion when someone changed the cycle after it was seen at `revision`.
    """
    person = authorise(actor, "cycle:run")

    def transaction(connection: Connection) -> None:
        cycle = cycles.find(connection, cycle_id)
        if cycle is None:
            raise NotFound("This cycle does not exist.")
        if cycle.phase is Phase.CLOSED:
            raise WrongState("This cycle is closed.")
        if cycle.revision != revision:
            raise StaleVersion(_CHANGED)
        for chosen, team in ((sales_id, Team.SALES), (marketing_id, Team.MARKETING)):
            someone = people.find(connection, chosen) if chosen else None
            if chosen and (someone is None or not someone.active or someone.team is not team):
                raise InvalidInput(
                    f"The point person for {team.label} has to be an active person of {team.label}."
                )
        cycles.name_points(connection, cycle_id, sales=sales_id, marketing=marketing_id)
        journal(
            connection,
            person,
            "cycle:name_points",
            "cycle",
            cycle_id,
            before={"sales": cycle.sales_point_id, "marketing": cycle.marketing_point_id},
            after={"sales": sales_id, "marketing": marketing_id},
        )

    store().write(transaction)


def advance(actor: Actor, cycle_id: str, revision: int) -> Phase:
    """Move a cycle into its next phase, if its gate is open; returns the phase it is in now.

    Leaving Identify freezes the baseline: the figures as they are now, with the periods and the definition they were
    computed under. Raises WrongState and says what is missing, StaleVersion when somebody moved it meanwhile.
    """
    person = authorise(actor, "cycle:run")
    seen = cycles.find(store().read(), cycle_id)
    if seen is None:
        raise NotFound("This cycle does not exist.")
    if seen.phase is Phase.CLOSED:
        raise WrongState("This cycle is closed. Start the next one.")
    missing = [item.text for item in gate(seen.phase, _facts(store().read(), seen)) if not item.met]
    if missing:
        raise WrongState(f"Before the cycle leaves {seen.phase.label}: {'; '.join(missing)}.")
    # the figures are computed before the transaction, which has to be short; the revision guards the gap
    baseline = recap.freeze_baseline(store().read()) if seen.phase is Phase.IDENTIFY else None

    def transaction(connection: Connection) -> Phase:
        cycle = cycles.find(connection, cycle_id)
        if cycle is None or cycle.revision != revision or cycle.phase is not seen.phase:
            raise StaleVersion(_CHANGED)
        entered = cycle.phase.next
        cycles.enter(connection, cycle_id, entered, clock.now_text(), baseline=baseline)
        journal(
            connection,
            person,
            "cycle:advance",
            "cycle",
            cycle_id,
            before={"phase": cycle.phase.value},
            after={"phase": entered.value},
        )
        return entered

    return store().write(transaction)


def write_recap(actor: Actor, cycle_id: str, revision: int, growth: str) -> None:
    """Keep the recap as it reads now, with the growth areas that the next cycle starts from.

    Raises WrongState outside the Recap phase, StaleVersion when somebody wrote it or closed the cycle after it was
    seen at `revision`.
    """
    person = authorise(actor, "cycle:run")
    growth = required_text(growth, "Growth areas", 4000)
    seen = cycles.find(store().read(), cycle_id)
    if seen is None:
        raise NotFound("This cycle does not exist.")
    if seen.phase is not Phase.RECAP:
        raise WrongState("The recap is written in the Recap phase.")
    document = recap.compute(store().read(), seen).as_document()

    def transaction(connection: Connection) -> None:
        cycle = cycles.find(connection, cycle_id)
        if cycle is None or cycle.revision != revision:
            raise StaleVersion(_CHANGED)
        cycles.write_recap(connection, cycle_id, recap=document, growth=growth)
        journal(connection, person, "cycle:recap", "cycle", cycle_id, after={"growth": growth})

    store().write(transaction)


def _view(connection: Connection, cycle: Cycle) -> CycleView:
    def point(person_id: str | None) -> Person | None:
        return people.find(connection, person_id) if person_id else None

    return CycleView(
        cycle=cycle,
        gate=gate(cycle.phase, _facts(connection, cycle)),
        sales_point=point(cycle.sales_point_id),
        marketing_point=point(cycle.marketing_point_id),
    )


def _facts(connection: Connection, cycle: Cycle) -> GateFacts:
    from leads.store import warehouse

    of_cycle = [survey for survey in surveys.listed(connection) if survey.cycle_id == cycle.id]
    closed = [survey for survey in of_cycle if survey.status is SurveyStatus.CLOSED]
    counted = closed or [survey for survey in of_cycle if survey.status is SurveyStatus.OPEN]
    rates = {survey.id: surveys.rates(connection, survey.id) for survey in counted}

    def least(survey: Survey) -> int:
        return min(rates[survey.id][team].submitted for team in Team)

    looked_at = closed if cycle.phase is Phase.IDENTIFY else []  # no later gate asks for it
    readable = next(
        (one for one in looked_at if least(one) >= one.min_group and comparison.is_readable(connection, one)),
        None,
    )
    best = readable or max(counted, key=least, default=None)
    now = clock.now_text()
    in_force = (
        agreements.in_force(definitions.in_force_history(connection, term.key), now)
        for term in definitions.terms(connection)
    )
    return GateFacts(
        surveys_closed=len(closed),
        answered_sales=rates[best.id][Team.SALES].submitted if best else 0,
        answered_marketing=rates[best.id][Team.MARKETING].submitted if best else 0,
        min_group=best.min_group if best else 3,
        shows_a_result=readable is not None,
        leads_imported=bool(warehouse().revision()),
        definitions_agreed=definitions.agreed_since(connection, cycle.started_at),
        points_named=bool(cycle.sales_point_id and cycle.marketing_point_id),
        definition_in_force=any(found and (found.agreed_at or "") >= cycle.started_at for found in in_force),
        recap_written=cycle.recap is not None,
        growth_written=bool(cycle.growth),
    )
