"""How often two teams are called different by chance, and how often a planted gap is found, beside naive methods.

Run `python -m benchmarks.disagreement` (about an hour), or with `--surveys 20` for a first look.

Each survey has 30 questions. False alarms: both teams answer from the same distribution, drawn anew for each question;
counted are surveys with any alarm. Power: five of the 30 questions have a planted gap, 80 % of sales against 30 % of
marketing on one answer (the top two points of a scale; the higher of two clusters of numbers; in a ranking one option
first and another last instead of the other way round; two of six lead cards, a kind of lead, qualified; one condition of
a rule); counted are gaps found. The naive methods: p < 0.05 per question (scipy's χ² or Mann–Whitney, uncorrected), and an
uncorrected Cramér's V or |Cliff's δ| of at least 0.3; rankings, lead cards and rules have none.
"""

import argparse
import sys
import time
from collections.abc import Sequence

import numpy as np

from alignment.disagreement import Comparison, Evidence, compare
from alignment.disagreement.effects import chi_square, cliffs_delta
from alignment.people import Team
from alignment.questionnaires import WITH_OPTIONS, Mode, Question, Questionnaire, QuestionType, Response

COUNTED = (
    QuestionType.CHOICE,
    QuestionType.YES_NO,
    QuestionType.CHOICES,
    QuestionType.SCALE,
    QuestionType.NUMBER,
)
COMPOUND = (QuestionType.RANKING, QuestionType.LEAD_CARDS, QuestionType.RULE)
EVERY = COUNTED + COMPOUND
CARDS = 6
CONDITIONS = ("demo_requested", "trial_started", "webinar", "employees", "visits")
SIZES = ((5, 5), (8, 8), (12, 12), (20, 20), (5, 20), (6, 14), (30, 12))
OPTIONS = ("demo", "pricing page", "webinar", "newsletter", "referral")
PLANTED = {Team.SALES: 0.8, Team.MARKETING: 0.3}

Survey = tuple[Questionnaire, list[Response]]


def make_survey(
    rng: np.random.Generator,
    types: Sequence[QuestionType],
    n_sales: int,
    n_marketing: int,
    gaps: int = 0,
) -> Survey:
    """Questions of the given types and everybody's answers; the first `gaps` questions, `q0` …, have a planted gap."""
    size = {Team.SALES: n_sales, Team.MARKETING: n_marketing}
    answers: dict[Team, list[dict[str, object]]] = {team: [{} for _ in range(size[team])] for team in Team}
    questions = []
    for number, kind in enumerate(types):
        key = f"q{number}"
        options = OPTIONS if kind in WITH_OPTIONS else ()
        questions.append(Question(key, "topic", kind, dict.fromkeys(Team, key), options=options, count=CARDS))
        chances = rng.dirichlet(np.full(5, 2.0))
        ticks = rng.uniform(0.15, 0.8, CARDS)
        for team in Team:
            share = PLANTED[team] if number < gaps else None
            drawn = _draw(rng, kind, size[team], share, chances, ticks)
            for person, value in zip(answers[team], drawn, strict=True):
                person[key] = value
    responses = [
        Response(f"{team}-{index}", team, given) for team in Team for index, given in enumerate(answers[team])
    ]
    return Questionnaire("Simulated", Mode.CONFIDENTIAL, 3, tuple(questions)), responses


def _draw(
    rng: np.random.Generator,
    kind: QuestionType,
    n: int,
    share: float | None,
    chances: np.ndarray,
    ticks: np.ndarray,
) -> list[object]:
    match kind:
        case QuestionType.CHOICE:
            if share is not None:
                chances = np.array([share, *[(1 - share) / 4] * 4])
            return [OPTIONS[index] for index in rng.choice(5, n, p=chances)]
        case QuestionType.YES_NO:
            return [bool(one) for one in rng.random(n) < (ticks[0] if share is None else share)]
        case QuestionType.CHOICES:
            if share is not None:
                ticks = np.array([share, *ticks[1:]])
            chosen = rng.random((n, 5)) < ticks[:5]
            return [[option for option, is_in in zip(OPTIONS, row, strict=True) if is_in] for row in chosen]
        case QuestionType.SCALE:
            if share is not None:
                chances = np.array([*[(1 - share) / 3] * 3, share / 2, share / 2])
            return [int(index) + 1 for index in rng.choice(5, n, p=chances)]
        case QuestionType.RANKING:
            return [_order(rng, share, chances) for _ in range(n)]
        case QuestionType.LEAD_CARDS:
            if share is not None:
                ticks = np.array([share, share, *ticks[2:]])
            return [_sheet(rng, ticks, all_can_tell=share is not None) for _ in range(n)]
        case QuestionType.RULE:
            if share is not None:
                ticks = np.array([share, *ticks[1:]])
            return [_rule(rng, ticks) for _ in range(n)]
        case _:
            if share is None:
                return [float(one) for one in rng.lognormal(3, 0.7, n).round(1)]
            centre = np.where(rng.random(n) < share, 50.0, 20.0)
            return [float(one) for one in rng.normal(centre, 5.0).round(1)]


def _order(rng: np.random.Generator, share: float | None, chances: np.ndarray) -> list[str]:
    """Three to five places by Plackett and Luce; with a planted gap, the first option first and the second last."""
    order = [OPTIONS[index] for index in rng.choice(5, 5, replace=False, p=chances)]
    if share is None:
        return order[: rng.integers(3, 6)]
    first, last = OPTIONS[:2] if rng.random() < share else OPTIONS[1::-1]
    return [first, *(option for option in order if option not in (first, last)), last]


def _sheet(rng: np.random.Generator, ticks: np.ndarray, *, all_can_tell: bool) -> dict[str, dict[str, str]]:
    qualified, telling = rng.random(CARDS) < ticks, rng.random(CARDS) < 0.9
    telling[:2] |= all_can_tell  # so that a planted gap is as large as it says
    words = np.where(telling, np.where(qualified, "qualified", "not_qualified"), "cant_tell")
    return {str(number): {"verdict": str(word)} for number, word in enumerate(words, start=1)}


def _rule(rng: np.random.Generator, ticks: np.ndarray) -> dict[str, object]:
    """Those of five conditions that a person asks for, two of them with a threshold; at least one."""
    chosen = [field for field, asked in zip(CONDITIONS, rng.random(5) < ticks[:5], strict=True) if asked]
    parts = [
        {"field": field, "op": ">=", "value": int(rng.choice([5, 10, 20, 50, 100]))}
        if field in CONDITIONS[3:]
        else {"field": field, "op": "=", "value": True}
        for field in chosen or CONDITIONS[-1:]
    ]
    return {"version": 1, "all": parts}


def naive_alarms(survey: Survey) -> tuple[set[str], set[str]]:
    """The questions that two naive methods call different: p < 0.05 each, and an uncorrected effect of 0.3 or more."""
    from scipy import stats

    questionnaire, responses = survey
    by_p, by_effect = set(), set()
    for question in questionnaire.questions:
        if question.type in COMPOUND:
            continue  # there is no usual method to set beside
        sides = [[r.answers[question.key] for r in responses if r.team is team] for team in Team]
        if question.type in (QuestionType.SCALE, QuestionType.NUMBER):
            levels, index = np.unique(np.concatenate(sides), return_inverse=True)
            tables = [np.bincount(part, minlength=levels.size) for part in np.split(index, [len(sides[0])])]
            effect = abs(float(cliffs_delta(*tables)))
            p = float(stats.mannwhitneyu(*sides).pvalue) if levels.size > 1 else 1.0
        else:
            pairs = _tables(question, sides)
            effect = max(float(np.sqrt(chi_square(a, b) / max(int(a.sum() + b.sum()), 1))) for a, b in pairs)
            p = min(_chi_square_p(a, b) for a, b in pairs)
        if p < 0.05:
            by_p.add(question.key)
        if effect >= 0.3:
            by_effect.add(question.key)
    return by_p, by_effect


def _tables(question: Question, sides: list[list[object]]) -> list[tuple[np.ndarray, np.ndarray]]:
    if question.type is QuestionType.CHOICES:
        ticks = [
            [sum(option in person for person in side) for option in question.options]  # type: ignore[operator]
            for side in sides
        ]
        return [
            (np.array([x, len(sides[0]) - x]), np.array([y, len(sides[1]) - y]))
            for x, y in zip(*ticks, strict=True)
        ]
    labels = sorted({str(value) for side in sides for value in side})
    first, second = (np.array([[str(v) for v in side].count(label) for label in labels]) for side in sides)
    return [(first, second)]


def _chi_square_p(a: np.ndarray, b: np.ndarray) -> float:
    from scipy import stats

    given = (a + b) > 0
    if np.count_nonzero(given) < 2:
        return 1.0
    return float(stats.chi2_contingency(np.array([a[given], b[given]]), correction=False).pvalue)


def false_alarms(
    types: Sequence[QuestionType], sizes: tuple[int, int], surveys: int, seed: int, permutations: int = 2000
) -> dict[str, float]:
    """The share of surveys with any alarm, by method; and `likely`, the share of questions called likely."""
    rng = np.random.default_rng(seed)
    found = dict.fromkeys(("clear", "likely", "naive p", "naive effect"), 0.0)
    for _ in range(surveys):
        survey = make_survey(rng, types, *sizes)
        compared = compare(*survey, permutations=permutations)
        by_p, by_effect = naive_alarms(survey)
        found["clear"] += any(one.evidence is Evidence.CLEAR for one in compared.questions) / surveys
        found["likely"] += _share(compared, Evidence.LIKELY) / surveys
        found["naive p"] += bool(by_p) / surveys
        found["naive effect"] += bool(by_effect) / surveys
    if not set(types) - set(COMPOUND):
        found |= dict.fromkeys(("naive p", "naive effect"), float("nan"))
    return found


def power(
    kind: QuestionType,
    sizes: tuple[int, int],
    surveys: int,
    seed: int,
    gaps: int = 5,
    permutations: int = 2000,
) -> dict[str, float]:
    """The share of planted gaps that are called clear, at least likely, and split between the teams; and naive p."""
    rng = np.random.default_rng(seed)
    found = dict.fromkeys(("clear", "at least likely", "split between", "naive p"), 0.0)
    for _ in range(surveys):
        survey = make_survey(rng, [kind] * 30, *sizes, gaps=gaps)
        compared = compare(*survey, permutations=permutations)
        by_p, _ = naive_alarms(survey)
        for number in range(gaps):
            one = compared.question(f"q{number}")
            weight = 1 / (gaps * surveys)
            found["clear"] += (one.evidence is Evidence.CLEAR) * weight
            found["at least likely"] += (one.evidence in (Evidence.CLEAR, Evidence.LIKELY)) * weight
            found["split between"] += (one.verdict.value == "split_between") * weight
            found["naive p"] += (f"q{number}" in by_p) * weight
    return found | ({"naive p": float("nan")} if kind in COMPOUND else {})


def speed(people: int) -> float:
    """Seconds to compare 60 questions of all types with so many people in each team; the best of three."""
    rng = np.random.default_rng(1)
    survey = make_survey(rng, (EVERY * 8)[:60], people, people)
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        compare(*survey)
        best = min(best, time.perf_counter() - start)
    return best


def _share(compared: Comparison, evidence: Evidence) -> float:
    return sum(one.evidence is evidence for one in compared.questions) / len(compared.questions)


def _write_row(first: str, found: dict[str, float]) -> None:
    sys.stdout.write(
        f"{first:24}"
        + "".join(f"{'–':>17}" if value != value else f"{value:>17.1%}" for value in found.values())
        + "\n"
    )
    sys.stdout.flush()


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--surveys", type=int, default=200, help="surveys per row (default 200)")
    parser.add_argument(
        "--types",
        nargs="*",
        type=QuestionType,
        choices=EVERY,
        default=EVERY,
        help="types of question (default all)",
    )
    settings = parser.parse_args()
    surveys, types = settings.surveys, tuple(settings.types)

    sys.stdout.write("Seconds for 60 questions\n")
    for people in (30, 5000):
        sys.stdout.write(f"{people} + {people}".ljust(24) + f"{speed(people):>17.2f}\n")

    sys.stdout.write(f"\nSurveys of 30 questions with any false alarm ({surveys} a row)\n")
    columns = ("clear", "(likely/question)", "naive p", "naive effect")
    sys.stdout.write(" " * 24 + "".join(f"{column:>17}" for column in columns) + "\n")
    for sizes in SIZES:
        for kind in types:
            _write_row(f"{sizes[0]} + {sizes[1]} {kind.value}", false_alarms([kind] * 30, sizes, surveys, 7))
        if len(types) > 1:
            _write_row(f"{sizes[0]} + {sizes[1]} mixed", false_alarms((types * 30)[:30], sizes, surveys, 7))

    sys.stdout.write(
        f"\nPlanted gaps found, 80 % against 30 %, 5 of 30 questions ({surveys} surveys a row)\n"
    )
    columns = ("clear", "at least likely", "split between", "naive p")
    sys.stdout.write(" " * 24 + "".join(f"{column:>17}" for column in columns) + "\n")
    for people in (8, 20):
        for kind in types:
            _write_row(f"{people} + {people} {kind.value}", power(kind, (people, people), surveys, 8))


if __name__ == "__main__":
    main()
