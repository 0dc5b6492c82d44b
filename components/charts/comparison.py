"""How two teams answered one question, as figures and in words. Only shares of whole teams come in.

Every bar says itself whose it is and how long, so that the figures also read in grey and on paper. How each type of
question is drawn stands in `components.charts.distribution`.
"""

from typing import TYPE_CHECKING, Any

from alignment.people import Team
from alignment.questionnaires import QuestionType
from alignment.texts import number_text
from components.charts.distribution import cards, numbers, options, scale
from components.charts.distribution.own_answer import own_in_words, own_marks
from components.charts.distribution.rows import Row, answer_rows, others, point_name
from components.charts.lettering import TEAMS, percent, rounded

if TYPE_CHECKING:  # drawing is the only thing that needs Plotly, and it is slow to load
    from plotly.graph_objects import Figure

    from alignment.disagreement import Distribution, QuestionComparison

__all__ = ["distribution_figure", "distribution_in_words", "distribution_rows", "percent"]

MOST_CONDITIONS = 8
"""A figure shows so many conditions of a rule, those that most ask for; the table behind has all."""

_WHAT = {
    QuestionType.RANKING: "Mean place, 1 is first. ",
    QuestionType.LEAD_CARDS: "Share that calls the lead qualified. ",
    QuestionType.RULE: "Share that asks for the condition. ",
}


def distribution_figure(
    compared: "QuestionComparison", mode: str | None = None, own: Any = None
) -> "Figure | None":
    """Both teams' answers to a question for `mode` "light" or "dark"; None where nothing may be shown.

    `own` is the acting person's own answer in the form in which it is stored, and is marked with ★; None for none.
    Options and conditions have two bars each (two dots where there are many), scales diverging bars, numbers bars that
    face each other, rankings both teams' mean places on one line an option, lead cards a row a card.
    """
    if compared.hidden or not compared.distributions:
        return None
    shown = compared.distributions[Team.SALES]
    marks = own_marks(compared, own)
    match compared.question.type:
        case QuestionType.SCALE:
            return scale.diverging_bars(compared, mode, marks)
        case QuestionType.NUMBER:
            return numbers.facing_bars(compared, mode, marks)
        case QuestionType.RANKING if shown.mean_places:
            return _places(compared, mode, marks)
        case QuestionType.LEAD_CARDS if shown.judged:
            return cards.card_matrix(compared, mode, marks)
        case QuestionType.RULE:
            more = max(0, len(shown.labels) - MOST_CONDITIONS)
            return options.bars(answer_rows(compared, marks, MOST_CONDITIONS), mode, more)
    rows = answer_rows(compared, marks)
    return (options.bars if len(rows) <= options.MOST_BARS else options.dumbbells)(rows, mode)


def distribution_in_words(compared: "QuestionComparison", own: Any = None) -> str:
    """The figure's numbers in words, for people who do not see it. '' where nothing may be shown."""
    if compared.hidden or not compared.distributions:
        return ""
    parts = []
    for team in Team:
        shown = compared.distributions[team]
        median = f"median {rounded(shown.median)}{_unit(compared)}; " if shown.median is not None else ""
        said = [
            *(f"{name} {percent(band.share(shown))}" for name, band in _bands(compared)),
            *(
                f"{point_name(compared.question, label)} {_said(shown, index)}"
                for index, label in enumerate(shown.labels)
            ),
            *(f"{label} {percent(shares[team])}" for label, shares, _ in others(compared.distributions)),
        ]
        parts.append(f"{TEAMS[team]}, {shown.answered} people: {median}{', '.join(said) or 'nothing'}.")
    what = _WHAT.get(compared.question.type, "")
    return f"{compared.question.name}. {what}{' '.join(parts)}{own_in_words(compared, own)}"


def distribution_rows(compared: "QuestionComparison", own: Any = None) -> list[dict[str, str]]:
    """The table behind the figure: one row an answer, with the share and the number of people of each team.

    With the person's own answer there is a column `You`.
    """
    if compared.hidden or not compared.distributions:
        return []
    teams = [compared.distributions[team] for team in Team]
    marks = own_marks(compared, own)
    rows = []
    for name, band in _bands(compared):
        rows.append(_row(name, [f"{percent(band.share(one))} ({band.count(one)})" for one in teams]))
        if marks:
            rows[-1]["You"] = ""
    for index, label in enumerate(teams[0].labels):
        rows.append(_row(point_name(compared.question, label), [_cell(one, index) for one in teams]))
        if marks:
            words = marks.get(index, "")
            rows[-1]["You"] = "yes" if words == "you" else words.removeprefix("you: ")
    for label, shares, counts in others(compared.distributions):
        rows.append(_row(label, [f"{percent(shares[team])} ({counts[team]})" for team in Team]))
        if marks:
            rows[-1]["You"] = ""
    return rows


def _places(compared: "QuestionComparison", mode: str | None, marks: dict[int, str]) -> "Figure":
    """One line an option, from the first place to the last, with a dot a team; what both put first is on top."""
    assert compared.distributions is not None
    shown = compared.distributions
    labels = shown[Team.SALES].labels
    order = sorted(range(len(labels)), key=lambda index: sum(shown[team].mean_places[index] for team in Team))
    rows = [
        Row(
            label=labels[index],
            shares={team: shown[team].mean_places[index] for team in Team},
            own=marks.get(index, ""),
        )
        for index in order
    ]
    own = {
        row: float(marks[index].removeprefix("you: place "))
        for row, index in enumerate(order)
        if index in marks
    }
    return options.dumbbells(
        rows,
        mode,
        written=lambda place: f"{place:.1f}",
        ends=(1, len(labels)),
        names=("place 1", f"place {len(labels)}"),
        own_places=own,
    )


def _bands(compared: "QuestionComparison") -> list[tuple[str, scale.Band]]:
    """The bands of a scale by name, where the figure puts several points together."""
    if compared.question.type is not QuestionType.SCALE:
        return []
    bands = scale.bands_of(compared.question)
    if all(len(band.points) == 1 for band in bands):
        return []
    return [(f"{band.name} ({band.label})", band) for band in bands]


def _row(answer: str, cells: list[str]) -> dict[str, str]:
    return {"Answer": answer, **dict(zip(TEAMS.values(), cells, strict=True))}


def _cell(shown: "Distribution", index: int) -> str:
    if shown.mean_places:
        return f"place {shown.mean_places[index]:.1f} (first for {shown.counts[index]})"
    if shown.judged:
        no = shown.not_qualified[index]
        return (
            f"{percent(shown.shares[index])} ({shown.counts[index]} yes, {no} no, of {shown.judged[index]})"
        )
    return (
        f"{percent(shown.shares[index])} ({shown.counts[index]}){_threshold(shown, index, ', typically {}')}"
    )


def _said(shown: "Distribution", index: int) -> str:
    """One answer's number in running text."""
    if shown.mean_places:
        return f"{shown.mean_places[index]:.1f}"
    return percent(shown.shares[index]) + _threshold(shown, index, " (typically {})")


def _threshold(shown: "Distribution", index: int, form: str) -> str:
    threshold = shown.thresholds[index] if shown.thresholds else None
    return "" if threshold is None else form.format(number_text(threshold))


def _unit(compared: "QuestionComparison") -> str:
    return f" {compared.question.unit}" if compared.question.unit else ""
