"""What a rehearsal is given: the real service, on a pretend line, with a guest for an agent."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ivr.app import Guest, Service, create_app
from ivr.book.book import Book
from ivr.settings import Settings
from ivr.store.vouchers import Voucher

ACCOUNT = "AC" + "0" * 31 + "1"
PUBLIC_URL = "https://rehearsal.invalid"


class _OneVoucher:
    """A code that is worth nothing, so that words which promise one can be heard where texts can be sent."""

    async def one_for(self, call: str, queue: str | None) -> Voucher | None:
        return Voucher("rehearsal", "TEA-4471")


def settings_for_a_rehearsal(
    *, auth_token: str, database: str = "sqlite://", secret: str | None = None, prompts: Path | None = None
) -> Settings:
    """Settings that reach nobody, whatever the environment says; the book is the operator's own."""
    given: dict[str, Any] = {"ivr_prompts": prompts} if prompts else {}
    return Settings(
        _env_file=None,
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=auth_token,
        twilio_auth_token_secondary="",
        twilio_api_key="",
        twilio_api_secret="",
        ivr_public_url=PUBLIC_URL,
        ivr_fallback_url="",
        ivr_twilio_api_url="",
        ivr_database_url=database,
        ivr_secret=(secret or secrets.token_hex(16),),
        **given,
    )


def maker(
    settings: Settings, *, textable: bool, agent: str, book: Book | None = None
) -> Callable[[Any, Any], tuple[Service, str]]:
    """What a rehearsal calls with its clock and its REST side: the service, and a token for its API.

    `agent` is the address the pretend agent rings from; a `book` that was read already need not be read again.
    """

    def make_app(clock: Any, twilio_http: Any) -> tuple[Service, str]:
        guest = Guest(token=secrets.token_urlsafe(24), address=agent, name="rehearsal")
        service = create_app(
            settings,
            clock=clock,
            twilio_http=twilio_http,
            textable=textable,
            guest=guest,
            book=book,
            vouchers=_OneVoucher(),
        )
        return service, guest.token

    return make_app
