"""From awards to payments: payees, the batch of a month, its gate, its release, the bank's files, the funds."""
