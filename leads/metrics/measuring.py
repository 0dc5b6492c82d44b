"""All measures of a question at once, and the leads behind each."""

from dataclasses import replace

from alignment.errors import InvalidInput, NotFound
from leads.metrics.acceptance import (
    acceptance_rate,
    feedback_coverage,
    rejection_reasons,
    silent_rejections,
)
from leads.metrics.conversion import conversion, conversion_since_recording
from leads.metrics.population import Population
from leads.metrics.question import GroupBy, Measure, MetricQuestion
from leads.metrics.selection import PARTS_OF_A_FIGURE, Selection, leads_behind, measure
from leads.metrics.speed_to_lead import followed_up_in_time, speed_to_lead
from leads.metrics.volume import volume_of, volume_of_mqls
from leads.metrics.win_rate import win_rate
from leads.model import Stage
from leads.store import warehouse

LONGEST_WINDOW_DAYS = 3_650
_CONVERSIONS = (
    (Stage.MQL, Stage.WON),
    (Stage.MQL, Stage.SAL),
    (Stage.SAL, Stage.OPPORTUNITY),
    (Stage.OPPORTUNITY, Stage.WON),
)
_ALWAYS = ((Stage.MQL, Stage.WON), (Stage.MQL, Stage.SAL))


def measure_all(question: MetricQuestion) -> list[Measure]:
    """Every measure in total and, if the question names one, by group, all from one version of the facts.

    Without any leads the measures are there, with no value and a note. Raises InvalidInput for a window or a
    restatement that cannot be.
    """
    _check(question)
    facts = warehouse()
    with facts.read() as session:
        population = Population(session, question, facts.imported_at())
        measures = [
            figure
            for selection in _selections(population).values()
            for figure in measure(population, selection)
        ]
        measures += speed_to_lead(population)
        measures += rejection_reasons(population)
        return measures


def weekly_volume(question: MetricQuestion) -> list[Measure]:
    """MQLs per week and definition version, oldest first: groups have `week` (its Monday) and `definition`."""
    _check(question)
    facts = warehouse()
    with facts.read() as session:
        population = Population(session, replace(question, by=GroupBy.WEEK), facts.imported_at())
        selection = volume_of_mqls(population)
        weeks = selection.table
        by_both = weeks.mutate(part=weeks.part.concat("|", weeks.definition))
        found = []
        for figure in measure(population, replace(selection, table=by_both)):
            if "week" in figure.group:
                week, _, definition = figure.group["week"].partition("|")
                found.append(replace(figure, group={"week": week, "definition": definition}))
        return found


def leads_behind_figure(
    question: MetricQuestion,
    key: str,
    part: str = "counted",
    group: str | None = None,
    page: int = 1,
    size: int = 50,
) -> list[str]:
    """Ids of the leads behind a figure, page by page: `key` as in `Measure.key`, `part` counted, hit or excluded.

    `group` is the value of the group, such as a source; None for the total. Raises NotFound for a key that has none.
    """
    _check(question)
    if part not in PARTS_OF_A_FIGURE:
        raise InvalidInput(f"“{part}” is no part of a figure. Use one of: {', '.join(PARTS_OF_A_FIGURE)}.")
    facts = warehouse()
    with facts.read() as session:
        population = Population(session, question, facts.imported_at())
        selection = _selections(population).get(key)
        if selection is None:
            raise NotFound(f"There is no figure “{key[:80]}” with leads behind it.")
        page, size = max(1, page), min(max(1, size), 500)
        return leads_behind(population, selection, part, group, (page - 1) * size, size)


def _selections(population: Population) -> dict[str, Selection]:
    selections = [volume_of_mqls(population), volume_of(population, Stage.WON)]
    entered = population.profile.entered
    for start, end in _CONVERSIONS:
        if (start, end) in _ALWAYS or (entered[start] and entered[end]):
            selections.append(conversion(population, start, end))
            since = conversion_since_recording(population, start, end)
            if since is not None:
                selections.append(since)
    selections += [
        win_rate(population),
        acceptance_rate(population),
        feedback_coverage(population),
        silent_rejections(population),
        followed_up_in_time(population),
    ]
    return {_key(selection): selection for selection in selections}


def _key(selection: Selection) -> str:
    stages = [stage.value for stage in (selection.from_stage, selection.to_stage) if stage is not None]
    return ":".join([selection.name, *stages])


def _check(question: MetricQuestion) -> None:
    days = question.window_days
    if days is not None and not 1 <= days <= LONGEST_WINDOW_DAYS:
        raise InvalidInput(f"A window of {days} days cannot be. Use 1 to {LONGEST_WINDOW_DAYS:,} days.")
    if question.first_day and question.last_day and question.first_day > question.last_day:
        raise InvalidInput(
            f"The period begins on {question.first_day} and ends on {question.last_day}, before that. Swap the days."
        )
