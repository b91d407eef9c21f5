"""What `ivr check` looks at: each check answers None when all is well, else what to do."""

import asyncio
import socket
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from ivr.settings import Settings


def every_check(settings: Settings) -> list[tuple[str, str | None]]:
    """(what was looked at, None or what to do), in the order in which one would set things up."""
    checks: list[tuple[str, Callable[[Settings], str | None]]] = [
        ("settings", _settings),
        ("database", _database),
        ("public URL", _public_url),
        ("credentials", _credentials),
        ("book", _book),
        ("folder", _folder),
        ("voice", _voice),
    ]
    return [(what, _asked(look, settings)) for what, look in checks]


def _asked(look: Callable[[Settings], str | None], settings: Settings) -> str | None:
    try:
        return look(settings)
    except Exception as error:
        return f"could not be looked at ({type(error).__name__}: {' '.join(str(error).split())[:200]})"


def _settings(settings: Settings) -> str | None:
    missing = settings.missing
    return f"set {', '.join(missing)}; until then only `ivr serve --demo` serves" if missing else None


def _database(settings: Settings) -> str | None:
    from ivr.store.migrations import is_current

    return None if is_current(settings.ivr_database_url) else "run `ivr migrate` (serve does it too)"


def _public_url(settings: Settings) -> str | None:
    if not settings.ivr_public_url:
        return "set IVR_PUBLIC_URL to the address Twilio reaches this service by"
    parts = urlsplit(settings.ivr_public_url)
    host = parts.hostname or ""
    if parts.scheme != "https":
        return "use https: callers' details travel over it"
    try:
        addresses = {info[4][0] for info in socket.getaddrinfo(host, parts.port or 443)}
    except OSError:
        return f"the name {host} is not found from here"
    if all(ip_address(address).is_private for address in addresses):
        return f"{host} is a private address: Twilio cannot reach it"
    return None


def _credentials(settings: Settings) -> str | None:
    if not settings.twilio_auth_token:
        return "set TWILIO_AUTH_TOKEN: without it no request of Twilio's is believed"
    if bool(settings.twilio_api_key) != bool(settings.twilio_api_secret):
        return "TWILIO_API_KEY and TWILIO_API_SECRET belong together: set both or neither"
    if settings.twilio_api_key and not settings.twilio_api_key.startswith("SK"):
        return "TWILIO_API_KEY is a key's SID, which begins with SK"
    return None


def _book(settings: Settings) -> str | None:
    from ivr.cli.proof import recordings_of
    from ivr.proof import proof
    from ivr.store.shelf import read_folder

    number, files = _in_force(settings)
    folder = settings.prompts_folder()
    found = proof(files) if files else proof(read_folder(folder), recordings_of(folder))
    faults = [fault for fault in found if fault.fault]
    if not faults:
        return None
    if number:
        return f"{len(faults)} faults in version {number}, which is in force; export it, mend it, publish it"
    return f"{len(faults)} faults; `ivr proof {folder}` lists them"


def _folder(settings: Settings) -> str | None:
    """Only a folder that somebody named is meant to be what is published."""
    if settings.ivr_prompts is None:
        return None
    from ivr.store.shelf import read_folder

    number, files = _in_force(settings)
    files_there = read_folder(settings.ivr_prompts)
    return differs(settings.ivr_prompts, number) if number and files != files_there else None


def differs(folder: Path, version: int) -> str:
    """What serve and check say of a folder that says something else than the version in force."""
    return (
        f"{folder} differs from version {version}, which stays in force until `ivr publish {folder}`;"
        f" `ivr compare {folder}` shows how"
    )


def _in_force(settings: Settings) -> tuple[int, dict[str, str]]:
    """The number and the files of the version in force; 0 and none where nothing is published."""
    from ivr.store.database import Database
    from ivr.store.migrations import is_current
    from ivr.store.shelf import Shelf

    if not is_current(settings.ivr_database_url):
        return 0, {}
    database = Database(settings.ivr_database_url)
    database.start()
    try:
        return asyncio.run(Shelf(database).in_force())
    finally:
        database.stop()


def _voice(_: Settings) -> str | None:
    from ivr.speech.voices import missing

    return missing()
