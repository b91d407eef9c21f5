"""What Twilio would refuse, or would stumble over, and what is not played here."""


class TwilioRefuses(Exception):
    """Something Twilio would refuse, or would stumble over: its error number and its rule."""

    def __init__(self, code: int | None, rule: str, where: str | None = None) -> None:
        self.code, self.rule, self.where = code, rule, where
        number = f"Twilio error {code}: " if code else ""
        super().__init__(f"{number}{rule}" + (f" (in {where})" if where else ""))


class NotPlayed(TwilioRefuses):
    """Good TwiML that this pretend Twilio does not play."""

    def __init__(self, what: str, where: str | None = None) -> None:
        super().__init__(None, f"{what} is TwiML, but it is not played here", where)
