"""What goes on paper: decisions, slips and notices, as plain content that two layouts print (HTML, PDF).

Every sentence stands in the rulebook's letters.yaml; figures, reasons and articles come from the decision and the
rulebook that it was made under. The same decision gives the same letter, byte for byte.
"""
