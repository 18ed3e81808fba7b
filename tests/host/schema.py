#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""
Whether documents are as their schemas say: schema.py FILE...

A FILE has one document, or several, one behind the other. Each says which schema it
has. What is wrong is said, and the exit status is 1 then. With the tests' packages
it is Debian's own Python, which has jsonschema.
"""
import json
import pathlib
import re
import sys

import jsonschema

SCHEMAS = pathlib.Path(__file__).parents[2] / "userspace/schema"


def validators():
    """One for each file, named as documents name it."""
    found = {}
    for path in SCHEMAS.glob("*.json"):
        schema = json.loads(path.read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["properties"]["schema"]["const"] == path.stem, path
        found[path.stem] = jsonschema.Draft202012Validator(schema)
    return found


def documents(text):
    """All of a file."""
    decoder = json.JSONDecoder()
    at = 0
    while at < len(text.rstrip()):
        document, at = decoder.raw_decode(text, at)
        yield document
        at += len(text[at:]) - len(text[at:].lstrip())


def alike(value):
    """What a schema can judge of a value in a row: of a number, that it is one."""
    if type(value) in (int, float):
        return type(value)
    if isinstance(value, str):
        return re.sub("[0-9a-f]+", "0", value) if value[:1].isdigit() else value
    return (repr(value),)


def thin(document):
    """Of many rows that differ in nothing but numbers, the first: it is as good."""
    if isinstance(document, dict):
        return {key: thin(value) for key, value in document.items()}
    if not isinstance(document, list):
        return document
    if len(document) < 1000 or not isinstance(document[0], dict):
        return [thin(value) for value in document]
    return list({tuple((k, alike(v)) for k, v in row.items()): row
                 for row in reversed(document)}.values())


def main():
    known = validators()
    wrong = 0
    for name in sys.argv[1:]:
        try:
            for document in documents(pathlib.Path(name).read_text(encoding="utf-8")):
                for error in known[document["schema"]].iter_errors(thin(document)):
                    print(f"{name}: {error.json_path}: {error.message[:400]}")
                    wrong += 1
        except (ValueError, KeyError) as error:
            print(f"{name}: no document with a known schema: {error!r}")
            wrong += 1
    return wrong > 0


sys.exit(main())
