"""The words of each language that the engine brings. A rulebook in another language gets the English ones."""

from __future__ import annotations

from collections.abc import Mapping

from engine.language.phrases import en, zh

TABLES: Mapping[str, Mapping[str, str]] = {"zh": zh.PHRASES, "en": en.PHRASES}
FALLBACK = "en"
