"""What we do say: one call's story and the published book, composed into a farewell. Pure."""
