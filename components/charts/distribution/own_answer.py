"""Where the acting person's own answer stands among the answers that a figure shows."""

from typing import TYPE_CHECKING, Any

from alignment.questionnaires import CardVerdict, QuestionType
from alignment.texts import number_text

if TYPE_CHECKING:
    from alignment.disagreement import QuestionComparison


def own_marks(compared: "QuestionComparison", own: Any) -> dict[int, str]:
    """Which of the shown answers are the person's own, by their place, and what is written beside them.

    `own` is in the form in which answers are stored (see QuestionType); None, and what does not fit, marks nothing.
    """
    if own is None or compared.distributions is None:
        return {}
    labels = next(iter(compared.distributions.values())).labels
    place = {label: index for index, label in enumerate(labels)}
    found: dict[str, str] = {}
    match compared.question.type:
        case QuestionType.CHOICE if isinstance(own, str):
            found = {own: "you"}
        case QuestionType.CHOICES if isinstance(own, list | tuple):
            found = {str(option): "you" for option in own}
        case QuestionType.YES_NO if isinstance(own, bool):
            found = {"yes" if own else "no": "you"}
        case QuestionType.SCALE if _is_number(own):
            found = {number_text(own): f"you: {number_text(own)}"}
        case QuestionType.NUMBER if _is_number(own) and labels:
            from alignment.disagreement.number_classes import class_of

            found = {labels[class_of(labels, own)]: f"you: {number_text(own)}"}
        case QuestionType.RANKING if isinstance(own, list | tuple):
            found = {str(option): f"you: place {number}" for number, option in enumerate(own, start=1)}
        case QuestionType.LEAD_CARDS if isinstance(own, dict):
            found = {f"Card {number}": f"you: {words}" for number, words in _judged(own).items()}
        case QuestionType.RULE:
            found = _asked(own)
    return {place[label]: words for label, words in found.items() if label in place}


def own_in_words(compared: "QuestionComparison", own: Any) -> str:
    """The person's own answer as a sentence with a space before it; '' where nothing of it is on the figure."""
    if own == [] and compared.distributions is not None and compared.question.type is QuestionType.CHOICES:
        return " Your answer: none of these."
    marks = own_marks(compared, own)
    if not marks or compared.distributions is None:
        return ""
    labels = next(iter(compared.distributions.values())).labels
    told = [
        labels[index]
        + ("" if words in ("you", f"you: {labels[index]}") else f" ({words.removeprefix('you: ')})")
        for index, words in sorted(marks.items())
    ]
    return f" Your answer: {', '.join(told)}."


def _is_number(own: Any) -> bool:
    return isinstance(own, int | float) and not isinstance(own, bool) and abs(own) < float("inf")


def _judged(own: dict[str, Any]) -> dict[str, str]:
    """The person's judgement of each card in words, by the card's number."""
    known = {verdict.value: verdict.label.lower() for verdict in CardVerdict}
    given = {
        number: judged.get("verdict") if isinstance(judged, dict) else None for number, judged in own.items()
    }
    return {number: known[verdict] for number, verdict in given.items() if verdict in known}


def _asked(own: Any) -> dict[str, str]:
    """What the person's rule asks for, each with its threshold; nothing where it is no rule."""
    from alignment.disagreement.rule_conditions import asked_by
    from alignment.rules import InvalidRule, parse

    try:
        asked = asked_by(parse(own))
    except (InvalidRule, TypeError):
        return {}
    return {
        one.label: "you"
        if threshold != threshold
        else f"you: {number_text(threshold)}"  # NaN is no threshold
        for one, threshold in asked.items()
    }
