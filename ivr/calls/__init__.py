"""What happened on a call: events, the story they tell, and what its wait weighs. Pure."""
