"""Every test has a data folder of its own."""

import gc
import os
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import bcrypt
import pytest
from hypothesis import settings

from db import store as stores

# A law holds or it does not; how long a machine takes for it is no part of it. Where the suite decides what lands, the same
# examples come every time; elsewhere new ones are looked for at each run.
settings.register_profile("concord", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("concord")


@pytest.fixture(scope="session", autouse=True)
def quick_hashing() -> Iterator[None]:
    """Passwords are hashed at bcrypt's lowest cost, but for the tests that are about time."""
    real_salt = bcrypt.gensalt
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bcrypt, "gensalt", lambda rounds=4: real_salt(4))
        yield


def pytest_collection_finish() -> None:
    """What was imported stays: no collection of garbage need look at it again, and each looks at more at a time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


# longer than any test that asks what day it is
_LAST_OF_A_DAY = timedelta(seconds=40)


@pytest.fixture(autouse=True)
def one_day() -> None:
    """A test begins and ends on the same day, in UTC and where the sample company is: the last seconds of a day are waited out."""
    for zone in (UTC, ZoneInfo("Europe/Berlin")):
        now = datetime.now(zone)
        midnight = datetime(now.year, now.month, now.day, tzinfo=zone) + timedelta(days=1)
        left = midnight.astimezone(UTC) - now.astimezone(UTC)
        if left < _LAST_OF_A_DAY:
            time.sleep(left.total_seconds())


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store that has gone through all migrations and in which nothing has happened yet."""
    path = tmp_path_factory.mktemp("empty") / "concord.db"
    stores.Store(path).close()
    return path


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_store: Path) -> Iterator[Path]:
    """An empty data folder; stores opened in it are closed afterwards.

    A new store begins as a copy of one that has gone through the migrations, which takes a fifth of the time.
    """
    folder = tmp_path / "data"
    monkeypatch.setenv("CONCORD_DATA", str(folder))
    migrate = stores.Store._migrate

    def begin(store: stores.Store) -> None:
        if not store.path.exists():
            shutil.copy(empty_store, store.path)
        migrate(store)

    monkeypatch.setattr(stores.Store, "_migrate", begin)
    yield folder
    stores.close_all()
