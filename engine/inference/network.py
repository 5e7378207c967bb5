"""One rule inside durable-rules. The only module that touches the library, so all its traps end here.

It uses the library's C part (`durable_rules_engine`, the calls beneath `durable.engine.Ruleset`) and not
`durable.lang`: a `Host` starts two timer threads, and actions run by it lose their exceptions. Here no action
runs: the groups are taken out in batches. What else is done on purpose, each pinned by a test:

- Facts, never events: an event is used up by the first rule that takes it.
- One ruleset per rule: rules cannot disturb each other, limits hold per rule, and a rule that cannot fire
  costs nothing (measured in docs/decisions/004-durable-rules.md).
- A value goes in as a small number written as text, from a table made for the session. Equality is all that a
  join needs, and so the length of a value (compared modulo 65,536), its quotes and its looks ("0.1") cannot
  matter.
- The library tells facts apart by 32 bits of a hash of their ids, and calls a second fact with the same bits
  "already observed". The ids here are 0, 1, 2, …, whose bits are known to differ.
- A session has its own `sid` and is deleted at its end: 1,024 forgotten ones are a MemoryError.
- Deleting a session frees a pointer that is set when its slot first finds a group; before that it is whatever
  lay in the memory, and the process may die. So each ruleset is made to find something once, and one session
  lives at a time, in that same slot.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import count, cycle
from threading import Lock
from typing import Any
from weakref import finalize

import durable_rules_engine as durable
import msgspec

from engine.inference.rule import Rule, fields_read

# How many facts a session may hold: the library takes about 7 KB for each. The first two ids with the same
# hash are 40,189 and 797,186.
MOST_FACTS = 100_000

_BATCH = 4096  # groups handed over at a time; the library's own limit is 65,535
_SIDS = tuple(map(str, range(1000)))
_ONCE_RULE = {"all": [{"a0": {"kind": "once"}}], "cap": 1}
_ONCE_FACT = '{"sid":"%s","id":"0","kind":"once"}'

_decode = msgspec.json.Decoder(dict[str, list[dict[str, dict[str, str]]]]).decode


class Network:
    """One rule, ready to be matched. Safe to use from several threads: they take turns."""

    def __init__(self, rule: Rule) -> None:
        """Build the ruleset of a checked rule (`check_rules`)."""
        self._rule = rule.id
        read = fields_read(rule)
        texts = {text for pattern in rule.patterns for _, text in pattern.where}
        words = sorted(texts.union(read, *read.values()))
        self._numbers = {word: number for number, word in enumerate(words)}
        self._forms = {kind: (_form(kind, fields, self._numbers), fields) for kind, fields in read.items()}
        self._aliases = tuple(map(_alias, range(len(rule.patterns))))
        definition = {"rule": _definition(rule, self._numbers), "once": _ONCE_RULE}
        self._handle: int = durable.create_ruleset("rule", json.dumps(definition))
        finalize(self, durable.delete_ruleset, self._handle)
        self._lock = Lock()
        self._sids = cycle(_SIDS)
        self._run(sid := next(self._sids), [_ONCE_FACT % sid])

    def groups(self, facts: Mapping[int, Mapping[str, str]]) -> list[tuple[int, ...]]:
        """Every group of facts that fills the rule's patterns and joins, in the order of the patterns.

        `facts` by number, below MOST_FACTS; each fits the kind and `where` of some pattern. The groups come
        in no particular order; facts that can take each other's place come in every order. Raises
        RuntimeError when the library does not take a fact.
        """
        aliases = self._aliases
        numbers = defaultdict(count(len(self._numbers)).__next__, self._numbers)
        sid = next(self._sids)
        texts = []
        for number, fact in facts.items():
            form, fields = self._forms[fact["kind"]]
            texts.append(form % (sid, number, *[numbers[fact[field]] for field in fields]))
        return [
            tuple([int(group[alias]["id"]) for alias in aliases])
            for batch in self._run(sid, texts)
            for group in _decode(batch)["rule"]
        ]

    def _run(self, sid: str, texts: Sequence[str]) -> list[str]:
        """One session: the facts in, the batches of groups out, the session deleted, whatever happens."""
        handle = self._handle
        with self._lock:
            try:
                refused, state = durable.assert_facts(handle, f"[{','.join(texts)}]")
                if refused:
                    raise RuntimeError(
                        f"durable-rules did not take a fact of rule `{self._rule}` (code {refused})"
                    )
                started = durable.start_action_for_state(handle, state)
                batches = []
                batch = started and started[1]
                while batch:
                    batches.append(batch)
                    batch = durable.complete_and_start_action(handle, state)
                return batches
            finally:
                durable.delete_state(handle, sid)


def _definition(rule: Rule, numbers: Mapping[str, int]) -> dict[str, Any]:
    """The rule in the form of the library. Each join stands with the later of its two patterns."""
    places = {pattern.name: place for place, pattern in enumerate(rule.patterns)}
    tests: list[list[dict[str, Any]]] = []
    for pattern in rule.patterns:
        tests.append([{"kind": str(numbers[pattern.kind])}])
        tests[-1] += ({_property(numbers[field]): str(numbers[text])} for field, text in pattern.where)
    for join in rule.joins:
        ends = ((places[join.left], join.left_field), (places[join.right], join.right_field))
        (early, early_field), (late, late_field) = sorted(ends)
        test = {_property(numbers[late_field]): {_alias(early): _property(numbers[early_field])}}
        if test not in tests[late]:
            tests[late].append(test)
    return {"all": [{_alias(place): {"$and": of}} for place, of in enumerate(tests)], "cap": _BATCH}


def _form(kind: str, fields: Sequence[str], numbers: Mapping[str, int]) -> str:
    """The text of a fact of this kind, to be filled with its sid, its number and its values' numbers."""
    properties = "".join(f',"{_property(numbers[field])}":"%d"' for field in fields)
    return f'{{"sid":"%s","id":"%d","kind":"{numbers[kind]}"{properties}}}'


def _alias(place: int) -> str:
    return f"a{place}"


def _property(number: int) -> str:
    return f"f{number}"
