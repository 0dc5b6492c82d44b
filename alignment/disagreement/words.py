"""Numbers and lists as people write them, for every sentence about a comparison."""

from collections.abc import Sequence

from alignment.texts import number_text


def percent(share: float) -> str:
    """A share as whole percent: `82%`."""
    return f"{round(share * 100)}%"


def join_words(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


_SINGULAR = {
    **{
        f"{word}s": word
        for word in ("attempt", "call", "day", "employee", "hour", "lead", "meeting", "minute")
    },
    **{f"{word}s": word for word in ("month", "page", "point", "time", "view", "visit", "week", "year")},
    "people": "person",
}  # a unit is in the company's words; what others than these are called when there is one, only it knows


def with_unit(value: float, unit: str) -> str:
    """`20 employees`, `1 employee`, or `20` without a unit."""
    if value == 1 and not unit.startswith("of "):  # 1 of 100 leads
        unit = " ".join(_SINGULAR.get(word, word) for word in unit.split(" "))
    return f"{number_text(value)} {unit}".strip()


def capitalised(sentence: str) -> str:
    """The sentence with a capital first letter; the others stay."""
    return sentence[:1].upper() + sentence[1:]
