"""Which of two near-identical photos came first: what the two files say, and a verdict with its error rate."""
