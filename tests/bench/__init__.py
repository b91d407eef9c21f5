"""The performance figures: `make bench` prints them as a table and leaves them in var/bench.json."""
