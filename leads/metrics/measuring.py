"""All measures of a question at once, and the leads behind each."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from alignment.errors import InvalidInput, NotFound
from alignment.lifecycle import Stage
from leads.latest import Latest
from leads.metrics.acceptance import (
    acceptance_of_due,
    acceptance_rate,
    feedback_coverage,
    reasons_of_rejection,
    rejected_for,
    silent_rejections,
)
from leads.metrics.business_clock import OPEN_UNTIL_NOW, open_until_now
from leads.metrics.conversion import conversion, conversion_since_recording, look_ahead
from leads.metrics.counting import Counted, Plan
from leads.metrics.counting import plan as plan_of
from leads.metrics.history import whole_population
from leads.metrics.incidence import conversion_of_all
from leads.metrics.money import pipeline_velocity, win_rate_by_value
from leads.metrics.population import AS_OF, Population
from leads.metrics.question import GroupBy, Measure, MetricQuestion
from leads.metrics.sales_cycle import (
    sales_cycle,
    sales_cycle_in_business_days,
    sales_cycle_of_all,
    start_of_cycle,
)
from leads.metrics.selection import PARTS_OF_A_FIGURE, Selection, figure_of, leads_behind, measure, told
from leads.metrics.source_quality import NAMES as QUALITIES
from leads.metrics.source_quality import quality_of_sources, selection_of
from leads.metrics.speed_to_lead import ANSWERS, followed_up_in_time, speed_selection
from leads.metrics.speed_to_lead import NAMES as SPEEDS
from leads.metrics.throughput import lead_velocity, throughput
from leads.metrics.volume import volume_of, volume_of_mqls
from leads.metrics.win_rate import win_rate, win_rate_of_cohort
from leads.store import warehouse

LONGEST_WINDOW_DAYS = 3_650
_CONVERSIONS = (
    (Stage.MQL, Stage.WON),
    (Stage.MQL, Stage.SAL),
    (Stage.LEAD, Stage.MQL),
    (Stage.SAL, Stage.SQL),
    (Stage.SAL, Stage.OPPORTUNITY),
    (Stage.SQL, Stage.OPPORTUNITY),
    (Stage.OPPORTUNITY, Stage.WON),
)
_ALWAYS = ((Stage.MQL, Stage.WON), (Stage.MQL, Stage.SAL))
_WITH_YOUNG_LEADS = (*_ALWAYS, (Stage.OPPORTUNITY, Stage.WON))
_OF_CONVERSIONS = ("conversion", "conversion_since_recording", "conversion_of_all", "win_rate_cohort")
_VOLUMES = (Stage.LEAD, Stage.SAL, Stage.SQL, Stage.OPPORTUNITY, Stage.LOST)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_PLANS = 16
_plans: Latest[tuple[list[Selection], Plan]] = Latest(_MOST_PLANS)


def measure_all(question: MetricQuestion, names: Collection[str] | None = None) -> list[Measure]:
    """Every measure in total and, if the question names one, by group, all from one version of the facts.

    `names` keeps to the measures of these names, such as `conversion`, or keys, such as `conversion:mql:won`. Without any leads the measures are there,
    with no value and a note. Raises InvalidInput for a window or a restatement that cannot be.
    """
    _check(question)
    facts = warehouse()
    with facts.read() as session:
        population = whole_population(session, question, facts.imported_at(), holds=names is None)
        selections, plan = _planned(population, names)
        counted = plan.run(session, _instants_of(population, plan))
        return [
            figure
            for selection, found in zip(selections, counted, strict=True)
            for figure in told(population, selection, found)
        ]


def forget() -> None:
    """Keep no query of an earlier question."""
    _plans.clear()


def _planned(population: Population, names: Collection[str] | None) -> tuple[list[Selection], Plan]:
    """The selections of these measures and how to count them, as it was found for an earlier instant of the same day."""
    facts, question = population.facts, population.question
    as_of = question.as_of
    asked = (replace(question, as_of=_EPOCH), population.today, as_of.astimezone(UTC).date())
    key = (facts.revision, population.imported_at, asked, names if names is None else frozenset(names))
    # what came later than the instant, and what is held for a run, is of one instant and one run
    population.lasting = bool(facts.revision) and not (
        population.something_came_later or (population.holds and population.missing_fields)
    )
    if population.lasting and (kept := _plans.get(key)) is not None:
        return kept
    wanted = [(key, make) for key, make in _selections(population) if names is None or _is_among(names, key)]
    look_ahead(population, [pair for key, _ in wanted for pair in _pairs_of(key)])
    selections = [selection for _, make in wanted if (selection := make()) is not None]
    plan = plan_of(population, selections)
    if population.lasting:
        plan = plan.kept(facts)
        _plans.put(key, (selections, plan))
    return selections, plan


def _instants_of(population: Population, plan: Plan) -> dict[str, datetime | int]:
    """What a run of kept queries is told of its instant, as far as they ask for it."""
    told: dict[str, datetime | int] = {}
    if plan.asks_for(AS_OF):
        told[AS_OF] = population.question.as_of.astimezone(UTC).replace(tzinfo=None)
    if plan.asks_for(OPEN_UNTIL_NOW):
        told[OPEN_UNTIL_NOW] = open_until_now(population)
    return told


def _pairs_of(key: str) -> list[tuple[Stage, Stage]]:
    """The stages of a conversion that a figure rests on."""
    if key in QUALITIES:
        return [(Stage.MQL, Stage.WON)]
    name, *stages = key.split(":")
    if name in _OF_CONVERSIONS:
        return [(Stage(stages[0]), Stage(stages[1]))]
    return []


def weekly_volume(question: MetricQuestion) -> list[Measure]:
    """MQLs per week and definition version, oldest first: groups have `week` (its Monday) and `definition`."""
    _check(question)
    facts = warehouse()
    with facts.read() as session:
        population = Population(session, replace(question, by=GroupBy.WEEK), facts.imported_at())
        weeks = replace(volume_of_mqls(population), tell=_by_week_and_definition)
        return measure(population, weeks)


def _by_week_and_definition(population: Population, selection: Selection, counted: Counted) -> list[Measure]:
    rows = counted.rows()
    groups = sorted({(row["part"], row["definition"]) for row in rows})
    return [
        figure_of(
            population,
            selection,
            {"week": week, "definition": definition},
            [row for row in rows if (row["part"], row["definition"]) == (week, definition)],
        )
        for week, definition in groups
    ]


def leads_behind_figure(
    question: MetricQuestion,
    key: str,
    part: str = "counted",
    group: str | None = None,
    page: int = 1,
    size: int = 50,
) -> list[str]:
    """Ids of the leads behind a figure, page by page: `key` as in `Measure.key`, `part` counted, hit or excluded.

    `group` is the value of the group, such as a source, or a reason of rejection; None for the total. Raises NotFound for a key that has none.
    """
    _check(question)
    if part not in PARTS_OF_A_FIGURE:
        raise InvalidInput(f"“{part}” is no part of a figure. Use one of: {', '.join(PARTS_OF_A_FIGURE)}.")
    facts = warehouse()
    with facts.read() as session:
        population = whole_population(session, question, facts.imported_at())
        makers = dict(_selections(population))
        makers |= {f"{name}:mql": partial(speed_selection, population, name) for name in SPEEDS}
        makers |= {
            f"{name}:{stages}": partial(selection_of, population, name)
            for name, stages in zip(QUALITIES, ("mql:won", "won"), strict=True)
        }
        if key.startswith("rejection_reason") and group is not None:
            makers[key], group = partial(rejected_for, population, group), None
        selection = makers[key]() if key in makers else None
        if selection is None:
            raise NotFound(f"There is no figure “{key[:80]}” with leads behind it.")
        page, size = max(1, page), min(max(1, size), 500)
        return leads_behind(population, selection, part, group, (page - 1) * size, size)


def _selections(population: Population) -> Iterator[tuple[str, Callable[[], Selection | None]]]:
    """What makes each figure, by its key. A maker gives None where there is nothing of the kind to say."""
    entered = population.profile.entered
    yield "volume:mql", lambda: volume_of_mqls(population)
    yield "volume:won", lambda: volume_of(population, Stage.WON)
    for stage in _VOLUMES:
        if entered[stage]:
            yield f"volume:{stage}", partial(volume_of, population, stage)
    yield "lead_velocity:mql", lambda: lead_velocity(population)
    for start, end in _CONVERSIONS:
        if (start, end) in _ALWAYS or (entered[start] and entered[end]):
            stages = f"{start}:{end}"
            yield f"conversion:{stages}", partial(conversion, population, start, end)
            yield (
                f"conversion_since_recording:{stages}",
                partial(conversion_since_recording, population, start, end),
            )
            if (start, end) in _WITH_YOUNG_LEADS:
                yield f"conversion_of_all:{stages}", partial(conversion_of_all, population, start, end)
            yield f"throughput:{stages}", partial(throughput, population, start, end)
    yield "win_rate:won", lambda: win_rate(population)
    if entered[Stage.OPPORTUNITY]:
        yield "win_rate_cohort:opportunity:won", lambda: win_rate_of_cohort(population)
    yield "win_rate_by_value:won", lambda: win_rate_by_value(population)
    cycle = start_of_cycle(population)
    yield f"sales_cycle_median:{cycle}:won", lambda: sales_cycle(population)
    yield f"sales_cycle_business_median:{cycle}:won", lambda: sales_cycle_in_business_days(population)
    yield f"sales_cycle_of_all_median:{cycle}:won", lambda: sales_cycle_of_all(population)
    yield f"pipeline_velocity:{cycle}:won", lambda: pipeline_velocity(population)
    yield "acceptance_rate:mql:sal", lambda: acceptance_rate(population)
    yield "acceptance_of_due:mql:sal", lambda: acceptance_of_due(population)
    yield "feedback_coverage:mql", lambda: feedback_coverage(population)
    yield "silent_rejections:mql", lambda: silent_rejections(population)
    yield "followed_up_in_time:mql", lambda: followed_up_in_time(population)
    for answer in ANSWERS:
        yield answer, partial(speed_selection, population, answer)
    for name in QUALITIES:
        yield name, partial(quality_of_sources, population, name)
    yield "rejection_reason", partial(reasons_of_rejection, population)


def _is_among(names: Collection[str], key: str) -> bool:
    """Whether a selection makes any of these measures."""
    found = key.split(":")[0]
    return (
        found in names or key in names or (found in ANSWERS and any(name.startswith(found) for name in names))
    )


def _check(question: MetricQuestion) -> None:
    days = question.window_days
    if days is not None and not 1 <= days <= LONGEST_WINDOW_DAYS:
        raise InvalidInput(f"A window of {days} days cannot be. Use 1 to {LONGEST_WINDOW_DAYS:,} days.")
    if question.first_day and question.last_day and question.first_day > question.last_day:
        raise InvalidInput(
            f"The period begins on {question.first_day} and ends on {question.last_day}, before that. Swap the days."
        )
