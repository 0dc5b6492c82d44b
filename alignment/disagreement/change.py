"""The same question in two surveys: whether the teams have come closer; and how far they agree over all topics.

What is compared is a signed effect, by type of answer: the difference in the share of one option (of one condition for
rules, of one card for lead cards), Cliff's δ for scales, the difference of medians for numbers; for rankings Kendall's τ.
Total variation is never used for it: it is biased upwards in small groups, and the more so the fewer answered, so that a
team that grew would seem to come closer.

The interval of a change comes from the two intervals by squaring and adding (MOVER: Zou & Donner, Statistics in Medicine 27,
2008; the idea is Newcombe's, 1998): with d = now − then, low = d − √((now − low_now)² + (high_then − then)²), and the high
end likewise. It takes the two surveys for independent. They mostly ask the same people, who mostly stay what they were: the
true interval is narrower, so that a change is rather missed than made up.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from alignment.disagreement.answers import CANT_SAY
from alignment.disagreement.results import Comparison, Effect, QuestionComparison, Verdict
from alignment.disagreement.words import capitalised, percent
from alignment.people import Team
from alignment.questionnaires import Question, QuestionType
from alignment.statistics import Interval, newcombe, wilson
from alignment.texts import number_text

SIGNIFICANCE = 0.05

MEDIUM = 0.33
"""From this Cliff's δ on teams are clearly apart (Romano et al. 2006); a change of so much is a marked one."""

LARGEST_RATIO_OF_SIZES = 2.0
"""Orders of teams of which one has grown or shrunk by more than this are not compared: the fewer people, the nearer to 0
τ lies, whatever they think."""


class Direction(StrEnum):
    """What became of the gap between the teams."""

    CLOSER = "closer"
    FURTHER = "further_apart"
    NONE = "no_detectable_change"
    NOT_COMPARABLE = "not_comparable"

    @property
    def label(self) -> str:
        """In words."""
        return {
            "closer": "closer than before",
            "further_apart": "further apart than before",
            "no_detectable_change": "no detectable change",
            "not_comparable": "not comparable with before",
        }[self.value]


EFFECT_NAMES = {
    "difference_of_shares": "Difference of shares in points",
    "difference_of_medians": "Difference of the medians",
    "cliffs_delta": "Cliff's δ",
    "kendall_tau": "Kendall's τ between the orders",
}
"""What the effects of a change are called where figures are read."""


@dataclass(frozen=True)
class Change:
    """The gap on one question then and now. `difference` is now − then of the same effect, with its 95 % interval.

    Effects are `difference_of_shares` (sales − marketing, of what `about` names: an option, a condition or a card),
    `cliffs_delta`, `difference_of_medians` (in the question's unit) and `kendall_tau`. All are None where the two cannot be
    compared; `sentence` then says why.
    """

    key: str
    direction: Direction
    then: Effect | None
    now: Effect | None
    difference: float | None
    interval: Interval | None
    sentence: str
    about: str = ""

    @property
    def figures(self) -> str:
        """The effect then and now and its change, with names and signs for who reads figures; '' where nothing is compared."""
        if self.then is None or self.now is None or self.difference is None or self.interval is None:
            return ""
        name = self.now.name
        then, now, change, low, high = (
            _figure(name, value)
            for value in (
                self.then.value,
                self.now.value,
                self.difference,
                self.interval.low,
                self.interval.high,
            )
        )
        about = f" on “{self.about}”" if self.about else ""
        return f"{EFFECT_NAMES[name]}{about}: {then} then, {now} now; change {change}, 95% interval {low} to {high}"

    def as_dict(self) -> dict[str, Any]:
        """The change in the shape of `manage.py compare --json`."""
        return {
            "direction": self.direction.value,
            "effect": None if self.now is None else self.now.name,
            "about": self.about,
            "then": None if self.then is None else self.then.value,
            "now": None if self.now is None else self.now.value,
            "difference": self.difference,
            "interval": None if self.interval is None else [self.interval.low, self.interval.high],
            "sentence": self.sentence,
        }


@dataclass(frozen=True)
class AlignmentMeasure:
    """How far two teams agree over a survey: `agreed` of `topics` on which both stand in the same place, and the mean share of
    all disagreement that lies between the teams (None where nothing could be tested). Questions with too few answers are no
    topics here."""

    agreed: int
    topics: int
    agreed_interval: Interval | None
    between_share: float | None

    def as_dict(self) -> dict[str, Any]:
        """The measure in the shape of `manage.py compare --json`."""
        interval = self.agreed_interval
        return {
            "agreed": self.agreed,
            "topics": self.topics,
            "agreed_interval": None if interval is None else [interval.low, interval.high],
            "between_share": self.between_share,
        }


@dataclass(frozen=True)
class ChangesSince:
    """What became of the gaps since an earlier survey with some of the same questions: question key → change.

    `survey_id`, `title` and `closed_on` are those of the earlier one.
    """

    survey_id: str
    title: str
    closed_on: date
    changes: Mapping[str, Change]

    def count(self, direction: Direction) -> int:
        """On how many questions the gap went this way."""
        return sum(change.direction is direction for change in self.changes.values())

    def as_dict(self) -> dict[str, Any]:
        """The changes in the shape of `manage.py compare --json`."""
        return {
            "survey": self.survey_id,
            "title": self.title,
            "closed_on": self.closed_on.isoformat(),
            "questions": {key: change.as_dict() for key, change in self.changes.items()},
        }


@dataclass(frozen=True)
class AlignmentThen:
    """The alignment measure of one closed survey, over the questions that all surveys of its `group` have asked.

    `cycle` is the number of the cycle it belongs to, None for none. Surveys of one group asked (nearly) the same; those of
    different groups are not held against each other.
    """

    survey_id: str
    title: str
    cycle: int | None
    closed_on: date
    measure: AlignmentMeasure
    group: int = 0

    @property
    def when(self) -> str:
        """When it was, in words: `in the first cycle`, or `in March 2026`."""
        if self.cycle is None:
            return f"in {self.closed_on:%B %Y}"
        return f"in the {_ordinal(self.cycle)} cycle"

    def as_dict(self) -> dict[str, Any]:
        """In the shape of `manage.py compare --json`."""
        return {
            "survey": self.survey_id,
            "title": self.title,
            "cycle": self.cycle,
            "closed_on": self.closed_on.isoformat(),
            "group": self.group,
            **self.measure.as_dict(),
        }


def alignment_of(comparison: Comparison, keys: Collection[str] | None = None) -> AlignmentMeasure:
    """The alignment measure of a survey: the share of its topics with consensus, with Wilson's interval.

    `keys` are the questions that count, None: all. The interval takes the questions for a sample of all that could be asked;
    it says nothing about who answered.
    """
    topics = [
        one
        for one in comparison.questions
        if not one.hidden
        and one.verdict is not Verdict.TOO_FEW
        and (keys is None or one.question.key in keys)
    ]
    agreed = sum(one.verdict is Verdict.ALIGNED for one in topics)
    shares = [one.between_share for one in topics if one.between_share is not None]
    return AlignmentMeasure(
        agreed=agreed,
        topics=len(topics),
        agreed_interval=wilson(agreed, len(topics)),
        between_share=math.fsum(shares) / len(shares) if shares else None,
    )


def alignment_in_words(history: Sequence[AlignmentThen]) -> str:
    """How far the teams agreed in the first and in the last survey of one group, oldest first, in a sentence; '' for none.

    Whether the share of topics has moved is judged by Newcombe's interval of the difference. The same questions were asked,
    so the true one is narrower: a rise is rather missed than made up.
    """
    told = [one for one in history if one.measure.topics]
    if not told:
        return ""
    first, last = told[0], told[-1]
    was, is_now = first.measure, last.measure
    if len(told) == 1:
        return (
            f"You agreed on {was.agreed} of {was.topics} topics {_when(first, None)}. Whether you come closer shows once the "
            "same questions have been asked again and that questionnaire is closed."
        )
    interval = newcombe(is_now.agreed, is_now.topics, was.agreed, was.topics)
    assert interval is not None  # both have topics
    difference = is_now.agreed / is_now.topics - was.agreed / was.topics
    chance = ""
    if interval.low <= 0 <= interval.high:
        chance = " With so few topics that can be chance." if difference else ""
    return (
        f"You agreed on {was.agreed} of {was.topics} topics {_when(first, last)} and on {is_now.agreed} of {is_now.topics} "
        f"{_when(last, first)} (change {_points(difference)} points, 95% interval {_points(interval.low)} to "
        f"{_points(interval.high)}).{chance}"
    )


def _when(one: AlignmentThen, other: AlignmentThen | None) -> str:
    """By its cycle, or by its day where the other is of the same cycle."""
    if other is not None and other.cycle == one.cycle:
        return f"on {one.closed_on.day} {one.closed_on:%B %Y}"
    return one.when


def _ordinal(number: int) -> str:
    words = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
    if number <= len(words):
        return words[number - 1]
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{ending}"


def _points(share: float) -> str:
    points = percent(abs(share)).removesuffix("%")
    return f"{'−' if share < 0 and points != '0' else '+'}{points}"


def is_same_question(then: Question, now: Question) -> bool:
    """Whether the two ask for the same: answers then and now can be held against each other."""
    return not _what_changed(then, now)


def change_of(then: QuestionComparison, now: QuestionComparison, *, same_cards: bool = False) -> Change:
    """What became of the gap between the teams on one question, from an earlier survey to a later one.

    `same_cards` says that both put the same leads on the cards. The gap is called closer where the interval of the change
    leaves out 0 and it is smaller now, further apart likewise; else there is no detectable change, which is not the same
    as no change. Where a gap has turned round, its size is compared.
    """
    reason = _why_not(then, now, same_cards)
    if reason:
        return _no_claim(now, reason)
    match now.question.type:
        case QuestionType.SCALE:
            return _of_effect(then, now, "cliffs_delta")
        case QuestionType.NUMBER:
            return _of_effect(then, now, "difference_of_medians")
        case QuestionType.RANKING:
            return _of_orders(then, now)
        case _:
            return _of_shares(then, now)


def _no_claim(now: QuestionComparison, reason: str) -> Change:
    return Change(now.question.key, Direction.NOT_COMPARABLE, None, None, None, None, reason)


# ── whether the two can be compared ──────────────────────────────────────────────────────────────────────────────────


def _what_changed(then: Question, now: Question) -> str:
    """What of a question is not what it was, in words; '' where answers can be compared."""
    for changed, words in (
        (then.key != now.key, "it is another question"),
        (then.type is not now.type, "it was answered in another way"),
        (set(then.options) != set(now.options), "its answers were others"),
        (then.points != now.points or then.ends != now.ends, "its scale was another one"),
        (then.unit != now.unit, "its unit was another one"),
        (then.top != now.top, "another number of places was given"),
        (then.count != now.count, "there was another number of leads to judge"),
    ):
        if changed:
            return words
    return ""


def _why_not(then: QuestionComparison, now: QuestionComparison, same_cards: bool) -> str:
    changed = _what_changed(then.question, now.question)
    if changed:
        return f"Not comparable with before: {changed}."
    if now.question.type is QuestionType.LEAD_CARDS and not same_cards:
        return "Not comparable with before: other leads were judged."
    for one, when in ((then, "then"), (now, "now")):
        if one.hidden or one.verdict is Verdict.TOO_FEW:
            return f"Not comparable with before: there are too few answers {'from ' if when == 'then' else ''}{when}."
    return ""


# ── one effect, then and now ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Moved:
    """A signed effect then and now, the interval of the change, and what the size of the gap did.

    `of_size` is the interval of the change of the gap's size: below 0 it has shrunk, whichever team was higher. Of orders,
    which have no higher team, it is that of τ: above 0 they are more alike.
    """

    then: Effect
    now: Effect
    difference: float
    interval: Interval
    direction: Direction
    of_size: Interval

    @property
    def by_chance(self) -> bool:
        """Whether the effect is another one now, and chance alone may have made it so."""
        return bool(self.difference) and self.interval.low <= 0 <= self.interval.high

    @property
    def turned(self) -> bool:
        """Whether the other team is higher now; of orders, which have no higher team, never."""
        return self.now.name != "kendall_tau" and self.then.value * self.now.value < 0


def _moved(then: Effect, now: Effect) -> _Moved | None:
    """None where either has no interval."""
    if then.interval is None or now.interval is None:
        return None
    interval = mover(now.value, now.interval, then.value, then.interval)
    signed = interval
    side = then.value or now.value
    if then.value * now.value < 0:
        # Only that it turned round is no step towards each other: its size then, on the side of now, is what counts.
        mirrored = Interval(-then.interval.high, -then.interval.low)
        interval = mover(now.value, now.interval, -then.value, mirrored)
        side = now.value
    of_size = Interval(-interval.high, -interval.low) if side < 0 else interval
    moved = _Moved(then, now, now.value - then.value, signed, Direction.NONE, of_size)
    if interval.low <= 0 <= interval.high:
        return moved
    closer = abs(now.value) < abs(then.value)
    return replace(moved, direction=Direction.CLOSER if closer else Direction.FURTHER)


def mover(now: float, of_now: Interval, then: float, of_then: Interval) -> Interval:
    """The interval of now − then from those of both, for independent estimates (Zou & Donner 2008)."""
    difference = now - then
    return Interval(
        difference - math.hypot(max(0.0, now - of_now.low), max(0.0, of_then.high - then)),
        difference + math.hypot(max(0.0, of_now.high - now), max(0.0, then - of_then.low)),
    )


def _effect_named(compared: QuestionComparison, name: str) -> Effect | None:
    found = [compared.effect] if compared.effect is not None else []
    return next((one for one in (*found, *compared.other_effects) if one.name == name), None)


def _of_effect(then: QuestionComparison, now: QuestionComparison, name: str) -> Change:
    before, after = _effect_named(then, name), _effect_named(now, name)
    moved = None if before is None or after is None else _moved(before, after)
    if moved is None:
        return _no_claim(
            now, "Not comparable with before: too few people gave an answer other than “can't say”."
        )
    return _told(now.question, moved)


def _of_orders(then: QuestionComparison, now: QuestionComparison) -> Change:
    """Of Kendall's τ between the teams' mean places: 1 where they agree, so more is closer."""
    before, after = _effect_named(then, "kendall_tau"), _effect_named(now, "kendall_tau")
    if before is None or after is None or before.interval is None or after.interval is None:
        return _no_claim(now, "Not comparable with before: too few people gave an order.")
    for team in Team:
        sizes = sorted((then.n[team] or 0, now.n[team] or 0))
        if sizes[1] > LARGEST_RATIO_OF_SIZES * sizes[0]:
            return _no_claim(
                now,
                "Not comparable with before: so many more or fewer people answered that orders would differ for that "
                "reason alone.",
            )
    interval = mover(after.value, after.interval, before.value, before.interval)
    direction = Direction.NONE
    if interval.low > 0:
        direction = Direction.CLOSER
    elif interval.high < 0:
        direction = Direction.FURTHER
    return _told(
        now.question, _Moved(before, after, after.value - before.value, interval, direction, interval)
    )


# ── the share of one option, then and now ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Counted:
    """How many of each team gave one answer, and of how many."""

    label: str
    hits: tuple[int, int]
    people: tuple[int, int]

    @property
    def difference(self) -> float:
        return self.hits[0] / self.people[0] - self.hits[1] / self.people[1]

    @property
    def varies(self) -> bool:
        """Whether some gave it and some did not."""
        return 0 < sum(self.hits) < sum(self.people)

    def effect(self, confidence: float) -> Effect:
        interval = newcombe(self.hits[0], self.people[0], self.hits[1], self.people[1], confidence)
        return Effect("difference_of_shares", self.difference, interval)


def _of_shares(then: QuestionComparison, now: QuestionComparison) -> Change:
    """The option that differed most then, and where it is another one, the one that differs most now.

    The first may have come closer, the second moved apart. Whatever differs most in a survey does so in part by chance, and
    would come back by itself: the interval of that survey is therefore Bonferroni's over all options, which holds for
    whichever is picked; the other survey had no say in it and keeps its 95 %.
    """
    before, after = ({one.label: one for one in _counted(each)} for each in (then, now))
    shared = [label for label in before if label in after]
    if CANT_SAY in before.keys() | after.keys() and CANT_SAY not in shared:
        shared.append(CANT_SAY)
        (before if CANT_SAY not in before else after)[CANT_SAY] = _nobody_silent(
            then if CANT_SAY not in before else now
        )
    if not shared:
        return _no_claim(
            now, "Not comparable with before: nothing was asked for by enough people both times."
        )
    widest_then = max(shared, key=lambda label: abs(before[label].difference))
    widest_now = max(shared, key=lambda label: abs(after[label].difference))
    exclusive = now.question.type in (QuestionType.CHOICE, QuestionType.YES_NO)
    picked_then, picked_now = (
        1 - SIGNIFICANCE / _picked_from([side[label] for label in shared], exclusive)
        for side in (before, after)
    )
    usual = 1 - SIGNIFICANCE
    first = _moved(before[widest_then].effect(picked_then), after[widest_then].effect(usual))
    if first is None:
        return _no_claim(now, "Not comparable with before: there are too few answers.")
    if widest_now == widest_then:
        return _told(now.question, first, widest_then)
    second = _moved(before[widest_now].effect(usual), after[widest_now].effect(picked_now))
    if second is None or second.direction is not Direction.FURTHER:
        return _told(now.question, first, widest_then)
    apart = _told(now.question, second, widest_now)
    if first.direction is not Direction.CLOSER:
        return apart
    other = _told(now.question, first, widest_then)
    # Both: what became of the widest gap decides, whichever answer it is about.
    narrower = abs(second.now.value) < abs(first.then.value)
    main, further = (other, apart) if narrower else (apart, other)
    return replace(
        main, sentence=f"{main.sentence} But also: {further.sentence[0].lower()}{further.sentence[1:]}"
    )


def _picked_from(options: list[_Counted], exclusive: bool) -> int:
    """From how many differences the largest was picked; two answers that exclude each other are one."""
    varied = sum(one.varies for one in options)
    return max(1, varied - 1 if exclusive and varied == 2 else varied)


def _counted(compared: QuestionComparison) -> Iterator[_Counted]:
    if compared.distributions is None:
        return
    sales, marketing = (compared.distributions[team] for team in Team)
    of_cards = bool(sales.judged)
    for place, label in enumerate(sales.labels):
        yield _Counted(
            label,
            (sales.counts[place], marketing.counts[place]),
            (sales.judged[place], marketing.judged[place])
            if of_cards
            else (sales.answered, marketing.answered),
        )
    if (
        not of_cards
        and compared.question.type is not QuestionType.RULE
        and sales.cant_say + marketing.cant_say
    ):
        yield _Counted(CANT_SAY, (sales.cant_say, marketing.cant_say), (sales.answered, marketing.answered))


def _nobody_silent(compared: QuestionComparison) -> _Counted:
    people = tuple((compared.n[team] or 0) for team in Team)
    return _Counted(CANT_SAY, (0, 0), (people[0], people[1]))


# ── in words ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _told(question: Question, moved: _Moved, about: str = "") -> Change:
    """The change with its sentence, in units that people know; where there are none, in words without figures."""
    in_units = moved.now.name in ("difference_of_shares", "difference_of_medians")
    sentence = _in_units(question, moved, about) if in_units else _in_words(moved)
    return Change(
        question.key,
        moved.direction,
        moved.then,
        moved.now,
        moved.difference,
        moved.interval,
        sentence,
        about,
    )


def _in_units(question: Question, moved: _Moved, about: str) -> str:
    """Both sizes of the gap, and the least by which it changed: its other end may lie beyond what a gap can be."""
    name, interval = moved.now.name, moved.of_size
    was, is_now = (abs(one.value) for one in (moved.then, moved.now))
    subject = f"on “{about}” the teams" if name == "difference_of_shares" else "the typical answers"
    compared = (
        f"{subject} were {_amount(question, name, was)} apart then and {_amount(question, name, is_now)} apart now"
        f"{', the other way round' if moved.turned else ''}"
    )
    if moved.direction is Direction.NONE:
        chance = ", which can be chance" if moved.by_chance else ""
        room = 1 - was if name == "difference_of_shares" else math.inf
        up_to = max(0.0, min(-interval.low, was), min(interval.high, room))  # a gap is never below 0
        text = f"{_untouched()}: {compared}{chance}."
        if _figure(name, up_to) != "0":
            text += f" A change of up to {_amount(question, name, up_to)} cannot be ruled out."
        return text
    least = min(abs(interval.low), abs(interval.high))
    by = f"; the change is at least {_amount(question, name, least)}" if _figure(name, least) != "0" else ""
    return f"{capitalised(moved.direction.label)}: {compared}{by}."


def _in_words(moved: _Moved) -> str:
    """How far apart answers on a scale are, or how alike two orders, without a figure that few can read."""
    orders = moved.now.name == "kendall_tau"
    was, is_now = (
        _likeness(one.value) if orders else _distance(one.value) for one in (moved.then, moved.now)
    )
    subject = "the teams’ orders" if orders else "on this scale the teams"
    change = abs(moved.now.value) - abs(moved.then.value) if not orders else moved.difference
    much = "much " if abs(change) >= MEDIUM else ""
    turned = ", the other way round" if moved.turned else ""
    if moved.direction is Direction.NONE:
        if was == is_now:
            text = f"{_untouched()}: {subject} {was[0]} then and {'still do' if is_now[1].startswith('have') else 'still are'}{turned}."
        else:
            chance = ", which can be chance" if moved.by_chance else ""
            text = f"{_untouched()}: {subject} {was[0]} then and {is_now[1]} now{turned}{chance}."
        if max(abs(moved.of_size.low), abs(moved.of_size.high)) >= MEDIUM:
            text += " With so few answers even a marked change cannot be ruled out."
        return text
    closer = moved.direction is Direction.CLOSER
    if orders:
        how = f"{subject} are {much}{'more' if closer else 'less'} alike than before"
    else:
        how = f"{subject} overlap {much}{'more' if closer else 'less'}"
    return f"{capitalised(moved.direction.label)}: {how}. They {was[0]} then and {'still ' if was == is_now else ''}{is_now[1]} now{turned}."


def _untouched() -> str:
    return "No detectable change in how far you are apart"


def _distance(delta: float) -> tuple[str, str]:
    """How far apart two teams are on a scale, (then, now), by the usual limits of Cliff's δ (Romano et al. 2006)."""
    for limit, words in ((0.147, "almost together"), (MEDIUM, "a little apart"), (0.474, "clearly apart")):
        if abs(delta) < limit:
            return f"were {words}", f"are {words}"
    return "were far apart", "are far apart"


def _likeness(tau: float) -> tuple[str, str]:
    """How alike two orders are, (then, now)."""
    if tau >= 0.8:
        return "were almost the same", "are almost the same"
    if tau >= 0.4:
        return "were similar", "are similar"
    if tau > -0.4:
        return "had little in common", "have little in common"
    return "were nearly opposite", "are nearly opposite"


def _amount(question: Question, name: str, value: float) -> str:
    """An amount without its sign, with its unit."""
    text = _figure(name, abs(value))
    unit = ("point" if text == "1" else "points") if name == "difference_of_shares" else question.unit
    return f"{text} {unit}".strip()


def _figure(name: str, value: float) -> str:
    """A value of an effect without a unit; below 0 with a minus sign."""
    if name == "difference_of_shares":
        text = percent(abs(value)).removesuffix("%")
    elif name == "difference_of_medians":
        text = number_text(abs(round(value, 2) if abs(value) < 100 else float(f"{value:.4g}")))
    else:
        text = f"{abs(value):.2f}"
    return f"−{text}" if value < 0 and text.strip("0.") else text
