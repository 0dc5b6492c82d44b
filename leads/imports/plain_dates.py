"""Dates that the engine reads while it reads a text file, where all of a column are written in one plain way.

That takes a fraction of the time that reading texts as dates does. What the first rows show is tried; the engine leaves out a row
that has another text there, so that counting the rows tells whether it holds for all of them.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

DAY = "%Y-%m-%d"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENTS = {
    f"{DAY} %H:%M:%S": f"{_DAY} [0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}",
    f"{DAY} %H:%M": f"{_DAY} [0-9]{{2}}:[0-9]{{2}}",
    f"{DAY}T%H:%M:%S": f"{_DAY}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}",
    f"{DAY}T%H:%M": f"{_DAY}T[0-9]{{2}}:[0-9]{{2}}",
}
_PATTERNS = {form: re.compile(pattern) for form, pattern in {DAY: _DAY, **_MOMENTS}.items()}


@dataclass(frozen=True)
class WrittenAlike:
    """Columns by their place, with the engine's type for each, and how the moments in those with a time of day are written."""

    types: Mapping[int, str] = field(default_factory=dict)
    moment: str = next(iter(_MOMENTS))


def written_alike(rows: Sequence[Sequence[str]], places: Collection[int]) -> WrittenAlike:
    """The columns, of those at `places`, in which the first rows show plain dates alone.

    The engine reads moments of one form in a file, so that columns in which they are written otherwise than in most are not among them.
    """
    forms = {place: form for place in places if (form := _form({row[place] for row in rows} - {""}))}
    moments = Counter(form for form in forms.values() if form != DAY)
    if not moments:
        return WrittenAlike(dict.fromkeys(forms, "DATE"))
    moment = moments.most_common(1)[0][0]
    return WrittenAlike(
        {
            place: "DATE" if form == DAY else "TIMESTAMP"
            for place, form in forms.items()
            if form in (DAY, moment)
        },
        moment,
    )


def _form(texts: Collection[str]) -> str:
    """The form in which all of these texts are written; '' where there is none, or no text."""
    fits = (form for form, pattern in _PATTERNS.items() if all(map(pattern.fullmatch, texts)))
    return next(fits, "") if texts else ""
