"""An item changes hands: two persons, two acts, and the bytes read at both."""

import pytest

from archive.audit import audit
from archive.operators import add
from archive.show import custody_document
from archive.transfer import accept, hand_over
from schemas.errors import InputError, IntegrityError, NotFound, RefusedError
from tests.archive.test_erasure import an_item
from tests.archive.test_operators import key
from tests.casebook import filled_archive, signers


@pytest.fixture
def archive(tmp_path):
    archive = filled_archive(tmp_path)
    add(archive, signers(archive), "lena", key(tmp_path, "lena"), roles=["custodian"])
    return archive


def gaps(archive, name):
    with archive.reading() as db:
        return [gap["what"] for gap in custody_document(db, name)["gaps"]]


def test_what_is_not_accepted_is_a_gap_until_it_is(archive):
    name, _ = an_item(archive, "imagery")
    before = gaps(archive, name)
    hand_over(archive, signers(archive), name, "lena", "second office")
    assert gaps(archive, name) == [*before, "handed over to lena and not accepted yet"]
    accept(archive, [archive.home.signer("lena")], name)
    assert gaps(archive, name) == before
    assert audit(archive).exit_status == 0


def test_nobody_hands_over_to_themselves(archive, tmp_path):
    name, _ = an_item(archive, "imagery")
    me = signers(archive)[0].name
    with pytest.raises(RefusedError, match="person who hands"):
        hand_over(archive, signers(archive), name, me, "x")
    add(archive, signers(archive), "my other key", key(tmp_path, "other"), person=me, roles=["custodian"])
    with pytest.raises(RefusedError, match="person who hands"):
        hand_over(archive, signers(archive), name, "my other key", "x")


def test_who_was_not_given_it_accepts_nothing(archive):
    name, _ = an_item(archive, "imagery")
    with pytest.raises(InputError, match="not handed over"):
        accept(archive, [archive.home.signer("lena")], name)
    hand_over(archive, signers(archive), name, "lena", "x")
    with pytest.raises(RefusedError, match="who alone"):
        accept(archive, signers(archive), name)


def test_damaged_bytes_do_not_change_hands(archive):
    name, fields = an_item(archive, "imagery")
    path = archive.objects.path(fields["blake3"])
    path.chmod(0o644)
    path.write_bytes(b"other")
    with pytest.raises(IntegrityError, match="not as it was taken in"):
        hand_over(archive, signers(archive), name, "lena", "x")


def test_somebody_outside_gives_a_receipt_that_is_kept(archive, tmp_path):
    name, _ = an_item(archive, "imagery")
    before = gaps(archive, name)
    with pytest.raises(InputError, match="receipt"):
        hand_over(archive, signers(archive), name, "laboratory B", "analysis", outside=True)
    (tmp_path / "receipt.txt").write_text("received, laboratory B")
    hand_over(archive, signers(archive), name, "laboratory B", "analysis", receipt=tmp_path / "receipt.txt", outside=True)
    assert gaps(archive, name) == before
    with archive.reading() as db:
        (digest,) = db.execute("SELECT blake3 FROM object WHERE role = 'receipt'").fetchone()
    assert archive.objects.get(digest) == b"received, laboratory B"
    assert audit(archive).exit_status == 0


def test_a_transfer_names_an_operator_and_a_purpose(archive):
    name, _ = an_item(archive, "imagery")
    with pytest.raises(NotFound):
        hand_over(archive, signers(archive), name, "nobody", "x")
    with pytest.raises(InputError, match="purpose"):
        hand_over(archive, signers(archive), name, "lena", "")
