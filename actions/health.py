"""Whether the portal works, and its orderly end."""

from dataclasses import dataclass

from actions.permissions import authorise
from alignment.errors import NotFound, Refusal
from alignment.people import Actor
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


def inspect(actor: Actor) -> Health:
    """Read the whole store and look whether it is sound; slower than `check`, and says what is wrong.

    Raises NotFound when there is no store: looking must not make one.
    """
    authorise(actor, "setting:change")
    if not (stores.data_folder() / "concord.db").exists():
        raise NotFound(f"There is no store in {stores.data_folder()}. Name the folder with --data.")
    return Health(stores.store().fault() or "ok", _leads())


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
