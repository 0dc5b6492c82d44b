"""When leads come in, and who they are: made-up companies and people with their traits and their first steps.

Everything is an array with one entry a lead; one seeded generator draws it all, so a seed and a day give the same
leads again. Instants are minutes since 1970 in UTC, as floats.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from alignment.business_hours import to_minutes

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]

_WEEKDAYS = np.array([1.15, 1.2, 1.15, 1.1, 0.95, 0.35, 0.45])
_MONTHS = np.array([1.0, 1.05, 1.1, 1.0, 1.0, 0.98, 0.9, 0.8, 1.05, 1.1, 1.05, 0.75])
_GROWTH = 0.2  # more leads a day at the end than at the start
_DAYTIME = np.array([2, 1, 1, 1, 1, 2, 5, 12, 26, 34, 36, 32, 26, 30, 34, 32, 27, 22, 16, 14, 14, 12, 8, 4])

# source → share before the agreement, share after it, how well its leads fit; '' is blank in the records
SOURCES: dict[str, tuple[float, float, float]] = {
    "Referral": (0.07, 0.09, 0.9),
    "Organic search": (0.23, 0.25, 0.35),
    "Direct visit": (0.09, 0.10, 0.3),
    "Event": (0.08, 0.10, 0.25),
    "E-mail campaign": (0.13, 0.12, -0.1),
    "Paid search": (0.17, 0.17, -0.1),
    "Social media": (0.13, 0.095, -0.6),
    "Display ads": (0.075, 0.05, -0.8),
    "": (0.015, 0.015, -0.1),
    "unknown": (0.01, 0.01, -0.1),
}
CAMPAIGNS: dict[str, tuple[str, ...]] = {
    "Referral": ("Customers invite colleagues", ""),
    "Organic search": ("",),
    "Direct visit": ("",),
    "Event": ("Spring trade fair", "Autumn trade fair", "Round table for controllers"),
    "E-mail campaign": ("Monthly letter", "Welcome series", "We miss you"),
    "Paid search": ("Keywords: forecasting", "Keywords: dashboards", "Keywords: our name"),
    "Social media": ("Short films", "Voices of customers", "Benchmark quiz"),
    "Display ads": ("Banner: one set of figures", "Banner: free guide"),
    "": ("",),
    "unknown": ("",),
}
INDUSTRIES: dict[str, tuple[float, float]] = {
    "software": (0.17, 0.2),
    "manufacturing": (0.2, 0.3),
    "logistics": (0.11, 0.25),
    "retail": (0.13, 0.0),
    "health care": (0.09, 0.0),
    "finance": (0.09, 0.1),
    "education": (0.07, -0.6),
    "public sector": (0.05, -0.4),
    "media": (0.06, -0.2),
    "unknown": (0.03, 0.0),
}
COUNTRIES: dict[str, tuple[float, float]] = {
    "DE": (0.42, 0.15),
    "AT": (0.1, 0.1),
    "CH": (0.1, 0.15),
    "NL": (0.08, 0.0),
    "FR": (0.07, -0.1),
    "GB": (0.08, 0.0),
    "PL": (0.05, 0.0),
    "DK": (0.04, 0.0),
    "US": (0.03, -1.3),
    "IN": (0.02, -1.5),
    "BR": (0.01, -1.5),
}
SERVED = ("DE", "AT", "CH", "NL", "FR", "GB", "PL", "DK")
JOB_LEVELS: dict[str, tuple[float, float]] = {
    "Owner or C-level": (0.1, 0.4),
    "Vice president": (0.07, 0.35),
    "Director or head of": (0.2, 0.4),
    "Manager": (0.3, 0.1),
    "Specialist": (0.25, -0.35),
    "Assistant or trainee": (0.08, -1.0),
}
_TITLES: dict[str, tuple[str, ...]] = {
    "Owner or C-level": ("Managing director", "Chief financial officer", "Chief operating officer", "Owner"),
    "Vice president": ("Vice president finance", "Vice president operations"),
    "Director or head of": ("Head of controlling", "Head of sales operations", "Director of planning"),
    "Manager": ("Finance manager", "Operations manager", "Business intelligence manager"),
    "Specialist": ("Controller", "Analyst", "Data specialist"),
    "Assistant or trainee": ("Working student", "Trainee", "Assistant"),
}
_STEMS = [
    "Almo",
    "Brenn",
    "Corva",
    "Dalen",
    "Elmor",
    "Fenno",
    "Garda",
    "Hollm",
    "Ister",
    "Jorva",
    "Kelm",
    "Lunar",
    "Marvo",
    "Nessa",
    "Orlin",
    "Pelta",
    "Quen",
    "Rovan",
    "Selka",
    "Torva",
    "Ulmen",
    "Varga",
    "Wend",
    "Ysolt",
    "Zarn",
]
_ENDINGS = ["dal", "berg", "tec", "vik", "hof", "lund", "mark", "port", "stad", "wick", "ria", "nova"]
_FORMS = ("GmbH", "AG", "B.V.", "Ltd", "SAS", "Group", "")
_GUIDES = (
    "Guide: forecasts that hold",
    "Guide: ten questions to your figures",
    "Checklist: monthly report",
    "Story: a machine builder",
)
_WEBINARS = ("Webinar: one set of figures", "Webinar: planning in a day")
_ASKING = ("Page: prices", "Page: product tour")


@dataclass(frozen=True)
class Profiles:
    """What is known of each lead and, in `fit` and `intent`, what nobody sees; all arrays have one entry a lead.

    Texts are '' where the records are blank; `employees` is NaN where nobody knows, `true_employees` never.
    """

    created: Numbers
    company: Texts
    job_title: Texts
    source: Texts
    campaign: Texts
    content: Texts
    industry: Texts
    country: Texts
    job_level: Texts
    employees: Numbers
    true_employees: Numbers
    served: Flags
    private_email: Flags
    phone_known: Flags
    demo_requested: Flags
    trial_started: Flags
    webinar: Flags
    pricing_page_views: Whole
    visits: Whole
    guide_downloads: Whole
    fit: Numbers
    intent: Numbers

    def __len__(self) -> int:
        return len(self.created)


def day_starts(first: date, days: int, zone: str) -> Numbers:
    """The instant at which each of `days` days from `first` on begins in the zone."""
    place = ZoneInfo(zone)
    return np.array(
        [to_minutes(datetime.combine(first + timedelta(days=n), time(), place)) for n in range(days)], float
    )


def arrivals(rng: Generator, count: int, first: date, days: int, zone: str) -> Numbers:
    """The instants at which `count` leads come in over `days` days, ascending: more on weekdays, in office hours, in spring."""
    calendar = [first + timedelta(days=number) for number in range(days)]
    weekday = np.array([day.weekday() for day in calendar])
    month = np.array([day.month - 1 for day in calendar])
    rate = _WEEKDAYS[weekday] * _MONTHS[month] * (1 + _GROWTH * np.arange(days) / days)
    day = rng.choice(days, count, p=rate / rate.sum())
    hour = rng.choice(24, count, p=_DAYTIME / _DAYTIME.sum())
    minute = hour * 60 + rng.integers(0, 3600, count) / 60
    return np.sort(day_starts(first, days, zone)[day] + minute)


def profiles(rng: Generator, created: Numbers, agreed: float) -> Profiles:
    """Traits and first steps of leads that come in at `created`; from `agreed` on, marketing looks in better places."""
    n = len(created)
    late = created >= agreed
    source = _pick_source(rng, late)
    source_fit = _weights(source, {name: fit for name, (_, _, fit) in SOURCES.items()})
    industry, industry_fit = _pick(rng, INDUSTRIES, n)
    country, country_fit = _pick(rng, COUNTRIES, n)
    job_level, job_fit = _pick(rng, JOB_LEVELS, n)
    size = np.exp(rng.normal(np.where(late, np.log(92), np.log(58)), 1.45))
    employees = np.clip(np.round(size), 1, 60_000).astype(np.float64)
    private = rng.random(n) < np.where(employees < 10, 0.4, 0.12)
    fit = (
        0.6 * (employees >= 50)
        + 0.25 * (employees >= 200)
        - 0.5 * (employees < 10)
        + industry_fit
        + country_fit
        + job_fit
        + source_fit
        - 0.4 * private
    )
    intent = rng.normal(0.3 * source_fit, 1.0)
    demo = rng.random(n) < _chance(-1.7 + 1.1 * intent)
    trial = rng.random(n) < _chance(-2.6 + 0.9 * intent)
    webinar = rng.random(n) < _chance(
        np.where(np.isin(source, ("E-mail campaign", "Event")), -0.4, -1.3) + 0.2 * intent
    )
    guides = rng.poisson(np.where(np.isin(source, ("Social media", "Paid search", "Display ads")), 1.1, 0.5))
    pricing = rng.poisson(np.exp(-0.25 + 0.75 * intent))
    return Profiles(
        created=created,
        company=_pick_company(rng, n),
        job_title=_blank(rng, _pick_title(rng, job_level), 0.1),
        source=source,
        campaign=_pick_campaign(rng, source),
        content=_pick_content(rng, webinar, demo | (pricing >= 3)),
        industry=_blank(rng, industry, 0.06),
        country=_blank(rng, country, 0.03),
        job_level=_blank(rng, job_level, 0.07),
        employees=np.where(rng.random(n) < np.where(late, 0.09, 0.14), np.nan, employees),
        true_employees=employees,
        served=np.isin(country, SERVED),
        private_email=private,
        phone_known=rng.random(n) < np.where(late, 0.74, 0.58),
        demo_requested=demo,
        trial_started=trial,
        webinar=webinar,
        pricing_page_views=pricing,
        visits=1 + pricing + rng.poisson(np.exp(0.6 + 0.4 * intent)),
        guide_downloads=guides,
        fit=fit,
        intent=intent,
    )


def pick_among(rng: Generator, weights: Numbers) -> Whole:
    """For each row of `weights` (n, k) a column, drawn in proportion to the row."""
    bounds = np.cumsum(weights, axis=1)
    drawn = rng.random(len(weights)) * bounds[:, -1]
    return np.minimum((drawn[:, None] >= bounds).sum(axis=1), weights.shape[1] - 1)


def _chance(logit: Numbers) -> Numbers:
    return 1 / (1 + np.exp(-logit))


def _pick(rng: Generator, table: dict[str, tuple[float, float]], n: int) -> tuple[Texts, Numbers]:
    names = np.array(list(table), dtype=object)
    shares = np.array([share for share, _ in table.values()])
    index = rng.choice(len(names), n, p=shares / shares.sum())
    return names[index], np.array([fit for _, fit in table.values()])[index]


def _pick_source(rng: Generator, late: Flags) -> Texts:
    names = np.array(list(SOURCES), dtype=object)
    before, after, _ = (np.array(column) for column in zip(*SOURCES.values(), strict=True))
    return names[pick_among(rng, np.where(late[:, None], after, before))]


def _pick_campaign(rng: Generator, source: Texts) -> Texts:
    drawn = rng.random(len(source))
    campaign = np.full(len(source), "", dtype=object)
    for name, choices in CAMPAIGNS.items():
        mine = source == name
        index = (drawn[mine] * len(choices)).astype(np.int64)
        campaign[mine] = np.array(choices, dtype=object)[index]
    return campaign


def _pick_title(rng: Generator, job_level: Texts) -> Texts:
    drawn = rng.random(len(job_level))
    title = np.full(len(job_level), "", dtype=object)
    for level, choices in _TITLES.items():
        mine = job_level == level
        title[mine] = np.array(choices, dtype=object)[(drawn[mine] * len(choices)).astype(np.int64)]
    return title


def _pick_company(rng: Generator, n: int) -> Texts:
    stems, endings, forms = (np.array(parts, dtype=object) for parts in (_STEMS, _ENDINGS, _FORMS))
    name = stems[rng.integers(0, len(stems), n)] + endings[rng.integers(0, len(endings), n)]
    form = forms[rng.integers(0, len(forms), n)]
    return np.where(form == "", name, name + " " + form)


def _pick_content(rng: Generator, webinar: Flags, asking: Flags) -> Texts:
    drawn = rng.random(len(webinar))

    def some(choices: tuple[str, ...]) -> Texts:
        return np.array(choices, dtype=object)[(drawn * len(choices)).astype(np.int64)]

    return _blank(
        rng, np.where(webinar, some(_WEBINARS), np.where(asking, some(_ASKING), some(_GUIDES))), 0.1
    )


def _blank(rng: Generator, texts: Texts, share: float) -> Texts:
    return np.where(rng.random(len(texts)) < share, "", texts)


def _weights(texts: Texts, table: dict[str, float]) -> Numbers:
    return np.array([table[text] for text in texts.tolist()])
