"""What sales decided about the leads it was handed: accepted, rejected and why, or nothing at all."""

from dataclasses import replace

import ibis

from alignment.lifecycle import RejectionReason, Stage
from alignment.statistics import wilson
from leads.episodes import Decision
from leads.lean import lean
from leads.metrics.business_clock import elapsed_columns, is_inside
from leads.metrics.counting import Counted
from leads.metrics.population import Population
from leads.metrics.question import Measure, StartOfClock, Unit
from leads.metrics.selection import Selection, identity_of, measure, passport, select, tally

OTHER_AT_MOST = 0.15
_NEEDED = (
    *("part", "definition", "verdict", "test", "mql_at", "mql_day", "mql_day_only", "start"),
    "decision",
)
NO_REASON = "(none)"
_NO_DECISIONS = "No decision of sales is recorded, neither accepted nor rejected."


def acceptance_rate(population: Population) -> Selection:
    """Accepted / (accepted + rejected), of the leads that entered MQL in the period; the first decision counts."""
    table = population.episodes
    selected = select(
        population,
        table,
        counts=population.entered_in_period(table, Stage.MQL),
        hit=is_accepted(table),
        left_out=[(~is_decided(table), "undecided")],
        flags={"implied": is_implied(table)},
    )
    return Selection(
        name="acceptance_rate",
        choice=selected,
        unit=Unit.SHARE,
        formula="accepted / (accepted + rejected), of the leads that entered MQL in the period; the first decision counts",
        from_stage=Stage.MQL,
        to_stage=Stage.SAL,
        impossible=None if population.profile.decided else _NO_DECISIONS,
    )


def acceptance_of_due(population: Population) -> Selection:
    """`acceptance_rate` of the leads of which a decision is due: for comparing periods of unequal age.

    Quick decisions come first. Where accepting is quicker than rejecting, the leads of the last days would all look
    accepted, and the younger a period, the more so.
    """
    table = _awaiting_feedback(population)
    limit = population.question.feedback_hours
    selected = select(
        population,
        table,
        counts=population.entered_in_period(table, Stage.MQL),
        hit=is_accepted(table),
        left_out=[
            (~(table.waited >= limit * 60).fill_null(False), "not_due"),
            (~is_decided(table), "undecided"),
        ],
        flags={"implied": is_implied(table)},
    )
    return Selection(
        name="acceptance_of_due",
        choice=selected,
        unit=Unit.SHARE,
        formula=(
            f"accepted / (accepted + rejected), of the leads that entered MQL in the period and {limit} business hours "
            "ago or more; the first decision counts"
        ),
        from_stage=Stage.MQL,
        to_stage=Stage.SAL,
        impossible=None if population.profile.decided else _NO_DECISIONS,
    )


def rejection_reasons(population: Population) -> list[Measure]:
    """Rejected for each reason / decided, in total; a rejection without a reason is `(none)`."""
    return measure(population, reasons_of_rejection(population))


def reasons_of_rejection(population: Population) -> Selection:
    """Rejected for each reason / decided, in total; a rejection without a reason is `(none)`. One figure for each reason."""
    table = population.episodes
    return Selection(
        name="rejection_reason",
        choice=select(
            population,
            table,
            counts=population.entered_in_period(table, Stage.MQL),
            hit=is_rejected(table),
            left_out=[(~is_decided(table), "undecided")],
            beside={"reason": table.reason},
        ),
        unit=Unit.SHARE,
        formula="rejected for this reason / (accepted + rejected)",
        from_stage=Stage.MQL,
        keys=("reason",),
        impossible=None if population.profile.decided else _NO_DECISIONS,
        tell=_one_for_each_reason,
        by_part=False,
    )


def rejected_for(population: Population, reason: str) -> Selection:
    """The leads that were decided on, of which those hit that were rejected for this reason; `(none)` is none given."""
    reasons = reasons_of_rejection(population)
    given = reasons.choice.beside["reason"].coalesce(NO_REASON) == reason
    return replace(reasons, choice=replace(reasons.choice, hit=reasons.choice.hit & given))


def _one_for_each_reason(population: Population, selection: Selection, counted: Counted) -> list[Measure]:
    if selection.impossible is not None:
        return []
    rows = counted.rows()
    common = tally(rows, selection)
    decided = sum(row["n"] for row in rows if row["left_out"] is None)
    counts: dict[str, int] = {}
    for row in rows:
        if row["left_out"] is None and row["hit"]:
            reason = row["reason"] or NO_REASON
            counts[reason] = counts.get(reason, 0) + row["n"]
    rejected = sum(counts.values())
    measures = []
    for reason, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        notes: tuple[str, ...] = ()
        if reason == RejectionReason.OTHER and count > OTHER_AT_MOST * rejected:
            notes = (
                f"‘Other’ makes up {count / rejected:.0%} of the rejections: the reasons may need another code.",
            )
        measures.append(
            Measure(
                **passport(population, selection, {"reason": reason}),
                **common,
                value=count / decided,
                numerator=count,
                denominator=decided,
                interval=wilson(count, decided),
                notes=notes,
            )
        )
    return measures


def silent_rejections(population: Population) -> Selection:
    """Of the leads handed over, of which a decision is due, the share that nobody decided on.

    A decision is due when the feedback limit has passed since the start, in business hours.
    """
    selection = _feedback(population)
    return replace(
        selection,
        name="silent_rejections",
        choice=replace(selection.choice, hit=~selection.choice.hit),
        formula=(
            f"handed over {population.question.feedback_hours} business hours ago or more, and neither accepted nor "
            "rejected by now / all handed over that long ago"
        ),
    )


def feedback_coverage(population: Population) -> Selection:
    """Of the leads of which a decision is due, the share that has one, in time or late."""
    return _feedback(population)


def _feedback(population: Population) -> Selection:
    limit = population.question.feedback_hours * 60
    table = _awaiting_feedback(population)
    selected = select(
        population,
        table,
        counts=population.in_period(table.start),
        hit=is_decided(table),
        left_out=[(table.waited < limit, "not_due")],
        flags={"late": is_decided(table) & (table.took > limit), "implied": is_implied(table)},
    )
    return Selection(
        name="feedback_coverage",
        choice=selected,
        unit=Unit.SHARE,
        formula=(
            f"decided / due; a decision is due {population.question.feedback_hours} business hours after the hand-over"
        ),
        from_stage=Stage.MQL,
        impossible=None if population.profile.decided else _NO_DECISIONS,
    )


def _awaiting_feedback(population: Population) -> ibis.Table:
    """Decided episodes with `start`, and business minutes `waited` until now and `took` until the decision."""

    def build() -> ibis.Table:
        table = population.episodes
        table = table.mutate(start=start_of_clock(population, table))
        table = lean(table.select(*identity_of(table), *_NEEDED, "decided_at"))
        table = elapsed_columns(
            population,
            table,
            {"waited": ("start", None), "took": ("start", "decided_at")},
            inside=is_inside(population),
        )
        return table.select(*identity_of(table), *_NEEDED, "waited", "took")

    return population.once("awaiting_feedback", build)


def is_decided(table: ibis.Table) -> ibis.Value:
    """Whether sales accepted or rejected the lead of an episode, or went on with it."""
    return table.decision != int(Decision.NONE)


def is_accepted(table: ibis.Table) -> ibis.Value:
    """Whether sales accepted the lead of an episode, or went on with it."""
    return table.decision.isin([int(Decision.ACCEPTED), int(Decision.IMPLIED)])


def is_rejected(table: ibis.Table) -> ibis.Value:
    """Whether sales rejected the lead of an episode first."""
    return table.decision == int(Decision.REJECTED)


def is_implied(table: ibis.Table) -> ibis.Value:
    """Whether only a later stage of an episode tells that its lead was accepted."""
    return table.decision == int(Decision.IMPLIED)


def start_of_clock(population: Population, table: ibis.Table) -> ibis.Value:
    """From when the clock runs: the MQL entry; the first assignment, but not before that; or the lead's creation,
    which of a recycled lead is its new MQL entry.

    Null, so that it is not counted, for a lead that is not an MQL, and from the assignment on for one that has none.
    """
    match population.question.start:
        case StartOfClock.ASSIGNED:
            handed_over = table.assigned_at.notnull() & table.mql_at.notnull()
            return handed_over.ifelse(ibis.greatest(table.assigned_at, table.mql_at), ibis.null())
        case StartOfClock.CREATED:
            # who comes again has been created long before
            created = table.created_at.coalesce(table.lead_at, table.mql_at)
            return (table.number == 1).ifelse(created, table.mql_at)
    return table.mql_at
