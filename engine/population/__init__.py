"""Every household at once: the same rules as columns. Arrow batches of households in, Arrow batches of results out."""
