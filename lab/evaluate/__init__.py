"""How good are retrieval and answers? Measured over questions with known answers, in runs that can be compared."""
