"""Migrations of the operational store: append-only, applied in order under one lock at start.

Never edit one that has been released; add the next. Each is a function that takes a `sqlite_utils.Database` inside
a transaction, so `executescript`, which commits, must not be used.
"""

from sqlite_utils import Migrations

migrations = Migrations("concord")

from db.migrations import (  # noqa: E402, F401
    m0001_house,
    m0002_surveys,
    m0003_agreements,
    m0004_leads,
    m0005_running_surveys,
    m0006_lead_feed,
    m0007_connectors,
    m0008_lead_decisions,
    m0009_promises,
    m0010_goals,
    m0011_set_aside,
    m0012_agreements,
    m0013_glossary,
    m0014_objections,
)
