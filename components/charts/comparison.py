"""How two teams answered one question, as figures and in words. Only shares of whole teams come in.

Every bar says itself whose it is and how long, so that the figures also read in grey and on paper.
"""

import textwrap
from typing import TYPE_CHECKING

from alignment.people import Team
from alignment.questionnaires import Question, QuestionType
from components.charts import colours

if TYPE_CHECKING:  # drawing is the only thing that needs Plotly, and it is slow to load
    from plotly.graph_objects import Figure

    from alignment.disagreement import Distribution, QuestionComparison

ORDERED = (QuestionType.SCALE, QuestionType.NUMBER)
_TITLES = {Team.SALES: "Sales", Team.MARKETING: "Marketing"}


def distribution_figure(compared: "QuestionComparison", mode: str | None = None) -> "Figure | None":
    """Both teams' answers to a question for `mode` "light" or "dark"; None where nothing may be shown.

    Options lie beneath each other with one bar a team; scales and numbers are two small panels on one axis.
    """
    if not compared.distributions:
        return None
    if compared.question.type in ORDERED:
        return _panels(compared, mode)
    return _paired_bars(compared, mode)


def distribution_in_words(compared: "QuestionComparison") -> str:
    """The figure's numbers in words, for people who do not see it. '' where nothing may be shown."""
    if not compared.distributions:
        return ""
    parts = []
    for team in Team:
        shown = compared.distributions[team]
        answers = ", ".join(
            f"{_point(compared.question, label)} {percent(share)}"
            for label, share in zip(shown.labels, shown.shares, strict=True)
        )
        median = f"median {shown.median:g}{_unit(compared.question)}; " if shown.median is not None else ""
        parts.append(f"{_TITLES[team]}, {shown.answered} people: {median}{answers}{_cannot(shown)}.")
    return f"{compared.question.name}. {' '.join(parts)}"


def distribution_rows(compared: "QuestionComparison") -> list[dict[str, str]]:
    """The table behind the figure: one row an answer, with the share and the number of people of each team."""
    if not compared.distributions:
        return []
    sales, marketing = compared.distributions[Team.SALES], compared.distributions[Team.MARKETING]
    rows = [
        _row(
            _point(compared.question, label),
            [(one.shares[index], one.counts[index]) for one in (sales, marketing)],
        )
        for index, label in enumerate(sales.labels)
    ]
    if sales.cant_say or marketing.cant_say:
        rows.append(_row("can't say", [(one.cant_say_share, one.cant_say) for one in (sales, marketing)]))
    return rows


def percent(share: float) -> str:
    """A share as whole per cent, written as everywhere else on the screens."""
    return f"{share * 100:.0f}%"


def _row(answer: str, teams: list[tuple[float, int]]) -> dict[str, str]:
    cells = [f"{percent(share)} ({people})" for share, people in teams]
    return {"Answer": answer, **dict(zip(_TITLES.values(), cells, strict=True))}


def _paired_bars(compared: "QuestionComparison", mode: str | None) -> "Figure":
    from plotly import graph_objects as go

    assert compared.distributions is not None
    shown = compared.distributions
    labels = list(shown[Team.SALES].labels)
    figure = go.Figure()
    step = 3.0  # a line of text and two bars
    for offset, team in ((1.0, Team.SALES), (1.85, Team.MARKETING)):
        shares = list(shown[team].shares)
        words = [f"{_TITLES[team]} {percent(share)}" for share in shares]
        if shown[team].cant_say:
            shares.append(shown[team].cant_say_share)
            words.append(f"{_TITLES[team]} {percent(shares[-1])}")
        elif shown[team.other].cant_say:
            shares.append(0.0)
            words.append(f"{_TITLES[team]} {percent(0)}")
        figure.add_bar(
            x=shares,
            y=[row * step + offset for row in range(len(shares))],
            orientation="h",
            width=0.75,
            marker={"color": colours.of_team(team, mode), "cornerradius": 3},
            text=words,
            textposition="outside",
            textfont={"color": colours.TEXT.on(mode), "size": 13},
            cliponaxis=False,
            hoverinfo="skip",
            showlegend=False,
        )
    if any(shown[team].cant_say for team in Team):
        labels.append("can't say")
    for row, label in enumerate(labels):
        figure.add_annotation(
            x=0,
            y=row * step + 0.15,
            text=_escape(label),
            showarrow=False,
            xanchor="left",
            font={"color": colours.TEXT.on(mode), "size": 13},
        )
    figure.update_xaxes(visible=False, range=[0, 1.45], fixedrange=True)
    figure.update_yaxes(visible=False, range=[len(labels) * step - 0.3, -0.4], fixedrange=True)
    return _finish(figure, height=24 + len(labels) * 68)


def _panels(compared: "QuestionComparison", mode: str | None) -> "Figure":
    from plotly.subplots import make_subplots

    assert compared.distributions is not None
    shown = compared.distributions
    labels = [_break(_point(compared.question, label)) for label in shown[Team.SALES].labels]
    highest = max([*shown[Team.SALES].shares, *shown[Team.MARKETING].shares, 0.01])
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.24)
    for row, team in enumerate(Team, start=1):
        colour = colours.of_team(team, mode)
        figure.add_bar(
            x=labels,
            y=shown[team].shares,
            marker={"color": colour, "cornerradius": 3},
            text=[percent(share) if share else "" for share in shown[team].shares],
            textposition="outside",
            textfont={"color": colours.TEXT.on(mode), "size": 12},
            cliponaxis=False,
            hoverinfo="skip",
            showlegend=False,
            row=row,
            col=1,
        )
        figure.add_annotation(
            x=0,
            xref="paper",
            xanchor="left",
            y=1.0,
            yref=f"y{'' if row == 1 else row} domain",
            yanchor="bottom",
            yshift=14,
            text=f"<b>{_TITLES[team]}</b>{_summary(compared.question, shown[team])}",
            showarrow=False,
            font={"color": colour, "size": 14},
        )
    figure.update_xaxes(
        fixedrange=True,
        type="category",
        showgrid=False,
        tickfont={"color": colours.TEXT.on(mode), "size": 12},
    )
    figure.update_xaxes(showticklabels=True, row=1, col=1)
    figure.update_yaxes(visible=False, range=[0, highest * 1.25], fixedrange=True)
    figure.update_layout(bargap=0.25)
    return _finish(figure, height=360, top=44)


def _finish(figure: "Figure", height: int, top: int = 8) -> "Figure":
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 8, "t": top, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        dragmode=False,
    )
    return figure


def _summary(question: Question, shown: "Distribution") -> str:
    median = f", median {shown.median:g}{_unit(question)}" if shown.median is not None else ""
    cannot = f", {percent(shown.cant_say_share)} can't say" if shown.cant_say else ""
    return _escape(median + cannot)


def _cannot(shown: "Distribution") -> str:
    return f", can't say {percent(shown.cant_say_share)}" if shown.cant_say else ""


def _unit(question: Question) -> str:
    return f" {question.unit}" if question.unit else ""


def _point(question: Question, label: str) -> str:
    """A point of a scale with the name of its end."""
    if question.type is QuestionType.SCALE and label in ("1", str(question.points)):
        return f"{label} {question.ends[0] if label == '1' else question.ends[1]}"
    return label


def _break(text: str) -> str:
    return "<br>".join(_escape(line) for line in textwrap.wrap(text, 11, break_long_words=False)) or " "


def _escape(text: str) -> str:
    """Plotly reads a few HTML tags in text; what people wrote is shown as it is."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
