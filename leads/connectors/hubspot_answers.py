"""What stands in the answers of HubSpot's API, whatever was asked of it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from leads.connectors.source import SourceUnavailable


def found_in(document: Any, *, has_id: bool) -> tuple[list[dict[str, Any]], int]:
    """The results of an answer that are objects, and have an id if they should; and how many others there are.

    Raises SourceUnavailable where there is no list of results.
    """
    results = document.get("results") if isinstance(document, dict) else None
    if not isinstance(results, list):
        raise SourceUnavailable("HubSpot sent an answer without results. It is tried again later.")
    sound = [
        found
        for found in results
        if isinstance(found, dict)
        and (not has_id or (isinstance(found.get("id"), str | int) and str(found["id"])))
    ]
    return sound, len(results) - len(sound)


def ids_of(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """The ids of records that have one."""
    return [str(record["id"]) for record in records]


def next_of(answer: Any) -> str | None:
    """Where the next page begins; None on the last."""
    paging = answer.get("paging") if isinstance(answer, dict) else None
    following = paging.get("next") if isinstance(paging, dict) else None
    after = following.get("after") if isinstance(following, dict) else None
    return str(after) if after else None


def both_halves(
    records: Iterable[dict[str, Any]], more: Iterable[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Records with those of the same id of a second call, which asked for more of their properties; without those it did not find."""
    by_id = {str(record["id"]): record for record in more}
    for record in records:
        if str(record["id"]) in by_id:
            yield record, by_id[str(record["id"])]
