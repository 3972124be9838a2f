"""The published JSON Schemas follow from the tables of fields."""

from __future__ import annotations

import pytest

from schemas.json_schema import FOLDER, schemas, text_of


@pytest.mark.parametrize("name", sorted(schemas()))
def test_the_files_are_what_the_tables_say(name):
    """Run `python -m schemas.json_schema` after a change of a table."""
    assert text_of(schemas()[name]) == (FOLDER / f"{name}.schema.json").read_text("utf-8")


def test_each_is_a_schema_of_its_draft():
    import jsonschema

    for schema in schemas().values():
        jsonschema.Draft202012Validator.check_schema(schema)
