"""What a comparison of two teams says, for people and for machines."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from alignment.consensus import Consensus
from alignment.disagreement.costs import LeadsApart
from alignment.people import Team
from alignment.questionnaires import Question
from alignment.rules import Rule, to_document
from alignment.statistics import Interval


class Verdict(StrEnum):
    """What is the matter with a question."""

    ALIGNED = "aligned"
    SPLIT_BETWEEN = "split_between"
    SPLIT_WITHIN = "split_within"
    UNSURE = "unsure"
    TOO_FEW = "too_few"

    @property
    def label(self) -> str:
        """The verdict in words."""
        return {
            "aligned": "aligned",
            "split_between": "split between the teams",
            "split_within": "divided within a team",
            "unsure": "everyone unsure",
            "too_few": "too few answers",
        }[self.value]


class Evidence(StrEnum):
    """How sure it is that the teams differ at all.

    clear: q < 0.10 over the survey, and at least a medium effect · likely: the interval of the effect leans one way
    · none: it could be chance · too_few: below the minimum group, or even complete separation would prove nothing.
    """

    CLEAR = "clear"
    LIKELY = "likely"
    NONE = "none"
    TOO_FEW = "too_few"

    @property
    def label(self) -> str:
        """The evidence in words."""
        return {
            "clear": "clear difference",
            "likely": "likely difference",
            "none": "no evidence of a difference",
            "too_few": "too few answers",
        }[self.value]


@dataclass(frozen=True)
class Effect:
    """How far the teams are apart. Signed effects are sales minus marketing.

    Names: `total_variation` (0 to 1) · `largest_difference`, `mean_difference`, `difference_cant_say` (of shares, −1
    to 1; the mean is of absolute differences) · `cliffs_delta` (−1 to 1) · `bergsma_v` (0 to 1) ·
    `difference_of_medians` (in the unit of the question). Rankings: `kendall_tau` between the teams' mean places (−1 to
    1, 1 where they agree), `largest_place_difference` (mean places; above 0 marketing puts it higher), and
    `kendall_w_sales`, `kendall_w_marketing` (agreement within a team, 0 to 1). Lead cards: `cohens_kappa` between the
    majorities, `krippendorff_alpha_sales` and `krippendorff_alpha_marketing` (agreement within a team); they are left
    out where they are not defined. Rules: `largest_difference` in who asks for a condition, `cliffs_delta` of the
    thresholds of the condition whose thresholds differ most.
    """

    name: str
    value: float
    interval: Interval | None = None


@dataclass(frozen=True)
class Distribution:
    """How one team answered, as far as a chart may show it.

    `labels` and `counts` are the options, points, or classes of numbers (the same for both teams); `shares` are of
    everybody who answered, `answered`, those who can't say included. For several choices the shares may sum to more
    than 1, and `chose_nothing` counts empty choices. `median` is set for scales and numbers, `quartiles` only where
    a team is large enough that they are not single people's answers.

    Rankings: `counts` is who put the option first, `mean_places` where each option stands on average (1 is first; what
    lies beyond the places that enough of both teams filled shares those behind), `concordance` Kendall's W. Lead cards:
    the labels are the cards that enough of both teams judged, `counts` who calls the lead qualified, `judged` how many
    people judged it and `not_qualified` how many called it not qualified (the rest can't tell), shares are of those who
    judged it; `concordance` is Krippendorff's α. Rules: the labels are the conditions in words, `counts` who asks for
    it, `thresholds` the median threshold of those who do (None where it has none, or too few ask for it).
    """

    labels: tuple[str, ...]
    counts: tuple[int, ...]
    shares: tuple[float, ...]
    answered: int
    cant_say: int
    chose_nothing: int = 0
    median: float | None = None
    quartiles: tuple[float, float] | None = None
    mean_places: tuple[float, ...] = ()
    judged: tuple[int, ...] = ()
    not_qualified: tuple[int, ...] = ()
    thresholds: tuple[float | None, ...] = ()
    concordance: float | None = None

    @property
    def cant_say_share(self) -> float:
        """The share of those who answered who can't say."""
        return self.cant_say / self.answered if self.answered else 0.0


@dataclass(frozen=True)
class OptionDifference:
    """One option of a question: who chose it, and what both teams together say about it.

    `difference` is sales − marketing with its 95 % Newcombe interval; `q` is the false-discovery rate among the
    options of this question, None where options exclude each other and so are judged as a whole.
    """

    label: str
    shares: Mapping[Team, float]
    difference: float
    interval: Interval | None
    q: float | None
    consensus: Consensus


class Seen(StrEnum):
    """What one team makes of the other: whether it sees how the other answers, where they agree and where they differ."""

    AGREEMENT = "agreement"
    DISAGREEMENT = "disagreement"
    IMAGINED_AGREEMENT = "imagined_agreement"
    IMAGINED_DISAGREEMENT = "imagined_disagreement"
    MISJUDGED = "misjudged"
    OPEN = "open"

    @property
    def label(self) -> str:
        """In words."""
        return {
            "agreement": "knows that they agree",
            "disagreement": "knows how they differ",
            "imagined_agreement": "thinks that they agree, but they do not",
            "imagined_disagreement": "thinks that they differ, but they agree",
            "misjudged": "sees the difference, but not what the other team says",
            "open": "there is no one answer to guess",
        }[self.value]


@dataclass(frozen=True)
class Perspective:
    """What one team thinks that the other mostly answers, against what that one did answer; only of whole teams.

    `expected` and `said` are the guess and the other team's answer in words ('' where there is no one answer that it
    mostly gives), `right` the share of those who guessed who came near it, None where there is nothing to come near to.
    """

    team: Team
    seen: Seen
    expected: str
    said: str
    right: float | None
    people: int
    sentence: str


@dataclass(frozen=True)
class QuestionComparison:
    """One question, both teams.

    When `hidden`, a team is below the minimum group: nothing is told of either, not even how many answered, because
    the one could be worked out from the other and the total. `n` counts everybody who answered, those who can't say
    included. `between_share` is the share of all disagreement that lies between the teams, above what chance gives.
    `strength` (0 to 1) is the effect made comparable over the types of answer. `importance` is how much the question's
    topic matters, from 1 to 5, the mean of both teams, and `importance_by_team` what each says; None unless enough people of
    both were asked and said so. `perspectives` is empty where nobody was asked for the other team's answer, or too few
    guessed. `typical_rules` has, for a rule and for a question about a lead field, what most of each team ask of a lead; None
    where most ask for nothing. `cost` is what the two typical rules would do with past leads; None where that cannot be told.
    `untold_cost` is then how few leads they could be told of, where that is why.
    """

    question: Question
    n: Mapping[Team, int | None]
    verdict: Verdict
    evidence: Evidence
    sentence: str
    reason: str
    divided_teams: tuple[Team, ...] = ()
    consensus: Consensus | None = None
    effect: Effect | None = None
    other_effects: tuple[Effect, ...] = ()
    p: float | None = None
    q: float | None = None
    between_share: float | None = None
    strength: float = 0.0
    distributions: Mapping[Team, Distribution] | None = None
    differences: tuple[OptionDifference, ...] = ()
    importance: float | None = None
    importance_by_team: Mapping[Team, float] | None = None
    perspectives: tuple[Perspective, ...] = ()
    typical_rules: Mapping[Team, Rule | None] = field(default_factory=dict)
    cost: LeadsApart | None = None
    untold_cost: LeadsApart | None = None
    hidden: bool = False

    @property
    def divided_team(self) -> Team | None:
        """The one team that is divided within itself; None when none is, or both."""
        return self.divided_teams[0] if len(self.divided_teams) == 1 else None

    def as_dict(self) -> dict[str, Any]:
        """The question in the shape of `manage.py compare --json`."""
        return {
            "key": self.question.key,
            "type": self.question.type.value,
            "n": {team.value: self.n.get(team) for team in Team},
            "verdict": self.verdict.value,
            "evidence": self.evidence.value,
            "effect": None if self.effect is None else _effect(self.effect),
            "other_effects": [_effect(effect) for effect in self.other_effects],
            "p": self.p,
            "q": self.q,
            "between_share": self.between_share,
            "divided_teams": [team.value for team in self.divided_teams],
            "consensus": None if self.consensus is None else self.consensus.value,
            "importance": self.importance,
            "importance_by_team": _by_team(self.importance_by_team),
            "strength": self.strength,
            "hidden": self.hidden,
            "cost": None if self.cost is None else self.cost.as_dict(),
            "perspectives": [
                {
                    "team": one.team.value,
                    "seen": one.seen.value,
                    "expected": one.expected,
                    "said": one.said,
                    "right": one.right,
                    "people": one.people,
                    "sentence": one.sentence,
                }
                for one in self.perspectives
            ],
            "answers": self._answers(),
            "of_teams": _of_teams(self.distributions),
            "differences": [
                {
                    "answer": one.label,
                    "difference": one.difference,
                    "interval": _interval(one.interval),
                    "q": one.q,
                    "consensus": one.consensus.value,
                }
                for one in self.differences
            ],
            "sentence": self.sentence,
            "reason": self.reason,
        } | (
            {
                "typical_rules": {
                    team.value: None if rule is None else to_document(rule)
                    for team, rule in self.typical_rules.items()
                }
            }
            if self.typical_rules
            else {}
        )

    def _answers(self) -> list[dict[str, Any]]:
        """One row for each option, point, class of numbers, card or condition, with both teams' shares."""
        if self.distributions is None:
            return []
        teams = self.distributions
        rows = []
        for place, label in enumerate(teams[Team.SALES].labels):
            row: dict[str, Any] = {
                "answer": label,
                "share": {team.value: of.shares[place] for team, of in teams.items()},
                "people": {team.value: of.counts[place] for team, of in teams.items()},
            }
            for name in ("mean_places", "judged", "not_qualified", "thresholds"):
                if getattr(teams[Team.SALES], name):
                    row[name.removesuffix("s").removeprefix("mean_")] = {
                        team.value: getattr(of, name)[place] for team, of in teams.items()
                    }
            rows.append(row)
        return rows


def _effect(effect: Effect) -> dict[str, Any]:
    return {"name": effect.name, "value": effect.value, "interval": _interval(effect.interval)}


def _interval(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]


def _by_team(values: Mapping[Team, float] | None) -> dict[str, float] | None:
    return None if values is None else {team.value: value for team, value in values.items()}


def _of_teams(distributions: Mapping[Team, Distribution] | None) -> dict[str, dict[str, Any]] | None:
    """What is told of each team besides its answers one by one; None where nothing is."""
    if distributions is None:
        return None
    return {
        team.value: {
            "answered": of.answered,
            "cant_say": of.cant_say,
            "chose_nothing": of.chose_nothing,
            "median": of.median,
            "quartiles": None if of.quartiles is None else list(of.quartiles),
            "concordance": of.concordance,
        }
        for team, of in distributions.items()
    }


@dataclass(frozen=True)
class Comparison:
    """A whole survey, the question that most needs the workshop first.

    Order: first what is split between the teams, divides a team, or nobody is sure of; of these, by the cost in leads where
    it is known, then by the verdict in that order and by effect size (times importance where it is known); evidence breaks
    ties. Then what is agreed, then what has too few answers. p-values never order anything. `not_compared` are the questions in free text,
    `without_files` the keys of the hidden ones whose answers from files do not count.
    """

    questions: tuple[QuestionComparison, ...]
    not_compared: tuple[Question, ...] = ()
    min_group: int = 0
    without_files: frozenset[str] = frozenset()

    def question(self, key: str) -> QuestionComparison:
        """The comparison of the question with this key; KeyError when there is none."""
        for compared in self.questions:
            if compared.question.key == key:
                return compared
        raise KeyError(key)

    def count(self, verdict: Verdict) -> int:
        """How many questions have this verdict."""
        return sum(compared.verdict is verdict for compared in self.questions)

    @property
    def sentence(self) -> str:
        """The survey in one sentence: agreed, different, divided, unsure, too few."""
        from alignment.disagreement.sentences import summarise

        return summarise(self)

    def as_dict(self, survey_id: str) -> dict[str, Any]:
        """The comparison in the shape of `manage.py compare --json`, ready for `json.dumps`."""
        return {
            "survey": survey_id,
            "sentence": self.sentence,
            "questions": [compared.as_dict() for compared in self.questions],
        }
