"""The system of record: households and their facts on two time axes, stored decisions, an audit trail.

What is recorded is only ever added to. What was true on a day as known on a day can be asked for any two days,
every stored decision replays from the facts and the rule text that it was made from, and whoever changes a row
behind the program's back is found by `records.audit`.
"""
