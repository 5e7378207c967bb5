"""What officers wrote: read, checked, fingerprinted; and which version is in force when."""

from engine.rulebook.load import load_rulebook
from engine.rulebook.model import Rulebook

__all__ = ["Rulebook", "load_rulebook"]
