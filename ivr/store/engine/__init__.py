"""How a database is spoken to: by threads that gather, and to each kind in its own words."""
