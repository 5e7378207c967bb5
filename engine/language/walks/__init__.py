"""What a value lacks: each node made once into a function that adds it to what was found for a household.

What cannot matter any more is not looked into: the other side of a decided `or`, an entry that a filter has left
out, whatever its reach leaves one value.
"""

from engine.language.walks.found import Found, Missing
from engine.language.walks.reading import walks_of

__all__ = ["Found", "Missing", "walks_of"]
