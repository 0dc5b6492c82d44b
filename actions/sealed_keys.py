"""Keys of other systems at rest: encrypted, under a key in a file beside the store, and never shown again."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from actions.sign_in import kept_key
from alignment.errors import InvalidInput
from db.store import data_folder

KEY_FILE = "connectors.key"


def seal(keys: Mapping[str, str]) -> str:
    """The keys by name, encrypted."""
    return _cipher().encrypt(json.dumps(dict(keys)).encode()).decode("ascii")


def unseal(sealed: str) -> dict[str, str]:
    """What `seal` was given. Raises InvalidInput when the key in the data folder is another one now."""
    from cryptography.fernet import InvalidToken

    try:
        found: dict[str, str] = json.loads(_cipher().decrypt(sealed.encode("ascii")))
    except (InvalidToken, ValueError) as error:
        raise InvalidInput(
            f"The keys cannot be read any more, since {KEY_FILE} in the data folder is another one. Enter them anew."
        ) from error
    return found


def _cipher() -> Any:
    from cryptography.fernet import Fernet

    return Fernet(base64.urlsafe_b64encode(bytes.fromhex(kept_key(data_folder() / KEY_FILE))))
