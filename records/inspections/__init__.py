"""Special inspections: opened with a set of rules, drawn, looked at, answered by people, put right, closed, taken out.

An inspection looks at business and changes none of it: it stops nothing, answers no notice, writes no fact.
"""
