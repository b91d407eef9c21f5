"""Words that people type for one call, and what an engine would garble in them."""

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.book.liquid import parse
from ivr.book.source import Place, Words
from ivr.book.spoken import Value, plain, speaker
from ivr.book.template import Template
from tests.book.small import TODAY

LOCALES = ("en-GB", "en-US", "en-JM", "es-ES", "es-MX", "fr-FR", "fr-CA", "pt-BR")


@pytest.mark.parametrize(
    ("locale", "typed", "said"),
    [
        ("en-GB", "refund £12.50 to you", "refund twelve pounds fifty to you"),
        ("en-GB", "refund £0.05, £1 and £40.05", "refund five pence, one pound and forty pounds and five pence"),
        ("en-GB", "refund £1,234", "refund one thousand two hundred and thirty-four pounds"),
        ("en-GB", "send a £20 voucher", "send a twenty pound voucher"),
        ("en-GB", "lift a £0.50 charge", "lift a fifty pence charge"),
        ("en-US", "lift a $0.50 charge", "lift a fifty cent charge"),
        ("en-GB", "send an £8.50 refund", "send an eight pound fifty refund"),
        ("en-GB", "ring us on 020 7946 0000.", "ring us on 0 2 0, 7 9 4 6, 0 0 0 0."),
        ("en-GB", "text 07700 900123", "text 0 7 7 0 0, 9 0 0, 1 2 3"),
        ("en-GB", "see www.example.co.uk/help.", "see w w w dot example dot co dot U K slash help."),
        ("en-GB", "pay by 2026-11-28", "pay by Saturday the twenty-eighth of November"),
        ("en-GB", "pay by 2026-11-22", "pay by Sunday the twenty-second of November"),
        ("en-US", "refund $1,234.00", "refund one thousand two hundred thirty-four dollars"),
        ("en-US", "refund $12.50", "refund twelve dollars and fifty cents"),
        ("en-US", "call (202) 555-0123", "call 2 0 2, 5 5 5, 0 1 2 3"),
        ("en-JM", "refund J$5,000.00", "refund five thousand dollars"),
        ("es-ES", "devolverle 12,50 €", "devolverle doce euros con cincuenta"),
        ("es-ES", "devolverle 1.234,00 €", "devolverle mil doscientos treinta y cuatro euros"),
        ("es-ES", "devolverle 21 €, 1 € y 201 £", "devolverle veintiún euros, un euro y doscientas una libras"),
        ("es-ES", "llame al 912 34 56 78", "llame al 9 1 2, treinta y cuatro, cincuenta y seis, setenta y ocho"),
        ("es-ES", "antes del 2026-12-01", "antes del martes uno de diciembre"),
        ("es-ES", "escriba a ayuda@ejemplo.es", "escriba a ayuda arroba ejemplo punto es"),
        ("es-MX", "devolverle $1,234.50", "devolverle mil doscientos treinta y cuatro pesos con cincuenta centavos"),
        ("es-MX", "escriba a ayuda@ejemplo.com.mx", "escriba a ayuda arroba ejemplo punto com punto M X"),
        ("es-MX", "antes del 2026-12-01", "antes del martes primero de diciembre"),
        ("fr-FR", "rembourser 12,50 €", "rembourser douze euros cinquante"),
        ("fr-FR", "rembourser 1 234,00 €", "rembourser mille deux cent trente-quatre euros"),
        ("fr-FR", "rembourser 1 £, 21 £, 81 £ et 111 £", "rembourser une livre, vingt et une livres, quatre-vingt-une livres et cent onze livres"),
        ("fr-FR", "rembourser 80€, 1 €", "rembourser quatre-vingts euros, un euro"),
        (
            "fr-FR",
            "appeler le 01 42 68 53 00",
            "appeler le zéro un, quarante-deux, soixante-huit, cinquante-trois, zéro zéro",
        ),
        ("fr-FR", "le 0800 12 34 56", "le zéro huit cents, douze, trente-quatre, cinquante-six"),
        ("fr-FR", "écrire à aide_2@exemple.fr", "écrire à aide tiret bas 2 arobase exemple point F R"),
        ("fr-CA", "rembourser 12,50 $", "rembourser douze dollars et cinquante"),
        ("fr-CA", "appeler le 514-555-0123", "appeler le 5 1 4, 5 5 5, 0 1 2 3"),
        ("pt-BR", "devolver R$ 30,00", "devolver trinta reais"),
        ("pt-BR", "devolver R$1.234,56", "devolver mil duzentos e trinta e quatro reais e cinquenta e seis centavos"),
        ("pt-BR", "devolver R$ 1,00 e 202 £", "devolver um real e duzentas e duas libras"),
        ("pt-BR", "ligue (11) 91634-5678", "ligue onze, 9, 1 meia 3 4, 5 meia 7 8"),
        ("pt-BR", "escreva para ajuda@exemplo.com.br", "escreva para ajuda arroba exemplo ponto com ponto B R"),
        ("pt-BR", "até 2026-12-01", "até terça-feira, primeiro de dezembro"),
    ],
)  # fmt: skip
def test_what_an_engine_would_garble_is_said(locale, typed, said):
    assert speaker(locale, TODAY).typed(typed) == said


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    "typed",
    [
        "send a replacement router",
        "card 4929 1234 5678 9012",
        "order 1234567",
        "on 28/11/2026 or 01.02.2026",
        "in 3 days, at 14:30, 50%",
        "€5m, £5 million, €5 mil",
        "€20-€30, €20–€30, €20-30",
        "2026-11-28T10:00",
        "1.2.3.4 and 5,6",
        "version 2.0",
        "2026-13-45",
        "AB-4719",
        "$",
        "price €1.23.456",
        "",
    ],
)
def test_what_could_be_something_else_stays_as_it_was_typed(locale, typed):
    assert speaker(locale, TODAY).typed(typed) == typed


def test_a_price_with_three_decimals_is_no_price_in_thousands():
    assert speaker("en-GB", TODAY).typed("£1.459 a litre") == "£1.459 a litre"
    assert speaker("es-ES", TODAY).typed("1,459 € el litro") == "1,459 € el litro"


@given(st.sampled_from(LOCALES), st.text(st.characters(codec="utf-8", categories=("L", "Zs")), max_size=60))
@settings(max_examples=150, deadline=None)
def test_words_alone_are_never_changed(locale, words):
    assert speaker(locale, TODAY).typed(words) == words


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("sign", "@.-_/+&#*:=%~?'’")
def test_no_sign_of_an_address_goes_unsaid(locale, sign):
    said = speaker(locale, TODAY).spoken_address(f"http://a.com/b{sign}c")
    named = speaker(locale, TODAY).spelling.signs[sign]
    assert said.endswith(f" b {named} c"), said


@given(
    st.sampled_from(LOCALES),
    st.lists(
        st.sampled_from(
            ["£", "€", "$", "R$", "12", ",50", ".50", " ", "020 7946 0000", "+44", "@", "example.com", "www.", "-",
             "2026-11-28", "a", "é", "(", ")", "/", "<", "&", "_", "0", "000", "\u202f", "🎉", "\u200f", "EUR"]
        ),
        max_size=14,
    ).map("".join),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_no_words_make_it_fail_and_none_of_them_are_lost(locale, typed):
    told = speaker(locale, TODAY)
    for said in (told.typed(typed), told.spoken_address(typed), told.spell_out(typed), told.digits(typed)):
        assert isinstance(said, str)
    words = re.findall(r"[^\W\d_]+", told.typed(typed))
    assert words.count("a") >= len(re.findall(r"(?<![\w.@/+-])a(?![\w.@/+-])", typed))


@given(st.sampled_from(LOCALES), st.integers(0, 999_999), st.integers(0, 99))
@settings(max_examples=150, deadline=None)
def test_money_is_said_without_a_figure_left(locale, whole, cents):
    mark = speaker(locale, TODAY).decimal
    said = speaker(locale, TODAY).typed(f"€{whole}{mark}{cents:02}")
    assert not re.search(r"[0-9€]", said)
    assert said.startswith(speaker(locale, TODAY).typed(f"€{whole}")) or whole == 0


def _said(line: str, page: str = "next_steps", part: str = "ours", **facts: Value) -> str:
    found = parse(Words(line, ((0, Place("en-GB/next_steps.yaml", 1, 1)),)), page, part, text=page == "texts")
    assert isinstance(found, Template), [str(fault) for fault in found]
    return found.render(
        {name.replace("_", ".", 1): value for name, value in facts.items()}, speaker("en-GB", TODAY)
    )


def test_a_step_is_said_so_and_a_text_shows_it_as_it_was_typed():
    typed = "refund £12.50 & ring 020 7946 0000"
    spoken = "refund twelve pounds fifty &amp; ring 0 2 0, 7 9 4 6, 0 0 0 0"
    assert _said("We'll {{ step.what }}.", step_what=typed) == f"We'll {spoken}."
    assert _said("{{ step.what | slowly }}", step_what=typed) == f'<prosody rate="80%">{spoken}</prosody>'
    assert _said("{{ step.what }}.", "texts", "note", step_what=typed) == f"{typed}."
    done = _said("We've {{ step.what | list }}.", part="done", step_what=("refunded £5", "emailed a@b.com"))
    assert done == "We've refunded five pounds and emailed a at b dot com."


def test_where_to_is_an_address_a_number_or_a_place():
    where = {
        "help@example.com": "help at example dot com",
        "example.com/help": "example dot com slash help",
        "o'brien@example.com": "o apostrophe brien at example dot com",
        "https://example.com/help?order=7": "example dot com slash help question mark order equals 7",
        "+442079460000": "0 2 0, 7 9 4 6, 0 0 0 0",
        "60123": "6 0 1 2 3",
        "12 High Street, Leeds": "12 High Street, Leeds",
        "the AB-4 desk": "the AB-4 desk",
        "our shop, or help@example.com": "our shop, or help at example dot com",
    }
    for typed, said in where.items():
        assert _said("To {{ step.to | spoken_address }}.", step_to=typed) == f"To {said}."


def test_a_supervisors_notice_is_said_so_too():
    notice = "Ring 020 7946 0000 until 2026-11-28."
    said = _said("{{ line.notice }}", "waiting", "waiting", line_notice=notice)
    assert said == "Ring 0 2 0, 7 9 4 6, 0 0 0 0 until Saturday the twenty-eighth of November."


def test_emoji_are_not_read_out():
    assert speaker("en-GB", TODAY).typed("send it 📦 today ✨ 👨\u200d👩\u200d👧") == "send it today"


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    "nonsense",
    ["a" * 10_000, "1" * 10_000, "a." * 5_000, "@" * 10_000, "1 " * 5_000, "£1" * 5_000, "(" * 10_000, "a@" * 5_000,
     "www." * 2_500, "\u202e\u200f" * 5_000, "🎉" * 10_000, "None", "\x00\x1f", "-" * 10_000, "1-" * 5_000, "é" * 10_000],
    ids=lambda text: ascii(text[:2]),
)  # fmt: skip
def test_nonsense_of_any_length_is_said_in_no_time(locale, nonsense):
    told = speaker(locale, date(2026, 11, 21))
    for say in (
        told.typed,
        told.spoken_address,
        told.spell,
        told.spell_out,
        told.digits,
        told.list,
        told.slowly,
    ):
        assert isinstance(plain(say(nonsense)), str)
