"""Two HTTP sides under twilio's client: its own, and one round any other that bounds and redirects it."""

import asyncio
import logging
from base64 import b64encode
from urllib.parse import urlsplit, urlunsplit

from twilio.base.exceptions import TwilioException  # type: ignore[import-untyped]  # twilio publishes no types
from twilio.http import AsyncHttpClient  # type: ignore[import-untyped]
from twilio.http.async_http_client import AsyncTwilioHttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]

# The client's own log quotes addresses with everything in them.
SILENT = logging.Logger("ivr.line.phone", level=logging.CRITICAL + 1)


class Wire(AsyncHttpClient):  # type: ignore[misc]  # twilio publishes no types
    """Another HTTP side, with a time-out, and with Twilio's hosts changed for a stand-in's where one is set.

    Raises TwilioException, without a message, for whatever kept the answer from coming.
    """

    def __init__(self, http: AsyncHttpClient, api_url: str | None, seconds: float) -> None:
        """`seconds` is for one request. `api_url` stands for every host of Twilio's: their paths differ."""
        super().__init__(SILENT, True)
        self._http, self._seconds = http, seconds
        self._elsewhere = urlsplit(api_url) if api_url else None

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # the signature is twilio's
        allow_redirects: bool = False,
    ) -> Response:
        try:
            # Round the whole request: the client hands a time-out on to nobody of its own accord.
            async with asyncio.timeout(timeout or self._seconds):
                return await self._http.request(
                    method,
                    self._address(url),
                    params=params,
                    data=data,
                    headers=headers,
                    auth=auth,
                    allow_redirects=allow_redirects,
                )
        except Exception:  # whatever breaks on the way there is one thing to us: no answer
            raise TwilioException from None

    def _address(self, url: str) -> str:
        if self._elsewhere is None:
            return url
        there, parts = self._elsewhere, urlsplit(url)
        path = there.path.rstrip("/") + parts.path
        return urlunsplit((there.scheme, there.netloc, path, parts.query, parts.fragment))


class OwnHttp(AsyncTwilioHttpClient):  # type: ignore[misc]
    """Twilio's own HTTP side, saying who we are in a header: aiohttp is giving up its argument for that."""

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
        allow_redirects: bool = False,
    ) -> Response:
        if auth is not None:
            basic = b64encode(":".join(auth).encode()).decode("ascii")
            headers = {**(headers or {}), "Authorization": f"Basic {basic}"}
        return await super().request(method, url, params, data, headers, None, timeout, allow_redirects)
