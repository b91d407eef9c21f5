"""What we ask of Twilio: the real client over a pretend HTTP side that answers from a script."""
