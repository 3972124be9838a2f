"""What every object store promises. A new store subclasses `StoreContract` and supplies the fixture `store`.

`store` has the methods of `archive.objects.ObjectStore`; beside them the
fixture gives `damage(name)`, which alters stored bytes behind the store's back,
and `lose(name)`, which takes an object away.
"""

import hashlib
import io

import pytest
from blake3 import blake3

from archive.objects import Source
from schemas.errors import InputError, IntegrityError, NotFound

FRAME = b"frame 0412 of an invented film"


class StoreContract:
    def test_bytes_come_back_as_they_went_in(self, store):
        """What is stored is what was given, bit for bit, under its BLAKE3."""
        stored = store.put_bytes(FRAME)

        assert (blake3(FRAME).hexdigest(), hashlib.sha256(FRAME).hexdigest(), len(FRAME), True) == stored[1:5]
        assert FRAME == store.get(stored.blake3)

    def test_the_same_bytes_are_stored_once(self, store):
        """Two items may be one photograph; the second finds it there."""
        first, second = store.put_bytes(FRAME), store.put_bytes(FRAME)

        assert (True, False) == (first.new, second.new)
        assert [first.blake3] == [found.blake3 for found in store.names()]

    def test_files_are_answered_in_the_order_given(self, store, tmp_path):
        """Whoever hands in a list may count on its order, whatever the sizes."""
        sizes = [3, 2_000_000, 0, 1_100_000, 7]
        paths = []
        for number, size in enumerate(sizes):
            paths.append(tmp_path / f"{number}.bin")
            paths[-1].write_bytes(bytes([number]) * size)

        answers = list(store.put_many(paths))

        assert paths == [answer.path for answer in answers]
        assert [blake3(path.read_bytes()).hexdigest() for path in paths] == [answer.blake3 for answer in answers]
        assert sizes == [answer.size for answer in answers]

    def test_a_rehearsal_stores_nothing(self, store, tmp_path):
        """`hash_many` says what `put_many` would, and leaves the store as it was."""
        known = store.put_bytes(FRAME)
        paths = [tmp_path / "known", tmp_path / "new"]
        paths[0].write_bytes(FRAME)
        paths[1].write_bytes(b"another frame")

        rehearsed = list(store.hash_many(paths))

        assert [False, True] == [answer.new for answer in rehearsed]
        assert [known.blake3] == [found.blake3 for found in store.names()]
        assert rehearsed[1] == next(store.put_many([paths[1]]))

    def test_changed_bytes_are_refused(self, store):
        """Bytes altered behind the store's back raise, and are not returned."""
        name = store.put_bytes(FRAME).blake3
        store.damage(name)

        with pytest.raises(IntegrityError, match=name):
            store.get(name)
        with pytest.raises(IntegrityError, match=name):
            store.copy(name, io.BytesIO())

    def test_a_damaged_object_is_neither_believed_nor_overwritten(self, store):
        """Giving the right bytes again must not hide that the stored ones were altered."""
        name = store.put_bytes(FRAME).blake3
        store.damage(name)

        with pytest.raises(IntegrityError, match=name) as refused:
            store.put_bytes(FRAME)

        assert "object-damaged" == refused.value.code
        assert "damaged" == store.check(name, None, None).what

    def test_checking_tells_whole_damaged_and_missing_apart(self, store):
        """Three answers, in the order asked."""
        whole, altered, lost = (store.put_bytes(FRAME + bytes([n])) for n in range(3))
        store.damage(altered.blake3)
        store.lose(lost.blake3)

        answers = store.check_many([(one.blake3, one.sha256, one.size) for one in (lost, whole, altered)])

        told = [(one.blake3, one.what) for one in answers]
        assert [(lost.blake3, "missing"), (whole.blake3, "ok"), (altered.blake3, "damaged")] == told

    def test_a_wrong_sha256_is_damage_unless_quick(self, store):
        """The record and the bytes disagree; the quick check looks at BLAKE3 alone."""
        stored = store.put_bytes(FRAME)

        assert "damaged" == store.check(stored.blake3, "0" * 64, stored.size).what
        assert "ok" == store.check(stored.blake3, "0" * 64, stored.size, quick=True).what

    def test_a_copy_is_the_object(self, store):
        """A copy that leaves is hashed on the way."""
        name = store.put_bytes(FRAME).blake3
        target = io.BytesIO()

        assert len(FRAME) == store.copy(name, target)
        assert FRAME == target.getvalue()

    def test_a_removed_object_is_missing(self, store):
        """Removing is for orders to erase; a second order finds nothing."""
        name = store.put_bytes(FRAME).blake3

        assert (True, False) == (store.remove(name), store.remove(name))
        with pytest.raises(NotFound):
            store.get(name)

    @pytest.mark.parametrize("name", ["", "ab", "../../etc/passwd", "A" * 64, "g" * 64, "a" * 63 + "/", "a" * 65])
    def test_what_is_no_object_name_reaches_no_file(self, store, name):
        """A row of the archive may have been altered to name any path."""
        with pytest.raises(IntegrityError, match="64 hexadecimal"):
            store.open(name)
        assert "damaged" == store.check(name, None, None).what

    def test_all_that_is_wrong_with_the_sources_is_told_at_once(self, store, tmp_path):
        """Nothing is stored before every source was looked at."""
        good = tmp_path / "good"
        good.write_bytes(FRAME)
        (tmp_path / "folder").mkdir()

        with pytest.raises(InputError) as refused:
            list(store.put_many([good, Source(tmp_path / "gone", "gone.jpg"), tmp_path / "folder"]))

        assert ["gone.jpg", str(tmp_path / "folder")] == [problem.where for problem in refused.value.problems]
        assert [] == list(store.names())

    def test_progress_adds_up_to_the_bytes(self, store, tmp_path):
        """A bar that stops short or runs over is a bar that lies."""
        sizes = [10, 3_000_000, 400_000, 1_500_000, 2_000_000]
        paths = [tmp_path / str(number) for number in range(len(sizes))]
        for path, size in zip(paths, sizes, strict=True):
            path.write_bytes(path.name.encode() * size)
        told, again = [], []

        stored = list(store.put_many(paths, progress=told.append))
        list(store.check_many([(s.blake3, s.sha256, s.size) for s in stored], progress=again.append))

        assert (sum(sizes), sum(sizes)) == (sum(told), sum(again))
