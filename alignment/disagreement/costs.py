"""What a disagreement costs: the past leads that two teams would treat differently, and what became of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from alignment.people import Team

LEAST_JUDGED = 30
"""Of so many past leads both rules have to tell before what they tell of them is called the cost of a disagreement."""
LEAST_SHARE = 3
"""And of one in so many of the leads of the period."""


@dataclass(frozen=True)
class LeadsApart:
    """Past leads under both teams' typical rules: how many only one team would call qualified, and what became of these.

    `judged` is of how many leads both rules can tell, `untold` of how many at least one cannot. `only`, `won` and `lost`
    are counts of leads by the team that alone would call them qualified; what is neither won nor lost is still open.
    The leads came from `first_day` to `last_day`, both included; None where all leads count, dated or not.
    """

    judged: int
    untold: int
    only: Mapping[Team, int]
    won: Mapping[Team, int]
    lost: Mapping[Team, int]
    first_day: date | None = None
    last_day: date | None = None

    @property
    def differently(self) -> int:
        """How many leads the two rules treat differently: the cost of the disagreement."""
        return sum(self.only.values())

    @property
    def enough(self) -> bool:
        """Whether enough of the period's leads can be judged, so that the cost stands for these and not for a few."""
        return self.judged >= LEAST_JUDGED and LEAST_SHARE * self.judged >= self.judged + self.untold

    def as_dict(self) -> dict[str, Any]:
        """The cost in the shape of `manage.py compare --json`."""
        return {
            "leads_treated_differently": self.differently,
            "judged": self.judged,
            "untold": self.untold,
            **{
                f"only_{team.value}": {
                    "leads": self.only[team],
                    "won": self.won[team],
                    "lost": self.lost[team],
                }
                for team in Team
            },
            "first_day": None if self.first_day is None else self.first_day.isoformat(),
            "last_day": None if self.last_day is None else self.last_day.isoformat(),
        }
