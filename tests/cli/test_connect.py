"""ivr connect as it is typed, with the real client, against a pretend account on loopback."""

import asyncio
import json
import os
import pty
import select
import shutil
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree

import pytest
import structlog
from typer.testing import CliRunner

from ivr.cli import app
from ivr.store.database import Database
from ivr.store.migrations import migrate
from ivr.store.shelf import Shelf, read_folder
from tests.cli.test_commands import ROOT, ivr, sentence

ACCOUNT = "AC" + "a" * 32
PUBLIC = "https://calls.example.com"
VOICE = "#rc=1&rp=ct,rt,5xx&ct=2000&rt=4000&tt=9000"
EVENTS = "#rc=5&rp=all&rt=3000&tt=15000"
CALLERS, AGENTS, GONE = "+442079460000", "+442079460001", "+442079460100"

Run = Callable[..., subprocess.CompletedProcess[str]]


@dataclass
class Account:
    """What an account has, what it was asked, and what it does not do."""

    numbers: dict[str, dict[str, Any]] = field(default_factory=dict)  # by sid
    changed: list[str] = field(default_factory=list)
    auth: set[str | None] = field(default_factory=set)
    listing: int = 200
    refuses: set[str] = field(default_factory=set)
    url: str = ""

    def buy(self, number: str, **given: str) -> str:
        """A number, with nothing set on it but what is given. Its sid."""
        sid = f"PN{len(self.numbers):032x}"
        self.numbers[sid] = {"sid": sid, "phone_number": number, "account_sid": ACCOUNT, **given}
        return sid


class Answers(BaseHTTPRequestHandler):
    """The two requests that connect may make; anything else is not found."""

    account: Account

    def do_GET(self) -> None:
        self.account.auth.add(self.headers.get("Authorization"))
        path = urlsplit(self.path).path
        if path != f"/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers.json":
            self.say(404, {"code": 20404, "message": "not found", "status": 404})
        elif self.account.listing != 200:
            self.say(self.account.listing, {"code": 20003, "message": "Authenticate", "status": 401})
        else:
            numbers = list(self.account.numbers.values())
            self.say(200, {"incoming_phone_numbers": numbers, "next_page_uri": None})

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        sid = urlsplit(self.path).path.rsplit("/", 1)[-1].removesuffix(".json")
        self.account.changed.append(sid)
        if sid in self.account.refuses:
            self.say(403, {"code": 20003, "message": "Permission denied", "status": 403})
            return
        names = {
            "VoiceUrl": "voice_url", "VoiceMethod": "voice_method",
            "VoiceFallbackUrl": "voice_fallback_url", "VoiceFallbackMethod": "voice_fallback_method",
            "StatusCallback": "status_callback", "StatusCallbackMethod": "status_callback_method",
        }  # fmt: skip
        assert set(form) == set(names), form
        self.account.numbers[sid] |= {names[name]: value for name, value in form.items()}
        self.say(200, self.account.numbers[sid])

    def say(self, status: int, body: dict[str, Any]) -> None:
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def account() -> Iterator[Account]:
    there = Account()
    handler = type("Handler", (Answers,), {"account": there})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    there.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield there
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def settings(tmp_path: Path, account: Account) -> dict[str, str]:
    """A book with two numbers of callers, and a key."""
    book = tmp_path / "book"
    shutil.copytree(ROOT / "tests" / "scenes" / "book", book)
    rules = (book / "rules.yaml").read_text("utf-8")
    more = f'numbers:\n  "{GONE}": {{queue: billing}}\n'
    (book / "rules.yaml").write_text(rules.replace("numbers:\n", more, 1), "utf-8")
    return {
        "IVR_PROMPTS": str(book),
        "IVR_DATABASE_URL": f"sqlite:///{tmp_path}/ivr.sqlite3",
        "IVR_PUBLIC_URL": PUBLIC,
        "IVR_TWILIO_API_URL": account.url,
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": "token",
        "TWILIO_API_KEY": "SK" + "b" * 32,
        "TWILIO_API_SECRET": "the key's secret",
    }


@pytest.fixture
def connect(tmp_path: Path, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """The command in this process, which spares a start of Python for each of so many runs."""
    for name in tuple(os.environ):
        if name.startswith(("IVR_", "TWILIO_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    log = structlog.get_config()

    def run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
        done = CliRunner().invoke(app, ["connect", *words], env=settings | env)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)

    yield run
    structlog.configure(**log)


def test_in_a_pipe_the_change_is_shown_and_not_made(connect: Run, account: Account) -> None:
    account.buy(CALLERS, voice_url="https://demo.twilio.com/welcome", voice_method="GET")
    shown = connect()
    assert shown.returncode == 1, shown.stderr
    lines = shown.stdout.splitlines()
    assert f"{CALLERS}  callers: default, en-GB" in lines
    for now, then in (
        ("https://demo.twilio.com/welcome", f"{PUBLIC}/voice/incoming?queue=default&locale=en-GB{VOICE}"),
        ("GET", "POST"),
        ("(nothing)", f"{PUBLIC}/voice/fallback{VOICE}"),
        ("(nothing)", f"{PUBLIC}/events/call{EVENTS}"),
    ):
        assert any(
            before.split()[-1:] == now.split()[-1:] and after.endswith(f"→   {then}")
            for before, after in pairwise(lines)
        ), shown.stdout
    assert "--yes" in shown.stdout
    assert account.changed == []


def test_with_yes_it_is_made_and_a_second_run_asks_for_nothing(connect: Run, account: Account) -> None:
    first, second = account.buy(CALLERS), account.buy(AGENTS)
    made = connect("--yes", "--agents", f"{AGENTS}:billing")
    assert made.returncode == 0, made.stdout + made.stderr
    assert sorted(account.changed) == [first, second]
    assert account.numbers[second]["voice_url"] == f"{PUBLIC}/voice/agent?queue=billing{VOICE}"
    assert account.numbers[first]["status_callback"] == f"{PUBLIC}/events/call{EVENTS}"
    account.changed.clear()
    again = connect("--yes", "--agents", f"{AGENTS}:billing")
    assert again.returncode == 0
    assert "There is nothing to change." in again.stdout
    assert account.changed == []
    assert connect("--agents", f"{AGENTS}:billing").returncode == 0  # with nobody to ask, too


def test_twilio_is_asked_with_the_key_where_there_is_one(connect: Run, account: Account) -> None:
    account.buy(CALLERS)
    connect()
    connect(TWILIO_API_KEY="", TWILIO_API_SECRET="")
    key = b64encode(f"SK{'b' * 32}:the key's secret".encode()).decode()
    token = b64encode(f"{ACCOUNT}:token".encode()).decode()
    assert account.auth == {f"Basic {key}", f"Basic {token}"}


def test_a_number_the_account_does_not_have_is_named(connect: Run, account: Account) -> None:
    account.buy(CALLERS)
    made = connect("--yes")
    assert made.returncode == 0
    assert f"{GONE}  callers: billing\n  this account has no such number to ring" in made.stdout


def test_when_no_number_is_there_it_says_so_and_ends_with_1(connect: Run) -> None:
    shown = connect("--yes")
    assert shown.returncode == 1
    assert "None of these numbers is on the account" in shown.stdout


def test_one_number_that_fails_leaves_the_others_result_said(connect: Run, account: Account) -> None:
    bad, good = account.buy(CALLERS), account.buy(GONE)
    account.refuses.add(bad)
    made = connect("--yes")
    assert made.returncode == 1
    assert f"{CALLERS}  Twilio refused" in made.stdout
    assert f"{GONE}  done" in made.stdout
    assert account.numbers[good]["voice_url"].startswith(PUBLIC)


@pytest.mark.parametrize(
    ("name", "sid", "says"),
    [
        ("voice_application_sid", "AP" + "c" * 32, "the application AP"),
        ("trunk_sid", "TK" + "c" * 32, "the trunk TK"),
    ],
)
def test_what_answers_in_place_of_our_addresses_is_a_fault_and_stays(
    connect: Run, account: Account, name: str, sid: str, says: str
) -> None:
    bought = account.buy(CALLERS, **{name: sid})
    made = connect("--yes")
    assert made.returncode == 1
    assert says in made.stdout
    assert "in the Console" in made.stdout
    assert account.numbers[bought][name] == sid
    assert connect("--yes").returncode == 1  # nothing left to change, and still not answered by us


def test_a_program_gets_it_all_as_json(connect: Run, account: Account) -> None:
    sid = account.buy(CALLERS, voice_url="https://old.example.com")
    shown = connect("--json")
    assert shown.returncode == 1
    told = json.loads(shown.stdout)
    assert told["absent"] == [GONE]
    (number,) = told["numbers"]
    assert number["sid"] == sid
    assert number["outcome"] is None
    assert number["changes"][0] == {
        "field": "VoiceUrl",
        "now": "https://old.example.com",
        "then": f"{PUBLIC}/voice/incoming?queue=default&locale=en-GB{VOICE}",
    }
    made = connect("--json", "--yes")
    assert (made.returncode, json.loads(made.stdout)["numbers"][0]["outcome"]) == (0, "done")
    assert json.loads(connect("--json").stdout)["numbers"][0]["changes"] == []


def test_json_stays_json_when_twilio_refuses(
    account: Account, settings: dict[str, str], tmp_path: Path
) -> None:
    account.refuses.add(account.buy(CALLERS))
    made = ivr("connect", "--json", "--yes", folder=tmp_path, **settings)
    assert (made.returncode, json.loads(made.stdout)["numbers"][0]["outcome"]) == (1, "refused")
    assert CALLERS not in made.stderr


def test_what_taskrouter_needs_is_shown_and_never_asked_for(connect: Run, account: Account) -> None:
    account.buy(CALLERS)
    workspace, workflow = "WS" + "d" * 32, "WW" + "e" * 32
    shown = connect("--yes", "--workspace", workspace, "--workflow", workflow)
    assert shown.returncode == 0, shown.stderr
    assert f"{workspace}  EventCallbackUrl\n  {PUBLIC}/events/taskrouter{EVENTS}" in shown.stdout
    assert f"{workspace}  EventsFilter\n  task-queue.entered,reservation.accepted," in shown.stdout
    assert f"{workflow}  AssignmentCallbackUrl\n  {PUBLIC}/taskrouter/assignment#rc=1" in shown.stdout
    told = json.loads(connect("--json", "--workspace", workspace).stdout)
    assert [(each["sid"], each["field"]) for each in told["by_hand"]] == [
        (workspace, "EventCallbackUrl"),
        (workspace, "EventsFilter"),
    ]


def test_a_fallback_elsewhere_is_what_numbers_are_pointed_at(connect: Run, account: Account) -> None:
    sid = account.buy(CALLERS)
    elsewhere = "https://goodbye-0000.twil.io/fallback"
    assert connect("--yes", IVR_FALLBACK_URL=elsewhere).returncode == 0
    assert account.numbers[sid]["voice_fallback_url"] == elsewhere


@pytest.mark.parametrize(
    ("words", "env", "says"),
    [
        ((), {"IVR_PUBLIC_URL": ""}, "IVR_PUBLIC_URL"),
        ((), {"IVR_PUBLIC_URL": "http://calls.example.com"}, "not https"),
        ((), {"TWILIO_ACCOUNT_SID": ""}, "TWILIO_ACCOUNT_SID"),
        ((), {"TWILIO_API_KEY": "", "TWILIO_AUTH_TOKEN": ""}, "TWILIO_API_KEY"),
        ((), {"TWILIO_ACCOUNT_SID": "AC" + "f" * 32}, "no such account"),
        ((), {"IVR_TWILIO_API_URL": "http://127.0.0.1:9"}, "did not answer"),
        ((), {"IVR_PROMPTS": "no-such-folder"}, "no-such-folder"),
        (("--number", "0207 946 0000"), {}, "+442079460000"),
        (("--number", "+442079460000:billing:en-GB:x"), {}, "+442079460000:billing:en-GB"),
        (("--agents", "+442079460001:billing:en-GB"), {}, "+442079460001:billing"),
        (("--workspace", "WW1"), {}, "WS and 32"),
        (("--workflow", "WW" + "e" * 32), {}, "--workspace"),
        (("--print-fallback", "poem"), {}, "twiml"),
    ],
)
def test_what_keeps_it_from_running_is_one_sentence(
    connect: Run, account: Account, words: tuple[str, ...], env: dict[str, str], says: str
) -> None:
    account.buy(CALLERS)
    done = connect(*words, **env)
    assert done.returncode == 2, done.stdout + done.stderr
    assert says in sentence(done)
    assert account.changed == []


def test_wrong_credentials_are_a_sentence(connect: Run, account: Account) -> None:
    account.listing = 401
    done = connect("--yes")
    assert done.returncode == 2
    assert "do not belong together" in sentence(done)


def test_a_number_is_typed_as_people_write_it(connect: Run, account: Account) -> None:
    account.buy("+442079460002")
    shown = connect("--number", "+44 (20) 7946-0002:billing:en-US")
    assert "+442079460002  callers: billing, en-US" in shown.stdout
    assert "rules.yaml has no queue “sales”" in connect("--number", "+442079460002:sales").stderr


def test_the_published_book_counts_more_than_the_folder(
    connect: Run, account: Account, settings: dict[str, str], tmp_path: Path
) -> None:
    account.buy(CALLERS)
    url, files = settings["IVR_DATABASE_URL"], read_folder(Path(settings["IVR_PROMPTS"]))
    migrate(url)
    database = Database(url)
    database.start()
    asyncio.run(Shelf(database).keep_first(files, "Ana", "the first", at=datetime(2026, 11, 21, tzinfo=UTC)))
    database.stop()
    rules = Path(settings["IVR_PROMPTS"]) / "rules.yaml"
    rules.write_text(rules.read_text("utf-8").replace(CALLERS, "+442079460999"), "utf-8")
    assert f"{CALLERS}  callers: default" in connect().stdout


def test_the_document_is_printed_with_neither_credentials_nor_a_public_address(
    connect: Run, settings: dict[str, str]
) -> None:
    nothing = {name: "" for name in settings if name.startswith("TWILIO_") or name == "IVR_PUBLIC_URL"}
    printed = connect("--print-fallback", "twiml", **nothing)
    assert printed.returncode == 0, printed.stderr
    assert [verb.tag for verb in ElementTree.fromstring(printed.stdout.encode())] == ["Say", "Hangup"]


def test_the_function_is_printed_with_our_address_in_it(connect: Run, tmp_path: Path) -> None:
    printed = connect("--print-fallback", "function")
    assert printed.returncode == 0, printed.stderr
    assert f'"service": "{PUBLIC}"' in printed.stdout
    assert "exports.handler" in printed.stdout
    without = connect("--print-fallback", "function", IVR_PUBLIC_URL="")
    assert (without.returncode, "IVR_PUBLIC_URL" in sentence(without)) == (2, True)


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("\n", 1)])
def test_on_a_terminal_it_asks_and_does_as_it_is_told(
    account: Account, settings: dict[str, str], tmp_path: Path, typed: str, code: int
) -> None:
    sid = account.buy(CALLERS)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("IVR_", "TWILIO_"))}
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ivr", "connect"],
        cwd=tmp_path, env=clean | settings, stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    try:
        assert "Change 1 number?" in read_until(ours, "[y/N]")
        os.write(ours, typed.encode())
        assert process.wait(120) == code
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert account.changed == ([sid] if code == 0 else [])


def read_until(terminal: int, sign: str) -> str:
    """What was written to a terminal until `sign` stands there."""
    seen, until = "", time.monotonic() + 120
    while sign not in seen and time.monotonic() < until:
        if select.select([terminal], [], [], 1)[0]:
            try:
                seen += os.read(terminal, 4096).decode(errors="replace")
            except OSError:  # the other end is closed
                break
    return seen


def test_help_shows_an_example() -> None:
    assert "Example: ivr connect" in " ".join(ivr("connect", "--help").stdout.split())
