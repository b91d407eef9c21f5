"""What happens when a call ends well, in order: the farewell a call is given, and what programs ask about it."""
