"""About eighteen months of the sample company's leads, as columns: made up, seeded, and dated back from a day.

The same seed on the same day gives the same leads, to the microsecond.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from alignment.business_hours import open_intervals
from alignment.company import BusinessHours
from alignment.lifecycle import EventType, Stage
from sample.arrivals import Flags, Numbers, Profiles, Texts, arrivals, day_starts, profiles
from sample.handoffs import Happenings, happenings

if TYPE_CHECKING:
    import pyarrow as pa

HOURS = BusinessHours(timezone="Europe/Berlin", country="DE")
LEADS = 20_000
DAYS = 548
_LATELY = 70  # days ago, since when habits slip a little


@dataclass(frozen=True, eq=False)
class LeadHistory:
    """`leads` and `events` as named columns of one length each; `events` is in order of time.

    Instants are `datetime64[us]` in UTC, unknown numbers NaN; text columns are object arrays in which None is
    blank.
    """

    leads: dict[str, NDArray]
    events: dict[str, NDArray]


def lead_history(
    today: date,
    agreed_on: date,
    sellers: Sequence[str],
    *,
    seed: int = 1,
    count: int = LEADS,
    days: int = DAYS,
) -> LeadHistory:
    """`count` leads of the `days` days before `today`, and what happened to them until the day began.

    `agreed_on` is the day from which the agreed definition is in force. `sellers` are the labels of the salespeople
    who share the leads.
    """
    rng = np.random.default_rng([seed, today.toordinal()])
    first = today - timedelta(days=days)
    begins = day_starts(first, days + 1, HOURS.timezone)
    agreed = float(begins[(agreed_on - first).days])
    created = arrivals(rng, count, first, days, HOURS.timezone)
    leads = profiles(rng, created, agreed)
    clock = open_intervals(HOURS, first - timedelta(days=3), today + timedelta(days=1500))
    everything = happenings(rng, leads, clock, agreed, float(begins[-1 - _LATELY]), len(sellers))
    past = everything.only(everything.at < begins[-1])
    ids = np.array([f"TA-{number:06d}" for number in range(1, count + 1)], dtype=object)
    return LeadHistory(_lead_columns(leads, past, ids, sellers, rng), _event_columns(past, ids, sellers))


def to_arrow(columns: Mapping[str, NDArray]) -> "pa.Table":
    """Columns of a `LeadHistory` as an Arrow table, in which None and NaN are null."""
    import pyarrow as pa

    return pa.table({name: pa.array(values, from_pandas=True) for name, values in columns.items()})


def _lead_columns(
    leads: Profiles, past: Happenings, ids: Texts, sellers: Sequence[str], rng: Generator
) -> dict[str, NDArray]:
    """The fields as recorded: canonical ones under their names, custom ones under theirs, all as `leads.model` has them."""
    owner = np.full(len(leads), None, dtype=object)
    assigned = past.kind == EventType.ASSIGNED.value
    owner[past.lead[assigned]] = np.array(sellers, dtype=object)[past.by[assigned]]
    priced = np.zeros(len(leads), dtype=bool)
    priced[past.lead[past.detail == Stage.OPPORTUNITY.value]] = True
    size = np.minimum(leads.true_employees, 5_000)
    value = np.round(900 * size**0.55 * np.exp(rng.normal(0, 0.35, len(leads))), -2)
    return {
        "lead_id": ids,
        "source": _or_none(leads.source),
        "campaign": _or_none(leads.campaign),
        "content": _or_none(leads.content),
        "company": leads.company,
        "employees": leads.employees,
        "industry": _or_none(leads.industry),
        "country": _or_none(leads.country),
        "job_title": _or_none(leads.job_title),
        "job_level": _or_none(leads.job_level),
        "owner": owner,
        "value": np.where(priced, value, np.nan),
        "currency": _blank_where(~priced, np.full(len(leads), "EUR")),
        "created_at": _instants(leads.created),
        "demo_requested": leads.demo_requested,
        "trial_started": leads.trial_started,
        "webinar": leads.webinar,
        "private_email": leads.private_email,
        "phone_known": leads.phone_known,
        "pricing_page_views": leads.pricing_page_views,
        "visits": leads.visits,
        "guide_downloads": leads.guide_downloads,
    }


def _event_columns(past: Happenings, ids: Texts, sellers: Sequence[str]) -> dict[str, NDArray]:
    past = past.only(np.lexsort((past.lead, past.at)))
    entered = past.kind == EventType.ENTERED_STAGE.value
    names = np.array([*sellers, None], dtype=object)
    return {
        "lead_id": ids[past.lead],
        "type": past.kind,
        "stage": _blank_where(~entered, past.detail),
        "at": _instants(past.at),
        "reason": _blank_where(entered | (past.detail == ""), past.detail),
        "owner": names[past.by],
    }


def _instants(minutes: Numbers) -> NDArray[np.datetime64]:
    return np.round(minutes * 60).astype("datetime64[s]").astype("datetime64[us]")


def _or_none(texts: Texts) -> Texts:
    return _blank_where(texts == "", texts)


def _blank_where(blank: Flags, values: NDArray) -> Texts:
    texts = values.astype(object)
    texts[blank] = None
    return texts
