"""A date as each language says it, read back from its words by other means."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.book.spoken import speaker

LOCALES = ("en-GB", "en-US", "en-JM", "es-ES", "es-MX", "fr-FR", "fr-CA", "pt-BR")
_NEAR = {
    "en": ("today", "tomorrow"), "es": ("hoy", "mañana"), "fr": ("aujourd'hui", "demain"), "pt": ("hoje", "amanhã"),
}  # fmt: skip
_WEEKDAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "pt": "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
}
_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
}
_DAYS = {
    "en": """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
        fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third
        twenty-fourth twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first""",
    "es": """uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete
        dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete
        veintiocho veintinueve treinta treinta_y_uno""",
    "fr": """premier deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept
        dix-huit dix-neuf vingt vingt_et_un vingt-deux vingt-trois vingt-quatre vingt-cinq vingt-six vingt-sept
        vingt-huit vingt-neuf trente trente_et_un""",
    "pt": """primeiro dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze dezesseis
        dezessete dezoito dezenove vinte vinte_e_um vinte_e_dois vinte_e_três vinte_e_quatro vinte_e_cinco
        vinte_e_seis vinte_e_sete vinte_e_oito vinte_e_nove trinta trinta_e_um""",
}
_SHAPES = {
    "en-GB": r"(?P<weekday>\w+) the (?P<day>[\w-]+) of (?P<month>\w+)(?P<year> .+)?",
    "en-US": r"(?P<weekday>\w+), (?P<month>\w+) (?P<day>[\w-]+)(?P<year>, .+)?",
    "es": r"el (?P<weekday>\w+) (?P<day>.+?) de (?P<month>\w+)(?P<year> de .+)?",
    "fr": r"(?P<weekday>\w+) (?P<day>.+) (?P<month>{months})(?P<year> .+)?",
    "pt": r"(?P<weekday>[\w-]+), (?P<day>.+?) de (?P<month>\w+)(?P<year> de .+)?",
}
_YEARS = {
    "en": {2025: "twenty twenty-five", 2026: "twenty twenty-six", 2027: "twenty twenty-seven"},
    "es": {2025: "dos mil veinticinco", 2026: "dos mil veintiséis", 2027: "dos mil veintisiete"},
    "fr": {2025: "deux mille vingt-cinq", 2026: "deux mille vingt-six", 2027: "deux mille vingt-sept"},
    "pt": {
        2025: "dois mil e vinte e cinco",
        2026: "dois mil e vinte e seis",
        2027: "dois mil e vinte e sete",
    },
}
_LOOSE = re.compile(r"\b(this|next|coming|last|est[ea]|próxim[oa]|que viene|ce|cette|prochaine?|nest[ea])\b")


def heard(said: str, locale: str, today: date) -> date:
    """The day a listener understands."""
    language = locale[:2]
    months = _MONTHS[language].split()
    shape = _SHAPES.get("en-GB" if locale == "en-JM" else locale) or _SHAPES[language].format(
        months="|".join(months)
    )
    parts = re.fullmatch(shape, said)
    assert parts, said
    days = [one.replace("_", " ") for one in _DAYS[language].split()]
    if locale == "es-MX":
        days[0] = "primero"
    year = today.year
    if parts["year"]:
        named = {words: number for number, words in _YEARS[language].items()}
        year = named[parts["year"].strip(", ").removeprefix("de ")]
        assert year != today.year, "this year is not said"
    day = date(year, months.index(parts["month"]) + 1, days.index(parts["day"]) + 1)
    assert _WEEKDAYS[language].split()[day.weekday()] == parts["weekday"]
    return day


@pytest.mark.parametrize("locale", LOCALES)
@given(st.dates(date(2025, 1, 1), date(2027, 12, 31)), st.dates(date(2026, 1, 1), date(2026, 12, 31)))
@settings(max_examples=100, deadline=None)
def test_a_date_is_understood_as_the_day_it_is(locale: str, day: date, today: date):
    said = speaker(locale, today).spoken_date(day)
    assert not _LOOSE.search(said)
    if day - today in (timedelta(0), timedelta(days=1)):
        assert said == _NEAR[locale[:2]][(day - today).days]
    else:
        assert heard(said, locale, today) == day


@pytest.mark.parametrize("locale", LOCALES)
def test_a_date_is_today_or_tomorrow_across_the_end_of_a_year(locale: str):
    told = speaker(locale, date(2026, 12, 31))
    assert (told.spoken_date(date(2026, 12, 31)), told.spoken_date(date(2027, 1, 1))) == _NEAR[locale[:2]]


@pytest.mark.parametrize("locale", LOCALES)
@given(st.dates(date(2025, 1, 1), date(2027, 12, 31)))
@settings(max_examples=60, deadline=None)
def test_a_typed_date_is_said_whole_even_if_it_is_today(locale: str, day: date):
    said = speaker(locale, day).typed(day.isoformat())
    assert heard(f"el {said}" if locale.startswith("es") else said, locale, day) == day


@pytest.mark.parametrize("locale", LOCALES)
@given(st.dates(date(2025, 1, 1), date(2027, 12, 31)))
@settings(max_examples=60, deadline=None)
def test_a_text_shows_day_and_year_in_figures(locale: str, day: date):
    shown = speaker(locale, date(2026, 1, 1)).written_date(day)
    assert [int(figure) for figure in re.findall("[0-9]+", shown)] == [day.day, day.year]
    assert shown.casefold().startswith(_WEEKDAYS[locale[:2]].split()[day.weekday()].casefold())
