"""Uploaded files on disk for as long as an action reads them, under a name of ours, never the browser's."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import Any


@contextmanager
def on_disk(uploads: Sequence[Any]) -> Iterator[list[tuple[str, Path]]]:
    """The uploads as (name the person gave, path) for actions that read files; gone after the block."""
    with TemporaryDirectory(prefix="concord-upload-") as folder:
        kept = []
        for number, upload in enumerate(uploads):
            path = Path(folder) / f"{number}.upload"
            upload.seek(0)
            with path.open("wb") as file:
                copyfileobj(upload, file)
            kept.append((upload.name, path))
        yield kept
