"""Every test has a data folder of its own."""

import pytest

from db import store as stores


@pytest.fixture(autouse=True)
def data_folder(tmp_path, monkeypatch):
    """An empty data folder; stores opened in it are closed afterwards."""
    folder = tmp_path / "data"
    monkeypatch.setenv("CONCORD_DATA", str(folder))
    yield folder
    stores.close_all()
