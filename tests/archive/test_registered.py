"""What a case has already: links and relations are found again by what they say, and get numbers nobody else has."""

import json

from archive.registered import Known, Registered

FIRST = {"item": "W1", "facets": ["what"], "stance": "supports", "assessor": "A-1", "strength": "direct"}


def known(name, **fields):
    return Known(f"subject of {name}", json.dumps({"id": name, **fields}).encode())


def test_a_link_without_an_id_is_found_by_what_it_says():
    registered = Registered(0)
    registered.add("link", "L1", known("L1", **FIRST))

    assert registered.find("link", {**FIRST, "strength": "circumstantial"}).fields["id"] == "L1"
    assert registered.find("link", {**FIRST, "facets": ["what", "when"]}) is None
    assert registered.find("relation", FIRST) is None


def test_of_two_that_say_the_same_the_first_is_found():
    registered = Registered(0)
    registered.add("link", "L7", known("L7", **FIRST))
    registered.add("link", "L2", known("L2", **FIRST))

    assert registered.find("link", FIRST).fields["id"] == "L7"


def test_a_link_that_says_another_thing_now_is_found_by_that():
    registered = Registered(0)
    one = known("L1", **FIRST)
    registered.add("link", "L1", one)

    registered.revise("link", one, {**one.fields, "stance": "contradicts"})

    assert registered.find("link", FIRST) is None
    assert registered.find("link", {**FIRST, "stance": "contradicts"}) is one


def test_an_id_that_a_later_row_has_of_its_own_is_not_given_away():
    registered = Registered(0, reserved={("link", "L1"), ("link", "L3")})
    registered.add("link", "L2", known("L2", **FIRST))

    assert [registered.free_id("link"), registered.free_id("link")] == ["L4", "L5"]
    assert registered.free_id("relation") == "R1"
