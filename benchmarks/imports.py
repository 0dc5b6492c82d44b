"""A file of leads imported beside the engine alone reading the same file into a table: times and ratios on this machine.

Both run in fresh processes, in turn, so that neither has the other's memory; seconds of the processor are told beside those of the
clock, for a machine with other work. The second import has the leads known already; the third is the same file again.

python -m benchmarks.imports --rows 1000000
python -m benchmarks.imports --file export.csv --mapping export.toml
"""

import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click

MAPPING = """
lead_id = "id"
source = "Lead source"
campaign = "campaign"
company = "company"
employees = "employees"
country = "country"
job_title = "title"
created_at = "created"
[stages]
mql = "mql"
sql = "sql"
won = "won"
"""
_SOURCES = ("ads", "referral", "organic", "partner", "", "unknown")
_COUNTRIES = ("DE", "FR", "GB", "US", "BR")


def write_file(path: Path, rows: int, seed: int = 1) -> None:
    """Leads of two years as a CRM exports them, some of whom got further: about 100 bytes a row."""
    import numpy as np

    draw = random.Random(seed)
    start = np.datetime64("2024-01-01T00:00:00")
    with path.open("w", encoding="utf-8") as stream:
        stream.write("id,Lead source,campaign,company,employees,country,created,mql,sql,won,title\n")
        for number in range(rows):
            created = start + np.timedelta64(draw.randrange(730 * 1440), "m")
            text = str(created).replace("T", " ")
            mql = str(created + np.timedelta64(1, "D")).replace("T", " ") if draw.random() < 0.8 else ""
            sql = str(created + np.timedelta64(5, "D"))[:10] if draw.random() < 0.4 else ""
            won = str(created + np.timedelta64(40, "D"))[:10] if draw.random() < 0.1 else ""
            stream.write(
                f"lead-{number},{draw.choice(_SOURCES)},spring,Company {draw.randrange(50_000)},"
                f"{draw.randrange(5_000)},{draw.choice(_COUNTRIES)},{text},{mql},{sql},{won},Head of things\n"
            )


def read_alone(path: Path, folder: Path) -> None:
    """The file as the engine reads it by itself: its types found, into a table on disk."""
    import duckdb

    connection = duckdb.connect(str(folder / f"alone-{time.time_ns()}.duckdb"), config={"threads": 2})
    connection.read_csv(str(path)).create("alone")
    connection.close()


def import_it(path: Path, mapping: Path) -> None:
    """The file as an import reads it, into the facts of the data folder."""
    from leads.imports.importing import import_files
    from leads.imports.mapping import read_mapping

    import_files([path], read_mapping(mapping.read_text(encoding="utf-8")))


def measure(what: str, *arguments: Path) -> dict[str, float]:
    """Run a step in a process of its own; seconds of clock and processor without those of starting it, and its peak of memory."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.imports", "--step", what, *map(str, arguments)],
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, float] = json.loads(told.stdout.splitlines()[-1])
    return found


def run_step(what: str, arguments: tuple[str, ...]) -> None:
    """In the process: do the step and print what it took."""
    import duckdb  # noqa: F401
    import ibis

    ibis.duckdb.connect().disconnect()
    step = {"alone": read_alone, "import": import_it}[what]
    begun, used = time.perf_counter(), _processor()
    step(*(Path(argument) for argument in arguments))
    took = {
        "clock": time.perf_counter() - begun,
        "processor": _processor() - used,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    sys.stdout.write(json.dumps(took) + "\n")


def _processor() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def compare(path: Path, mapping: Path, rounds: int) -> dict[str, Any]:
    """Medians of each step, over several rounds in turn."""
    taken: dict[str, list[dict[str, float]]] = {"alone": [], "first": [], "again": []}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["CONCORD_DATA"] = folder
            taken["alone"].append(measure("alone", path, Path(folder)))
            taken["first"].append(measure("import", path, mapping))
            taken["again"].append(measure("import", path, mapping))
    return {
        step: {name: statistics.median(one[name] for one in found) for name in found[0]}
        for step, found in taken.items()
    }


@click.command()
@click.option("--rows", default=1_000_000, show_default=True)
@click.option("--file", "given", type=click.Path(path_type=Path, exists=True), help="A file of one's own.")
@click.option(
    "--mapping", type=click.Path(path_type=Path, exists=True), help="The mapping that goes with it."
)
@click.option("--rounds", default=3, show_default=True)
@click.option("--step", hidden=True)
@click.argument("arguments", nargs=-1)
def main(
    rows: int,
    given: Path | None,
    mapping: Path | None,
    rounds: int,
    step: str | None,
    arguments: tuple[str, ...],
) -> None:
    """Compare."""
    if step is not None:
        run_step(step, arguments)
        return
    if (given is None) != (mapping is None):
        raise click.UsageError("Give --file and --mapping together.")
    with tempfile.TemporaryDirectory() as folder:
        if given is None or mapping is None:
            given, mapping = Path(folder) / "leads.csv", Path(folder) / "mapping.toml"
            mapping.write_text(MAPPING, encoding="utf-8")
            write_file(given, rows)
        found = compare(given, mapping, rounds)
        click.echo(f"{given.name}: {given.stat().st_size / 1e6:,.0f} MB, medians of {rounds} rounds")
    alone = found["alone"]
    for name, label in (
        ("alone", "the engine reads it into a table"),
        ("first", "imported as the first"),
        ("again", "the same file again"),
    ):
        one = found[name]
        click.echo(
            f"{label:<34} {one['clock']:6.2f} s ({one['clock'] / alone['clock']:4.1f} times), processor "
            f"{one['processor']:6.2f} s ({one['processor'] / alone['processor']:4.1f} times), peak {one['peak_mb']:5.0f} MB"
        )


if __name__ == "__main__":
    main()
