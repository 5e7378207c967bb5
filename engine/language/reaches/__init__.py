"""What an unknown value can still become: a fourth reading of the tree, over the lazy one.

The three-valued reading says only that a value is unknown. This one keeps what is certain all the same: a sum
of known incomes and one that is not known is at least the known ones, a line that hangs on an unknown choice is
one of its cells. A comparison of two such ranges may be decided, and then nothing on either side matters.

It never claims too much: whatever the missing facts turn out to be, the value lies in its reach. What it does
not see is that two values hang on the same fact.

Each node is made into a function of a household once for a program: where an input stands, what a type allows
and how its parts are read is settled then.
"""

from engine.language.reaches.reading import Reaches

__all__ = ["Reaches"]
