"""The words of the field in two languages: complete, and each read back as what it stands for."""

import pytest

from evidence.heads import HEADS
from schemas import sentences, words
from schemas.text import visible
from schemas.vocabulary import VOCABULARY


@pytest.mark.parametrize("lang", ["en", "ar"])
@pytest.mark.parametrize("vocabulary", VOCABULARY)
def test_every_word_of_every_vocabulary_is_read_from_its_label(vocabulary, lang):
    """What a drop-down shows is what the reader understands."""
    read = {
        word: words.read_word(vocabulary, words.word_label(vocabulary, word, lang)) for word in VOCABULARY[vocabulary]
    }

    assert {word: word for word in VOCABULARY[vocabulary]} == read


@pytest.mark.parametrize("lang", ["en", "ar"])
@pytest.mark.parametrize("sheet", HEADS)
def test_every_head_of_every_sheet_is_read_from_its_label(sheet, lang):
    """No two columns of one sheet share a label, in either language."""
    read = {name: words.read_head(words.head_label(name, lang), HEADS[sheet]) for name in HEADS[sheet]}

    assert {name: [name] for name in HEADS[sheet]} == read


def test_arabic_is_read_without_vowel_signs_and_with_either_alef():
    """Investigators type alef without hamza and leave vowel signs out."""
    typed = [
        words.read_word("confidence", "مرجح"),
        words.read_word("item_kind", "افاده"),
        words.read_word("witness_role", "شـاهد عيان"),
    ]

    assert ["likely", "statement", "eyewitness"] == typed


def test_no_spelling_of_one_vocabulary_means_two_words():
    """A synonym that could mean either of two words would choose silently."""
    twice = []
    for vocabulary, known in VOCABULARY.items():
        seen = {}
        for word in known:
            for form in {words.plain(form) for form in words._forms(word, words.table()["words"][vocabulary][word])}:
                if seen.setdefault(form, word) != word:
                    twice.append((vocabulary, form, seen[form], word))

    assert [] == twice


def test_no_sentence_holds_a_mark_that_a_terminal_would_spell_out():
    """What is shown has hidden characters escaped, our own too; examples stand in cells alone."""
    held = {
        code: text
        for code, sentence in sentences.table().items()
        if not code.startswith("example-")
        for text in sentence.values()
        if visible(text, lines=True) != text
    }
    assert held == {}
