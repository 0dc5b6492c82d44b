"""Whether the portal works, and its orderly end."""

from dataclasses import dataclass

from alignment.errors import Refusal
from db import store as stores
from db.queries import people


@dataclass(frozen=True)
class Health:
    """`store` and `leads` are "ok", or a word on what does not work; nothing about the data."""

    store: str
    leads: str

    @property
    def sound(self) -> bool:
        """Whether everything answers."""
        return self.store == "ok" and self.leads == "ok"


def check() -> Health:
    """Ask the store and the lead engine for an answer. For anybody: it tells nothing but whether they work."""
    return Health(_store(), _leads())


def close() -> None:
    """Finish the writes that wait and close the store. Nothing can be saved afterwards."""
    stores.close_all()


def _store() -> str:
    try:
        people.count(stores.store().read())
    except Refusal as refusal:
        return str(refusal)
    except Exception:
        return "does not answer"
    return "ok"


def _leads() -> str:
    try:
        from leads.store import warehouse

        return "ok" if warehouse().answers() else "does not answer"
    except Exception:
        return "does not answer"
