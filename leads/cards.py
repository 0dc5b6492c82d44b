"""Drawing lead cards: which fields may be shown, which leads tell most, and what their cards say.

All leads are looked at in the engine; what reaches Python is a few thousand candidates at most. A draw with the same
seed, fields and facts draws the same leads.

How leads are drawn: they are put into strata by what became of them, where they came from, their main numbers, and
whether two rules disagree about them. From each stratum a few are taken at random (by a keyed digest of their ids), those
of a closed window and with many known facts first. From these the cards are picked one after the other, each from what
is least represented so far: disputed leads every other time, then the outcome that is furthest behind its share (won
and lost alike, undecided ones few), then a closed window and many known facts, then the rarest source, then the rarest
class of each number.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import ibis

from alignment.lead_cards import (
    ADDRESS_REASON,
    COMPANY_REASON,
    CONTACT_REASON,
    HIDDEN,
    ID_REASON,
    LEAST_SHARING,
    MOST_FACTS,
    OTHER,
    OUTCOME_REASON,
    OWNER_REASON,
    UNKNOWN,
    USUAL_FACTS,
    CardOutcome,
    FieldUse,
    age_fact,
    boolean_fact,
    date_fact,
    folded,
    is_telling,
    name_reason,
    number_fact,
    text_fact,
)
from alignment.rules import FieldType, Rule
from alignment.rules.evaluation import INSTANT_PATTERN, NUMBER_PATTERN
from leads.backtest import LEAKAGE_DIFFERENCE, LEAKAGE_RATIO, LEAST_WINS_FOR_LEAKAGE
from leads.model import LeadField, column_of
from leads.rule_expressions import compile_rule
from leads.store import Facts

FREE_TEXT_REASON = "is free text, which may tell whose lead it is"
TWIN_REASON = "has the same name as another field"
MOST_PROFILED = 250_000
MOST_KEPT = 250_000
MOST_DRAWN_WHOLE = 20_000
MOST_CANDIDATES = 4_000
MOST_PER_STRATUM = 60
MOST_SOURCES = 12
MOST_VALUES = 5_000
MOST_NAMES = 5_000
SHARES = {CardOutcome.WON: 5 / 12, CardOutcome.LOST: 5 / 12, CardOutcome.OPEN: 2 / 12}
"""How the cards are meant to divide by what became of their leads."""

_ENDS = (CardOutcome.WON, CardOutcome.LOST)
_EMAIL = r"[^\s@]@[^\s@]"
_WEB = r"://|^www\."
_PHONE = r"^\+?[0-9][0-9 ()/.-]{5,}[0-9]$"
_CODE = r"^[A-Za-z0-9._:-]*[0-9][A-Za-z0-9._:-]*$"
_FEW_VALUES = 30
_LARGEST_OPEN_NUMBER = 10_000_000
_TELLS_OUTCOME = 0.97
_WINDOW_DAYS = 730


@dataclass(frozen=True)
class ProfiledField:
    """A field with what may be done with it (`AVAILABLE`, `LOOK` or `NEVER`), why, and of which share of the leads it is
    known. `usual` fields are on the cards when nobody chose others."""

    name: str
    label: str
    kind: FieldType
    use: FieldUse
    reason: str
    known: float
    usual: bool


@dataclass(frozen=True)
class Profile:
    """What is known of all leads together: their number, their fields in order, and the names of those who work on them."""

    leads: int
    fields: tuple[ProfiledField, ...]
    names: frozenset[str]

    def field(self, name: str) -> ProfiledField | None:
        """The field of this name."""
        return next((field for field in self.fields if field.name == name), None)

    @property
    def usual(self) -> tuple[str, ...]:
        """The fields that cards show when nobody chose others, in order."""
        return tuple(field.name for field in self.fields if field.usual)


@dataclass(frozen=True)
class DrawnLead:
    """A lead for a card: its id, (field, text) of each fact, and the stratum it was drawn from."""

    lead_id: str
    facts: tuple[tuple[str, str], ...]
    outcome: CardOutcome
    source: str
    disputed: bool


@dataclass(frozen=True)
class _Candidate:
    lead: DrawnLead
    classes: tuple[int, ...]
    order: str


# ── what the fields hold ─────────────────────────────────────────────────────────────────────────────────────────────


def profile(facts: Facts, people: Iterable[str] = ()) -> Profile:
    """Look through all fields: which may be shown on cards, and which not. `people` are names that no card may show.

    With more than 250,000 leads, a fixed part of them is looked at.
    """
    total = facts.value(facts.lead.count())
    table = _population(facts)
    if total > MOST_PROFILED:
        part = min(4095, MOST_PROFILED * 4096 // total)
        table = table.filter(table.lead_id.hexdigest("md5").substr(0, 3) <= f"{part:03x}")
    table = facts.keep(table)
    names = _names(facts, people)
    fields: list[ProfiledField] = []
    for field in facts.fields():
        fields.append(_profiled(facts, table, field, {f.label for f in fields}, names))
    usual = [field for field in fields if field.use is FieldUse.AVAILABLE and field.usual][:USUAL_FACTS]
    kept = {field.name for field in usual}
    return Profile(
        total,
        tuple(
            ProfiledField(f.name, f.label, f.kind, f.use, f.reason, f.known, f.name in kept) for f in fields
        ),
        names,
    )


def _names(facts: Facts, people: Iterable[str]) -> frozenset[str]:
    owners = facts.lead.select(name="owner").union(facts.event.select(name="owner"))
    known = owners.filter(owners.name.notnull()).distinct().order_by("name").limit(MOST_NAMES)
    found = {folded(row["name"]) for row in facts.rows(known)} | {folded(name) for name in people}
    return frozenset(name for name in found if len(name) >= 3)


def _profiled(
    facts: Facts, table: ibis.Table, field: LeadField, labels: Collection[str], names: frozenset[str]
) -> ProfiledField:
    label = "Came in" if field.name == "created_at" else field.label[:1].upper() + field.label[1:]
    known, reason, use = 0.0, "", FieldUse.NEVER
    if field.name == "company":
        reason = COMPANY_REASON
    elif field.name == "owner":
        reason = OWNER_REASON
    elif field.custom:
        reason = name_reason(field.name, field.type)
    if label in labels:
        reason = reason or TWIN_REASON
    if not reason:
        known, use, reason = _measured(facts, table, field, names)
    # a score is somebody's judgement already: it is there to be chosen, but not for a blind one by default
    judged = "score" in field.name.casefold() or "grade" in field.name.casefold()
    return ProfiledField(field.name, label, field.type, use, reason, known, known >= 0.2 and not judged)


def _measured(
    facts: Facts, table: ibis.Table, field: LeadField, names: frozenset[str]
) -> tuple[float, FieldUse, str]:
    """(share of leads of which it is known, use, reason), from the values themselves."""
    value = table[column_of(field.name)]
    text = value.type().is_string()
    there = value.notnull()
    measured = {
        "all": table.count(),
        "known": there.sum(),
        "different": value.approx_nunique(),
    }
    if text:
        measured |= {
            "longest": value.length().max(),
            "wordy": (value.length() - value.replace(" ", "").length() >= 3).sum(),
            "mail": value.re_search(_EMAIL).sum(),
            "web": value.re_search(_WEB).sum(),
            "phone": value.re_search(_PHONE).sum(),
            "code": (value.re_search(_CODE) & (value.length() >= 5)).sum(),
            "company": (value == table.company).sum(),
        }
    for outcome in _ENDS:
        ended = table.outcome == outcome.value
        measured |= {outcome.value: ended.sum(), f"known_{outcome}": (there & ended).sum()}
    row = {name: found or 0 for name, found in facts.rows(table.aggregate(**measured))[0].items()}
    known = row["known"]
    share = known / row["all"] if row["all"] else 0.0
    if not known:
        return share, FieldUse.NEVER, "is never known"
    if any(_filled_after(row, outcome) for outcome in _ENDS):
        return share, FieldUse.NEVER, OUTCOME_REASON
    distinct = row["different"] / known
    if field.custom and field.type is FieldType.DATE and _is_day_of_end(facts, table, value):
        return share, FieldUse.NEVER, OUTCOME_REASON
    if field.type in (FieldType.NUMBER, FieldType.BOOLEAN) and row["different"] <= _FEW_VALUES:
        counted = _counted(facts, table.select("outcome", value=value.cast("string")))
        if _tells_outcome(counted):
            return share, FieldUse.NEVER, OUTCOME_REASON
    if field.type is FieldType.NUMBER:
        if field.custom and distinct > 0.9 and known >= 20 and row.get("phone", 0) > 0.5 * known:
            return share, FieldUse.NEVER, ID_REASON
        return share, FieldUse.AVAILABLE, ""
    if not text or field.type in (FieldType.BOOLEAN, FieldType.DATE):
        return share, FieldUse.AVAILABLE, ""
    for kind, reason in (("mail", CONTACT_REASON), ("web", ADDRESS_REASON), ("phone", CONTACT_REASON)):
        if row[kind] > 0.01 * known:
            return share, FieldUse.NEVER, reason
    if row["company"] > 0.05 * known:
        return share, FieldUse.NEVER, COMPANY_REASON
    if distinct > 0.9 and known >= 20 and row["code"] > 0.9 * known:
        return share, FieldUse.NEVER, ID_REASON
    if row["different"] > MOST_VALUES:
        return share, FieldUse.LOOK, FREE_TEXT_REASON
    return share, *_by_values(facts, table.select("outcome", value=value), row, names)


def _filled_after(row: Mapping[str, Any], outcome: CardOutcome) -> bool:
    """Whether a field is known of leads with this outcome so much more often than of others that it tells it."""
    others = row["all"] - row[outcome.value]
    if row[outcome.value] < LEAST_WINS_FOR_LEAKAGE or not others:
        return False
    of_these = row[f"known_{outcome}"] / row[outcome.value]
    of_others = (row["known"] - row[f"known_{outcome}"]) / others
    return of_these >= LEAKAGE_RATIO * of_others and of_these - of_others >= LEAKAGE_DIFFERENCE


def _is_day_of_end(facts: Facts, table: ibis.Table, value: ibis.Value) -> bool:
    """Whether a day mostly is the one on which the lead was won or lost, in whatever zone."""
    day = value.substr(0, 10).try_cast("timestamp(6)").epoch_seconds()
    apart = (day - table.closed_at.epoch_seconds()).abs()
    [row] = facts.rows(table.aggregate(ended=apart.count(), same=(apart <= 129_600).sum().coalesce(0)))
    return bool(row["ended"] >= LEAST_WINS_FOR_LEAKAGE and row["same"] > 0.3 * row["ended"])


def _counted(facts: Facts, table: ibis.Table) -> list[dict[str, Any]]:
    """How many leads have each value that several share, and how many of these were won and lost."""
    known = table.filter(table.value.notnull())
    counted = known.group_by("value").aggregate(
        n=known.count(),
        won=(known.outcome == CardOutcome.WON.value).sum(),
        lost=(known.outcome == CardOutcome.LOST.value).sum(),
    )
    shared = counted.filter(counted.n >= LEAST_SHARING).order_by(counted.n.desc(), "value")
    return facts.rows(shared.limit(MOST_VALUES))


def _tells_outcome(values: Sequence[Mapping[str, Any]]) -> bool:
    """Whether one would guess nearly all ends right by the value alone, and would not by guessing the same for all."""
    won, lost = sum(value["won"] for value in values), sum(value["lost"] for value in values)
    if min(won, lost) < LEAST_WINS_FOR_LEAKAGE:
        return False
    right = sum(max(value["won"], value["lost"]) for value in values) / (won + lost)
    return right >= _TELLS_OUTCOME and max(won, lost) / (won + lost) < 0.9


def _by_values(
    facts: Facts, table: ibis.Table, row: Mapping[str, Any], names: frozenset[str]
) -> tuple[FieldUse, str]:
    values = _counted(facts, table)
    if any(folded(value["value"]) in names for value in values):
        return FieldUse.NEVER, OWNER_REASON
    if _tells_outcome(values):
        return FieldUse.NEVER, OUTCOME_REASON
    shared = sum(value["n"] for value in values) / row["known"]
    long = row["wordy"] > 0.2 * row["known"] or row["longest"] > 80
    if shared < 0.5 or (long and row["different"] > _FEW_VALUES):
        return FieldUse.LOOK, FREE_TEXT_REASON
    return FieldUse.AVAILABLE, ""


# ── drawing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def draw(
    facts: Facts,
    known: Profile,
    fields: Sequence[str],
    count: int,
    seed: int,
    now: datetime,
    rules: tuple[Rule, Rule] | None = None,
    beside: Sequence[str] = (),
    without: Sequence[str] = (),
) -> tuple[DrawnLead, ...]:
    """At most `count` leads for cards that show `fields`, in an order that says nothing; fewer when there are no more.

    No two have the same facts. `rules` are what each team asks of a lead: about half of the cards are then leads on
    which they disagree. `beside` are leads that have cards already: they are not drawn again, and those drawn make
    the set as mixed as it can be. Leads `without` are not drawn either. `now` is an aware instant, which ages count from.
    """
    shown = [field for name in fields if (field := known.field(name)) is not None][:MOST_FACTS]
    if not shown or not known.leads:
        return ()
    population = _population(facts)
    if known.leads <= MOST_KEPT:
        population = facts.keep(population)
    table = _strata(facts, population, shown, seed, rules)
    texts = _Texts(facts, known, shown, now)
    already = _candidates(facts, table.filter(table.lead_id.isin(list(beside))), texts) if beside else []
    eligible = table.filter(table.facts_known >= min(len(shown), max(2, len(shown) // 4)))
    if beside or without:
        eligible = eligible.filter(eligible.lead_id.notin([*beside, *without]))
    candidates = _candidates(facts, _few_of_each(facts, eligible), texts)
    picked = _pick(candidates, already, count, rules is not None, min(len(shown), 2))
    # by the digest alone: the order in which they were picked would tell won from lost
    return tuple(found.lead for found in sorted(picked, key=lambda found: found.order[-32:]))


def facts_of(
    facts: Facts,
    known: Profile,
    lead_ids: Sequence[str],
    fields: Sequence[str],
    now: datetime,
    looked_at: Collection[str] = (),
) -> dict[str, tuple[tuple[str, str], ...]]:
    """Lead id → (field, text) of each fact, of leads that are there. Fields that somebody `looked_at` show values that
    few leads share, too; what may tell whose lead it is they do not show either."""
    shown = [field for name in fields if (field := known.field(name)) is not None]
    table = _population(facts)
    table = table.filter(table.lead_id.isin(list(lead_ids)))
    texts = _Texts(facts, known, shown, now, looked_at)
    rows = facts.rows(table.select(*texts.columns))
    texts.look_through(rows)
    return {row["lead_id"]: texts.of(row) for row in rows}


def standing_of(
    facts: Facts, lead_ids: Sequence[str], rules: tuple[Rule, Rule] | None = None
) -> dict[str, tuple[CardOutcome, str, bool]]:
    """Lead id → (what became of it, its source, whether the rules disagree about it), of leads that are there."""
    table = _population(facts)
    table = table.filter(table.lead_id.isin(list(lead_ids)))
    chosen = table.select(
        "lead_id", "outcome", source=table.source.coalesce(""), disputed=_disputed(table, rules)
    )
    return {
        row["lead_id"]: (CardOutcome(row["outcome"]), row["source"], row["disputed"])
        for row in facts.rows(chosen)
    }


def verdicts_of(
    facts: Facts, lead_ids: Sequence[str], rules: Sequence[Rule]
) -> dict[str, tuple[bool | None, ...]]:
    """Lead id → what each rule says of it (None: cannot tell), of leads that are there."""
    table = _population(facts)
    table = table.filter(table.lead_id.isin(list(lead_ids)))
    says = {
        f"says_{number}": compile_rule(rule, table, table.came_at).outcome
        for number, rule in enumerate(rules)
    }
    return {
        row["lead_id"]: tuple(row[name] for name in says)
        for row in facts.rows(table.select("lead_id", **says))
    }


def _population(facts: Facts) -> ibis.Table:
    """Leads with `came_at`, and the `outcome` of their latest episode with its instant `closed_at`."""
    episode = facts.episode
    latest = episode.filter(episode["last"])
    lost = latest.lost_at.notnull() & (latest.won_at.isnull() | (latest.lost_at > latest.won_at))
    standing = latest.select(
        "lead_id",
        came_at=latest.mql_at.coalesce(latest.created_at),
        outcome=ibis.cases(
            (lost, CardOutcome.LOST.value),
            (latest.won_at.notnull(), CardOutcome.WON.value),
            else_=CardOutcome.OPEN.value,
        ),
        closed_at=latest.won_at.coalesce(latest.lost_at),
    )
    joined = facts.lead.left_join(standing, "lead_id").drop("lead_id_right")
    return joined.mutate(
        came_at=joined.came_at.coalesce(joined.created_at),
        outcome=joined.outcome.coalesce(CardOutcome.OPEN.value),
    )


def _disputed(table: ibis.Table, rules: tuple[Rule, Rule] | None) -> ibis.Value:
    if rules is None:
        return ibis.literal(False)
    first, second = (compile_rule(rule, table, table.came_at) for rule in rules)
    return (first.passes & second.fails) | (first.fails & second.passes)


def _strata(
    facts: Facts,
    table: ibis.Table,
    shown: Sequence[ProfiledField],
    seed: int,
    rules: tuple[Rule, Rule] | None,
) -> ibis.Table:
    """The leads with their stratum, how many facts are known, and `rank_text`: whom to prefer, then a digest."""
    counted = table.group_by("source").aggregate(n=table.count())
    common = facts.rows(counted.order_by(counted.n.desc(), "source").limit(MOST_SOURCES))
    sources = [row["source"] for row in common if row["source"]]
    facts_known = sum(
        (table[column_of(field.name)].notnull().cast("int8") for field in shown), ibis.literal(0, "int8")
    )
    digest = (table.lead_id + f":{seed}").hexdigest("md5")
    enough = facts_known * 2 >= len(shown)
    preferred = (~_in_closed_window(facts, table)).cast("int8") + (~enough).cast("int8")
    added: dict[str, ibis.Value] = {
        "facts_known": facts_known,
        "stratum_source": table.source.isin(sources).ifelse(table.source, "")
        if sources
        else ibis.literal(""),
        "disputed": _disputed(table, rules),
        "rank_text": preferred.cast("string") + digest,
    }
    numbers = [field for field in shown if field.kind is FieldType.NUMBER]
    numbers = sorted(numbers, key=lambda field: (field.name != "employees", -field.known, field.name))[:2]
    for place in range(2):
        number = _number(table, numbers[place].name) if place < len(numbers) else None
        added[f"class_{place}"] = ibis.literal(0) if number is None else _class(facts, table, number)
    return table.mutate(**added).mutate(stratum_source=ibis._.stratum_source.coalesce(""))


def _in_closed_window(facts: Facts, table: ibis.Table) -> ibis.Value:
    """Whether a lead came long enough ago to have been decided like most are, and not more than two years before that."""
    latest = facts.value(facts.event["at"].max())
    if latest is None:
        return ibis.literal(True)
    seconds = table.closed_at.epoch_seconds() - table.came_at.epoch_seconds()
    usual = facts.value(seconds.quantile(0.9))
    window = int(min(365, max(30, usual / 86_400 if usual else 90)))
    last = ibis.literal(latest).cast("timestamp(6)")
    until, since = last - ibis.interval(days=window), last - ibis.interval(days=window + _WINDOW_DAYS)
    return ((table.came_at <= until) & (table.came_at >= since)).fill_null(False)


def _class(facts: Facts, table: ibis.Table, number: ibis.Value) -> ibis.Value:
    """The third of all leads that a number puts a lead in (0, 1, 2); 3 where it is not known."""
    [cuts] = facts.rows(table.aggregate(low=number.quantile(1 / 3), high=number.quantile(2 / 3)))
    if cuts["low"] is None:
        return ibis.literal(3)
    return ibis.cases((number.isnull(), 3), (number <= cuts["low"], 0), (number <= cuts["high"], 1), else_=2)


def _number(table: ibis.Table, name: str) -> ibis.Value:
    value = table[column_of(name)]
    if value.type().is_string():
        return value.re_search(NUMBER_PATTERN).ifelse(value, ibis.null().cast("string")).try_cast("float64")
    return value


def _few_of_each(facts: Facts, table: ibis.Table) -> ibis.Table:
    """A few leads of each stratum, at random; of many leads without sorting them all."""
    strata = ["disputed", "outcome", "stratum_source", "class_0", "class_1"]
    if facts.value(table.count()) > MOST_DRAWN_WHOLE:
        bucket = table.rank_text.substr(1, 2)
        chosen = table.group_by([*strata, bucket.name("bucket")]).aggregate(
            lead_id=table.lead_id.argmin(table.rank_text), rank_text=table.rank_text.min()
        )
    else:
        chosen = table.select(*strata, "lead_id", "rank_text")
    place = ibis.row_number().over(ibis.window(group_by=strata, order_by="rank_text"))
    few = chosen.mutate(place=place)
    few = few.filter(few.place < MOST_PER_STRATUM).order_by("place", "rank_text").limit(MOST_CANDIDATES)
    few = facts.keep(few.select("lead_id"))
    return table.semi_join(few, "lead_id")


def _candidates(facts: Facts, table: ibis.Table, texts: "_Texts") -> list[_Candidate]:
    strata = ("disputed", "stratum_source", "class_0", "class_1", "rank_text")
    columns = dict.fromkeys([*texts.columns, "outcome", *strata])
    rows = facts.rows(table.select(*columns))
    texts.look_through(rows)
    found = [
        _Candidate(
            DrawnLead(
                row["lead_id"],
                texts.of(row),
                CardOutcome(row["outcome"]),
                row["stratum_source"],
                bool(row["disputed"]),
            ),
            (row["class_0"], row["class_1"]),
            row["rank_text"],
        )
        for row in rows
    ]
    return sorted(found, key=lambda candidate: candidate.order)


def _pick(
    candidates: Sequence[_Candidate],
    already: Sequence[_Candidate],
    count: int,
    by_rules: bool,
    least_known: int,
) -> list[_Candidate]:
    """`count` candidates, one after the other, each from what is least represented among them and those `already` there."""
    seen = {candidate.lead.facts for candidate in already}
    left = []
    for candidate in candidates:
        told = sum(text not in (UNKNOWN, HIDDEN, OTHER) for _, text in candidate.lead.facts)
        if told >= least_known and candidate.lead.facts not in seen:
            seen.add(candidate.lead.facts)
            left.append(candidate)
    chosen: list[_Candidate] = list(already)
    picked: list[_Candidate] = []
    while left and len(picked) < count:
        best = min(left, key=partial(_crowding, _Crowd.of(chosen, by_rules)))
        left.remove(best)
        chosen.append(best)
        picked.append(best)
    return picked


@dataclass(frozen=True)
class _Crowd:
    """What the cards picked so far are like. `disputed` is what the next one should be, None without rules; `behind` how
    far each outcome is from its share (below 0: it lacks cards)."""

    disputed: bool | None
    behind: Mapping[CardOutcome, float]
    sources: Counter[str]
    classes: tuple[Counter[int], ...]

    @classmethod
    def of(cls, chosen: Sequence[_Candidate], by_rules: bool) -> "_Crowd":
        outcomes = Counter(found.lead.outcome for found in chosen)
        disputed = sum(found.lead.disputed for found in chosen)
        return cls(
            2 * disputed <= len(chosen) if by_rules else None,
            {outcome: outcomes[outcome] - share * (len(chosen) + 1) for outcome, share in SHARES.items()},
            Counter(found.lead.source for found in chosen),
            tuple(Counter(found.classes[place] for found in chosen) for place in range(2)),
        )


def _crowding(crowd: _Crowd, candidate: _Candidate) -> tuple[Any, ...]:
    """How much like the cards picked so far a candidate is: the least is picked next."""
    lead = candidate.lead
    return (
        crowd.disputed is not None and lead.disputed is not crowd.disputed,
        crowd.behind[lead.outcome],
        candidate.order[0],
        crowd.sources[lead.source],
        sum(counted[found] for counted, found in zip(crowd.classes, candidate.classes, strict=True)),
        candidate.order,
    )


# ── facts in words ───────────────────────────────────────────────────────────────────────────────────────────────────


class _Texts:
    """The facts of leads in words, for one choice of fields over one version of the facts."""

    def __init__(
        self,
        facts: Facts,
        known: Profile,
        shown: Sequence[ProfiledField],
        now: datetime,
        looked_at: Collection[str] = (),
    ) -> None:
        self._facts = facts
        self._known = known
        self._shown = shown
        self._now = now.astimezone(UTC).replace(tzinfo=None)
        self._looked_at = frozenset(looked_at)
        self._telling: dict[str, bool] = {}
        coarse = [field for field in shown if _is_text(field) and field.name not in self._looked_at]
        self._shared = {field.name: _shared(facts, field) for field in coarse}
        columns = ["lead_id", "company", "came_at", *(column_of(field.name) for field in shown)]
        self.columns = tuple(dict.fromkeys(columns))

    def look_through(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Note which texts of these rows name a company among the leads, so that no card shows them.

        Single words do not count: an industry may be called like a company.
        """
        columns = [column_of(field.name) for field in self._shown if _is_text(field)]
        values = {row[column] for row in rows for column in columns}
        named = sorted(value for value in values if value and not value.isalpha())
        if named:
            lead = self._facts.lead
            companies = lead.filter(lead.company.isin(named)).select("company").distinct()
            self._telling |= {row["company"]: True for row in self._facts.rows(companies)}

    def of(self, row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        """(field, text) of each fact of a row with `columns`."""
        return tuple((field.name, self._fact(field, row)) for field in self._shown)

    def _fact(self, field: ProfiledField, row: Mapping[str, Any]) -> str:
        value = row[column_of(field.name)]
        if field.name == "created_at":
            value = value or row["came_at"]
            return UNKNOWN if value is None else age_fact(value, self._now)
        if value is None or value == "":
            return UNKNOWN
        match field.kind:
            case FieldType.NUMBER:
                return self._number(field, value)
            case FieldType.BOOLEAN:
                return boolean_fact(value)
            case FieldType.DATE:
                return _date(value)
        if self._tells(value) or is_telling(value, (), row["company"] or ""):
            return HIDDEN
        if field.name not in self._looked_at and value not in self._shared[field.name]:
            return OTHER
        return text_fact(value) or UNKNOWN

    def _number(self, field: ProfiledField, value: Any) -> str:
        try:
            number = float(value)
        except ValueError:
            return HIDDEN
        if field.name not in ("employees", "value") and abs(number) >= _LARGEST_OPEN_NUMBER:
            return HIDDEN  # a telephone number, or the lead's number elsewhere
        return number_fact(number)

    def _tells(self, value: str) -> bool:
        if value not in self._telling:
            self._telling[value] = is_telling(value, self._known.names)
        return self._telling[value]


def _is_text(field: ProfiledField) -> bool:
    return field.kind in (FieldType.TEXT, FieldType.ANY)


def _shared(facts: Facts, field: ProfiledField) -> frozenset[str]:
    """The values of a text field that enough leads share; of free text none."""
    if field.use is not FieldUse.AVAILABLE:
        return frozenset()
    column = facts.lead[column_of(field.name)]
    known = facts.lead.select(value=column).filter(column.notnull())
    counted = known.group_by("value").aggregate(n=known.count())
    rows = facts.rows(
        counted.filter(counted.n >= LEAST_SHARING).order_by(counted.n.desc(), "value").limit(MOST_VALUES)
    )
    return frozenset(row["value"] for row in rows)


def _date(value: Any) -> str:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value) if re.fullmatch(INSTANT_PATTERN, value) else None
        except ValueError:
            value = None
    return HIDDEN if value is None else date_fact(value)
