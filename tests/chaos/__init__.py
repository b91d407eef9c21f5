"""Generated calls, whatever happens in them and whatever goes wrong on the way: what must hold of every call.

A call is made from its seed alone. `python -m tests.chaos --calls 10000` plays many more than the suite does.
"""
