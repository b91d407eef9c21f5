"""What the REST side knows, a file to each kind of thing."""
