"""What one company has set: its name, its zone, its business hours and the marks of its promises."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class BusinessHours:
    """A weekly calendar of open hours in one zone, less the public holidays of a country.

    `shifts` has, for each weekday (0 = Monday … 6 = Sunday), (opens, closes) pairs in minutes after midnight,
    ascending and apart. `country` is an ISO 3166 code known to the `holidays` library, or '' for none.
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


@dataclass(frozen=True)
class Company:
    """The company's settings. Minutes and hours of promises are business time."""

    name: str = "Our company"
    hours: BusinessHours = field(default_factory=BusinessHours)
    follow_up_minutes: int = 60
    feedback_hours: int = 48
    sample: bool = False
