"""Objections to an agreement, recorded as a claim that the figures can prove: a measure, a comparison, a value and a date.

The claim is looked at once, when its days are over, so that nobody waits for the one lucky day. It is confirmed only where
chance does not explain the figure; then the topic is opened again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from alignment.errors import InvalidInput
from alignment.statistics import Interval
from alignment.texts import number_text, optional_text, quoted

LEAST_LEADS = 10
"""Of fewer leads no share is told."""
LONGEST_WAIT = timedelta(days=731)
LARGEST_VALUE = 1e9


class Comparison(StrEnum):
    """On which side of the value the objector expects the figure."""

    BELOW = "below"
    ABOVE = "above"

    def holds(self, figure: float, value: float) -> bool:
        """Whether a figure lies on that side; a figure that is the value itself does not."""
        return figure < value if self is Comparison.BELOW else figure > value


class ClaimUnit(StrEnum):
    """What a claim's value counts. A share is kept as a fraction of 1."""

    SHARE = "share"
    LEADS = "leads"


@dataclass(frozen=True)
class ClaimMeasure:
    """A measure that a claim can be about. `label` follows 'the', `figure` is the key of the figure that is looked at."""

    key: str
    label: str
    unit: ClaimUnit
    figure: str

    @property
    def follows(self) -> bool:
        """Whether leads have to be followed for some days, so that of the last ones little is known yet."""
        return self.figure.startswith("conversion_of_all:")


MEASURES: Mapping[str, ClaimMeasure] = {
    key: ClaimMeasure(key, label, unit, figure or key)
    for key, label, unit, figure in (
        # of the leads of which a decision is due: of the last days' leads only the quick decisions are known
        (
            "acceptance_rate:mql:sal",
            "share of MQLs that sales accepts",
            ClaimUnit.SHARE,
            "acceptance_of_due:mql:sal",
        ),
        ("silent_rejections:mql", "share of MQLs on which nobody decides in time", ClaimUnit.SHARE, ""),
        ("followed_up_in_time:mql", "share of MQLs that are followed up in time", ClaimUnit.SHARE, ""),
        # young leads count by how far they were followed, so that a claim can be decided when its days are over
        ("conversion_of_all:mql:sal", "conversion from MQL to SAL", ClaimUnit.SHARE, ""),
        ("conversion_of_all:mql:won", "conversion from MQL to won", ClaimUnit.SHARE, ""),
        ("win_rate:won", "win rate of closed leads", ClaimUnit.SHARE, ""),
        ("volume:mql", "number of MQLs", ClaimUnit.LEADS, ""),
        ("volume:won", "number of won leads", ClaimUnit.LEADS, ""),
    )
}


@dataclass(frozen=True)
class Claim:
    """What the objector expects: from `first_day` to `last_day`, both included, `measure` is `comparison` `value`.

    `field` and `field_value` keep to leads of one kind, such as those from one source; '' for all leads.
    """

    measure: str
    comparison: Comparison
    value: float
    first_day: date
    last_day: date
    field: str = ""
    field_value: str = ""

    @property
    def only(self) -> tuple[str, str] | None:
        """The leads it is about as figures are asked for: a field and its value."""
        return (self.field, self.field_value) if self.field else None

    @property
    def decided_on(self) -> date:
        """The day from which on it can be looked at."""
        return self.last_day + timedelta(days=1)


class ObjectionState(StrEnum):
    """Where an objection stands. `UNDECIDED`: its days are over, and the figure neither proves nor disproves it."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not_confirmed"
    UNDECIDED = "undecided"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        """The state as it stands on screen."""
        return {
            ObjectionState.WAITING: "Waits for its day",
            ObjectionState.CONFIRMED: "The figures prove it right",
            ObjectionState.NOT_CONFIRMED: "Did not come true",
            ObjectionState.UNDECIDED: "Not proven",
            ObjectionState.WITHDRAWN: "Taken back",
        }[self]


@dataclass(frozen=True)
class Evidence:
    """The figure on which an objection was decided, as it was then: nothing that comes later changes it.

    `as_of` is the instant up to which leads were known (store's form), `facts` names the version of the lead facts.
    """

    value: float | None
    numerator: int
    denominator: int
    interval: Interval | None
    as_of: str
    facts: str
    definition: str = ""
    formula: str = ""


@dataclass(frozen=True)
class Objection:
    """One objection to a version of a term. `evidence` is there once it was decided, `topic_id` the topic it is about."""

    id: str
    term_key: str
    term_name: str
    version: str
    reason: str
    claim: Claim
    author_id: str
    created_at: str
    state: ObjectionState
    topic_id: str | None = None
    reopened_topic_id: str | None = None
    decided_at: str | None = None
    evidence: Evidence | None = None
    withdrawn_because: str = ""
    revision: int = 1


def judge(claim: Claim, evidence: Evidence) -> ObjectionState:
    """What a figure says of a claim whose days are over.

    Confirmed where the figure is on the claimed side and so is its whole interval; a plain count has none and speaks for
    itself. Not confirmed where the figure is on the other side. Everything else is undecided: too few leads, or a difference
    that chance explains.
    """
    is_share = MEASURES[claim.measure].unit is ClaimUnit.SHARE
    if evidence.value is None or (is_share and evidence.denominator < LEAST_LEADS):
        return ObjectionState.UNDECIDED
    if not claim.comparison.holds(evidence.value, claim.value):
        return ObjectionState.NOT_CONFIRMED
    if evidence.interval is None:
        return ObjectionState.UNDECIDED if is_share else ObjectionState.CONFIRMED
    nearest = evidence.interval.high if claim.comparison is Comparison.BELOW else evidence.interval.low
    return (
        ObjectionState.CONFIRMED if claim.comparison.holds(nearest, claim.value) else ObjectionState.UNDECIDED
    )


def check_claim(
    measure: object,
    comparison: object,
    value: object,
    first_day: object,
    last_day: object,
    today: date,
    *,
    field: object = "",
    field_value: object = "",
) -> Claim:
    """A claim from what people typed. Raises InvalidInput with what has to be changed."""
    known = MEASURES.get(measure) if isinstance(measure, str) else None
    if known is None:
        raise InvalidInput("Choose the figure that will prove the objection right or wrong.")
    if comparison not in list(Comparison):
        raise InvalidInput("Say whether the figure will be below or above the value.")
    if value is None:
        raise InvalidInput("The number is missing: say which value the figure will be below or above.")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LARGEST_VALUE:
        raise InvalidInput(f"The value has to be a number from 0 to {LARGEST_VALUE:,.0f}.")
    if known.unit is ClaimUnit.SHARE and value > 1:
        raise InvalidInput("A share is at most 100%.")
    claim = Claim(known.key, Comparison(str(comparison)), float(value), today, today)
    if not _possible(claim, known.unit):
        raise InvalidInput(
            f"The {known.label} is never {claim.comparison} {value_in_words(claim)}. Choose another value."
        )
    if type(first_day) is not date or type(last_day) is not date:
        raise InvalidInput("The claim needs its first and its last day.")
    if last_day < first_day:
        raise InvalidInput(
            f"The claim ends on {last_day} and begins on {first_day}, after that. Swap the days."
        )
    if first_day < today:
        raise InvalidInput(
            f"The claim begins on {first_day}, and what is known already is no claim. Choose {today} or later."
        )
    if last_day - today > LONGEST_WAIT:
        raise InvalidInput("A claim can look two years ahead at most. Choose an earlier last day.")
    name = optional_text(field, "The field", 100)
    text = optional_text(field_value, "The value of the field", 500)
    if bool(name) != bool(text):
        raise InvalidInput("To keep to some leads, choose both a field and its value, or neither.")
    return Claim(known.key, claim.comparison, claim.value, first_day, last_day, name, text)


def _possible(claim: Claim, unit: ClaimUnit) -> bool:
    if claim.comparison is Comparison.BELOW:
        return claim.value > 0
    return unit is not ClaimUnit.SHARE or claim.value < 1


def caution_of(first_day: date, last_day: date, window_days: int | None) -> str:
    """What keeps a claim over these days, both included, from being proven, in sentences; '' where nothing does.

    `window_days` is how long leads are followed in its figure, None where they are not. It is decided when its days are over, so
    no lead of fewer days was followed to the end, and of twice as many only half of them were.
    """
    days = (last_day - first_day).days + 1
    if window_days is None or days < 1 or days >= 2 * window_days:
        return ""
    better = _day(first_day + timedelta(days=2 * window_days - 1))
    followed = f"For this figure leads are followed for {window_days:,} days"
    if days <= window_days:
        return (
            f"{followed}. A claim over {days:,} {'day' if days == 1 else 'days'} ends before any of them was, so it will not be "
            f"proven. Choose a later last day; {better} gives it a fair chance."
        )
    return (
        f"{followed}. When this claim is decided, only leads of its first {days - window_days:,} "
        f"{'day' if days - window_days == 1 else 'days'} will have been, so only a large difference can be proven. {better} gives it "
        "a fair chance."
    )


def value_in_words(claim: Claim) -> str:
    """The value of a claim: `20%`, or `90`."""
    return amount_in_words(claim, claim.value)


def amount_in_words(claim: Claim, amount: float) -> str:
    """An amount in the unit of a claim: `19.6%`, or `90`."""
    if MEASURES[claim.measure].unit is ClaimUnit.SHARE:
        return f"{number_text(round(amount * 100, 1))}%"
    return number_text(amount)


def claim_in_words(claim: Claim) -> str:
    """A claim as one sentence without the stop at its end."""
    whose = f" (leads whose {claim.field} is {quoted(claim.field_value)})" if claim.field else ""
    return (
        f"From {_day(claim.first_day)} to {_day(claim.last_day)} the {MEASURES[claim.measure].label}{whose} "
        f"is {claim.comparison} {value_in_words(claim)}"
    )


def evidence_in_words(claim: Claim, evidence: Evidence) -> str:
    """The figure as it stands: `23% (7 of 31; 12% to 41%)`, or why there is none."""
    if evidence.value is None:
        if evidence.denominator and MEASURES[claim.measure].follows:
            return f"no figure: none of {evidence.denominator:,} leads could be followed for long enough"
        return "no figure: no lead counts"
    figure = amount_in_words(claim, evidence.value)
    if MEASURES[claim.measure].unit is not ClaimUnit.SHARE:
        return figure
    counts = f"{evidence.numerator:,} of {evidence.denominator:,}"
    if evidence.denominator < LEAST_LEADS:
        return f"{counts}: too few leads for a share"
    between = ""
    if evidence.interval is not None:
        low, high = (
            amount_in_words(claim, bound) for bound in (evidence.interval.low, evidence.interval.high)
        )
        between = f"; {low} to {high}"
    return f"{figure} ({counts}{between})"


def outcome_in_words(claim: Claim, evidence: Evidence, state: ObjectionState) -> str:
    """What became of a claim, in one or two sentences."""
    found = f"The figure was {evidence_in_words(claim, evidence)}."
    value = value_in_words(claim)
    match state:
        case ObjectionState.CONFIRMED if evidence.interval is None:
            return f"{found} That is {claim.comparison} {value}."
        case ObjectionState.CONFIRMED:
            return f"{found} That is {claim.comparison} {value} by more than chance explains."
        case ObjectionState.NOT_CONFIRMED:
            return f"{found} That is not {claim.comparison} {value}."
        case _ if evidence.value is None and evidence.denominator >= LEAST_LEADS:
            return f"{found} The claim had too few days to say."
        case _ if evidence.value is None or evidence.denominator < LEAST_LEADS:
            return f"{found} Too few leads to say."
        case _:
            return f"{found} It leans towards the claim, and chance could explain it."


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
