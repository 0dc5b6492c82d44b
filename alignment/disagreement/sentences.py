"""A comparison in plain sentences: which team says what, with numbers, and why the verdict is what it is.

Labels of options and units come from people: whoever shows a sentence has to escape it.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from alignment.disagreement.answers import CANT_SAY
from alignment.disagreement.compound_sentences import (
    COMPOUND,
    compound_common_ground,
    tell_compound_agreement,
    tell_compound_division,
    tell_compound_gap,
)
from alignment.disagreement.positions import bands
from alignment.disagreement.results import (
    Comparison,
    Distribution,
    Evidence,
    OptionDifference,
    QuestionComparison,
    Verdict,
)
from alignment.disagreement.words import capitalised, join_words, percent, with_unit
from alignment.people import Team
from alignment.questionnaires import QuestionType
from alignment.texts import number_text


def remarks(unreadable: int, unit_slips: int) -> str:
    """What has to be said about single answers: left out because they do not fit, or far out."""
    said = []
    if unreadable:
        said.append(
            "1 answer does not fit the question and is left out."
            if unreadable == 1
            else f"{unreadable} answers do not fit the question and are left out."
        )
    if unit_slips:
        said.append(
            f"{unit_slips} {'answer is' if unit_slips == 1 else 'answers are'} at least 20 times the middle, or at most a "
            "twentieth of it: perhaps in another unit? Nothing was left out."
        )
    return " ".join(said)


def put_into_words(compared: QuestionComparison, tested: int, least: int) -> QuestionComparison:
    """The comparison with its sentence and its reason; `reason` may already hold remarks, which are kept.

    `tested` is the number of questions over which q was corrected, `least` the minimum group.
    """
    if compared.hidden:
        sentence = f"Too few answers to show: each team needs at least {least}."
        reason = "Nothing is shown of either team, so that nobody's answer can be worked out from the rest."
        return replace(compared, sentence=sentence, reason=reason)
    tell = {
        Verdict.ALIGNED: _tell_aligned,
        Verdict.SPLIT_BETWEEN: _tell_split_between,
        Verdict.SPLIT_WITHIN: _tell_split_within,
        Verdict.UNSURE: _tell_unsure,
        Verdict.TOO_FEW: _tell_too_few,
    }[compared.verdict]
    reason = " ".join(part for part in (_reason(compared, tested), compared.reason) if part)
    return replace(compared, sentence=tell(compared), reason=reason)


def tell_of_files(comparison: Comparison, keys: Set[str]) -> Comparison:
    """The comparison with the true reason at what is hidden, where `keys` are the questions without files' answers."""
    least = comparison.min_group
    left_out = frozenset(one.question.key for one in comparison.questions if one.hidden) & keys
    sentence = "Too few answers count to show: those from files do not count here."
    reason = (
        f"Fewer than {least} people of a team have answered this in the portal. Whoever brought the file knows its answers, "
        "and could take them away from a result and be left with those people's, so nothing is shown of either team."
    )
    told = tuple(
        replace(one, sentence=sentence, reason=reason) if one.question.key in left_out else one
        for one in comparison.questions
    )
    return replace(comparison, questions=told, without_files=left_out)


def summarise(comparison: Comparison) -> str:
    """'You agree on 9 of 24 topics, differ clearly on 5, and marketing is divided on 3.'"""
    questions = comparison.questions
    if not questions:
        return "There is no question to compare: free text is read, not counted."
    if all(one.hidden for one in questions) and comparison.without_files:
        return (
            "Too few answers count to compare: those from files do not, because fewer than "
            f"{comparison.min_group} people of a team have answered in the portal."
        )
    if all(one.hidden for one in questions):
        return f"Too few answers to compare: each team needs at least {max(comparison.min_group, 1)}."
    if len(questions) == 1:
        return _summarise_one(questions[0])

    def count(verdict: Verdict, *evidence: Evidence) -> int:
        return sum(one.verdict is verdict and (not evidence or one.evidence in evidence) for one in questions)

    agreed = count(Verdict.ALIGNED)
    total = len(questions)
    if agreed == total:
        return f"You agree on all {total} topics."
    start = "none" if agreed == 0 else str(agreed)
    parts = [f"You agree on {start} of {total} topics"]
    between = Verdict.SPLIT_BETWEEN
    if clear := count(between, Evidence.CLEAR):
        parts.append(f"differ clearly on {clear}")
    if likely := count(between, Evidence.LIKELY):
        parts.append(f"probably differ on {likely}")
    if perhaps := count(between, Evidence.NONE):
        parts.append(f"may differ on {perhaps}")
    divided = [one.divided_teams for one in questions if one.verdict is Verdict.SPLIT_WITHIN]
    for team in Team:
        if alone := sum(teams == (team,) for teams in divided):
            parts.append(f"{team.label} is divided on {alone}")
    if both := sum(len(teams) == 2 for teams in divided):
        parts.append(f"each team is divided within itself on {both}")
    if unsure := count(Verdict.UNSURE):
        parts.append(f"nobody is sure on {unsure}")
    if few := count(Verdict.TOO_FEW):
        parts.append(f"{few} {'has' if few == 1 else 'have'} too few answers")
    return f"{parts[0]}." if len(parts) == 1 else f"{', '.join(parts[:-1])}, and {parts[-1]}."


def _summarise_one(compared: QuestionComparison) -> str:
    match compared.verdict:
        case Verdict.ALIGNED:
            return "You agree on the one topic compared."
        case Verdict.SPLIT_BETWEEN:
            how = {Evidence.CLEAR: "differ clearly", Evidence.LIKELY: "probably differ"}
            return f"You {how.get(compared.evidence, 'may differ')} on the one topic compared."
        case Verdict.SPLIT_WITHIN if compared.divided_team is not None:
            return f"{compared.divided_team.label.capitalize()} is divided on the one topic compared."
        case Verdict.SPLIT_WITHIN:
            return "Each team is divided within itself on the one topic compared."
        case Verdict.UNSURE:
            return "Nobody is sure about the one topic compared."
    return "The one topic compared has too few answers."


def _tell_split_between(compared: QuestionComparison) -> str:
    suffix = "" if compared.evidence in (Evidence.CLEAR, Evidence.LIKELY) else " It could still be chance."
    return _tell_gap(compared) + suffix


def _tell_gap(compared: QuestionComparison) -> str:
    assert compared.effect is not None and compared.distributions is not None
    of = compared.distributions
    if compared.effect.name == "difference_cant_say":
        return _tell_silence({team: of[team].cant_say_share for team in Team})
    if compared.question.type in COMPOUND:
        return tell_compound_gap(compared)
    match compared.question.type:
        case QuestionType.SCALE:
            return _tell_scale_gap(compared)
        case QuestionType.NUMBER:
            return _tell_number_gap(compared)
    widest = max(compared.differences, key=lambda one: (abs(one.difference), one.label == CANT_SAY))
    if widest.label == CANT_SAY:
        return _tell_silence(widest.shares)
    if compared.question.type is QuestionType.YES_NO:
        more, less = _more_and_less(compared.differences[0])
        said = compared.differences[0].shares
        return (
            f"{percent(said[more])} of {more.label} say yes, against {percent(said[less])} of {less.label}."
        )
    leading = {team: _leading(of[team]) for team in Team}
    if compared.question.type is QuestionType.CHOICE and leading[Team.SALES] != leading[Team.MARKETING]:
        said_by = [
            f"{team.label} mostly says “{of[team].labels[leading[team]]}” ({percent(of[team].shares[leading[team]])})"
            for team in Team
            if of[team].shares[leading[team]] > 0.5
        ]
        if len(said_by) == 2:
            return capitalised(f"{said_by[0]}, {said_by[1]}.")
    return _tell_option_gap(widest)


def _tell_option_gap(option: OptionDifference) -> str:
    more, less = _more_and_less(option)
    far = "far " if abs(option.difference) >= 0.4 else ""
    return (
        f"{more.label.capitalize()} says “{option.label}” {far}more often ({percent(option.shares[more])}) "
        f"than {less.label} ({percent(option.shares[less])})."
    )


def _tell_silence(shares: Mapping[Team, float]) -> str:
    more = Team.SALES if shares[Team.SALES] >= shares[Team.MARKETING] else Team.MARKETING
    return (
        f"{percent(shares[more])} of {more.label} can't say, against {percent(shares[more.other])} "
        f"of {more.other.label}."
    )


def _tell_scale_gap(compared: QuestionComparison) -> str:
    assert compared.distributions is not None and compared.effect is not None
    of = compared.distributions
    higher = Team.SALES if compared.effect.value > 0 else Team.MARKETING
    medians = {team: of[team].median or 0.0 for team in Team}
    tops = {team: _top(of[team]) for team in Team}
    sentence = f"{higher.label.capitalize()} rates it higher than {higher.other.label}"
    if tops[higher] > tops[higher.other]:
        return (
            f"{sentence}: {percent(tops[higher])} choose {_top_name(of[higher])}, "
            f"against {percent(tops[higher.other])}."
        )
    return f"{sentence}: median {number_text(medians[higher])} against {number_text(medians[higher.other])}."


def _tell_number_gap(compared: QuestionComparison) -> str:
    assert compared.distributions is not None and compared.effect is not None
    medians = {team: compared.distributions[team].median or 0.0 for team in Team}
    if medians[Team.SALES] == medians[Team.MARKETING]:
        higher = Team.SALES if compared.effect.value > 0 else Team.MARKETING
        return (
            f"{higher.label.capitalize()} tends to say more than {higher.other.label}, although both medians are "
            f"{with_unit(medians[higher], compared.question.unit)}."
        )
    return (
        f"Sales says {with_unit(medians[Team.SALES], compared.question.unit)}, "
        f"marketing {number_text(medians[Team.MARKETING])} (medians)."
    )


def _tell_aligned(compared: QuestionComparison) -> str:
    assert compared.distributions is not None
    of = compared.distributions
    if compared.question.type in COMPOUND:
        return tell_compound_agreement(compared)
    if compared.question.type is QuestionType.NUMBER:
        medians = {team: of[team].median or 0.0 for team in Team}
        low, high = (number_text(end) for end in (min(medians.values()), max(medians.values())))
        if low == high:
            return f"Both teams say {with_unit(medians[Team.SALES], compared.question.unit)} (the median of each)."
        return (
            f"Both teams say {f'{low} to {high} {compared.question.unit}'.strip()}: the median is "
            f"{number_text(medians[Team.SALES])} in sales and {number_text(medians[Team.MARKETING])} in marketing."
        )
    if compared.question.type is QuestionType.SCALE:
        tops = {team: _top(of[team]) for team in Team}
        who = "Both teams rate it high" if min(tops.values()) > 0.5 else "Neither team rates it high"
        return (
            f"{who}: {percent(tops[Team.SALES])} of sales and {percent(tops[Team.MARKETING])} of marketing "
            f"choose {_top_name(of[Team.SALES])}."
        )
    if compared.question.type is QuestionType.CHOICES:
        chosen = [one.label for one in compared.differences if min(one.shares.values()) >= 0.7 - 1e-9]
        if not chosen:
            return "Both teams say that none of these applies."
        named = join_words([f"“{label}”" for label in chosen])
        return f"Both teams choose {named}, each with at least 70%."
    leading = _leading(of[Team.SALES])
    label = of[Team.SALES].labels[leading]
    said = label if compared.question.type is QuestionType.YES_NO else f"“{label}”"
    return (
        f"Both teams say {said}: {percent(of[Team.SALES].shares[leading])} of sales "
        f"and {percent(of[Team.MARKETING].shares[leading])} of marketing."
    )


def _tell_split_within(compared: QuestionComparison) -> str:
    assert compared.distributions is not None
    described = {team: _tell_division(compared, compared.distributions[team]) for team in Team}
    if len(compared.divided_teams) == 2:
        return (
            f"Both teams are divided within themselves: sales with {described[Team.SALES]}; "
            f"marketing with {described[Team.MARKETING]}."
        )
    team = compared.divided_teams[0]
    return f"{team.label.capitalize()} is divided within itself: {described[team]}."


def _tell_division(compared: QuestionComparison, of: Distribution) -> str:
    if compared.question.type in COMPOUND:
        return tell_compound_division(compared, of)
    match compared.question.type:
        case QuestionType.NUMBER:
            if of.quartiles is not None and of.median is not None:
                low, high = (number_text(one) for one in of.quartiles)
                return f"half of the answers between {low} and {high}, the median {number_text(of.median)}"
            return (
                "answers far apart"
                if of.median is None
                else f"answers far apart, around a median of {number_text(of.median)}"
            )
        case QuestionType.SCALE:
            top, bottom = bands(len(of.labels))
            return (
                f"{percent(sum(of.shares[top]))} for {_top_name(of)} "
                f"and {percent(sum(of.shares[bottom]))} for {_band_name(of.labels[bottom])}"
            )
    ranked = sorted(range(len(of.labels)), key=lambda index: -of.counts[index])
    named = [index for index in ranked if of.counts[index]]
    quote = "" if compared.question.type is QuestionType.YES_NO else "“"
    unquote = "" if compared.question.type is QuestionType.YES_NO else "”"
    parts = [f"{percent(of.shares[index])} for {quote}{of.labels[index]}{unquote}" for index in named[:2]]
    if of.cant_say_share >= 0.15 or not parts:
        parts.append(f"{percent(of.cant_say_share)} who can't say")
    return join_words(parts)


def _tell_unsure(compared: QuestionComparison) -> str:
    assert compared.distributions is not None
    if _mostly_silent(compared):
        silent = {team: compared.distributions[team].cant_say_share for team in Team}
        return (
            f"Most people in both teams can't say: {percent(silent[Team.SALES])} of sales "
            f"and {percent(silent[Team.MARKETING])} of marketing."
        )
    if compared.question.type is QuestionType.LEAD_CARDS:
        return "In both teams most judgements are that one can't tell from the card."
    return "Nobody is sure: in both teams the answers are spread over everything that could be answered."


def _tell_too_few(compared: QuestionComparison) -> str:
    sales, marketing = (compared.n[team] for team in Team)
    return f"Too few answers to tell a difference from chance: {sales} from sales and {marketing} from marketing."


def _reason(compared: QuestionComparison, tested: int) -> str:
    if compared.verdict is Verdict.TOO_FEW:
        return "Even two teams completely apart could not be told from chance with so few answers."
    parts = []
    match compared.verdict:
        case Verdict.ALIGNED:
            parts.append(f"Both teams stand in the same place: {_common_ground(compared)}.")
            if compared.evidence in (Evidence.CLEAR, Evidence.LIKELY):
                parts.append(f"Within it they still differ in degree{_interval_text(compared)}.")
            return " ".join(parts)
        case Verdict.SPLIT_WITHIN:
            parts.append(_why_divided(compared.question.type))
        case Verdict.UNSURE if _mostly_silent(compared):
            parts.append("More than half of each team can't say.")
        case Verdict.UNSURE if compared.question.type is QuestionType.LEAD_CARDS:
            parts.append("More than half of the judgements of each team are that one can't tell.")
        case Verdict.UNSURE:
            parts.append(
                "The answers of both teams are spread about evenly over three or more possibilities."
            )
    among = "" if tested == 1 else f" among {tested} questions"
    q = f"q {_small(compared.q)}"
    match compared.evidence:
        case Evidence.CLEAR:
            parts.append(
                f"The difference is of medium size or more{_interval_text(compared)}, and chance rarely makes one "
                f"so large{among} ({q})."
            )
        case Evidence.LIKELY if compared.q is not None and compared.q < 0.1:
            parts.append(
                f"There is a difference between the teams, but a small one{_interval_text(compared)}."
            )
        case Evidence.LIKELY if compared.effect is not None and compared.question.type in COMPOUND:
            parts.append(
                f"The difference is larger than chance alone makes it in nineteen of twenty draws"
                f"{_interval_text(compared)}, but{among} some are so by chance ({q})."
            )
        case Evidence.LIKELY:
            parts.append(
                f"The interval of the difference leans one way{_interval_text(compared)}, but{among} some do so by "
                f"chance ({q})."
            )
        case Evidence.NONE:
            parts.append(
                f"A difference between the teams was not found, which alone proves no agreement ({q})."
            )
    return " ".join(parts)


def _why_divided(kind: QuestionType) -> str:
    if kind is QuestionType.RANKING:
        return "A team counts as divided when its orders agree little (Kendall's W under 0.5)."
    if kind is QuestionType.LEAD_CARDS:
        return "A team counts as divided when at least 70% judge alike on fewer than 70% of the leads."
    return "A team counts as divided when it stands on no answer with at least 70%."


def _common_ground(compared: QuestionComparison) -> str:
    assert compared.distributions is not None
    of = compared.distributions[Team.SALES]
    if compared.question.type in COMPOUND:
        return compound_common_ground(compared)
    match compared.question.type:
        case QuestionType.NUMBER:
            return "at least 70% of each lie within a quarter of the middle between the two medians"
        case QuestionType.SCALE:
            name = _top_name(of)
            if min(_top(compared.distributions[team]) for team in Team) > 0.5:
                return f"at least 70% of each choose {name}, and fewer than 15% the lowest points"
            return f"at most half of each choose {name}"
        case QuestionType.CHOICES:
            return "each team chooses the same options with at least 70%, and no other with more than half"
    return "at least 70% of each give the same answer"


def _mostly_silent(compared: QuestionComparison) -> bool:
    assert compared.distributions is not None
    return all(compared.distributions[team].cant_say_share > 0.5 for team in Team)


def _interval_text(compared: QuestionComparison) -> str:
    if compared.effect is None or compared.effect.interval is None:
        return ""
    interval = compared.effect.interval
    return f" (95% interval {interval.low:+.2f} to {interval.high:+.2f})".replace("-", "−")


def _small(value: float | None) -> str:
    if value is None:
        return "= –"
    return "under 0.01" if value < 0.01 else f"= {value:.2f}"


def _more_and_less(option: OptionDifference) -> tuple[Team, Team]:
    more = Team.SALES if option.difference >= 0 else Team.MARKETING
    return more, more.other


def _leading(of: Distribution) -> int:
    return max(range(len(of.counts)), key=lambda index: of.counts[index])


def _top(of: Distribution) -> float:
    return sum(of.shares[bands(len(of.labels))[0]])


def _top_name(of: Distribution) -> str:
    return _band_name(of.labels[bands(len(of.labels))[0]])


def _band_name(labels: Sequence[str]) -> str:
    if not labels:
        return "no point"
    if len(labels) <= 2:
        return " or ".join(labels)
    return f"{labels[0]} to {labels[-1]}"
