"""Every test has a data folder of its own."""

import os

import bcrypt
import pytest
from hypothesis import settings

from db import store as stores

# A law holds or it does not; how long a machine takes for it is no part of it. Where the suite decides what lands, the same
# examples come every time; elsewhere new ones are looked for at each run.
settings.register_profile("concord", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("concord")


_real_salt = bcrypt.gensalt


@pytest.fixture(autouse=True)
def quick_hashing(monkeypatch):
    """Passwords are hashed at bcrypt's lowest cost, but for the tests that are about time."""
    monkeypatch.setattr(bcrypt, "gensalt", lambda rounds=4: _real_salt(4))


@pytest.fixture(autouse=True)
def data_folder(tmp_path, monkeypatch):
    """An empty data folder; stores opened in it are closed afterwards."""
    folder = tmp_path / "data"
    monkeypatch.setenv("CONCORD_DATA", str(folder))
    yield folder
    stores.close_all()
