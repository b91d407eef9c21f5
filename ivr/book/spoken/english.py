"""How values are said in English."""

from collections.abc import Sequence
from datetime import date, time
from typing import ClassVar

from ivr.book.spoken.codes import Spelling
from ivr.book.spoken.speaker import Rounded, Speaker, formatted, in_words
from ivr.book.spoken.typed import Currency, Money

_SIGNS = {
    "@": "at", ".": "dot", "-": "hyphen", "_": "underscore", "/": "slash", "+": "plus", "&": "and",
    "#": "hash", "*": "star", ":": "colon", "=": "equals", "%": "percent", "~": "tilde",
    "?": "question mark", "'": "apostrophe", "’": "apostrophe",
}  # fmt: skip
# the letters that rhyme with B, and F and S, and M and N, lose what tells them apart on a telephone line
_WORDS = {
    "B": "Bravo", "C": "Charlie", "D": "Delta", "E": "Echo", "F": "Foxtrot", "G": "Golf", "M": "Mike",
    "N": "November", "P": "Papa", "S": "Sierra", "T": "Tango", "V": "Victor",
}  # fmt: skip
_POUND = Currency("pound", "pounds", "penny", "pence")
_EURO = Currency("euro", "euros", "cent", "cents")
_DOLLAR = Currency("dollar", "dollars", "cent", "cents")
_CURRENCIES = {
    "£": _POUND, "GBP": _POUND, "€": _EURO, "EUR": _EURO, "$": _DOLLAR, "J$": _DOLLAR,
    "US$": Currency("US dollar", "US dollars", "cent", "cents"),
    "R$": Currency("real", "reais", "centavo", "centavos"),
}  # fmt: skip


class English(Speaker):
    """English; the American way differs from the British one in dates and in spelling."""

    language = numbers = "en"
    currencies = _CURRENCIES
    spellings: ClassVar[dict[str, Spelling]] = {
        "en-GB": Spelling(_SIGNS, _WORDS, "{letter} for {word}"),
        "en-US": Spelling(_SIGNS | {"#": "pound"}, _WORDS | {"Z": "Zulu"}, "{letter} as in {word}"),
    }

    def number(self, value: int) -> str:
        said = super().number(value).replace(",", "")  # nobody draws breath after the thousands
        return said.replace(" and ", " ") if self.locale == "en-US" else said

    def money(self, money: Money) -> str:
        currency, whole, cents, follows = money
        if follows in ("a", "an"):  # a twenty pound voucher
            currency = currency._replace(many=currency.one, cents=currency.cents.removesuffix("s"))
        some = f"{self.number(whole)} {currency.one if whole == 1 else currency.many}"
        rest = f"{self.number(cents)} {currency.cent if cents == 1 else currency.cents}"
        if not cents:
            return some
        if not whole:
            return rest
        # "twelve pounds fifty", and "twelve dollars and fifty cents"
        return (
            f"{some} {self.number(cents)}"
            if currency.one == _POUND.one and cents >= 10
            else f"{some} and {rest}"
        )

    def less_than_a_minute(self) -> str:
        return "less than a minute"

    def wait(self, wait: Rounded) -> str:
        more = "more than " if wait.more else ""
        if not wait.hours:
            return more + ("a minute" if wait.minutes == 1 else f"{self.number(wait.minutes)} minutes")
        beyond = ("", " and a quarter", " and a half", " and three quarters")[wait.quarters]
        if wait.hours == 1:
            return f"{more}an hour{beyond}"
        return f"{more}{self.number(wait.hours)}{beyond} hours"

    def near(self, days: int) -> str:
        return "tomorrow" if days else "today"

    def far(self, day: date, *, year: bool) -> str:
        american = self.locale == "en-US"
        weekday, month = formatted(day, "EEEE", "en"), formatted(day, "MMMM", "en")
        ordinal = in_words(day.day, "ordinal", "en")
        said = f"{weekday}, {month} {ordinal}" if american else f"{weekday} the {ordinal} of {month}"
        return said + f"{',' if american else ''} {in_words(day.year, 'year', 'en')}" if year else said

    def _written(self) -> str:
        return "EEEE, MMMM d, y" if self.locale == "en-US" else "EEEE d MMMM y"

    def spoken_time(self, at: time) -> str:
        if (at.hour, at.minute) in ((0, 0), (12, 0)):
            return "noon" if at.hour else "midnight"
        hour = self.number(at.hour % 12 or 12)
        part = "in the morning" if at.hour < 12 else "in the afternoon" if at.hour < 18 else "in the evening"
        if at.minute == 0:
            return f"{hour} o'clock {part}"
        return f"{hour} {'oh ' if at.minute < 10 else ''}{self.number(at.minute)} {part}"

    def spoken_part(self, part: str) -> str:
        return part

    def joined(self, items: Sequence[str]) -> str:
        return f"{', '.join(items[:-1])} and {items[-1]}"
