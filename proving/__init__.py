"""What the features prove about a rulebook: what they exercise (coverage) and what they would notice (mutation)."""
