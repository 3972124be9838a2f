"""The largest number of sets that share nothing, and what is said when it cannot be found in time."""

from itertools import combinations
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.packing import largest


def tried_one_by_one(sets):
    for size in range(len(sets), 0, -1):
        for some in combinations(range(len(sets)), size):
            if all(not sets[a] & sets[b] for a, b in combinations(some, 2)):
                return size, some
    return 0, ()


@settings(max_examples=400, deadline=None)
@given(st.lists(st.integers(1, 2**9 - 1), max_size=10))
def test_the_first_of_the_largest_choices_is_found(sets):
    found = largest(sets)

    assert tried_one_by_one(sets) == (found.low, found.chosen)
    assert found.low == found.high


def hostile(seed, sets, elements, size):
    r = Random(seed)
    return [sum(1 << element for element in r.sample(range(elements), size)) for _ in range(sets)]


def test_sixty_reports_that_cite_three_of_forty_each_are_counted_exactly():
    found = largest(hostile(1, 60, 40, 3))

    assert found.low == found.high


def test_a_case_too_hard_to_finish_gets_an_interval_and_a_choice_that_holds():
    sets = hostile(2, 400, 100, 3)

    found = largest(sets)

    assert found.low < found.high
    assert found.low == len(found.chosen)
    assert all(not sets[a] & sets[b] for a, b in combinations(found.chosen, 2))


def test_the_interval_does_not_depend_on_the_order_of_entry():
    sets = hostile(3, 200, 100, 3)
    other = sets[::-1]

    one, two = (largest(order, [sorted(sets).index(x) for x in order]) for order in (sets, other))

    assert (one.low, one.high) == (two.low, two.high)


def test_more_sets_than_are_searched_still_get_bounds():
    sets = hostile(4, 5_000, 600, 3)

    found = largest(sets)

    assert 0 < found.low <= found.high <= 200


def test_sets_over_single_ones_are_answered_at_once():
    """A thousand originals and a report on every two neighbours: the originals are the number."""
    sets = [1 << n | 1 << (n + 1) for n in range(999)] + [1 << n for n in range(1000)]

    found = largest(sets)

    assert (1000, 1000) == (found.low, found.high)
    assert tuple(range(999, 1999)) == found.chosen
