"""What stands on one line of a figure: an answer, what each team makes of it, and whether it is the reader's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alignment.disagreement.answers import CANT_SAY
from alignment.people import Team
from alignment.questionnaires import Question, QuestionType
from alignment.texts import number_text
from components.charts.lettering import LINE, escape, lines_of
from components.charts.sheet import LINE_HEIGHT, OWN, Sheet

if TYPE_CHECKING:
    from alignment.disagreement import Distribution, QuestionComparison

CHOSE_NOTHING = "none of these"


@dataclass(frozen=True)
class Row:
    """An answer with each team's share of it. `own` is written beside it, `note` beneath; '' for nothing."""

    label: str
    shares: Mapping[Team, float]
    own: str = ""
    note: str = ""


def answer_rows(compared: "QuestionComparison", own: Mapping[int, str], most: int | None = None) -> list[Row]:
    """The answers, `most` at most, and behind them who chose none of them and who can't say, where anybody did."""
    shown = compared.distributions
    assert shown is not None
    labels = shown[Team.SALES].labels
    rows = [
        Row(
            label=label,
            shares={team: shown[team].shares[index] for team in Team},
            own=own.get(index, ""),
            note=thresholds_in_words(shown, index),
        )
        for index, label in enumerate(labels[:most])
    ]
    return rows + [Row(label, shares) for label, shares, _ in others(shown)]


def others(
    shown: Mapping[Team, "Distribution"],
) -> list[tuple[str, dict[Team, float], dict[Team, int]]]:
    """What people answered besides the labels: a name, each team's share and count; only what somebody did."""
    found = []
    for label, counts in (
        (CHOSE_NOTHING, {team: shown[team].chose_nothing for team in Team}),
        (CANT_SAY, {team: shown[team].cant_say for team in Team}),
    ):
        if any(counts.values()):
            shares = {team: counts[team] / max(shown[team].answered, 1) for team in Team}
            found.append((label, shares, counts))
    return found


def thresholds_in_words(shown: Mapping[Team, "Distribution"], index: int) -> str:
    """Both teams' median thresholds of a condition; '' where it has none."""
    told = [
        f"{team.label} {number_text(threshold)}"
        for team in Team
        if shown[team].thresholds and (threshold := shown[team].thresholds[index]) is not None
    ]
    return f"typically {', '.join(told)}" if told else ""


def point_name(question: Question, label: str) -> str:
    """A point of a scale with the name of its end; other answers are their own names."""
    if question.type is QuestionType.SCALE and label in ("1", str(question.points)):
        return f"{label} {question.ends[0] if label == '1' else question.ends[1]}"
    return label


def label_markup(label: str, own: str = "", width: int = LINE, most: int = 2) -> tuple[str, int]:
    """A label with the reader's mark behind it, escaped, and how many lines it takes."""
    lines = lines_of(label, width, most)
    written = [escape(line) for line in lines]
    if own:
        mark = f"<b>{OWN} {escape(lines_of(own, width + 4, 1)[0])}</b>"
        if len(lines[-1]) + len(own) + 4 <= width:
            written[-1] += f"&nbsp; {mark}"
        else:
            written.append(mark)
    return "<br>".join(written), len(written)


def write_label(sheet: Sheet, y: float, label: str, own: str = "", width: int = LINE) -> float:
    """A label from `y` down with the reader's mark behind it; gives the y beneath it."""
    markup, lines = label_markup(label, own, width)
    sheet.write(markup, y)
    return y + lines * LINE_HEIGHT
