"""Giving the words a voice: engines in processes of their own, and one sound file at the end."""
