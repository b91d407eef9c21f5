"""Twilio, both ways: the addresses it calls, the documents we answer, and what we ask of it."""
