"""The lead score as an agreement: points for traits and actions and the threshold, in versions that both sides sign."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from alignment.agreements import AgreementKind, Subject
from alignment.definitions import RuledVersion
from alignment.errors import InvalidInput
from alignment.rules import Points, parse, to_document

LEAD_SCORE = "lead_score"
SCORE = Subject(AgreementKind.SCORE, LEAD_SCORE, "Lead score")


@dataclass(frozen=True, kw_only=True)
class ScoreVersion(RuledVersion):
    """One version of the lead score. `rule` is a rule document of points and a threshold; `text` says why."""

    kind = AgreementKind.SCORE

    @classmethod
    def of(cls, subject: Subject, content: Mapping[str, Any], **common: Any) -> Self:
        """The version of the score."""
        return cls(text=content["text"], rule=content["rule"], **common)

    @property
    def subject(self) -> Subject:
        """The one score there is."""
        return SCORE


def check_points(rule: object) -> dict[str, Any]:
    """The document of a points rule as it is kept. Raises InvalidRule, or InvalidInput for a rule without points."""
    found = parse(rule)
    if not isinstance(found.root, Points):
        raise InvalidInput(
            "A score is points and a threshold, not a rule of conditions. Give points for each, and a threshold."
        )
    return to_document(found)
