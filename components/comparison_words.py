"""A comparison in the words of the screens: badges, costs, importance, numbers. Nothing here draws or reads anything.

What is said to everybody is plain; the names of the measures and their figures are for the 'Numbers' of a question.
"""

import re

from alignment.disagreement import Evidence, LeadsApart, QuestionComparison, Seen, Verdict
from alignment.disagreement.change import Change, Direction
from alignment.disagreement.measures_in_words import leads_of
from alignment.people import Team
from alignment.questionnaires import Question
from components.text import plain

VERDICTS = {
    Verdict.SPLIT_BETWEEN: ("red", ":material/call_split:", "Split between the teams"),
    Verdict.SPLIT_WITHIN: ("violet", ":material/group:", "Divided within a team"),
    Verdict.UNSURE: ("gray", ":material/help:", "Everyone unsure"),
    Verdict.ALIGNED: ("blue", ":material/check:", "Aligned"),
    Verdict.TOO_FEW: ("gray", ":material/visibility_off:", "Too few answers"),
}
"""Colour, icon and words of each verdict: the colours of the map, and none of a team's (orange and green)."""

_HOW_SURE = {Evidence.CLEAR: ", clearly", Evidence.LIKELY: ", probably"}
_CHANGES = {
    Direction.CLOSER: ("gray", ":material/compress:", "Closer than last time"),
    Direction.FURTHER: ("gray", ":material/expand:", "Further apart than last time"),
}
SEEN = {
    Seen.AGREEMENT: ":material/visibility:",
    Seen.DISAGREEMENT: ":material/visibility:",
    Seen.IMAGINED_AGREEMENT: ":gray-badge[:material/blur_on: Imagined agreement]",
    Seen.IMAGINED_DISAGREEMENT: ":gray-badge[:material/blur_on: Imagined disagreement]",
    Seen.MISJUDGED: ":gray-badge[:material/blur_on: Misjudged]",
    Seen.OPEN: ":material/visibility:",
}
"""What stands before a sentence about what one team makes of the other, as markdown."""

IMAGINED = {
    Seen.IMAGINED_DISAGREEMENT: "A difference that is only imagined: a team expects another answer than the other team gives.",
    Seen.IMAGINED_AGREEMENT: "An agreement that is only imagined: a team expects its own answer, and the other team gives another.",
}
"""What a team may wrongly take for given, in a sentence each."""

_FIGURES = re.compile(r" \((?:95% interval|q |Kendall's W|Krippendorff's α|Cohen's κ)[^)]*\)")


def verdict_badge(compared: QuestionComparison) -> str:
    """The verdict as a badge, with how sure it is, as markdown."""
    colour, icon, words = VERDICTS[compared.verdict]
    if compared.verdict is Verdict.SPLIT_BETWEEN:
        words += _HOW_SURE.get(compared.evidence, ", perhaps")
    elif compared.verdict is Verdict.SPLIT_WITHIN and compared.divided_team is not None:
        words = f"{compared.divided_team.label.capitalize()} is divided"
    elif compared.verdict is Verdict.SPLIT_WITHIN:
        words = "Both teams are divided"
    return f":{colour}-badge[{icon} {words}]"


def change_badge(change: Change | None) -> str:
    """What became of the gap since the last time, as a badge; '' where nothing can be told to have changed."""
    if change is None or change.direction not in _CHANGES:
        return ""
    colour, icon, words = _CHANGES[change.direction]
    return f":{colour}-badge[{icon} {words}]"


def without_figures(text: str) -> str:
    """A reason without its intervals and coefficients, which stand with the numbers."""
    return _FIGURES.sub("", text)


def cost_in_short(cost: LeadsApart | None) -> str:
    """'Treats 312 of 2,040 leads of July to September 2026 differently, 41 of them won'; '' where it is not known."""
    if cost is None:
        return ""
    if not cost.differently:
        return f"Treats all of {cost.judged:,} {leads_of(cost)} alike"
    won = sum(cost.won.values())
    return (
        f"Treats {cost.differently:,} of {cost.judged:,} {leads_of(cost)} differently, "
        f"{f'{won:,}' if won else 'none'} of them won"
    )


def importance_in_words(compared: QuestionComparison) -> str:
    """How much the topic matters to each team; '' where too few said."""
    if compared.importance is None or compared.importance_by_team is None:
        return ""
    teams = ", ".join(f"{team.label} {compared.importance_by_team[team]:.1f}" for team in Team)
    return f"Importance of the topic {compared.importance:.1f} of 5 ({teams})"


def imagined_badges(compared: QuestionComparison) -> list[str]:
    """What a team only imagines about a question, as badges: a difference, or an agreement, that there is not."""
    seen = {one.seen for one in compared.perspectives}
    return [SEEN[kind] for kind in IMAGINED if kind in seen]


def wordings(question: Question) -> list[str]:
    """What was asked, as markdown: once where both teams read the same, else for each team."""
    if len(set(question.wording.values())) == 1:
        return [f"**Both teams were asked:** {plain(question.wording[Team.SALES])}"]
    return [f"**{team.label.capitalize()} was asked:** {plain(question.wording[team])}" for team in Team]
