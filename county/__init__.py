"""The sample county: people who do not exist, in households as a county has them, with mistakes that are known."""
