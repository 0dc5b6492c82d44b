"""What one company has set: its name, its zone, its business hours and the marks of its promises."""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class ClosedDays:
    """Days on which the company itself is closed, both included, such as the days between the years."""

    first: date
    last: date
    name: str = ""


@dataclass(frozen=True)
class BusinessHours:
    """A weekly calendar of open hours in one zone, less the public holidays of a country and the company's closed days.

    `shifts` has, for each weekday (0 = Monday … 6 = Sunday), (opens, closes) pairs in minutes after midnight,
    ascending and apart. `country` is an ISO 3166 code known to the `holidays` library, with a region after a hyphen
    where holidays differ (`DE-BY`), or '' for none. Where hours have changed over time, see `alignment.calendars`.
    """

    timezone: str = "UTC"
    shifts: tuple[tuple[tuple[int, int], ...], ...] = (
        ((540, 1020),),
        ((540, 1020),),
        ((540, 1020),),
        ((540, 1020),),
        ((540, 1020),),
        (),
        (),
    )
    country: str = ""
    closed_days: tuple[ClosedDays, ...] = ()


@dataclass(frozen=True)
class Company:
    """The company's settings. Minutes and hours of promises are business time."""

    name: str = "Our company"
    hours: BusinessHours = field(default_factory=BusinessHours)
    follow_up_minutes: int = 60
    feedback_hours: int = 48
    sample: bool = False
