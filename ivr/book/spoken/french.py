"""How values are said in French."""

import re
from collections.abc import Sequence
from datetime import date, time
from typing import ClassVar

from ivr.book.spoken.codes import Spelling
from ivr.book.spoken.speaker import Rounded, Speaker, formatted
from ivr.book.spoken.typed import Currency, Money

_SIGNS = {
    "@": "arobase", ".": "point", "-": "tiret", "_": "tiret bas", "/": "barre oblique", "+": "plus", "&": "et",
    "#": "dièse", "*": "étoile", ":": "deux-points", "=": "égal", "%": "pour cent", "~": "tilde",
    "?": "point d'interrogation", "'": "apostrophe", "’": "apostrophe",
}  # fmt: skip
_NAMES = {"Y": "i grec", "W": "double v"}  # Y alone is a word that sounds like I
_IN_FRANCE = {
    "B": "Berthe", "C": "Célestin", "D": "Désiré", "F": "François", "G": "Gaston", "M": "Marcel",
    "N": "Nicolas", "P": "Pierre", "S": "Suzanne", "T": "Thérèse", "V": "Victor",
}  # fmt: skip
# the Office québécois de la langue française, Vitrine linguistique, “Employer un code d'épellation”
_IN_CANADA = {
    "B": "Berthe", "C": "Charles", "D": "David", "F": "François", "G": "Georges", "M": "Marie",
    "N": "Nicolas", "P": "Pierre", "S": "Samuel", "T": "Thomas", "V": "Victor",
}  # fmt: skip
_PARTS = {"morning": "matin", "afternoon": "après-midi", "evening": "soir", "night": "nuit"}
_EURO = Currency("euro", "euros", "centime", "centimes")
_POUND = Currency("livre", "livres", "penny", "pence", feminine=True)
_DOLLAR = Currency("dollar", "dollars", "cent", "cents")
_CURRENCIES = {
    "€": _EURO, "EUR": _EURO, "£": _POUND, "GBP": _POUND, "$": _DOLLAR,
    "US$": Currency("dollar américain", "dollars américains", "cent", "cents"),
    "R$": Currency("réal", "réaux", "centavo", "centavos"),
}  # fmt: skip


class French(Speaker):
    """French; Canada's differs from France's in spelling and in telephone numbers.

    A date comes without an article, so that it stands where « demain » and « aujourd'hui » do:
    « au plus tard {{ … }} », and never « avant le ».
    """

    language = numbers = "fr"
    currencies = _CURRENCIES
    decimal = ","
    spellings: ClassVar[dict[str, Spelling]] = {
        "fr-FR": Spelling(_SIGNS, _IN_FRANCE, "{letter} comme {word}", _NAMES, "trois double v"),
        "fr-CA": Spelling(
            _SIGNS | {"@": "arobas", "-": "trait d'union", "_": "trait de soulignement", "#": "carré"},
            _IN_CANADA, "{letter} comme {word}", _NAMES, "trois double v",
        ),
    }  # fmt: skip

    def _feminine(self, value: int) -> str:
        said = self.number(value)
        return f"{said}e" if re.search(r"\bun$", said) else said

    def money(self, money: Money) -> str:
        currency, whole, cents, _ = money
        count = self._feminine(whole) if currency.feminine else self.number(whole)
        some = f"{count} {currency.many if whole > 1 else currency.one}"
        if not cents:
            return some
        if not whole:
            return f"{self.number(cents)} {currency.cents if cents > 1 else currency.cent}"
        return f"{some} {'et ' if self.locale == 'fr-CA' else ''}{self.number(cents)}"

    def less_than_a_minute(self) -> str:
        return "moins d'une minute"

    def wait(self, wait: Rounded) -> str:
        count, unit = (wait.hours, "heure") if wait.hours else (wait.minutes, "minute")
        beyond = ("", " et quart", " et demie", " trois quarts")[wait.quarters]
        said = f"{self._feminine(count)} {unit}{'s' if count > 1 else ''}{beyond}"
        return said if not wait.more else f"plus d'{said}" if count == 1 else f"plus de {said}"

    def near(self, days: int) -> str:
        return "demain" if days else "aujourd'hui"

    def far(self, day: date, *, year: bool) -> str:
        number = "premier" if day.day == 1 else self.number(day.day)
        said = f"{formatted(day, 'EEEE', 'fr')} {number} {formatted(day, 'MMMM', 'fr')}"
        return f"{said} {self.number(day.year)}" if year else said

    def _written(self) -> str:
        return "EEEE d MMMM y"

    def written_date(self, day: date) -> str:
        said = super().written_date(day)
        return said.replace(" 1 ", " 1er ", 1) if day.day == 1 else said

    def spoken_time(self, at: time) -> str:
        """A time of day on twenty-four hours: « à {{ … }} »."""
        minute = f" {self._feminine(at.minute)}" if at.minute else ""
        if at.hour in (0, 12) and at.minute == 0:
            return "midi" if at.hour else "minuit"
        if at.hour == 0:
            return f"minuit{minute}"
        return f"{self._feminine(at.hour)} heure{'s' if at.hour > 1 else ''}{minute}"

    def spoken_part(self, part: str) -> str:
        return _PARTS[part]

    def joined(self, items: Sequence[str]) -> str:
        return f"{', '.join(items[:-1])} et {items[-1]}"

    def telephone_group(self, group: str) -> Sequence[str]:
        """Pairs and threes as numbers in France; digit by digit in Canada."""
        if self.locale == "fr-CA" or not (group.isascii() and group.isdigit()) or len(group) > 3:
            return super().telephone_group(group)
        bare = group.lstrip("0")
        zeros = ["zéro"] * (len(group) - len(bare))
        return [" ".join([*zeros, self.number(int(bare))] if bare else zeros)]
