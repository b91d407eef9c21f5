"""The house: floors and doors hold, the listing is what it says, and nothing is undocumented."""

import ast
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from ivr.book.pages import PROMISES
from ivr.book.queues import Queue
from ivr.book.rules import Rules
from ivr.book.template import FILTERS
from ivr.book.vocabulary import FACTS, PARTS
from ivr.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "prompts" / "README.md").read_text(encoding="utf-8")
MODULES = sorted((ROOT / "ivr").rglob("*.py"))


def test_imports_go_down_and_each_library_has_one_door() -> None:
    checked = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_top_level_holds_what_it_should_and_nothing_else() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        # Unpacked from an archive: there is no list of what is tracked.
        pytest.skip("not a git checkout")
    top = {path.split("/", 1)[0] for path in listed.stdout.splitlines()}
    assert {name for name in top if "." not in name} <= {
        "ivr",
        "prompts",
        "tests",
        "infra",
        "LICENSE",
        "Makefile",
    }


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_and_everything_public_says_what_it_is(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "the file does not say what it is"
    silent = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert not silent, f"without a docstring: {silent}"


def test_the_ground_floors_read_no_clock() -> None:
    for module in MODULES:
        if module.parent.name in ("calls", "book", "farewell"):
            calls = [
                node.func
                for node in ast.walk(ast.parse(module.read_text("utf-8")))
                if isinstance(node, ast.Call)
            ]
            read = {f.attr for f in calls if isinstance(f, ast.Attribute)} & {
                "now",
                "today",
                "utcnow",
                "time_ns",
                "monotonic",
            }
            assert not read, f"{module.name} reads the clock: {read}"


def test_every_setting_is_in_the_readme() -> None:
    missing = [name.upper() for name in Settings.model_fields if f"`{name.upper()}`" not in README]
    assert not missing


def test_every_command_and_its_flags_are_in_the_readme_or_its_help_has_an_example() -> None:
    import typer

    from ivr.cli import app

    group = typer.main.get_command(app)
    for name, command in sorted(group.commands.items()):  # type: ignore[attr-defined]
        assert f"ivr {name}" in README, f"the README has not heard of ivr {name}"
        inner = getattr(command, "commands", {"": command})
        for below, each in inner.items():
            assert "Example:" in (each.help or ""), f"ivr {name} {below} shows no example"


def test_every_fact_page_and_part_is_in_the_writers_guide() -> None:
    missing = [fact.name for fact in FACTS if f"`{fact.name}`" not in GUIDE]
    missing += [page for page in PARTS if f"`{page}`" not in GUIDE]
    missing += [part for parts in PARTS.values() for part in parts if part and f"`{part}`" not in GUIDE]
    assert not missing


def _rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading of the guide."""
    below = GUIDE.partition(f"\n## {heading}\n")[2]
    table = re.search(r"(?:^\|.*\n)+", below, re.MULTILINE)
    assert table, heading
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        for line in table[0].splitlines()[2:]
    ]


def test_every_part_of_a_page_has_an_example_in_the_writers_guide() -> None:
    told, page = {}, ""
    for name, part, heard, example in _rows("Pages and parts"):
        page = name.strip("`") or page
        told[page, part.strip("`")] = heard and example
    assert set(told) == {(page, part) for page, parts in PARTS.items() for part in parts}
    assert all(told.values())


def test_every_fact_has_its_values_or_an_example_in_the_writers_guide() -> None:
    told = {cells[0].strip("`"): cells for cells in _rows("Facts")}
    assert set(told) == {fact.name for fact in FACTS}
    for fact in FACTS:
        wanted = " · ".join(fact.values) if fact.values else "flag" if fact.type == "flag" else fact.example
        assert told[fact.name][2] == wanted, fact.name
        assert ("always known" in told[fact.name][4]) is fact.always, fact.name


def test_every_filter_promise_and_mark_is_in_the_writers_guide() -> None:
    assert {cells[0].strip("`") for cells in _rows("Filters")} == set(FILTERS)
    assert all(cells[1] and cells[2] for cells in _rows("Filters"))
    marks = ("[pause]", "[long pause]", "[silence]", "[promise text_note]", "[recording bye.wav]")
    wanted = [*PROMISES, *marks, "[yes goes back]", "[yes goes on]", "taste.yaml"]
    assert not [name for name in wanted if f"`{name}`" not in GUIDE]


def test_every_rule_of_the_book_is_in_the_writers_guide() -> None:
    written = yaml.safe_load((ROOT / "prompts" / "rules.yaml").read_text("utf-8"))
    told = {cells[0].strip("`") for cells in _rows("The book's rules")}
    assert set(written) <= told
    # read from `earlier`, `seconds` and `publishing`
    renamed = {"answered_within": "earlier", "budgets": "seconds", "approval": "publishing"}
    assert told == {renamed.get(field.name, field.name) for field in fields(Rules)}


def test_every_rule_of_a_queue_is_in_the_writers_guide() -> None:
    rules = {"line" if field.name.startswith("line") else field.name for field in fields(Queue)}
    assert not [rule for rule in rules - {"name"} if f"`{rule}`" not in GUIDE]


def test_every_address_is_in_the_readme() -> None:
    source = (ROOT / "ivr/line/webhooks.py").read_text(encoding="utf-8")
    addresses = set(re.findall(r'"(/(?:voice|events|taskrouter)/[a-z/-]+)"', source))
    assert addresses
    assert not [address for address in addresses if f"`{address}" not in README]


def test_no_registry_no_machine_path_and_no_secret_is_tracked() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        # Unpacked from an archive: there is no list of what is tracked.
        pytest.skip("not a git checkout")
    hosts = re.compile(
        "|".join(
            ["py" + r"pi\.org", "python" + r"hosted\.org", "npm" + r"js\.(org|com)", "deb\\.deb" + "ian"]
        )
    )
    found = [
        name
        for name in listed.stdout.split("\0")
        if name
        and (ROOT / name).is_file()
        and hosts.search((ROOT / name).read_text(encoding="utf-8", errors="replace"))
    ]
    assert not found


def test_every_scene_the_readme_names_is_there() -> None:
    heard = README.partition("listen()")[2].partition("`--json` answers")[0]
    named = re.findall(r"`(?:listen )?([a-z][a-z0-9_]+)`", heard)
    assert len(named) > 40
    assert not [name for name in named if not (ROOT / "tests" / "scenes" / f"{name}.yaml").is_file()]
