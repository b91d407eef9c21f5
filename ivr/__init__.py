"""ivr: the end of a telephone call, done well.

A Twilio webhook service for the last minute of a help-line call: an honest apology for the real wait, the
next steps said clearly, the question whether the caller got what they came for, and a goodbye that is
personal and never the same twice; while the agent is still there, and however the call ends.
"""

__version__ = "0.1.0"
