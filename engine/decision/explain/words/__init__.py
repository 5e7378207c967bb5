"""The words of explanations, beside those of expressions, by language."""

from engine.decision.explain.words import en, zh

WORDS = {"zh": zh.WORDS, "en": en.WORDS}
