"""How two teams answered one question, as figures and in words. Only shares of whole teams come in.

Every bar says itself whose it is and how long, so that the figures also read in grey and on paper.
"""

import textwrap
from typing import TYPE_CHECKING

from alignment.people import Team
from alignment.questionnaires import Question, QuestionType
from alignment.texts import number_text
from components.charts import colours

if TYPE_CHECKING:  # drawing is the only thing that needs Plotly, and it is slow to load
    from plotly.graph_objects import Figure

    from alignment.disagreement import Distribution, QuestionComparison

MOST_CONDITIONS = 8
"""A figure shows so many conditions of a rule, those that most ask for; the table behind has all."""

_TITLES = {Team.SALES: "Sales", Team.MARKETING: "Marketing"}
_SYMBOLS = {Team.SALES: "circle", Team.MARKETING: "diamond"}
_WHAT = {
    QuestionType.RANKING: "Mean place, 1 is first. ",
    QuestionType.LEAD_CARDS: "Share that calls the lead qualified. ",
    QuestionType.RULE: "Share that asks for the condition. ",
}


def distribution_figure(compared: "QuestionComparison", mode: str | None = None) -> "Figure | None":
    """Both teams' answers to a question for `mode` "light" or "dark"; None where nothing may be shown.

    Options lie beneath each other with one bar a team, and so do the conditions of rules; scales and numbers are two small
    panels on one axis; rankings have both teams' mean places on one line an option, lead cards a row a card.
    """
    if not compared.distributions:
        return None
    shown = compared.distributions[Team.SALES]
    match compared.question.type:
        case QuestionType.SCALE | QuestionType.NUMBER:
            return _panels(compared, mode)
        case QuestionType.RANKING if shown.mean_places:
            return _places(compared, mode)
        case QuestionType.LEAD_CARDS if shown.judged:
            return _card_matrix(compared, mode)
    return _paired_bars(compared, mode)


def distribution_in_words(compared: "QuestionComparison") -> str:
    """The figure's numbers in words, for people who do not see it. '' where nothing may be shown."""
    if not compared.distributions:
        return ""
    parts = []
    for team in Team:
        shown = compared.distributions[team]
        answers = ", ".join(
            f"{_point(compared.question, label)} {_said(shown, index)}"
            for index, label in enumerate(shown.labels)
        )
        median = (
            f"median {number_text(shown.median)}{_unit(compared.question)}; "
            if shown.median is not None
            else ""
        )
        parts.append(f"{_TITLES[team]}, {shown.answered} people: {median}{answers}{_cannot(shown)}.")
    what = _WHAT.get(compared.question.type, "")
    return f"{compared.question.name}. {what}{' '.join(parts)}"


def distribution_rows(compared: "QuestionComparison") -> list[dict[str, str]]:
    """The table behind the figure: one row an answer, with the share and the number of people of each team."""
    if not compared.distributions:
        return []
    teams = [compared.distributions[team] for team in Team]
    rows = [
        _row(_point(compared.question, label), [_cell(one, index) for one in teams])
        for index, label in enumerate(teams[0].labels)
    ]
    if any(one.cant_say for one in teams):
        rows.append(_row("can't say", [f"{percent(one.cant_say_share)} ({one.cant_say})" for one in teams]))
    return rows


def percent(share: float) -> str:
    """A share as whole per cent, written as everywhere else on the screens."""
    return f"{share * 100:.0f}%"


def _row(answer: str, cells: list[str]) -> dict[str, str]:
    return {"Answer": answer, **dict(zip(_TITLES.values(), cells, strict=True))}


def _cell(shown: "Distribution", index: int) -> str:
    if shown.mean_places:
        return f"place {shown.mean_places[index]:.1f} (first for {shown.counts[index]})"
    if shown.judged:
        no = shown.not_qualified[index]
        return (
            f"{percent(shown.shares[index])} ({shown.counts[index]} yes, {no} no, of {shown.judged[index]})"
        )
    threshold = shown.thresholds[index] if shown.thresholds else None
    return f"{percent(shown.shares[index])} ({shown.counts[index]})" + (
        f", from {number_text(threshold)}" if threshold is not None else ""
    )


def _said(shown: "Distribution", index: int) -> str:
    """One answer's number in running text."""
    if shown.mean_places:
        return f"{shown.mean_places[index]:.1f}"
    threshold = shown.thresholds[index] if shown.thresholds else None
    return percent(shown.shares[index]) + (
        f" (typically {number_text(threshold)})" if threshold is not None else ""
    )


def _places(compared: "QuestionComparison", mode: str | None) -> "Figure":
    """One line an option, from the first place to the last, with a dot a team; what both put first is on top."""
    from plotly import graph_objects as go

    assert compared.distributions is not None
    shown = compared.distributions
    labels = shown[Team.SALES].labels
    order = sorted(range(len(labels)), key=lambda index: sum(shown[team].mean_places[index] for team in Team))
    last = len(labels)
    figure = go.Figure()
    step = 2.0
    text = colours.TEXT.on(mode)
    for row, index in enumerate(order):
        y = row * step + 1.25
        places = {team: shown[team].mean_places[index] for team in Team}
        figure.add_shape(
            type="line",
            x0=places[Team.SALES],
            x1=places[Team.MARKETING],
            y0=y,
            y1=y,
            line={"color": colours.NEUTRAL.on(mode), "width": 4},
        )
        figure.add_annotation(
            x=0,
            xref="paper",
            y=row * step + 0.15,
            text=_escape(labels[index]),
            showarrow=False,
            xanchor="left",
            font={"color": text, "size": 13},
        )
    for team in Team:
        other = shown[team.other].mean_places
        sides = [
            "middle left"
            if (place, team is Team.MARKETING) < (other[index], team is Team.SALES)
            else "middle right"
            for index in order
            for place in (shown[team].mean_places[index],)
        ]
        figure.add_scatter(
            x=[shown[team].mean_places[index] for index in order],
            y=[row * step + 1.25 for row in range(last)],
            mode="markers+text",
            marker={"color": colours.of_team(team, mode), "size": 13, "symbol": _SYMBOLS[team]},
            text=[f"  {_TITLES[team]} {shown[team].mean_places[index]:.1f}  " for index in order],
            textposition=sides,
            textfont={"color": text, "size": 12},
            cliponaxis=False,
            hoverinfo="skip",
            showlegend=False,
        )
    span = last - 1
    figure.update_xaxes(visible=False, range=[1 - 0.75 * span, last + 0.75 * span], fixedrange=True)
    figure.update_yaxes(visible=False, range=[last * step - 0.2, -0.5], fixedrange=True)
    return _finish(figure, height=24 + last * 58)


def _card_matrix(compared: "QuestionComparison", mode: str | None) -> "Figure":
    """A row a card and a column a team: how many call the lead qualified; the cards judged most apart are on top."""
    from plotly import graph_objects as go

    assert compared.distributions is not None
    shown = compared.distributions
    labels = shown[Team.SALES].labels
    order = sorted(
        range(len(labels)),
        key=lambda index: (
            -abs(shown[Team.SALES].shares[index] - shown[Team.MARKETING].shares[index]),
            index,
        ),
    )
    figure = go.Figure()
    text, grid = colours.TEXT.on(mode), colours.GRID.on(mode)
    starts = {Team.SALES: 0.0, Team.MARKETING: 1.15}
    for team, start in starts.items():
        colour = colours.of_team(team, mode)
        figure.add_annotation(
            x=start,
            y=-1,
            text=f"<b>{_TITLES[team]}</b>",
            showarrow=False,
            xanchor="left",
            font={"color": colour, "size": 14},
        )
        shares = [shown[team].shares[index] for index in order]
        figure.add_bar(
            x=[1.0] * len(order),
            y=list(range(len(order))),
            base=start,
            orientation="h",
            width=0.78,
            marker={"color": grid, "opacity": 0.6},
            hoverinfo="skip",
            showlegend=False,
        )
        figure.add_bar(
            x=shares,
            y=list(range(len(order))),
            base=start,
            orientation="h",
            width=0.78,
            marker={"color": colour},
            hoverinfo="skip",
            showlegend=False,
        )
        for row, share in enumerate(shares):
            inside = share >= 0.35
            figure.add_annotation(
                x=start + share,
                y=row,
                text=f"<b>{percent(share)}</b>",
                showarrow=False,
                xanchor="right" if inside else "left",
                xshift=-4 if inside else 4,
                font={"color": colours.BACKGROUND.on(mode) if inside else text, "size": 13},
            )
    for row, index in enumerate(order):
        figure.add_annotation(
            x=-0.08,
            y=row,
            text=_escape(labels[index]),
            showarrow=False,
            xanchor="right",
            font={"color": text, "size": 13},
        )
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(visible=False, range=[-0.55, 2.2], fixedrange=True)
    figure.update_yaxes(visible=False, range=[len(order) - 0.4, -1.5], fixedrange=True)
    return _finish(figure, height=60 + len(order) * 34)


def _paired_bars(compared: "QuestionComparison", mode: str | None) -> "Figure":
    from plotly import graph_objects as go

    assert compared.distributions is not None
    shown = compared.distributions
    most = MOST_CONDITIONS if compared.question.type is QuestionType.RULE else None
    labels = list(shown[Team.SALES].labels)[:most]
    figure = go.Figure()
    step = 3.0  # a line of text and two bars
    for offset, team in ((1.0, Team.SALES), (1.85, Team.MARKETING)):
        shares = list(shown[team].shares)[:most]
        words = [
            f"{_TITLES[team]} {percent(share)}{_threshold(shown[team], index)}"
            for index, share in enumerate(shares)
        ]
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
    # behind the longest bar there has to be room for its words, on a phone too
    figure.update_xaxes(visible=False, range=[0, 2.1 if most else 1.45], fixedrange=True)
    figure.update_yaxes(visible=False, range=[len(labels) * step - 0.3, -0.4], fixedrange=True)
    return _finish(figure, height=24 + len(labels) * 68)


def _threshold(shown: "Distribution", index: int) -> str:
    threshold = shown.thresholds[index] if shown.thresholds else None
    return "" if threshold is None else f", from {number_text(threshold)}"


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
    median = f", median {number_text(shown.median)}{_unit(question)}" if shown.median is not None else ""
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
