"""Sentences about answers of several parts: rankings, judged lead cards and rules.

Each is told by the same cases as every other question (see `sentences`): a gap between the teams, agreement, a division
within a team. What options, cards and conditions are called comes from people; whoever shows a sentence has to escape it.
"""

from collections.abc import Sequence

from alignment.consensus import Consensus
from alignment.disagreement.results import Distribution, QuestionComparison
from alignment.disagreement.words import join_words, percent
from alignment.people import Team
from alignment.questionnaires import QuestionType
from alignment.texts import number_text

COMPOUND = frozenset({QuestionType.RANKING, QuestionType.LEAD_CARDS, QuestionType.RULE})
"""The types that are told here."""


def tell_compound_gap(compared: QuestionComparison) -> str:
    """How the teams differ."""
    match compared.question.type:
        case QuestionType.RANKING:
            return _tell_ranking_gap(compared)
        case QuestionType.LEAD_CARDS:
            return _tell_cards_gap(compared)
    return _tell_rule_gap(compared)


def tell_compound_agreement(compared: QuestionComparison) -> str:
    """What both teams say."""
    of = _of(compared)
    match compared.question.type:
        case QuestionType.RANKING:
            means = [
                sum(one.mean_places[i] for one in of.values()) for i in range(len(of[Team.SALES].labels))
            ]
            first = [
                f"“{of[Team.SALES].labels[i]}”" for i in _first_places(means, compared.question.top or 3)
            ]
            if not first:
                return "Both teams give much the same order."
            come = "comes" if len(first) == 1 else "come"
            return f"Both teams give much the same order: {join_words(first)} {come} first."
        case QuestionType.LEAD_CARDS:
            return f"Both teams judge the leads alike: {_both_call(compared)}."
    asked = [one.label for one in compared.differences if min(one.shares.values()) >= 0.7 - 1e-9]
    if not asked:
        return "Both teams ask for different things of a lead, but for none with at least 70%."
    return f"Both teams ask for {join_words([_condition(compared, label) for label in asked])}."


def tell_compound_division(compared: QuestionComparison, of: Distribution) -> str:
    """How one team divides."""
    match compared.question.type:
        case QuestionType.RANKING:
            first = _largest(of)
            parts = [f"{percent(of.shares[index])} put “{of.labels[index]}” first" for index in first]
            cannot = [f"{percent(of.cant_say_share)} can't say"] if of.cant_say_share >= 0.15 else []
            return join_words([*parts, *cannot]) if parts or cannot else "orders far apart"
        case QuestionType.LEAD_CARDS:
            alike = sum(
                max(q, no, n - q - no) >= 0.7 * n - 1e-9
                for q, no, n in zip(of.counts, of.not_qualified, of.judged, strict=True)
            )
            return f"at least 70% judge alike on {alike} of {_leads(len(of.labels))} only"
    parts = [f"{percent(of.shares[index])} ask for {_quoted(of.labels[index])}" for index in _largest(of)]
    return join_words(parts) if parts else "no condition that enough people ask for"


def compound_common_ground(compared: QuestionComparison) -> str:
    """What makes the answers count as agreed."""
    match compared.question.type:
        case QuestionType.RANKING:
            return (
                "within each team the orders agree (Kendall's W of 0.5 or more), and between the teams they are alike "
                "(τ of 0.6 or more)"
            )
        case QuestionType.LEAD_CARDS:
            return "at least 70% of each judge alike on at least 70% of the leads, and both teams in the same way"
    return "each team asks for the same conditions with at least 70%, from about the same thresholds on"


def agreement_within(of: Distribution, kind: QuestionType) -> str:
    """How far one team agrees within itself: Kendall's W of its orders, Krippendorff's α of its judgements; '' for none."""
    if kind is QuestionType.RANKING and of.concordance is not None:
        word = "strong" if of.concordance >= 0.7 else "moderate" if of.concordance >= 0.5 else "weak"
        return f"{word} agreement (Kendall's W {of.concordance:.2f})"
    if kind is not QuestionType.LEAD_CARDS or not of.labels:
        return ""
    if of.concordance is None:
        same = not sum(of.counts) or not sum(of.not_qualified)
        return "all agree" if same and sum(of.counts) + sum(of.not_qualified) else ""
    word = "strong" if of.concordance >= 0.8 else "moderate" if of.concordance >= 0.667 else "weak"
    return f"{word} agreement (Krippendorff's α {of.concordance:.2f})".replace("-", "−")


def condition_differences(compared: QuestionComparison) -> tuple[str, ...]:
    """Where the teams' rules differ, condition by condition: who asks for it more, or from which threshold on."""
    if not compared.differences or compared.question.type is not QuestionType.RULE:
        return ()
    of = _of(compared)
    told = []
    for index, one in enumerate(compared.differences):
        thresholds = {team: of[team].thresholds[index] for team in Team}
        if abs(one.difference) >= 0.3:
            more = Team.SALES if one.difference > 0 else Team.MARKETING
            told.append(
                f"{percent(one.shares[more])} of {more.label} ask for {_quoted(one.label, thresholds[more])}, "
                f"against {percent(one.shares[more.other])} of {more.other.label}."
            )
        elif _far_apart(thresholds[Team.SALES], thresholds[Team.MARKETING]):
            told.append(_tell_thresholds(one.label, thresholds[Team.SALES], thresholds[Team.MARKETING]))
    return tuple(told)


def _tell_ranking_gap(compared: QuestionComparison) -> str:
    of = _of(compared)
    labels = of[Team.SALES].labels
    assert compared.effect is not None
    if compared.effect.name == "largest_place_difference":
        apart = [
            s - m for s, m in zip(of[Team.SALES].mean_places, of[Team.MARKETING].mean_places, strict=True)
        ]
        item = min(range(len(apart)), key=lambda index: abs(apart[index] - compared.effect.value))  # type: ignore[union-attr]
        higher = Team.MARKETING if apart[item] > 0 else Team.SALES
        tau = next((one.value for one in compared.other_effects if one.name == "kendall_tau"), 1.0)
        opposite = " The two orders run in opposite directions." if tau <= -0.3 else ""
        lower = of[higher.other].mean_places
        # Options that nobody placed share their place: no place of their own to be told.
        shared = lower[item] >= max(lower) - 1e-9 and sum(mean >= max(lower) - 1e-9 for mean in lower) > 1
        against = (
            f", while {higher.other.label} leaves it among the last"
            if shared
            else f" against {lower[item]:.1f}"
        )
        return (
            f"{higher.label.capitalize()} puts “{labels[item]}” higher than {higher.other.label}: on average in place "
            f"{of[higher].mean_places[item]:.1f}{against}.{opposite}"
        )
    top = {team: _first_named(of[team]) for team in Team}
    tau = compared.effect.value
    how = "run in opposite directions" if tau <= -0.3 else "have little in common" if tau < 0.3 else "differ"
    if top[Team.SALES] == top[Team.MARKETING]:
        return f"Both teams put {top[Team.SALES]} first on average, but their orders {how}."
    return f"On average sales puts {top[Team.SALES]} first and marketing {top[Team.MARKETING]}; their orders {how}."


def _first_places(means: Sequence[float], most: int) -> list[int]:
    """The options that come first by their mean places, at most so many; none that is not told from one further down."""
    order = sorted(range(len(means)), key=lambda index: means[index])
    told_apart = [n for n in range(1, len(order)) if means[order[n]] - means[order[n - 1]] > 1e-9]
    ends = [0, *told_apart, len(order)]
    if ends[-1] - ends[-2] > 1:
        ends.pop()  # several last ones: those that nobody placed
    return order[: max(n for n in ends if n <= most)]


def _first_named(of: Distribution) -> str:
    """What a team puts first on average: `“size”`, or several that share the first place."""
    best = min(of.mean_places)
    first = [
        f"“{label}”" for label, mean in zip(of.labels, of.mean_places, strict=True) if mean <= best + 1e-9
    ]
    return join_words(first) if len(first) < len(of.labels) else "none"


def _tell_cards_gap(compared: QuestionComparison) -> str:
    effect = compared.effect
    widest = max(compared.differences, key=lambda one: abs(one.difference))
    if effect is not None and effect.name == "largest_difference":
        # Not always the widest: where few judged a card, chance makes wider differences.
        widest = min(compared.differences, key=lambda one: abs(one.difference - effect.value))
    more = Team.SALES if widest.difference > 0 else Team.MARKETING
    if effect is not None and effect.name == "mean_difference":
        of = {
            team: sum(one.shares[team] for one in compared.differences) / len(compared.differences)
            for team in Team
        }
        return (
            f"Over {_leads(len(compared.differences))}, sales calls {percent(of[Team.SALES])} qualified and marketing "
            f"{percent(of[Team.MARKETING])}; furthest apart on {widest.label} "
            f"({percent(widest.shares[Team.SALES])} against {percent(widest.shares[Team.MARKETING])})."
        )
    others = sum(1 for one in compared.differences if one.q is not None and one.q < 0.1) - 1
    further = f" They differ clearly on {others} more." if others > 0 else ""
    return (
        f"{widest.label} of {compared.question.count}: {percent(widest.shares[more])} of {more.label} call this lead "
        f"qualified, against {percent(widest.shares[more.other])} of {more.other.label}.{further}"
    )


def _tell_rule_gap(compared: QuestionComparison) -> str:
    of = _of(compared)
    assert compared.effect is not None
    if compared.effect.name == "cliffs_delta":
        known = [
            (label, sales, marketing)
            for label, sales, marketing in zip(
                of[Team.SALES].labels, of[Team.SALES].thresholds, of[Team.MARKETING].thresholds, strict=True
            )
            if sales is not None and marketing is not None
        ]
        if known:
            return _tell_thresholds(
                *max(known, key=lambda one: abs(one[1] - one[2]) / (abs(one[1]) + abs(one[2]) + 1e-9))
            )
        return "The teams ask for the same conditions, but from different thresholds on."
    index = max(range(len(compared.differences)), key=lambda i: abs(compared.differences[i].difference))
    widest = compared.differences[index]
    more = Team.SALES if widest.difference > 0 else Team.MARKETING
    far = "far " if abs(widest.difference) >= 0.4 else ""
    condition = _quoted(widest.label, of[more].thresholds[index])
    return (
        f"{more.label.capitalize()} asks for {condition} {far}more often ({percent(widest.shares[more])}) than "
        f"{more.other.label} ({percent(widest.shares[more.other])})."
    )


def _tell_thresholds(label: str, sales: float | None, marketing: float | None) -> str:
    assert sales is not None and marketing is not None
    return f"{label[:1].upper()}{label[1:]}: sales says {number_text(sales)}, marketing {number_text(marketing)} (medians)."


def _both_call(compared: QuestionComparison) -> str:
    cards = compared.differences
    counts = [sum(one.consensus is consensus for one in cards) for consensus in (Consensus.IN, Consensus.OUT)]
    return f"of {_leads(len(cards))}, at least 70% of each call {counts[0]} qualified and {counts[1]} not"


def _condition(compared: QuestionComparison, label: str) -> str:
    of = _of(compared)
    index = of[Team.SALES].labels.index(label)
    known = [value for team in Team if (value := of[team].thresholds[index]) is not None]
    return _quoted(label, sum(known) / len(known) if known else None)


def _quoted(label: str, threshold: float | None = None) -> str:
    """The condition in quotation marks, its own turned into single ones, with its threshold where there is one to tell."""
    filled = label if threshold is None else label.replace("…", number_text(threshold), 1)
    return f"“{filled.replace('“', '‘').replace('”', '’')}”"


def _far_apart(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return False
    middle = (one + other) / 2
    return abs(one - middle) > 0.25 * abs(middle) + 1e-12


def _largest(of: Distribution) -> Sequence[int]:
    ranked = sorted(range(len(of.labels)), key=lambda index: -of.counts[index])
    return [index for index in ranked if of.counts[index]][:2]


def _leads(count: int) -> str:
    return "1 lead" if count == 1 else f"{count} leads"


def _of(compared: QuestionComparison) -> dict[Team, Distribution]:
    assert compared.distributions is not None
    return dict(compared.distributions)
