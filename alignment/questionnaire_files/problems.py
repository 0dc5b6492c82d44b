"""What is wrong with a questionnaire in a file: where it stands, and what to change."""

import difflib
from dataclasses import dataclass

from alignment.errors import InvalidInput


@dataclass(frozen=True)
class Problem:
    """One mistake: the line it stands on (None for a document without lines), the key, and what to change."""

    line: int | None
    key: str
    remedy: str

    def __str__(self) -> str:
        place = ", ".join(
            part
            for part in (f"Line {self.line}" if self.line else "", f"key ‘{self.key}’" if self.key else "")
            if part
        )
        return f"{place}: {self.remedy}" if place else self.remedy


class InvalidQuestionnaire(InvalidInput):
    """A questionnaire that cannot be used; `problems` has each mistake."""

    def __init__(self, problems: list[Problem]) -> None:
        """Say the first ten problems."""
        self.problems = tuple(problems)
        shown = " ".join(str(problem) for problem in problems[:10])
        more = f" And {len(problems) - 10} more." if len(problems) > 10 else ""
        super().__init__(f"The questionnaire cannot be used. {shown}{more}")


def nearest(key: str, known: tuple[str, ...]) -> str:
    """“ (perhaps ‘…’ was meant)” for the known name that is most like `key`; '' when none is."""
    close = difflib.get_close_matches(key, known, n=1)
    return f" (perhaps ‘{close[0]}’ was meant)" if close else ""
