"""A call nobody paid for: a pretend Twilio that walks our documents as strictly as the real one."""
