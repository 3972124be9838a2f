"""The integers of the second reader: those that ExifRead itself reads, at every place of any bytes."""

import io

from exifread.core.exif_header import ExifHeader
from hypothesis import given
from hypothesis import strategies as st

from evidence.second_reader import _Header


@given(st.binary(max_size=12), st.sampled_from("IM"), st.integers(0, 14), st.sampled_from([1, 2, 4]), st.booleans())
def test_an_integer_is_read_as_exifread_reads_it(data, endian, offset, length, signed):
    ours, theirs = _Header(data, endian, ()), ExifHeader(io.BytesIO(data), endian, 0, 0, False)

    assert ours.s2n(offset, length, signed) == theirs.s2n(offset, length, signed)
