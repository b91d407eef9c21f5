"""The shelf as it is typed: publish, roll back, compare, export and import, on files and exit codes."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ivr.store.folder import MARK, read_folder
from ivr.store.shelf import digest
from tests.cli.shop import APOLOGY, SMALL, Done, Shop, without_settings


def sentence(done: Done) -> str:
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", done.stderr).split())


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with one version and three people, to copy."""
    folder = tmp_path_factory.mktemp("shop")
    shop = Shop(folder, f"sqlite:///{folder}/ivr.sqlite3")
    for name, role in (("Ana", "writer"), ("Mo", "supervisor"), ("Sam", "agent")):
        shop.done("people", "add", name, "--role", role)
    told = shop.done("publish", "--by", "Ana", "--note", "The first book")
    assert "as the first version" in told
    assert "Version 1 is in force, by Ana." in told
    return folder


@pytest.fixture
def shop(template: Path, tmp_path: Path) -> Shop:
    for file in template.glob("ivr.sqlite3*"):
        shutil.copy(file, tmp_path)
    return Shop(tmp_path, f"sqlite:///{tmp_path}/ivr.sqlite3")


@pytest.fixture
def either(tmp_path: Path, database_url: str) -> Shop:
    """A shop on each database, with nothing published."""
    shop = Shop(tmp_path, database_url)
    shop.done("people", "add", "Ana", "--role", "writer")
    return shop


def test_a_folder_exported_softened_and_imported_is_published_and_rolled_back(shop: Shop) -> None:
    shop.done("export", "mine")
    shop.edit("mine")
    assert APOLOGY in shop.done("import", "mine", "--by", "Ana", "--note", "softer")
    compared = shop.done("compare")
    assert re.search(r"sorry.*│.*truly sorry", compared)
    told = shop.done("publish", "--by", "Ana", "--note", "A softer apology")
    assert "Publishing the draft, begun by Ana, over version 1:" in told
    assert f"~ {APOLOGY}  1 entry changed" in told
    back = shop.done("roll-back", "1", "--by", "Mo", "--note", "callers found it cold")
    assert "Version 3 is in force, by Mo." in back
    versions = shop.json("versions")
    assert isinstance(versions, list)
    assert [(each["version"], each["in_force"], each["by"], each["restores"]) for each in versions] == [
        (3, True, "Mo", 1), (2, False, "Ana", None), (1, False, "Ana", None),
    ]  # fmt: skip
    assert versions[0]["digest"] == versions[2]["digest"] != versions[1]["digest"]
    assert "callers found it cold  (in force)" in shop.done("versions")
    log = shop.json("draft", "--version", "2")
    assert isinstance(log, dict)
    assert [(each["by"], each["reason"]) for each in log["changes"]] == [("Ana", "softer")]


def test_without_a_draft_the_folder_is_published_and_said_to_be(shop: Shop) -> None:
    shop.edit("book")
    assert f"Publishing the folder {shop.folder}/book, over version 1:" in shop.done(
        "publish", "--by", "Ana", "--note", "softer"
    )
    shop.edit("book", "truly", "very, very")
    answer = shop.json("publish", "book", "--by", "Ana", "--note", "again", "--approved-by", "Mo")
    assert isinstance(answer, dict)
    assert (answer["version"], answer["over"], answer["approved_by"], answer["from"]) == (
        3,
        2,
        "Mo",
        "folder",
    )
    assert answer["difference"]["counts"]["pages"]["changed"] == 1


def test_a_writer_needs_no_secret_of_the_services(shop: Shop) -> None:
    del shop.env["IVR_SECRET"]
    shop.edit("book")
    shop.done("publish", "--by", "Ana", "--note", "softer")
    shop.done("versions")


def test_a_database_that_is_away_is_a_sentence(shop: Shop) -> None:
    shop.env["IVR_DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/nothing"
    for words in (("publish", "--by", "Ana", "--note", "x"), ("versions",), ("export", "new")):
        done = shop(*words)
        assert done.returncode == 2
        assert "the database at 127.0.0.1:1 cannot be used now" in sentence(done)
    assert not (shop.folder / "new").exists()


def test_faults_stop_it_with_carets_and_exit_code_1(shop: Shop) -> None:
    shop.edit("book", "sorry", "sorry, {{ caller.nmae }}")
    done = shop("publish", "--by", "Ana", "--note", "softer")
    assert done.returncode == 1
    assert re.search(r"en-GB/apology\.yaml:\d+:\d+: ", done.stdout)
    assert "^" in done.stdout
    assert "nothing was published" in sentence(done)
    plain = shop("publish", "--by", "Ana", "--note", "softer", "--json")
    assert plain.returncode == 1
    assert json.loads(plain.stdout)["faults"][0]["file"] == APOLOGY
    assert len(shop.done("versions").splitlines()) == 1


def test_a_book_that_asks_for_it_needs_a_second_persons_yes(shop: Shop) -> None:
    rules = shop.folder / "book" / "rules.yaml"
    rules.write_text(rules.read_text("utf-8") + "publishing: {approval: yes}\n", "utf-8")
    done = shop("publish", "--by", "Ana", "--note", "two of us")
    assert (done.returncode, "second person's yes" in sentence(done)) == (2, True)
    told = shop.done("publish", "--by", "Ana", "--note", "two of us", "--approved-by", "Mo")
    assert "Version 2 is in force, by Ana, with Mo's yes." in told
    assert "Ana, Mo" in shop.done("versions")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("publish", "--by", "Ana", "--note", "x"), "nothing differs from version 1"),
        (("publish", "--by", "Zoe", "--note", "x"), "nobody called 'Zoe'"),
        (("publish", "--by", "Sam", "--note", "x"), "Sam is here as agent"),
        (("publish", "--by", "Ana", "--note", " "), "say why"),
        (("publish", "--by", "Ana"), "--note"),
        (("publish", "nowhere", "--by", "Ana", "--note", "x"), "there is no folder nowhere"),
        (("roll-back", "1", "--by", "Ana", "--note", "x"), "version 1, in force, already says"),
        (("roll-back", "9", "--by", "Ana", "--note", "x"), "no version 9"),
        (("roll-back", "0", "--by", "Ana", "--note", "x"), "Invalid value for 'N'"),
        (("compare", "9"), "no version 9"),
        (("compare", "99999999999999999999"), "no version"),
        (("compare", "draft"), "no draft"),
        (("compare", "nowhere"), "no folder nowhere"),
        (("export", "new", "--version", "9"), "no version 9"),
        (("export", "new", "--draft"), "no draft"),
        (("export", "new", "--draft", "--version", "1"), "not both"),
        (("export", "book"), "not empty"),
        (("export", "ivr.sqlite3"), "is no folder"),
        (("export", "no/such/parent"), "there is no folder"),
        (("import", "nowhere", "--by", "Ana"), "there is no folder nowhere"),
        (("import", "book", "--by", "Zoe"), "nobody called 'Zoe'"),
        (("import", "book/en-GB", "--by", "Ana"), "holds no rules.yaml and no voices.yaml"),
        (("import", "book", "--by", "Ana", "--based-on", "9"), "no version 9"),
        (("draft", "discard", "--by", "Ana", "--note", "x"), "there is no draft"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_a_sentence_exit_code_2_and_leaves_nothing_behind(
    template: Path, words: tuple[str, ...], says: str
) -> None:
    shop = Shop(template, f"sqlite:///{template}/ivr.sqlite3")
    before = sorted(path for path in template.rglob("*") if "sqlite3-" not in path.name)
    done = shop(*words)
    assert done.returncode == 2, done.stdout
    assert says in sentence(done)
    assert sorted(path for path in template.rglob("*") if "sqlite3-" not in path.name) == before


@pytest.mark.parametrize(
    ("name", "raw", "says"),
    [
        ("en-GB/names.yaml", b"Siobh\xe1n: x\n", "en-GB/names.yaml:1: not UTF-8"),
        ("en-GB/names.yaml", b"x" * 1_000_001, "1,000,001 bytes"),
        ("en-GB/goodbye (copy).yaml", b"", "may be called 'en-GB/goodbye (copy).yaml'"),
        ("en-gb/goodbye.yaml", b"", "are one file on many machines"),
    ],
)
def test_a_bad_folder_is_refused_in_a_sentence(
    template: Path, tmp_path: Path, name: str, raw: bytes, says: str
) -> None:
    shutil.copytree(SMALL, tmp_path / "bad")
    (tmp_path / "bad" / name).parent.mkdir(exist_ok=True)
    (tmp_path / "bad" / name).write_bytes(raw)
    done = Shop(tmp_path, f"sqlite:///{template}/ivr.sqlite3")("import", "bad", "--by", "Ana")
    assert done.returncode == 2
    assert says in sentence(done)


def test_a_folder_that_cannot_be_made_is_said_to_be_so(shop: Shop) -> None:
    (shop.folder / "a file").write_text("", "utf-8")
    done = shop("export", "a file/new")
    assert done.returncode == 2
    assert "there is no folder" in sentence(done)
    assert not list(shop.folder.glob("**/new*"))


# Root is kept out of nowhere, so this needs anybody else; the same refusal of the system is tried above.
@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_said_to_be_so(shop: Shop) -> None:
    closed = shop.folder / "closed"
    closed.mkdir(mode=0o500)
    done = shop("export", "closed/new")
    assert done.returncode == 2
    assert "Permission denied" in sentence(done)


def test_two_people_keep_their_own_pages_and_are_told_of_one_they_share(shop: Shop) -> None:
    shop.done("export", "ana")
    shop.done("export", "mo")
    shop.edit("ana")
    shop.edit("mo", "sorry", "so sorry")
    shop.edit("mo", "Goodbye", "Bye-bye", "en-GB/goodbye.yaml")
    shop.done("import", "ana", "--by", "Ana")
    refused = shop("import", "mo", "--by", "Mo")
    assert refused.returncode == 1
    assert re.search(r"apology\.yaml was changed by Ana at \d{4}-\d\d-\d\d", sentence(refused))
    assert re.search(r"what it was\s+│ Ana's\s+│ yours", refused.stdout)
    assert re.search(r"truly", refused.stdout)
    plain = json.loads(shop("import", "mo", "--by", "Mo", "--json").stdout)
    assert {region["kind"] for region in plain["clashes"][0]["regions"]} == {"same", "clash"}
    draft = shop.json("draft")
    assert isinstance(draft, dict)
    assert draft["draft"]["pages"] == [APOLOGY]
    shutil.copy(shop.folder / "ana" / APOLOGY, shop.folder / "mo" / APOLOGY)
    assert "In the draft now: en-GB/goodbye.yaml." in shop.done("import", "mo", "--by", "Mo")
    shop.done("draft", "discard", "en-GB/goodbye.yaml", "--by", "Ana", "--note", "not so jolly")
    assert "not so jolly" in shop.done("draft")
    shop.done("publish", "--by", "Ana", "--note", "softer")
    assert "There is no draft." in shop.done("draft")


def test_what_was_published_since_the_export_is_not_undone(shop: Shop) -> None:
    shop.done("export", "ana")
    shop.edit("book", "Goodbye", "Bye-bye", "en-GB/goodbye.yaml")
    shop.done("publish", "--by", "Mo", "--note", "jollier")
    shop.edit("ana")
    shop.done("import", "ana", "--by", "Ana")
    shop.done("publish", "--by", "Ana", "--note", "softer")
    shop.done("export", "now")
    assert "Bye-bye" in (shop.folder / "now/en-GB/goodbye.yaml").read_text("utf-8")
    assert "truly sorry" in (shop.folder / "now" / APOLOGY).read_text("utf-8")


def test_an_exported_folder_is_not_published_over_what_others_published_since(shop: Shop) -> None:
    shop.done("export", "ana")
    shop.edit("book", "Goodbye", "Bye-bye", "en-GB/goodbye.yaml")
    shop.done("publish", "--by", "Mo", "--note", "jollier")
    shop.edit("ana")
    refused = shop("publish", "ana", "--by", "Ana", "--note", "softer")
    assert refused.returncode == 2
    assert "others have changed en-GB/goodbye.yaml since: `ivr import` keeps that" in sentence(refused)
    shop.done("import", "ana", "--by", "Ana")
    shop.done("publish", "--by", "Ana", "--note", "softer")
    shop.done("export", "now")
    assert "Bye-bye" in (shop.folder / "now/en-GB/goodbye.yaml").read_text("utf-8")


def test_a_draft_that_others_overtook_is_not_exported_to_undo_theirs_unseen(shop: Shop) -> None:
    shop.edit("book", "sorry", "so sorry")
    shop.done("publish", "--by", "Mo", "--note", "softer")
    shop.done("export", "ana")
    shop.edit("ana", "so sorry", "truly sorry")
    shop.done("import", "ana", "--by", "Ana")
    shop.done("roll-back", "1", "--by", "Mo", "--note", "too much")
    refused = shop("export", "out", "--draft")
    assert refused.returncode == 1
    assert re.search(
        r"apology\.yaml was changed by Mo at .* in version 3, after the draft", sentence(refused)
    )
    assert re.search(r"what it was\s+│ Mo's\s+│ yours", refused.stdout)
    assert json.loads(shop("export", "out", "--draft", "--json").stdout)["clashes"][0]["path"] == APOLOGY
    assert not (shop.folder / "out").exists()


def test_a_page_that_a_second_folder_leaves_alone_is_said_to_be_taken_back(shop: Shop) -> None:
    for folder in ("first", "second"):
        shop.done("export", folder)
    shop.edit("first")
    shop.edit("second", "Goodbye", "Bye-bye", "en-GB/goodbye.yaml")
    shop.done("import", "first", "--by", "Ana")
    said = shop.done("import", "second", "--by", "Ana")
    assert "In the draft now: en-GB/goodbye.yaml." in said
    assert f"Taken back, being as published in this folder: {APOLOGY}." in said


@pytest.mark.parametrize(
    "words",
    [
        ("roll-back", "99999999999999999999", "--by", "Ana", "--note", "x"),
        ("export", "out", "--version", "99999999999999999999"),
        ("proof", "--version", "99999999999999999999"),
        ("compare", "99999999999999999999"),
    ],
)
def test_a_number_larger_than_any_versions_is_no_version(shop: Shop, words: tuple[str, ...]) -> None:
    refused = shop(*words)
    assert refused.returncode == 2
    assert "there is no version 99999999999999999999" in sentence(refused)
    assert "Nothing is written down" in shop.done("draft", "--version", "99999999999999999999")


def test_an_export_is_the_book_byte_for_byte_and_what_is_not_yaml_is_left_alone(shop: Shop) -> None:
    (shop.folder / "book/README.md").write_text("for colleagues")
    page = shop.folder / "book" / APOLOGY
    page.write_bytes(page.read_bytes().replace(b"\n", b"\r\n") + "# Été, \U0001f33b\r\n".encode())
    done = shop.done("import", "book", "--by", "Ana")
    assert "Left alone, being no .yaml files: README.md." in done
    shop.done("publish", "--by", "Ana", "--note", "a flower")
    (shop.folder / "empty").mkdir()
    shop.done("export", "empty", "--version", "2")
    assert (shop.folder / "empty" / APOLOGY).read_bytes() == page.read_bytes()
    assert digest(read_folder(shop.folder / "empty")) == digest(read_folder(shop.folder / "book"))
    assert (shop.folder / "empty" / MARK).read_text().startswith("version 2 ")
    assert not [path for path in shop.folder.iterdir() if path.name.startswith(".empty")]
    assert "says all this already" in shop.done("import", "empty", "--by", "Ana")


def test_two_who_publish_at_once_from_two_processes_get_two_versions_and_both_are_kept(either: Shop) -> None:
    books = []
    for number in range(2):
        shutil.copytree(either.folder / "book", either.folder / f"book{number}")
        either.edit(f"book{number}", "sorry", f"sorry, and {number + 1} times so,")
        books.append(read_folder(either.folder / f"book{number}"))
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "ivr", "publish", f"book{n}", "--by", "Ana", "--note", f"{n}", "--json"],
            cwd=either.folder, env={**without_settings(), **either.env}, stdout=subprocess.PIPE, text=True,
        )
        for n in range(2)
    ]  # fmt: skip
    answers = [json.loads(each.communicate(timeout=200)[0]) for each in both]
    assert sorted(answer["version"] for answer in answers) == [1, 2]
    for number, answer in enumerate(answers):
        either.done("export", f"out{number}", "--version", str(answer["version"]))
        assert read_folder(either.folder / f"out{number}") == books[number]


def test_a_publisher_that_is_killed_leaves_the_old_or_the_new_in_force(either: Shop) -> None:
    either.done("publish", "--by", "Ana", "--note", "first")
    known = {digest(read_folder(either.folder / "book"))}
    for turn in range(3):
        either.edit("book", "sorry", "sorry, sorry")
        known.add(digest(read_folder(either.folder / "book")))
        child = subprocess.Popen(
            [sys.executable, "-m", "ivr", "publish", "book", "--by", "Ana", "--note", f"{turn}"],
            cwd=either.folder, env={**without_settings(), **either.env}, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert child.stdout is not None
        child.stdout.readline()  # it says what it is about to do, then does it
        time.sleep(0.002 * turn)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    versions = either.json("versions")
    assert isinstance(versions, list)
    assert [each["version"] for each in versions] == list(range(len(versions), 0, -1))
    for each in versions:
        either.done("export", f"out{each['version']}", "--version", str(each["version"]))
        assert digest(read_folder(either.folder / f"out{each['version']}")) == each["digest"]
        assert each["digest"] in known


def test_check_says_where_the_named_folder_differs_from_what_is_in_force(shop: Shop) -> None:
    def line() -> str:
        done = shop("check")
        return next(line for line in done.stdout.splitlines() if line.startswith("folder"))

    assert line().split() == ["folder", "ok"]
    shop.edit("book")
    assert re.search(r"differs from version 1, which stays in force until `ivr publish .*book`", line())


def test_serve_says_so_as_well_and_keeps_the_published_one_in_force(shop: Shop) -> None:
    shop.edit("book")
    program = (
        "from ivr.cli.serve import prepare; from ivr.settings import Settings; "
        "prepare(Settings(twilio_account_sid='AC' + 'a' * 32, twilio_auth_token='t', ivr_public_url='https://x.example'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=shop.folder,
        env={**without_settings(), **shop.env},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "differs from version 1, which stays in force" in done.stderr
    shutil.rmtree(shop.folder / "book")
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=shop.folder,
        env={**without_settings(), **shop.env},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    assert "version 1 of the book stays in force" in done.stderr
