"""The door for people and programs: the API, and later the desk."""
