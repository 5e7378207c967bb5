"""Casework: an application becomes a case for each programme, and each case goes its way to a decision.

The rulebook says which steps there are, at which level and by when (`engine.rulebook.handling`); the engine proposes what
comes out; people take the steps, each of another person where the law wants other eyes. A case is the list of its steps,
which is only added to: its state is what the last one says.
"""
