"""How values are said in Spanish."""

import re
from collections.abc import Sequence
from datetime import date, time
from typing import ClassVar

from ivr.book.spoken.codes import Spelling
from ivr.book.spoken.speaker import Rounded, Speaker, formatted, in_words

_SIGNS = {
    "@": "arroba", ".": "punto", "-": "guion", "_": "guion bajo", "/": "barra", "+": "más", "&": "y",
    "#": "almohadilla", "*": "asterisco", ":": "dos puntos", "=": "igual", "%": "por ciento", "~": "virgulilla",
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
_PARTS = {"morning": "mañana", "afternoon": "tarde", "evening": "tarde", "night": "noche"}
_E_SOUND = re.compile(r"(?:i|hi|í|hí)(?![aeouáéóú])", re.IGNORECASE)


class Spanish(Speaker):
    """Spanish; Mexico's differs from Spain's in the first of a month, in times and in spelling.

    A date comes with its article ("el sábado …"), since "hoy" and "mañana" have none: "para {{ … }}",
    "a más tardar {{ … }}", "hasta {{ … }}", and never "antes del".
    """

    language = numbers = "es"
    spellings: ClassVar[dict[str, Spelling]] = {
        "es-ES": Spelling(_SIGNS, _IN_SPAIN, "{letter} de {word}", _NAMES),
        "es-MX": Spelling(
            _SIGNS | {"/": "diagonal", "#": "gato"}, _IN_MEXICO, "{letter} de {word}",
            {"Y": "i griega", "V": "ve", "W": "doble u"},
        ),
    }  # fmt: skip

    @property
    def _mexican(self) -> bool:
        return self.locale == "es-MX"

    def number(self, value: int) -> str:
        # num2words has "veintiuno mil" where it is "veintiún mil"
        return re.sub(r"uno mil\b", "ún mil", in_words(value, "cardinal", "es")).replace(
            "y ún mil", "y un mil"
        )

    def _feminine(self, value: int) -> str:
        return re.sub("uno$", "una", self.number(value))

    def less_than_a_minute(self) -> str:
        return "menos de un minuto"

    def wait(self, wait: Rounded) -> str:
        more = "más de " if wait.more else ""
        if not wait.hours:
            return more + ("un minuto" if wait.minutes == 1 else f"{self.number(wait.minutes)} minutos")
        beyond = ("", " y cuarto", " y media", " y tres cuartos")[wait.quarters]
        return f"{more}{self._feminine(wait.hours)} hora{'s' if wait.hours > 1 else ''}{beyond}"

    def near(self, days: int) -> str:
        return "mañana" if days else "hoy"

    def far(self, day: date, *, year: bool) -> str:
        number = "primero" if day.day == 1 and self._mexican else self.number(day.day)
        said = f"el {formatted(day, 'EEEE', 'es')} {number} de {formatted(day, 'MMMM', 'es')}"
        return f"{said} de {self.number(day.year)}" if year else said

    def _written(self) -> str:
        return "EEEE d 'de' MMMM 'de' y"

    def spoken_time(self, at: time) -> str:
        """A time of day with its article: "a {{ … }}", "hasta {{ … }}"."""
        if (at.hour, at.minute) in ((0, 0), (12, 0)):
            return "mediodía" if at.hour else "medianoche"
        evening = 20 if not self._mexican else 19
        part = (
            "la madrugada" if at.hour < 6 else "la mañana" if at.hour < 12
            else "la tarde" if at.hour < evening + (not self._mexican) else "la noche"
        )  # fmt: skip
        hour, minute = at.hour, at.minute
        to_come = not self._mexican and minute > 30 and minute % 5 == 0
        if to_come:  # "las diez menos cuarto": in Spain
            hour, minute = hour + 1, 60 - minute
        figure = self._feminine(hour % 12 or 12)
        past = {0: "", 15: "cuarto", 30: "media"}.get(minute, self.number(minute))
        sign = " menos " if to_come else " y " if past else ""
        return f"{'la' if figure == 'una' else 'las'} {figure}{sign}{past} de {part}"

    def spoken_part(self, part: str) -> str:
        return _PARTS[part]

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
