"""infra/twilio.md says exactly what `ivr connect` sets: a page that is typed from must not be nearly right."""

import re
from pathlib import Path

import pytest

from ivr.cli.connecting import OurAddresses
from ivr.connect import EVENTS, FIELDS, Line, by_hand, plan
from tests.test_connect import Number

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "infra" / "twilio.md").read_text("utf-8")
OURS = OurAddresses("https://calls.example.com", "")
SOMEBODY = "+442079460100"


@pytest.mark.parametrize("line", [Line(SOMEBODY, "billing", "en-GB"), Line(SOMEBODY, "billing", agents=True)])
def test_every_value_a_number_is_given_stands_on_the_page(line: Line) -> None:
    (pointing,) = plan([line], [Number(SOMEBODY)], OURS).pointings
    for field, value in pointing.wanted.items():
        assert f"`{FIELDS[field]}`" in PAGE
        assert f"`{value}`" in PAGE or value == "POST"


def test_every_value_taskrouter_needs_stands_on_the_page() -> None:
    for _, field, value in by_hand(OURS, "WS" + "0" * 32, "WW" + "0" * 32):
        assert f"`{field}`" in PAGE
        assert f"`{value}`" in PAGE


def test_the_events_are_named_one_by_one() -> None:
    assert len(set(EVENTS)) == len(EVENTS)
    assert f"`{','.join(EVENTS)}`" in PAGE


def test_its_own_links_lead_somewhere() -> None:
    headings = {
        re.sub(r"[^\w -]", "", title.strip().lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    }
    links = re.findall(r"\]\(([^)]+)\)", PAGE.replace("\n", " "))
    assert links
    for link in links:
        there = link[1:] in headings if link.startswith("#") else (ROOT / "infra" / link).is_file()
        assert there, link


def test_there_are_ten_steps_for_a_number_and_ten_for_flex() -> None:
    for title in ("A number", "Flex"):
        section = PAGE.split(f"## {title}, in ten steps")[1].split("\n## ")[0]
        assert re.findall(r"^(\d+)\. ", section, re.MULTILINE) == [str(step) for step in range(1, 11)]


def test_every_section_that_rests_on_twilio_says_how_far_it_is_known() -> None:
    assert "Nothing on this page has been tried on a real account" in PAGE
    for section in PAGE.split("\n## ")[1:]:
        assert re.search("[ᵈˢ?]", section), section.splitlines()[0]
