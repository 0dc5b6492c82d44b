"""The house has few rooms, and each keeps to its purpose."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from inventory import public_actions

from actions.permissions import PERMISSIONS

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("actions", "alignment", "api", "components", "db", "jobs", "leads", "pages", "reports", "sample")
MAY_IMPORT = {
    "app.py": {"actions", "alignment", "components"},
    "pages": {"actions", "alignment", "components", "reports", "sample"},
    "server.py": {"actions", "alignment", "api", "components", "jobs", "reports"},
    "manage.py": {"actions", "alignment", "jobs", "reports", "sample"},
    "reports": {"actions", "alignment", "components", "reports"},
    "jobs": {"actions", "alignment", "jobs"},
}


def files(*places):
    for place in places:
        path = ROOT / place
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_the_import_rules_hold():
    found = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))], cwd=ROOT, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize("place", MAY_IMPORT)
def test_entries_and_pages_import_only_what_they_may(place):
    for path in files(place):
        ours = {name.split(".")[0] for name in imports(path)} & set(ROOMS)
        assert ours <= MAY_IMPORT[place], f"{path.relative_to(ROOT)} imports {ours - MAY_IMPORT[place]}"


def test_no_page_lies_where_the_old_router_would_serve_it_without_sign_in():
    assert list((ROOT / "pages").glob("*.py")) == []


def test_page_addresses_are_unique():
    names = [path.stem for path in files("pages")]
    assert len(names) == len(set(names))


def test_no_page_has_a_value_standing_alone_that_streamlit_would_write_on_the_screen():
    for path in files("app.py", "pages"):
        after_the_docstring = ast.parse(path.read_text(encoding="utf-8")).body[1:]
        alone = [
            statement.lineno
            for statement in after_the_docstring
            if isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Call)
        ]
        assert alone == [], f"{path.relative_to(ROOT)}, lines {alone}"


def test_sql_stands_in_db_only():
    statement = re.compile(
        r"^\s*(SELECT .+ FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE (TABLE|INDEX))\b", re.S
    )
    for path in files(
        "actions",
        "alignment",
        "api",
        "components",
        "jobs",
        "leads",
        "pages",
        "sample",
        "app.py",
        "server.py",
        "manage.py",
    ):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not statement.match(node.value), f"SQL in {path.relative_to(ROOT)}:{node.lineno}"


def test_nothing_is_evaluated_and_nothing_from_people_becomes_html():
    forbidden = ("unsafe_allow_html", "unsafe_allow_javascript", "st.html(")
    for path in files("pages", "components", "app.py"):
        text = path.read_text(encoding="utf-8")
        assert not [word for word in forbidden if word in text], path.relative_to(ROOT)


def test_every_page_is_in_the_table_of_screens():
    from components.navigation import FIRST_START, SCREENS, WELCOME

    known = {screen.path for screen in (*SCREENS, FIRST_START, WELCOME)}
    assert {path.relative_to(ROOT).as_posix() for path in files("pages")} == known


def test_every_action_takes_the_actor_first_and_names_a_known_permission():
    for module, name, function in public_actions():
        parameters = list(inspect.signature(function).parameters)
        if parameters[:1] != ["actor"]:
            assert not takes_part_in_writing(function), (
                f"actions.{module}.{name} does not take the actor first"
            )
            continue
        source = inspect.getsource(function)
        asked = re.findall(r'authorise\(actor, "([a-z_]+:[a-z_]+)"\)', source)
        delegates = re.search(r"\b\w+\(\s*actor\b", source.split("authorise", 1)[0])
        assert asked or delegates, f"actions.{module}.{name} does not authorise"
        assert set(asked) <= set(PERMISSIONS), f"actions.{module}.{name} asks for an unknown permission"


def takes_part_in_writing(function):
    return "store()" in inspect.getsource(function)


def test_public_functions_of_the_inner_rooms_say_what_they_give():
    for path in files("actions", "alignment", "db", "jobs", "leads"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{path.relative_to(ROOT)}: {node.name} has no docstring"


def test_results_of_actions_are_kept_by_the_actions_alone():
    """A second store of results in a page does not know what they depend on, and shows what is not true any more."""
    kept = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "components").rglob("*.py")
        if "cache_data" in path.read_text(encoding="utf-8")
    ]
    assert kept == []
