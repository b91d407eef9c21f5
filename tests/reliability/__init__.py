"""Real faults on real databases, and what callers hear meanwhile."""
