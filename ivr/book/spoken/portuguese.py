"""How values are said in Brazilian Portuguese."""

import re
from collections.abc import Sequence
from datetime import date, time
from typing import ClassVar

from ivr.book.spoken.codes import Spelling
from ivr.book.spoken.speaker import Rounded, Speaker, formatted, in_words
from ivr.book.spoken.typed import Currency, Money

_SIGNS = {
    "@": "arroba", ".": "ponto", "-": "hífen", "_": "underline", "/": "barra", "+": "mais", "&": "e",
    "#": "jogo da velha", "*": "asterisco", ":": "dois pontos", "=": "igual", "%": "por cento", "~": "til",
    "?": "ponto de interrogação", "'": "apóstrofo", "’": "apóstrofo",
}  # fmt: skip
# E and O alone are words, said as I and U; six is "meia", since "seis" is taken for "três"
_NAMES = {"E": "é", "O": "ó", "W": "dáblio", "Y": "ípsilon", "6": "meia"}
_WORDS = {
    "B": "bola", "C": "casa", "D": "dado", "E": "escola", "F": "faca", "G": "gato", "M": "Maria", "N": "navio",
    "P": "pato", "S": "sapo", "T": "tatu", "V": "vaca", "Z": "zebra",
}  # fmt: skip
_PARTS = {"morning": "manhã", "afternoon": "tarde", "evening": "noite", "night": "noite"}
_EURO = Currency("euro", "euros", "centavo", "centavos")
_POUND = Currency("libra", "libras", "penny", "pence", feminine=True)
_DOLLAR = Currency("dólar", "dólares", "centavo", "centavos")
_CURRENCIES = {
    "R$": Currency("real", "reais", "centavo", "centavos"), "€": _EURO, "EUR": _EURO, "£": _POUND, "GBP": _POUND,
    "$": _DOLLAR, "US$": _DOLLAR,
}  # fmt: skip


class Portuguese(Speaker):
    """Brazil's Portuguese.

    A date comes without an article, so that it stands where "amanhã" does: "até {{ … }}", and never
    "no" or "do" before it.
    """

    language = "pt"
    numbers = "pt_BR"
    currencies = _CURRENCIES
    decimal = ","
    spellings: ClassVar[dict[str, Spelling]] = {
        "pt-BR": Spelling(_SIGNS, _WORDS, "{letter} de {word}", _NAMES, "três dáblios"),
    }

    def number(self, value: int) -> str:
        # num2words has a comma after thousands that nobody makes in speaking
        return in_words(value, "cardinal", "pt_BR").replace(",", "")

    def _feminine(self, value: int) -> str:
        """Before what is feminine: uma hora, duas horas, duzentas libras."""
        said = re.sub(r"\bdois\b", "duas", re.sub(r"\bum\b", "uma", self.number(value)))
        return re.sub(r"(?<=ent)os\b", "as", said)

    def money(self, money: Money) -> str:
        currency, whole, cents, _ = money
        count = self._feminine(whole) if currency.feminine else self.number(whole)
        some = f"{count} {currency.one if whole == 1 else currency.many}"
        rest = f"{self.number(cents)} {currency.cent if cents == 1 else currency.cents}"
        return some if not cents else rest if not whole else f"{some} e {rest}"

    def less_than_a_minute(self) -> str:
        return "menos de um minuto"

    def wait(self, wait: Rounded) -> str:
        more = "mais de " if wait.more else ""
        if not wait.hours:
            return f"{more}{self.number(wait.minutes)} minuto{'s' if wait.minutes > 1 else ''}"
        beyond = ("", " e quinze minutos", " e meia", " e quarenta e cinco minutos")[wait.quarters]
        return f"{more}{self._feminine(wait.hours)} hora{'s' if wait.hours > 1 else ''}{beyond}"

    def near(self, days: int) -> str:
        return "amanhã" if days else "hoje"

    def far(self, day: date, *, year: bool) -> str:
        number = "primeiro" if day.day == 1 else self.number(day.day)
        said = f"{formatted(day, 'EEEE', 'pt')}, {number} de {formatted(day, 'MMMM', 'pt')}"
        return f"{said} de {self.number(day.year)}" if year else said

    def _written(self) -> str:
        return "EEEE, d 'de' MMMM 'de' y"

    def written_date(self, day: date) -> str:
        said = super().written_date(day)
        return said.replace(" 1 ", " 1º ", 1) if day.day == 1 else said

    def spoken_time(self, at: time) -> str:
        """A time of day with its article: "até {{ … }}", "para {{ … }}"."""
        if (at.hour, at.minute) in ((0, 0), (12, 0)):
            return "o meio-dia" if at.hour else "a meia-noite"
        if (at.hour, at.minute) in ((0, 30), (12, 30)):
            return "o meio-dia e meia" if at.hour else "a meia-noite e meia"
        part = (
            "da madrugada" if at.hour < 6 else "da manhã" if at.hour < 12
            else "da tarde" if at.hour < 18 else "da noite"
        )  # fmt: skip
        hour = self._feminine(at.hour % 12 or 12)
        minute = {0: "", 30: " e meia"}.get(at.minute, f" e {self.number(at.minute)}")
        return f"{'a' if hour == 'uma' else 'as'} {hour}{minute} {part}"

    def spoken_part(self, part: str) -> str:
        return _PARTS[part]

    def joined(self, items: Sequence[str]) -> str:
        return f"{', '.join(items[:-1])} e {items[-1]}"

    def telephone_group(self, group: str) -> Sequence[str]:
        """A pair as a number; the nine of a mobile number by itself; all else digit by digit."""
        if group.isascii() and group.isdigit():
            if len(group) == 2 and group[0] != "0":
                return [self.number(int(group))]
            if len(group) == 5:
                return [*super().telephone_group(group[0]), *super().telephone_group(group[1:])]
        return super().telephone_group(group)
