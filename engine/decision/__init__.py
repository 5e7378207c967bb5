"""One household: findings, conflicts, score, questions, and the explanation of a decision."""

from engine.decision.decide import decide, decide_household
from engine.decision.document import read_household
from engine.decision.json_text import BadDocument, parse_json
from engine.decision.model import Decision, encode_json

__all__ = [
    "BadDocument",
    "Decision",
    "decide",
    "decide_household",
    "encode_json",
    "parse_json",
    "read_household",
]
