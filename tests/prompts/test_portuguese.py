"""What our Brazilian pages hold to beyond every locale's rules: how things done are said, and no formula everywhere."""

import pytest

from tests.prompts.test_counts import the_book

LOCALE = "pt-BR"


def test_what_is_done_is_told_in_the_past_tense_after_a_gente():
    found = the_book().locales[LOCALE]
    done = [step.what for step in found.steps.values() if step.who == "done"]
    assert done
    assert all(what.split()[0].endswith(("ou", "eu", "iu")) for what in done)
    lines = [
        variant.words
        for entry in found.pages["next_steps"]
        for variant in entry.variants
        if "step.what | list" in variant.words
    ]
    assert lines
    assert all("gente {{ step.what" in line or "gente já {{ step.what" in line for line in lines)


@pytest.mark.parametrize(
    "formula",
    ["a gente agradece", "foi bom", "se cuide", "fique bem", "até mais", "tchau, tchau", "um abraço"],
)
def test_no_formula_stands_in_a_fourth_of_the_goodbyes(formula: str):
    lines = [v.words.lower() for entry in the_book().locales[LOCALE].pages["goodbye"] for v in entry.variants]
    assert sum(formula in line for line in lines) * 4 < len(lines)


@pytest.mark.parametrize(
    "admission", ["a culpa é nossa", "o erro foi nosso", "por culpa nossa", "não se faz"]
)
def test_no_admission_stands_in_a_fourth_of_the_apologies(admission: str):
    lines = [
        v.words.lower()
        for entry in the_book().locales[LOCALE].pages["apology"]
        for v in entry.variants
        if "desculp" in v.words.lower()
    ]
    assert sum(admission in line for line in lines) * 4 < len(lines)
