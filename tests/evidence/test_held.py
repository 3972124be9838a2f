"""Records held packed: what goes in comes out, in its order, and nobody who changes it changes what is held."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from evidence.held import Held

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.lists(VALUES, max_size=200))
def test_what_is_held_comes_out_as_it_went_in(values):
    held = Held(values)
    assert values == [*held] == [*held] and len(values) == len(held)


def test_who_changes_what_came_out_changes_nothing_that_is_held():
    held = Held({"id": f"D{number}", "dated": date(2019, 2, 3)} for number in range(200))
    for item in list(held)[:100]:
        item["id"] = "another"
    assert [f"D{number}" for number in range(100)] == [item["id"] for item in held][:100]


def test_a_record_may_change_until_the_next_one_comes():
    """A table of TOML is filled line by line after its head was read."""
    held = Held()
    for number in range(130):
        table = {}
        held.append(table)
        table["id"] = number
    assert [*range(130)] == [item["id"] for item in held]


def test_ten_thousand_records_take_a_tenth_of_their_dicts():
    import tracemalloc

    def records():
        for number in range(10_000):
            yield {"id": f"D{number}", "kind": "document", "file": f"box/item_{number:06}.bin", "source": "S1", "rank": "unknown"}

    tracemalloc.start()
    plain = [*records()]
    loose = tracemalloc.take_snapshot()
    del plain
    tracemalloc.clear_traces()
    held = Held(records())
    packed = tracemalloc.take_snapshot()
    tracemalloc.stop()
    size = [sum(one.size for one in taken.statistics("filename")) for taken in (loose, packed)]
    assert len(held) == 10_000 and size[1] * 5 < size[0]


@given(st.lists(VALUES, max_size=200), st.integers(0, 250), st.integers(0, 250))
def test_a_part_is_what_a_list_would_give(values, first, length):
    assert values[first : first + length] == Held(values).part(first, first + length)


@given(st.lists(VALUES, max_size=200))
def test_what_is_drained_came_in_its_order_and_is_held_no_longer(values):
    held = Held(values)
    assert values == [*held.drain()] and [] == [*held] and 0 == len(held)
