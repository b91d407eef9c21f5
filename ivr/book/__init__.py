"""What may be said: the prompt book, its conditions, its words, and how they are spoken. Pure."""
