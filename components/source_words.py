"""Sources and pulls in words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from actions import clock, settings
from actions.connectors import Connector, Run
from alignment import instants
from components.session import actor

STATES = {
    "running": "Under way",
    "done": "Done",
    "later": "Tried again later",
    "failed": "Failed",
    "stopped": "Stopped by a person",
    "cut_off": "Cut off, goes on",
}


def when(instant: str | None) -> str:
    """An instant by the company's clocks, without the day if that is today."""
    if not instant:
        return ""
    local = settings.local_time(actor(), instant)
    today = settings.local_time(actor(), clock.now_text())
    return f"{local:%H:%M}" if local.date() == today.date() else f"{local.day} {local:%B %Y, %H:%M}"


def badge(source: Connector) -> tuple[str, str, str]:
    """How a source stands: a word, a colour and an icon."""
    if source.fault:
        return "Key missing", "red", ":material/key_off:"
    if source.running:
        return "Pulling", "blue", ":material/sync:"
    if source.last is not None and source.last.state == "failed":
        return "Needs you", "red", ":material/error:"
    if not source.enabled:
        return ("Paused" if source.last else "Not started"), "gray", ":material/pause:"
    if source.last is not None and source.last.state == "later":
        return "Waiting to try again", "orange", ":material/hourglass:"
    return "On", "green", ":material/check:"


def last_pull(source: Connector) -> str:
    """The latest pull in a sentence, ours alone."""
    run = source.last
    if run is None:
        return "Nothing has been pulled yet."
    if run.state == "running" and source.running:
        return f"Pulling since {when(run.started_at)}: {brought(run)} so far."
    if run.state == "running":
        return f"The pull of {when(run.started_at)} was cut off after {brought(run)}. The next one goes on from there."
    ended = when(run.ended_at)
    match run.state:
        case "done" if not run.read:
            return f"Last pull at {ended}: nothing new."
        case "done":
            return f"Last pull at {ended}: {brought(run)}."
        case "stopped" | "cut_off":
            return f"The pull of {ended} was stopped after {brought(run)}. The next one goes on from there."
    return f"The pull of {ended} did not come to its end: {brought(run)}."


def next_pull(source: Connector) -> str:
    """When the next pull is, in a sentence; '' while one is under way."""
    if source.running:
        return ""
    if source.next_run_at is None:
        return "No pull is planned."
    if source.next_run_at <= clock.now_text():
        return "The next pull begins in a moment."
    return f"Next pull at {when(source.next_run_at)}."


def brought(run: Run) -> str:
    """What a pull has brought, in words."""
    parts = [f"{run.read:,} {'record' if run.read == 1 else 'records'} read"]
    if run.leads:
        parts.append(f"{run.leads:,} {'lead' if run.leads == 1 else 'leads'}")
    if run.events or run.leads:
        parts.append(f"{run.events:,} new {'event' if run.events == 1 else 'events'}")
    if run.refused:
        parts.append(f"{run.refused:,} not taken")
    return ", ".join(parts)


def took(run: Run) -> str:
    """How long a pull took."""
    if run.ended_at is None:
        return ""
    seconds = _moment(run.ended_at) - _moment(run.started_at)
    whole = max(0, round(seconds.total_seconds()))
    return f"{whole} s" if whole < 120 else f"{whole // 60} min"


def every(minutes: int) -> str:
    """How often, in words."""
    words: Mapping[int, str] = {60: "every hour", 360: "every six hours", 1440: "once a day"}
    return words.get(minutes, f"every {minutes} minutes")


def values_without_meaning(source: Connector) -> list[str]:
    """The values of theirs for which nobody has chosen a meaning and none is obvious, by their labels."""
    chosen: Mapping[str, Any] = source.plan.get("meanings", {})
    return [
        label
        for tracked in source.description.get("tracked", [])
        for value, label, suggested in tracked["values"]
        if not suggested and not chosen.get(tracked["field"], {}).get(value)
    ]


def _moment(instant: str) -> datetime:
    return instants.from_text(instant)
