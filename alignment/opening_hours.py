"""Business hours of a day as people write them: `09:00-12:30, 13:30-17:00`, or nothing for a closed day."""

import re

from alignment.errors import InvalidInput

Shifts = tuple[tuple[int, int], ...]
_SHIFT = re.compile(
    r"(\d{1,2})(?:[:.](\d{2}))?\s*(?:-|–|—|to|until)\s*(\d{1,2})(?:[:.](\d{2}))?", re.IGNORECASE
)
_CLOSED = ("", "closed", "-", "–", "—")


def read_shifts(text: str, day: str) -> Shifts:
    """The (opens, closes) pairs in minutes after midnight that `text` names; () for a closed day.

    Raises InvalidInput, naming `day`, for anything that is not a list of ascending spans within the day.
    """
    if text.strip().lower() in _CLOSED:
        return ()
    shifts: list[tuple[int, int]] = []
    for part in re.split(r"[,;]", text):
        found = _SHIFT.fullmatch(part.strip())
        if found is None:
            raise InvalidInput(
                f"The hours on {day} cannot be read: '{part.strip()}'. Write them like 09:00-17:00, several with a comma "
                "between, or leave the field empty for a closed day."
            )
        opens, closes = _minutes(found[1], found[2]), _minutes(found[3], found[4])
        last = shifts[-1][1] if shifts else -1
        if int(found[2] or 0) > 59 or int(found[4] or 0) > 59 or not last < opens < closes <= 24 * 60:
            if opens > closes > opens - 12 * 60 and max(int(found[1]), int(found[3])) <= 12:
                meant = write_shifts(((opens, closes + 12 * 60),))
                raise InvalidInput(
                    f"{day} {_clock(opens)}–{_clock(closes)} ends before it begins. Write {meant}."
                )
            raise InvalidInput(
                f"The hours on {day} do not fit: each span has to begin before it ends, after the one before it, and "
                "the day ends at 24:00."
            )
        shifts.append((opens, closes))
    return tuple(shifts)


def write_shifts(shifts: Shifts) -> str:
    """The text that `read_shifts` reads back to the same pairs."""
    return ", ".join(f"{_clock(opens)}-{_clock(closes)}" for opens, closes in shifts)


def _minutes(hours: str, minutes: str | None) -> int:
    return int(hours) * 60 + int(minutes or 0)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
