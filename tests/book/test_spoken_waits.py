"""A wait as each language says it, read back from its words by other means."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.book.spoken import speaker
from tests.book.small import TODAY

LOCALES = ("en-GB", "en-US", "en-JM", "es-ES", "es-MX", "fr-FR", "fr-CA", "pt-BR")

# one to twenty, then the fives that are said; and the hours of a day
_FIGURES = {
    "en": """a/an/one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
        seventeen eighteen nineteen twenty twenty-one twenty-two twenty-three twenty-four twenty-five""",
    "es": """un/una dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis
        diecisiete dieciocho diecinueve veinte veintiuna veintidós veintitrés veinticuatro veinticinco""",
    "fr": """une deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept
        dix-huit dix-neuf vingt vingt_et_une vingt-deux vingt-trois vingt-quatre vingt-cinq""",
    "pt": """um/uma dois/duas três quatro cinco seis sete oito nove dez onze doze treze quatorze/catorze quinze
        dezesseis dezessete dezoito dezenove vinte vinte_e_uma vinte_e_duas vinte_e_três vinte_e_quatro
        vinte_e_cinco""",
}
_TENS = {
    "en": "thirty thirty-five forty forty-five fifty fifty-five",
    "es": "treinta treinta_y_cinco cuarenta cuarenta_y_cinco cincuenta cincuenta_y_cinco",
    "fr": "trente trente-cinq quarante quarante-cinq cinquante cinquante-cinq",
    "pt": "trinta trinta_e_cinco quarenta quarenta_e_cinco cinquenta cinquenta_e_cinco",
}
_QUARTERS = {
    "en": (" and a quarter", " and a half", " and three quarters"),
    "es": (" y cuarto", " y media", " y tres cuartos"),
    "fr": (" et quart", " et demie", " trois quarts"),
    "pt": (" e quinze minutos", " e meia", " e quarenta e cinco minutos"),
}
_MORE = {"en": "more than ", "es": "más de ", "fr": r"plus (?:de |d')", "pt": "mais de "}
_LESS = {
    "en": "less than a minute",
    "es": "menos de un minuto",
    "fr": "moins d'une minute",
    "pt": "menos de um minuto",
}
_UNITS = {
    "en": r"(minutes?|hours?)", "es": r"(minutos?|horas?)", "fr": r"(minutes?|heures?)", "pt": r"(minutos?|horas?)"
}  # fmt: skip


def _figures(language: str) -> dict[str, int]:
    words = [
        *enumerate(_FIGURES[language].split(), 1),
        *zip(range(30, 60, 5), _TENS[language].split(), strict=True),
    ]
    return {one.replace("_", " "): number for number, any_of in words for one in any_of.split("/")}


def heard(said: str, language: str) -> tuple[bool, int]:
    """Whether it was said to be longer, and the seconds a listener understands."""
    if said == _LESS[language]:
        return False, 0
    more = re.match(_MORE[language], said)
    words = said[more.end() :] if more else said
    quarters = 0
    for count, phrase in enumerate(_QUARTERS[language], 1):
        if phrase in words:
            quarters, words = count * 900, words.replace(phrase, "")
            break
    figure, unit = re.fullmatch(rf"(.+) {_UNITS[language]}", words).groups()
    number = _figures(language)[figure]
    if not quarters:
        assert unit.endswith("s") == (number > 1), said
    return more is not None, number * (3600 if unit[0] in "h" else 60) + quarters


@pytest.mark.parametrize("locale", LOCALES)
@given(waited=st.one_of(st.integers(0, 3_700), st.integers(3_600, 25 * 3_600)))
@settings(max_examples=150, deadline=None)
def test_a_wait_is_never_said_longer_than_it_was_nor_much_shorter(locale: str, waited: int):
    more, understood = heard(speaker(locale, TODAY).spoken_wait(waited), locale[:2])
    assert understood <= waited
    assert waited - understood < (60 if waited < 1_200 else 300 if waited < 3_600 else 900)
    assert more == (understood < waited) or waited < 60


@pytest.mark.parametrize("locale", LOCALES)
def test_every_minute_of_three_hours_is_said_right(locale: str):
    told = speaker(locale, TODAY)
    for minutes in range(181):
        for more in (0, 1, 59):
            assert heard(told.spoken_wait(minutes * 60 + more), locale[:2])[1] <= minutes * 60 + more


@pytest.mark.parametrize("locale", LOCALES)
def test_a_clock_that_ran_backwards_is_less_than_a_minute(locale: str):
    assert speaker(locale, TODAY).spoken_wait(-5) == _LESS[locale[:2]]


@pytest.mark.parametrize(
    ("waited", "locale", "said"),
    [
        (60, "es-ES", "un minuto"),
        (3_600, "es-MX", "una hora"),
        (76_000, "es-ES", "más de veintiuna horas"),
        (660, "fr-FR", "onze minutes"),
        (661, "fr-FR", "plus de onze minutes"),
        (4_501, "fr-FR", "plus d'une heure et quart"),
        (9_950, "fr-CA", "plus de deux heures trois quarts"),
        (5_400, "pt-BR", "uma hora e meia"),
        (7_201, "pt-BR", "mais de duas horas"),
        (75_600, "fr-FR", "vingt et une heures"),
    ],
)
def test_one_is_said_as_its_unit_asks(waited: int, locale: str, said: str):
    assert speaker(locale, TODAY).spoken_wait(waited) == said
