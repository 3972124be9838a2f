"""Names of persons in a text: found as people write them, and not in every word that holds their letters."""

import pytest

from evidence.naming import Names
from evidence.remnants import spoken

NAMES = Names(["خالد المجد", "منى", "ليد", "أمينة", "Nour Example", "I-1", "A2", "آل", "الهاشم"])


@pytest.mark.parametrize("text", [
    "وخالد المجد", "قال خالد المجد إن", "فبخالد المجد", "لخالد المجد", "خَالِد المجد", "خالــد المجد", "«خالد المجد»",
    "ومنى", "لمنى وحدها", "مني", "امينه", "وأمينة", "بأمينة", "لأمينة", "كأمينة", "الهاشم", "للهاشم", "وبالهاشم", "هاشم ال الهاشم",
    "NOUR EXAMPLE", "by nour example,", "Nour_Example",
])  # fmt: skip
def test_a_name_is_found_in_every_usual_spelling_and_behind_a_prefix(text):
    assert NAMES.spoken_in(text)
    assert NAMES.spoken_in({"en": ["x", text]})


@pytest.mark.parametrize("text", [
    "خالد", "المجد خالد", "خالدون المجد", "أمنية", "تمنى", "منية", "تخليد", "الليدي", "هاشمي", "Nour", "Nourexample", "I-1 A2", "", "آل",
    "nourish example",
])  # fmt: skip
def test_a_word_that_merely_holds_its_letters_is_no_name(text):
    assert not NAMES.spoken_in(text)


def test_the_text_of_a_file_is_compared_in_every_usual_spelling():
    text = "شهد بذلك وخَالِــد المجد".encode()
    assert ["خالد المجد"] == spoken(text, "text/plain", ["خالد المجد", "خالد الهاشم"])
