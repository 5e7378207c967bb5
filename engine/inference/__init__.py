"""Production rules over many facts at once: findings against each other, payments against deaths."""

from engine.inference.matcher import Join, Match, Matcher, Pattern, Rule

__all__ = ["Join", "Match", "Matcher", "Pattern", "Rule"]
