"""What does not fit a schema, as problems that a policy officer can act on.

`jsonschema` finds the errors; each keyword of the schema language has one function here that says it. What
a value should be, and what it is for, comes from the `title` and `description` in the schema.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from engine.language.problems import Problem, Span, nearest
from engine.rulebook.accepts import compile_pattern, is_of_type
from engine.rulebook.kinds import schema_of
from engine.rulebook.tree import Mapping, Scalar, Tree, find, key_at, plain
from engine.rulebook.wrong_type import say_wrong_type

Schema: TypeAlias = dict[str, Any]
Path: TypeAlias = list[str | int]


def find_misfits(tree: Tree, kind: str) -> list[Problem]:
    """Every misfit of a tree with the schema of its kind, in the order of the file."""
    schema = schema_of(kind)
    found: set[Problem] = set()
    for error in _validator(kind).iter_errors(plain(tree)):
        node = find(tree, error.absolute_path)
        if not (isinstance(node, Scalar) and node.broken):
            found.update(_SAY[error.validator](_misfit(tree, schema, error)))
    return sorted(found, key=lambda problem: problem.sort_key)


@cache
def _validator(kind: str) -> Any:
    def has_type(_: Any, types: Any, value: Any, schema: Schema) -> Iterator[ValidationError]:
        if not is_of_type(value, types, schema.get("format")):
            yield ValidationError(f"not of type {types}")

    def has_pattern(_: Any, pattern: str, value: Any, __: Schema) -> Iterator[ValidationError]:
        if isinstance(value, str) and not compile_pattern(pattern).search(value):
            yield ValidationError(f"does not match {pattern}")

    def has_properties(validator: Any, parts: Schema, value: Any, _: Schema) -> Iterator[ValidationError]:
        if isinstance(value, dict):
            for key in parts.keys() & value.keys():
                if parts[key] is False:  # jsonschema forgets where such a key stands
                    yield ValidationError("does not belong here", path=[key], schema_path=[key])
                else:
                    yield from validator.descend(value[key], parts[key], path=key, schema_path=key)

    keywords = {"type": has_type, "pattern": has_pattern, "properties": has_properties}
    return extend(Draft202012Validator, keywords)(schema_of(kind))  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class _Misfit:
    """An error of jsonschema, with what is needed to say it.

    `schemas` are those from the top to the one that failed; `condition` is the `if` that led there.
    """

    tree: Tree
    path: Path
    given: Any  # the value
    asked: Any  # what the keyword of the schema asks for
    schemas: tuple[Schema, ...]
    condition: Schema
    is_key: bool  # `given` is a key of the mapping at `path`

    def place(self) -> Span:
        """The value, if it stands in one place; the key of a mapping or list."""
        if self.is_key:
            return self.key(self.given)
        node = find(self.tree, self.path)
        return node.at if isinstance(node, Scalar) else key_at(self.tree, self.path)

    def key(self, key: str) -> Span:
        """Where a key of the mapping at `path` stands."""
        return key_at(self.tree, [*self.path, key])

    def called(self) -> str:
        """What the mapping at `path` is called in a message: its id, its key, or an entry of a list."""
        node = find(self.tree, self.path)
        name = node.entries.get("id") if isinstance(node, Mapping) else None
        if isinstance(name, Scalar) and not name.broken and name.text:
            return f"`{name.text}`"
        if not self.path:
            return "this file"
        last = self.path[-1]
        return f"`{last}`" if isinstance(last, str) else f"this entry of `{self.path[-2]}`"

    def purpose(self) -> str:
        """What the schemas say about the value."""
        return next((_english(schema) for schema in reversed(self.schemas) if "description" in schema), "")

    def purpose_of(self, key: str) -> str:
        """What the schemas say about a key of the mapping."""
        for schema in reversed(self.schemas):
            if isinstance(part := schema.get("properties", {}).get(key), dict):
                return _english(part if "description" in part else _resolved(part, self.schemas[0]))
        return ""

    def known_keys(self) -> list[str]:
        """The keys that may stand in the mapping."""
        closed = (schema for schema in reversed(self.schemas) if schema.get("additionalProperties") is False)
        return list(next(closed, {}).get("properties", {}))

    def because(self) -> str:
        """The key, or key with value, that the condition asks for: `type: money`."""
        for key, part in self.condition.get("properties", {}).items():
            return f"`{key}: {part['const']}`"
        return " and ".join(f"`{key}`" for key in self.condition.get("required", ()))


def _misfit(tree: Tree, schema: Schema, error: ValidationError) -> _Misfit:
    schemas: list[Schema] = []
    condition: Schema = {}
    node: Any = schema
    for step in error.absolute_schema_path:
        if isinstance(node, dict):
            node = (
                node if step in node else _resolved(node, schema)
            )  # jsonschema leaves `$ref` out of the path
            schemas.append(node)
            if step == "then":
                condition = node["if"]
        node = node[step]
    is_key = "propertyNames" in error.schema_path
    path = list(error.absolute_path)
    return _Misfit(tree, path, error.instance, error.validator_value, tuple(schemas), condition, is_key)


def _resolved(node: Schema, root: Schema) -> Schema:
    while "$ref" in node:
        node = root["$defs"][node["$ref"].removeprefix("#/$defs/")]
    return node


def _english(schema: Schema) -> str:
    """The half of a description that is in English: the last one, after an empty line."""
    return str(schema["description"]).split("\n\n")[-1]


def _missing_keys(misfit: _Misfit) -> Iterator[Problem]:
    place, called = key_at(misfit.tree, misfit.path), misfit.called()
    unknown = misfit.given.keys() - set(misfit.known_keys())
    # A misspelt key is one mistake, not an unknown and a missing one.
    missing = [
        key
        for key in misfit.asked
        if key not in misfit.given and not any(nearest(word, [key]) for word in unknown)
    ]
    if "cite" in missing:
        missing.remove("cite")
        hint = "name the article it rests on: `cite: SOURCE art 8`, or `cite: local-text-needed`"
        yield Problem(place, "missing-cite", f"{called} has no `cite`", hint)
    if missing:
        because = f", which {misfit.because()} needs" if misfit.because() else ""
        hint = " ".join(f"`{key}`: {misfit.purpose_of(key)}" for key in missing)
        yield Problem(place, "missing-key", f"{called} has no {_listed(missing)}{because}", hint)


def _unknown_keys(misfit: _Misfit) -> Iterator[Problem]:
    known = misfit.known_keys()
    for key in misfit.given.keys() - set(known):
        hint = nearest(key, known) or f"the keys here are {_listed(known)}"
        yield Problem(misfit.key(key), "unknown-key", f"unknown key `{key}`", hint)


def _misplaced_key(misfit: _Misfit) -> Iterator[Problem]:
    message = f"`{misfit.path[-1]}` does not go with {misfit.because()}"
    place = key_at(misfit.tree, misfit.path)
    decides = next(iter(misfit.condition.get("properties", {})), "")
    hint = f"take it out, or change `{decides}`" if decides else "take one of the two out"
    yield Problem(place, "misplaced-key", message, hint)


def _one_of_keys(misfit: _Misfit) -> Iterator[Problem]:
    """Our schemas say `oneOf` only of two keys that replace each other: {required: [a]}, {required: [b]}."""
    if not isinstance(misfit.given, dict):
        return  # its type is a problem of its own
    one, other = (branch["required"][0] for branch in misfit.asked)
    if one in misfit.given:
        message = f"`{one}` and `{other}` do not go together"
        yield Problem(misfit.key(other), "one-of-keys", message, "take one of the two out")
    else:
        message = f"{misfit.called()} has neither `{one}` nor `{other}`"
        hint = f"`{one}`: {misfit.purpose_of(one)} `{other}`: {misfit.purpose_of(other)}"
        yield Problem(key_at(misfit.tree, misfit.path), "missing-key", message, hint)


def _only_one_key(misfit: _Misfit) -> Iterator[Problem]:
    """Our schemas say `maxProperties` only of mappings with a single key."""
    keys = list(misfit.given)
    message = f"only one key may stand here, not {' and '.join(f'`{key}`' for key in keys)}"
    yield Problem(misfit.key(keys[-1]), "one-of-keys", message, misfit.purpose())


def _wrong_type(misfit: _Misfit) -> Iterator[Problem]:
    message, hint = say_wrong_type(misfit.given, misfit.schemas[-1], misfit.purpose())
    yield Problem(misfit.place(), "wrong-type", message, hint)


def _not_a_choice(misfit: _Misfit) -> Iterator[Problem]:
    given = misfit.given
    message = f"{f'`{given}`' if isinstance(given, str) else 'this'} is not one of {_listed(misfit.asked)}"
    hint = nearest(given, misfit.asked) if isinstance(given, str) else ""
    yield Problem(misfit.place(), "not-a-choice", message, hint or misfit.purpose())


def _not_allowed_text(misfit: _Misfit) -> Iterator[Problem]:
    text, title = misfit.given, misfit.schemas[-1]["title"]
    if not text.strip():
        yield Problem(misfit.place(), "empty-text", "this text is empty", "write it, or take the key out")
        return
    spellings = [re.sub(r"[-_\s]+", joint, text.strip().lower()) for joint in "_-"]
    meant = next((word for word in spellings if compile_pattern(misfit.asked).search(word)), "")
    hint = f"did you mean `{meant}`? " if meant and title in _SPELT_IN_ONE_WAY else ""
    code = "not-" + title.lower().replace(" ", "-")
    yield Problem(misfit.place(), code, f"`{text}` is not {title}", hint + misfit.purpose())


def _too_few(misfit: _Misfit) -> Iterator[Problem]:
    if not misfit.given:
        hint = "write what belongs here, or take the key out"
        yield Problem(misfit.place(), "empty", f"{misfit.called()} is empty", hint)
    else:
        message = f"at least {misfit.asked} items are needed, here is {len(misfit.given)}"
        yield Problem(misfit.place(), "too-few", message, misfit.purpose())


def _repeated(misfit: _Misfit) -> Iterator[Problem]:
    for i, item in enumerate(misfit.given):
        if item in misfit.given[:i]:
            place = key_at(misfit.tree, [*misfit.path, i])
            yield Problem(place, "repeated-item", f"`{item}` stands twice in this list", "take one out")


def _out_of_range(limit: str) -> Callable[[_Misfit], Iterator[Problem]]:
    def say(misfit: _Misfit) -> Iterator[Problem]:
        message = f"{misfit.given} is {limit} {misfit.asked}"
        yield Problem(misfit.place(), "out-of-range", message, misfit.purpose())

    return say


# What has only one spelling: small letters, joined by one sign.
_SPELT_IN_ONE_WAY = frozenset({"a name", "an id", "a code", "a choice", "a language code"})


def _listed(words: list[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


_SAY: dict[Any, Callable[[_Misfit], Iterator[Problem]]] = {
    "additionalProperties": _unknown_keys,
    "enum": _not_a_choice,
    "maxProperties": _only_one_key,
    "maximum": _out_of_range("too large: the greatest is"),
    "minItems": _too_few,
    "minProperties": _too_few,
    "minimum": _out_of_range("too small: the least is"),
    "oneOf": _one_of_keys,
    "pattern": _not_allowed_text,
    "properties": _misplaced_key,  # a key whose schema is `false`
    "required": _missing_keys,
    "type": _wrong_type,
    "uniqueItems": _repeated,
}
