"""What a policy version says in words, in each language of its rulebook, made from its expressions."""

from __future__ import annotations

from engine.language.sentence import sentence
from engine.language.tree import Node
from engine.language.wording import Wording
from engine.rulebook import Rulebook
from engine.rulebook.in_force import in_force
from engine.rulebook.labels import BookLabels
from engine.rulebook.model import PolicyVersion


class Sentences:
    """The labels of the first day of a version, as known when it was published."""

    def __init__(self, book: Rulebook, version: PolicyVersion) -> None:
        first = version.dated.start
        rules = in_force(book, first, max(first, version.dated.published), first)
        wordings = [Wording(language) for language in book.languages]
        self.spoken = [(words, BookLabels(book, rules, words)) for words in wordings]

    def of(self, node: Node) -> dict[str, str]:
        return {words.language: sentence(node, labels, words) for words, labels in self.spoken}
