"""Keys of stored things: text that sorts by the time it was made."""

from ulid import ULID


def new_id() -> str:
    """A fresh key: 26 characters, unique, ordered by creation time to the millisecond."""
    return str(ULID())
