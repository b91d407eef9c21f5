"""What each locale says, form by form: read these aloud."""

from datetime import date, time

import pytest

from ivr.book.spoken import SPEAKERS, Speaker, plain, speaker
from tests.book.small import TODAY

SATURDAY, FIRST, NEXT_YEAR = date(2026, 11, 28), date(2026, 12, 1), date(2027, 1, 2)
FORMS = (
    lambda s: s.spoken_wait(45),
    lambda s: s.spoken_wait(61),
    lambda s: s.spoken_wait(750),
    lambda s: s.spoken_wait(2_700),
    lambda s: s.spoken_wait(4_600),
    lambda s: s.spoken_wait(9_000),
    lambda s: s.spoken_date(date(2026, 11, 21)),
    lambda s: s.spoken_date(date(2026, 11, 22)),
    lambda s: s.spoken_date(SATURDAY),
    lambda s: s.spoken_date(FIRST),
    lambda s: s.spoken_date(NEXT_YEAR),
    lambda s: s.written_date(FIRST),
    lambda s: s.spoken_day("friday"),
    lambda s: s.spoken_part("evening"),
    lambda s: s.spoken_time(time(9, 0)),
    lambda s: s.spoken_time(time(14, 30)),
    lambda s: s.spoken_time(time(20, 45)),
    lambda s: s.spoken_address("help-desk_2@example.com"),
    lambda s: s.list(("a", "b", "inscrito")),
    lambda s: plain(s.spell("WY-6E")),
    lambda s: plain(s.spell_out("MB-4719")),
    lambda s: s.number(21),
)
SAID = {
    "en-GB": """
        less than a minute
        more than a minute
        more than twelve minutes
        forty-five minutes
        more than an hour and a quarter
        two and a half hours
        today
        tomorrow
        Saturday the twenty-eighth of November
        Tuesday the first of December
        Saturday the second of January twenty twenty-seven
        Tuesday 1 December 2026
        Friday
        evening
        nine o'clock in the morning
        two thirty in the afternoon
        eight forty-five in the evening
        help hyphen desk underscore 2 at example dot com
        a, b and inscrito
        W Y, 6 E
        M for Mike, B for Bravo, 4 7 1 9
        twenty-one
    """,
    "en-US": """
        less than a minute
        more than a minute
        more than twelve minutes
        forty-five minutes
        more than an hour and a quarter
        two and a half hours
        today
        tomorrow
        Saturday, November twenty-eighth
        Tuesday, December first
        Saturday, January second, twenty twenty-seven
        Tuesday, December 1, 2026
        Friday
        evening
        nine o'clock in the morning
        two thirty in the afternoon
        eight forty-five in the evening
        help hyphen desk underscore 2 at example dot com
        a, b and inscrito
        W Y, 6 E
        M as in Mike, B as in Bravo, 4 7 1 9
        twenty-one
    """,
    "es-ES": """
        menos de un minuto
        más de un minuto
        más de doce minutos
        cuarenta y cinco minutos
        más de una hora y cuarto
        dos horas y media
        hoy
        mañana
        el sábado veintiocho de noviembre
        el martes uno de diciembre
        el sábado dos de enero de dos mil veintisiete
        martes 1 de diciembre de 2026
        viernes
        tarde
        las nueve de la mañana
        las dos y media de la tarde
        las nueve menos cuarto de la noche
        help guion desk guion bajo 2 arroba example punto com
        a, b e inscrito
        uve doble, i griega, 6 E
        M de Madrid, B de Barcelona, 4 7 1 9
        veintiuno
    """,
    "es-MX": """
        menos de un minuto
        más de un minuto
        más de doce minutos
        cuarenta y cinco minutos
        más de una hora y cuarto
        dos horas y media
        hoy
        mañana
        el sábado veintiocho de noviembre
        el martes primero de diciembre
        el sábado dos de enero de dos mil veintisiete
        martes 1 de diciembre de 2026
        viernes
        noche
        las nueve de la mañana
        las dos y media de la tarde
        las ocho y cuarenta y cinco de la noche
        help guion desk guion bajo 2 arroba example punto com
        a, b e inscrito
        doble u, i griega, 6 E
        M de México, B de burro, 4 7 1 9
        veintiuno
    """,
    "fr-FR": """
        moins d'une minute
        plus d'une minute
        plus de douze minutes
        quarante-cinq minutes
        plus d'une heure et quart
        deux heures et demie
        aujourd'hui
        demain
        samedi vingt-huit novembre
        mardi premier décembre
        samedi deux janvier deux mille vingt-sept
        mardi 1er décembre 2026
        vendredi
        soir
        neuf heures
        quatorze heures trente
        vingt heures quarante-cinq
        help tiret desk tiret bas 2 arobase example point com
        a, b et inscrito
        double v, i grec, 6 E
        M comme Marcel, B comme Berthe, 4 7 1 9
        vingt et un
    """,
    "pt-BR": """
        menos de um minuto
        mais de um minuto
        mais de doze minutos
        quarenta e cinco minutos
        mais de uma hora e quinze minutos
        duas horas e meia
        hoje
        amanhã
        sábado, vinte e oito de novembro
        terça-feira, primeiro de dezembro
        sábado, dois de janeiro de dois mil e vinte e sete
        terça-feira, 1º de dezembro de 2026
        sexta-feira
        noite
        as nove da manhã
        as duas e meia da tarde
        as oito e quarenta e cinco da noite
        help hífen desk underline 2 arroba example ponto com
        a, b e inscrito
        dáblio ípsilon, meia é
        M de Maria, B de bola, 4 7 1 9
        vinte e um
    """,
}
SAID["en-JM"] = SAID["en-GB"]
SAID["fr-CA"] = (
    SAID["fr-FR"]
    .replace("tiret desk tiret bas 2 arobase", "trait d'union desk trait de soulignement 2 arobas")
    .replace("Marcel", "Marie")
)


@pytest.mark.parametrize("locale", SAID)
def test_every_form_is_said_as_people_of_the_place_say_it(locale: str):
    told: Speaker = speaker(locale, TODAY)
    said = [form(told) for form in FORMS]
    assert said == [line.strip() for line in SAID[locale].strip().splitlines()]


def test_every_language_is_in_the_table():
    assert {locale[:2] for locale in SAID} == set(SPEAKERS)
    assert len(FORMS) >= 15


@pytest.mark.parametrize(
    ("locale", "at", "said"),
    [
        ("es-ES", time(0, 0), "medianoche"),
        ("es-ES", time(13, 0), "la una de la tarde"),
        ("es-ES", time(12, 45), "la una menos cuarto de la tarde"),
        ("es-ES", time(9, 5), "las nueve y cinco de la mañana"),
        ("es-ES", time(21, 37), "las nueve y treinta y siete de la noche"),
        ("es-MX", time(19, 15), "las siete y cuarto de la noche"),
        ("es-MX", time(12, 0), "mediodía"),
        ("fr-FR", time(12, 0), "midi"),
        ("fr-FR", time(0, 30), "minuit trente"),
        ("fr-CA", time(1, 0), "une heure"),
        ("fr-FR", time(21, 1), "vingt et une heures une"),
        ("pt-BR", time(12, 0), "o meio-dia"),
        ("pt-BR", time(12, 30), "o meio-dia e meia"),
        ("pt-BR", time(13, 0), "a uma da tarde"),
        ("pt-BR", time(2, 5), "as duas e cinco da madrugada"),
    ],
)
def test_a_time_of_day_is_said_by_the_clock_of_the_place(locale: str, at: time, said: str):
    assert speaker(locale, TODAY).spoken_time(at) == said


@pytest.mark.parametrize(
    ("items", "said"),
    [
        (("uno", "identificado"), "uno e identificado"),
        (("uno", "Hipólito"), "uno e Hipólito"),
        (("uno", "hielo"), "uno y hielo"),
        (("uno", "yeso"), "uno y yeso"),
        (("uno", "íntegro"), "uno e íntegro"),
    ],
)
def test_in_spanish_and_is_e_before_its_own_sound(items: tuple[str, ...], said: str):
    assert speaker("es-ES", TODAY).list(items) == said


@pytest.mark.parametrize(
    ("locale", "number", "said"),
    [
        ("en-GB", "+442079460000", "0 2 0, 7 9 4 6, 0 0 0 0"),
        ("en-JM", "+18765550123", "8 7 6, 5 5 5, 0 1 2 3"),
        ("en-US", "+442079460000", "plus 4 4, 2 0, 7 9 4 6, 0 0 0 0"),
        ("es-ES", "+34912345678", "9 1 2, treinta y cuatro, cincuenta y seis, setenta y ocho"),
        ("es-ES", "+34900123456", "9 0 0, 1 2 3, 4 5 6"),
        ("es-MX", "+525512345678", "cincuenta y cinco, doce, treinta y cuatro, cincuenta y seis, setenta y ocho"),
        ("es-MX", "+522221230405", "2 2 2, 1 2 3, cero cuatro, cero cinco"),
        ("fr-FR", "+33142685300", "zéro un, quarante-deux, soixante-huit, cinquante-trois, zéro zéro"),
        ("fr-FR", "+33800123456", "zéro huit cents, douze, trente-quatre, cinquante-six"),
        ("fr-CA", "+15145550123", "5 1 4, 5 5 5, 0 1 2 3"),
        ("pt-BR", "+5511916345678", "onze, 9, 1 meia 3 4, 5 meia 7 8"),
        ("pt-BR", "+551131234567", "onze, 3 1 2 3, 4 5 meia 7"),
    ],
)  # fmt: skip
def test_a_telephone_number_is_said_in_the_groups_of_the_place(locale: str, number: str, said: str):
    assert plain(speaker(locale, TODAY).digits(number)) == said


def test_numbers_that_num2words_gets_wrong_are_put_right():
    spanish, brazilian, american = (speaker(locale, TODAY) for locale in ("es-ES", "pt-BR", "en-US"))
    assert spanish.number(21_000) == "veintiún mil"
    assert spanish.number(131_001) == "ciento treinta y un mil uno"
    assert brazilian.number(1_234) == "mil duzentos e trinta e quatro"
    assert american.number(1_234) == "one thousand two hundred thirty-four"
