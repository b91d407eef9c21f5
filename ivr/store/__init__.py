"""What we remember. The only room that knows SQL."""
