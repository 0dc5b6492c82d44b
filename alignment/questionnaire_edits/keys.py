"""Names that questions and sections go by in files and in the store."""

import re
import unicodedata
from collections.abc import Sequence

from alignment.questionnaires import Questionnaire

_LONGEST = 40


def free_key(questionnaire: Questionnaire, wanted: str) -> str:
    """A question's key that is not taken: `wanted`, or with a number behind it."""
    return free(slug(wanted, "question"), [question.key for question in questionnaire.questions])


def free(wanted: str, taken: Sequence[str]) -> str:
    """`wanted`, or with another number at its end where that is taken."""
    names = {*taken, "person", "team"}
    stem = re.sub(r"_\d+$", "", wanted)
    number = 2
    key = wanted
    while key in names:
        key = f"{stem[: _LONGEST - len(str(number)) - 1]}_{number}"
        number += 1
    return key


def slug(text: str, fallback: str) -> str:
    """Small letters, digits and _, a letter first."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "_", bare).strip("_")[:_LONGEST].rstrip("_")
    return slug if slug and slug[0].isalpha() else f"{fallback}_{slug}".rstrip("_")[:_LONGEST].rstrip("_")
