"""What looks alike: made copies are found, other pictures and texts are not, and what is judged stays judged."""

import io
import random
import zipfile
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from evidence import likeness
from evidence.docket import Case, Item, Relation
from evidence.likeness import BITS, WHOLE_BITS, Thing, bits_apart, likenesses, pairs_of, share, things
from evidence.likeness_marks import mark, picture_mark, text_mark
from evidence.pdf_text import CannotTell
from evidence.reason import told
from tests.evidence.scenes import saved, scene

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SEEN = (
    "The porter of the invented clinic at Tel Marjan says that two aircraft passed over the northern road before the "
    "noon prayer, that the second came back, and that the wall of the pharmacy fell into the yard soon after."
)
HEARD = "قال حارس المستوصف إن طائرتين مرتا فوق الطريق الشمالي قبل صلاة الظهر ثم عادت الثانية وسقط جدار الصيدلية في الفناء بعد ذلك بقليل"


def looks(picture, kind="JPEG", **options):
    return picture_mark(io.BytesIO(saved(picture, kind, **options)))


def resized(picture, by):
    return picture.resize((int(picture.width * by), int(picture.height * by)))


def cut(picture, left, top, right, bottom):
    wide, high = picture.size
    return picture.crop((int(left * wide), int(top * high), int(right * wide), int(bottom * high)))


MADE = {
    "written again, coarsely": lambda picture: looks(picture, quality=30),
    "made a fifth as large": lambda picture: looks(resized(picture, 0.2), quality=60),
    "made larger": lambda picture: looks(resized(picture, 1.7), quality=80),
    "brightened": lambda picture: looks(ImageEnhance.Brightness(picture).enhance(1.3)),
    "darkened": lambda picture: looks(ImageEnhance.Brightness(picture).enhance(0.4)),
    "greyed": lambda picture: looks(picture.convert("L"), "PNG"),
    "as WebP": lambda picture: looks(picture, "WEBP", quality=50),
    "squeezed": lambda picture: looks(picture.resize((400, 400))),
}


@pytest.mark.parametrize("made", MADE)
@pytest.mark.parametrize("seed", range(12))
def test_a_copy_that_was_made_of_a_picture_looks_like_it(made, seed):
    """Whatever a platform does to a picture, all of it still shows."""
    apart, part = bits_apart(MADE[made](scene(seed)), looks(scene(seed)))
    assert (part, apart <= WHOLE_BITS) == ("whole", True)


CUTS = {"top and bottom": (0, 0.1, 1, 0.9), "a corner": (0, 0, 0.8, 0.8), "the middle": (0.1, 0.1, 0.9, 0.9)}


@pytest.mark.parametrize("which", CUTS)
def test_what_was_cut_out_looks_like_a_part_of_the_whole(which):
    """And not the other way round: it is told which of the two holds the other."""
    found = [bits_apart(looks(cut(scene(seed), *CUTS[which]), quality=70), looks(scene(seed))) for seed in range(20)]
    assert [one[1] for one in found if one] == ["one"] * 20
    found = [bits_apart(looks(scene(seed)), looks(cut(scene(seed), *CUTS[which]), quality=70)) for seed in range(20)]
    assert [one[1] for one in found if one] == ["other"] * 20


def test_most_cuts_by_hand_are_found():
    """Wherever it was cut, as long as nine tenths of each side are left: nine of ten."""
    chance, found = random.Random(2), 0
    for seed in range(60):
        left, top = chance.uniform(0, 0.1), chance.uniform(0, 0.1)
        part = cut(scene(seed), left, top, left + 0.9, top + 0.9)
        found += bits_apart(looks(part, quality=70), looks(scene(seed))) is not None
    assert found >= 54


def test_a_picture_turned_by_its_exif_is_compared_upright():
    """Pixels that lie on their side with a tag that says so are the same picture."""
    turned, exif = scene(1).transpose(Image.Transpose.ROTATE_90), Image.Exif()
    exif[0x0112] = 6
    assert bits_apart(looks(turned, exif=exif), looks(scene(1))) is not None
    assert bits_apart(looks(turned), looks(scene(1))) is None


def test_other_pictures_do_not_look_alike():
    """None of eighty scenes, nor parts of them."""
    marks = [looks(scene(seed)) for seed in range(80)]
    assert not [pair for pair in combinations(marks, 2) if bits_apart(*pair)]


def _dotted():
    picture = Image.new("RGB", (800, 600), "black")
    picture.paste((255, 255, 255), (100, 100, 130, 130))
    return picture


FLAT = {
    "black": Image.new("RGB", (800, 600), "black"),
    "grey": Image.new("RGB", (640, 480), (128, 128, 128)),
    "nearly black": Image.effect_noise((640, 480), 3).point(lambda level: max(level - 120, 0)).convert("RGB"),
    "a light in the dark": _dotted(),
    "an even sky": Image.linear_gradient("L").resize((640, 480)).convert("RGB"),
    "one pixel": Image.new("RGB", (1, 1), "red"),
}


@pytest.mark.parametrize("which", FLAT)
def test_a_picture_of_one_tone_is_like_nothing(which):
    """It would look like every other of its kind; that it was not compared is told."""
    with pytest.raises(CannotTell, match="one tone"):
        looks(FLAT[which])


# -- texts


def docx(text):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        half = len(text) // 2
        runs = f"<w:t>{text[:half]}</w:t></w:r><w:r><w:t>{text[half:]}</w:t>"
        packed.writestr("word/document.xml", f"<w:document><w:p><w:r>{runs}</w:r></w:p></w:document>")
    return out.getvalue()


FORMS = {
    "text/plain": lambda text: text.encode(),
    "text/markdown": lambda text: f"# Note\n\n> {text}".encode(),
    "text/html": lambda text: f"<p>{text.replace(' ', '&nbsp;')}</p><script>let x = 1</script>".encode(),
    "text/csv": lambda text: text.replace(" ", ",").encode("utf-16"),
    DOCX: docx,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", [SEEN, HEARD], ids=["English", "Arabic"])
def test_one_text_is_found_again_in_every_form_of_file(form, text):
    """Blanks, marks and the form of the file change nothing."""
    assert share(mark(io.BytesIO(FORMS[form](text)), form), text_mark(text)) > 0.9


def test_arabic_is_compared_without_tatweel_vowel_signs_and_forms_of_alef():
    """As the words of sheets are read."""
    other = HEARD.replace("ا", "أ").replace("م", "مـ").replace("ق", "قَ").replace("ة", "ه").replace("ي ", "ى ")
    assert share(text_mark(other), text_mark(HEARD)) == 1


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_other_texts_share_nothing(one, other):
    """Letters by chance, of different length."""
    first, second = (random.Random(seed) for seed in (one, other + 10**7))
    texts = ["".join(chance.choices("abcdefghij klmno", k=chance.randrange(200, 3000))) for chance in (first, second)]
    assert (share(*map(text_mark, texts)) or 0) < likeness.SHARE


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from([400, 2_000, 9_000]), st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]))
def test_the_share_told_is_near_the_share_that_there_is(seed, length, wanted):
    """A report three times as long that holds a part of a statement: the sketch is right to about a tenth."""
    chance = random.Random(seed)
    statement = "".join(chance.choices("abcdefghijklmnop", k=length))
    report = "".join(chance.choices("abcdefghijklmnop", k=2 * length)) + statement[: int(wanted * length)]
    assert share(text_mark(report), text_mark(statement)) == pytest.approx(wanted, abs=0.16)


@pytest.mark.parametrize("text", ["", "Invented: I heard it.", "،" * 500])
def test_a_text_of_few_letters_is_like_nothing(text):
    """Two short notes are not one because both say that somebody heard it."""
    with pytest.raises(CannotTell):
        text_mark(text)


# -- many


def thing(name, rank, looks=None, *, code="EX-1", digest=None, form="picture"):
    return Thing(code, name, rank, form, digest or f"{code}{name}", mark=looks)


def whole(bits):
    return bits.to_bytes(16, "big")


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 2**BITS - 1), st.sets(st.integers(0, BITS - 1), max_size=20)), max_size=12))
def test_whole_pictures_are_found_as_by_comparing_each_with_each(made):
    """Every pair of at most 15 bits, by the tables as by hand, over several cases."""
    every = [one for bits, turned in made for one in (bits, bits ^ sum(1 << bit for bit in turned))]
    pairs = set(likeness._close(every))
    assert pairs == {
        (late, early) for early, late in combinations(range(len(every)), 2)
        if (every[late] ^ every[early]).bit_count() <= WHOLE_BITS
    }  # fmt: skip


@settings(max_examples=60)
@given(st.lists(st.sampled_from(range(5)), min_size=2, max_size=14), st.randoms())
def test_of_many_copies_each_is_suggested_once_and_with_an_earlier_one(pictures, chance):
    """As many suggestions as make one of every set of copies, whatever the order they are handed in."""
    marks = [random.Random(seed).randbytes(16) for seed in range(5)]
    every = [thing(f"V{rank}", rank, marks[one]) for rank, one in enumerate(pictures)]
    chance.shuffle(every)
    found = likenesses(every).suggestions
    assert len(found) == len(pictures) - len(set(pictures))
    assert len({one.item.name for one in found}) == len(found)
    assert all(one.like.rank < one.item.rank and one.like.mark == one.item.mark for one in found)


def test_more_copies_than_are_compared_each_with_each_are_still_all_told():
    """Two hundred of one picture, and as many of one text."""
    marks = [random.Random(rank).randbytes(2) + b"\x55\x0f" * 7 for rank in range(200)]
    assert len(likenesses([thing(f"V{rank}", rank, one) for rank, one in enumerate(marks)]).suggestions) == 199
    texts = [thing(f"D{rank}", rank, text_mark(SEEN), form="text") for rank in range(200)]
    assert len(likenesses(texts).suggestions) == 199


LOOK = looks(scene(3))


def test_the_same_bytes_are_joined_already_and_not_suggested():
    """Nor is a third that is joined to one of them by a relation."""
    every = [thing("V1", 1, LOOK, digest="d"), thing("V2", 2, LOOK, digest="d"), thing("V3", 3, LOOK)]
    assert [one.item.id for one in likenesses(every).suggestions] == ["V3"]
    assert not likenesses(every, joined=[("EX-1/V3", "EX-1/V2")]).suggestions


def test_a_relation_that_was_withdrawn_is_a_judgement():
    """Somebody found that the two are not one; only another pair is suggested."""
    every = [thing("V1", 1, LOOK), thing("V2", 2, LOOK)]
    said = pairs_of("EX-1", [Relation("R1", "V1", "copy_of", of="V2")])
    assert likenesses(every).suggestions
    assert not likenesses(every, undone=said).suggestions


def test_a_suggestion_names_both_the_difference_and_the_command():
    """Careful words, and what to type if it is so."""
    one = likenesses([thing("V1", 1, whole(0b1111)), thing("V2", 2, whole(0))]).suggestions[0]
    assert told(one.reason) == "V2 looks like V1: 4 of 128 bits of how they look differ"
    assert one.command == "sijill relation add EX-1/V2 --type copy_of --of V1 --reason '…'"
    far = likenesses([thing("V1", 1, LOOK), thing("V9", 2, LOOK, code="EX-2")]).suggestions[0]
    assert told(far.reason).startswith("V9 looks like V1 of EX-1: 0 of 128")
    assert "--external EX-1/V1" in far.command


def test_what_is_withdrawn_erased_or_withheld_is_never_compared():
    """Nor is an intercept: two who heard one message are two."""
    def item(name, kind="imagery", excluded=(), withdrawn=False, **more):
        record = {"kind": kind, "media_type": "image/png", "blake3": name, **more}
        return Item(name, record, excluded=frozenset(excluded), withdrawn=withdrawn)

    case = Case({"code": "EX-1"}, [
        item("V1"), item("V2", withdrawn=True), item("V3", excluded=["disposed"]), item("R1", kind="intercept"),
        item("W1", kind="statement", excluded=["consent_withdrawn"]), item("V4", excluded=["integrity_failed"]),
        item("V5", **{"release.internal": "no"}), item("V6", media_type="video/mp4"), item("F1", kind="flight_log"),
    ])  # fmt: skip
    assert [one.id for one in things(case)] == ["V1", "V4"]
