"""How values are said in Spanish."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import ClassVar

from ivr.book.spoken.codes import Spelling
from ivr.book.spoken.speaker import Rounded, Speaker, formatted, in_words
from ivr.book.spoken.typed import Currency, Money

_SIGNS = {
    "@": "arroba", ".": "punto", "-": "guion", "_": "guion bajo", "/": "barra", "+": "más", "&": "y",
    "#": "almohadilla", "*": "asterisco", ":": "dos puntos", "=": "igual", "%": "por ciento", "~": "virgulilla",
    "?": "signo de interrogación", "'": "apóstrofo", "’": "apóstrofo",
}  # fmt: skip
_NAMES = {"Y": "i griega", "V": "uve", "W": "uve doble"}  # Y alone is the word for "and", and sounds like I
_IN_SPAIN = {
    "B": "Barcelona", "C": "Cáceres", "D": "Dinamarca", "E": "España", "F": "Francia", "G": "Granada",
    "M": "Madrid", "N": "Navarra", "P": "París", "S": "Sevilla", "T": "Toledo", "V": "Valencia",
}  # fmt: skip
_IN_MEXICO = {
    "B": "burro", "C": "casa", "D": "dedo", "E": "elefante", "F": "foca", "G": "gato", "M": "México",
    "N": "nube", "P": "perro", "S": "sol", "T": "tigre", "V": "vaca",
}  # fmt: skip
_ENDS = frozenset({"co", "es"})
_PARTS = {"morning": "mañana", "afternoon": "tarde", "evening": "tarde", "night": "noche"}
_EURO = Currency("euro", "euros", "céntimo", "céntimos")
_POUND = Currency("libra", "libras", "penique", "peniques", feminine=True)
_DOLLAR = Currency("dólar", "dólares", "centavo", "centavos")
_CURRENCIES = {
    "€": _EURO, "EUR": _EURO, "£": _POUND, "GBP": _POUND, "$": _DOLLAR, "US$": _DOLLAR,
    "R$": Currency("real", "reales", "centavo", "centavos"),
}  # fmt: skip
_MEXICAN_CURRENCIES = _CURRENCIES | {"$": Currency("peso", "pesos", "centavo", "centavos")}
_E_SOUND = re.compile(r"(?:i|hi|í|hí)(?![aeouáéóú])", re.IGNORECASE)


class Spanish(Speaker):
    """Spanish; Mexico's differs from Spain's in the first of a month, in times and in spelling.

    A date comes with its article ("el sábado …"), since "hoy" and "mañana" have none: "para {{ … }}",
    "a más tardar {{ … }}", "hasta {{ … }}", and never "antes del".
    """

    language = numbers = "es"
    spellings: ClassVar[dict[str, Spelling]] = {
        "es-ES": Spelling(_SIGNS, _IN_SPAIN, "{letter} de {word}", _NAMES, "triple uve doble", _ENDS),
        "es-MX": Spelling(
            _SIGNS | {"/": "diagonal", "#": "gato"}, _IN_MEXICO, "{letter} de {word}",
            {"Y": "i griega", "V": "ve", "W": "doble u"}, "triple doble u", _ENDS,
        ),
    }  # fmt: skip

    @property
    def _mexican(self) -> bool:
        return self.locale == "es-MX"

    @property
    def currencies(self) -> Mapping[str, Currency]:  # type: ignore[override]
        return _MEXICAN_CURRENCIES if self._mexican else _CURRENCIES

    @property
    def decimal(self) -> str:  # type: ignore[override]  # one language, two customs
        return "." if self._mexican else ","

    def number(self, value: int) -> str:
        # num2words has "veintiuno mil" and "treinta y uno mil", where uno loses its o
        said = in_words(value, "cardinal", "es")
        return said.replace("veintiuno mil", "veintiún mil").replace("uno mil", "un mil")

    def _counted(self, value: int, *, feminine: bool = False) -> str:
        """A number before what it counts: un minuto, una hora, veintiún euros, doscientas libras."""
        said = self.number(value)
        if feminine:
            said = re.sub(r"(?<=ient)os\b", "as", said)
            return re.sub(r"un(?:o$|(?= mil\b))", "una", said)
        return re.sub("uno$", "un", said).replace("veintiun", "veintiún") if said.endswith("uno") else said

    def money(self, money: Money) -> str:
        currency, whole, cents, _ = money
        some = f"{self._counted(whole, feminine=currency.feminine)} {currency.one if whole == 1 else currency.many}"
        rest = f"{self._counted(cents)} {currency.cent if cents == 1 else currency.cents}"
        if not cents:
            return some
        if not whole:
            return rest
        return f"{some} con {rest if self._mexican else self.number(cents)}"

    def less_than_a_minute(self) -> str:
        return "menos de un minuto"

    def wait(self, wait: Rounded) -> str:
        more = "más de " if wait.more else ""
        if not wait.hours:
            return f"{more}{self._counted(wait.minutes)} minuto{'s' if wait.minutes > 1 else ''}"
        beyond = ("", " y cuarto", " y media", " y tres cuartos")[wait.quarters]
        return f"{more}{self._counted(wait.hours, feminine=True)} hora{'s' if wait.hours > 1 else ''}{beyond}"

    def near(self, days: int) -> str:
        return "mañana" if days else "hoy"

    def far(self, day: date, *, year: bool) -> str:
        return f"el {self._day(day, year)}"

    def plain_day(self, day: date) -> str:
        return self._day(day, day.year != self.today.year)

    def _day(self, day: date, year: bool) -> str:
        number = "primero" if day.day == 1 and self._mexican else self.number(day.day)
        said = f"{formatted(day, 'EEEE', 'es')} {number} de {formatted(day, 'MMMM', 'es')}"
        return f"{said} de {self.number(day.year)}" if year else said

    def _written(self) -> str:
        return "EEEE d 'de' MMMM 'de' y"

    def spoken_time(self, at: time) -> str:
        """A time of day with its article: "a {{ … }}", "hasta {{ … }}"."""
        if (at.hour, at.minute) in ((0, 0), (12, 0)):
            return "mediodía" if at.hour else "medianoche"
        night = time(19) if self._mexican else time(20, 30)
        part = (
            "la madrugada" if at.hour < 6 else "la mañana" if at.hour < 12
            else "la tarde" if at < night else "la noche"
        )  # fmt: skip
        hour, minute = at.hour, at.minute
        to_come = not self._mexican and minute > 30 and minute % 5 == 0
        if to_come:  # "las diez menos cuarto": in Spain
            hour, minute = hour + 1, 60 - minute
        figure = self._counted(hour % 12 or 12, feminine=True)
        past = {0: "", 15: "cuarto", 30: "media"}.get(minute, self.number(minute))
        sign = " menos " if to_come else " y " if past else ""
        return f"{'la' if figure == 'una' else 'las'} {figure}{sign}{past} de {part}"

    def spoken_part(self, part: str) -> str:
        return "noche" if part == "evening" and self._mexican else _PARTS[part]

    def joined(self, items: Sequence[str]) -> str:
        and_ = "e" if _E_SOUND.match(items[-1]) else "y"
        return f"{', '.join(items[:-1])} {and_} {items[-1]}"

    def telephone_group(self, group: str) -> Sequence[str]:
        """Pairs as numbers, a longer even group in pairs, an odd one digit by digit."""
        if not (group.isascii() and group.isdigit()) or len(group) % 2:
            return super().telephone_group(group)
        pairs = [group[start : start + 2] for start in range(0, len(group), 2)]
        return [_pair(pair, self) for pair in pairs]


def _pair(pair: str, speaker: Spanish) -> str:
    return f"cero {speaker.number(int(pair[1]))}" if pair[0] == "0" else speaker.number(int(pair))
