"""Every table, on one page.

Times are whole microseconds since 1970 in UTC: exact, in order, and the same on both databases (when a
person or a token was added is the database's own to say, in UTC, since no call depends on it). Nothing
here refers to another row by a foreign key: news of a call comes late, twice and shuffled, and is kept as it
comes. What is personal is sealed bytes in `personal` (and in `people`, for those who work here), so that
forgetting a caller is deleting rows of one table.

In every table the columns of the primary key come first: rows are written in the order of their keys, so
that two machines writing the same rows cannot wait for each other in a ring.
"""

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    event,
    func,
    text,
)


def kept_as_written(table: str) -> list[tuple[str, str]]:
    """What makes a database refuse to change or remove a table's rows: (its kind, a statement), in order."""
    said = f"{table} are never changed"
    function = f"{table}_stay"
    return [
        *(
            (
                "sqlite",
                f"create trigger {table}_no_{what} before {what} on {table} "
                f"begin select raise(abort, '{said}'); end",
            )
            for what in ("update", "delete")
        ),
        (
            "postgresql",
            f"create function {function}() returns trigger language plpgsql as "
            f"$$ begin raise exception '{said}'; end $$",
        ),
        (
            "postgresql",
            f"create trigger {function} before update or delete or truncate on {table} "
            f"for each statement execute function {function}()",
        ),
    ]


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    },
)

events = Table(
    "events",
    metadata,
    Column("call", Text, primary_key=True),  # the caller's leg
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),  # made from what the sender sent: a repeat has the same one
    Column("at", BigInteger, primary_key=True),  # of one (call, kind, key) the earliest counts
    Column("clock", Text, nullable=False),  # ours, twilio
    Column(
        "who", Text
    ),  # the caller's keyed hash on `arrived`, the agent's leg on `answered`, the room on `joined`
    Column("data", Text, nullable=False),  # JSON: what this kind adds
    comment="What happened, as it was told to us. Only ever added to.",
    sqlite_with_rowid=False,  # stored in the order of its key: one call is read in one place
)
Index(
    "ix_events_who",
    events.c.who,
    events.c.kind,
    events.c.at,
    sqlite_where=events.c.who.is_not(None),
    postgresql_where=events.c.who.is_not(None),
)
# By when a call began: what had no end yet is found again without reading every event there is.
BEGUN = text("kind IN ('arrived', 'queued')")
Index("ix_events_begun", events.c.at, sqlite_where=BEGUN, postgresql_where=BEGUN)

farewells = Table(
    "farewells",
    metadata,
    Column("call", Text, primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),  # 1, and one more after each return
    Column("locale", Text, nullable=False),
    Column("version", Integer),  # of the book it came from
    Column("way", Text, nullable=False),
    Column("tone", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("caller", Text),  # keyed hash
    comment="Which farewell was composed; its words are in `personal`. The first of two is kept.",
    sqlite_with_rowid=False,
)

personal = Table(
    "personal",
    metadata,
    Column("call", Text, primary_key=True),
    Column("kind", Text, primary_key=True),  # number, wrapup, farewell, promise
    Column("key", Text, primary_key=True),  # of the event that brought it, a farewell's part, a promise's id
    Column("at", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # JSON, compressed and encrypted
    comment="Numbers, names, gifts and words. Forgetting deletes rows here.",
)

heard = Table(
    "heard",
    metadata,
    Column("caller", Text, primary_key=True),  # keyed hash
    Column("at", BigInteger, primary_key=True),
    Column("call", Text, primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("variants", Text, nullable=False),  # JSON: page → the variants' hashes, in the order spoken
    Column(
        "turn", BigInteger
    ),  # which of this caller's farewells it is: of two that claim one, the first is kept
    comment="What each caller was told last, so that the next farewell is another. One row a farewell.",
    sqlite_with_rowid=False,
)
Index("uq_heard_caller_turn", heard.c.caller, heard.c.turn, unique=True)

announced = Table(
    "announced",
    metadata,
    Column("caller", Text, primary_key=True),  # keyed hash
    Column("event", Text, primary_key=True),  # a hash of the sentence
    Column("call", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    comment="Which coming events each caller was told of: nobody is told of one on two calls.",
    sqlite_with_rowid=False,
)

vouchers = Table(
    "vouchers",
    metadata,
    Column("id", Text, primary_key=True),  # keyed hash of the code: one that is added twice is one voucher
    Column("queue", Text, nullable=False),  # whose list it is on; blank: any queue's
    Column("number", BigInteger, nullable=False),  # the order in which they were added
    Column("code", LargeBinary, nullable=False),  # sealed
    Column("added_at", BigInteger, nullable=False),
    comment="Codes that may be given to callers, each once.",
)
Index("ix_vouchers_queue_number", vouchers.c.queue, vouchers.c.number)

given = Table(
    "given",
    metadata,
    Column("voucher", Text, primary_key=True),  # its id: who writes this row first has the code
    Column("call", Text, nullable=False),
    Column("part", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    comment="Which vouchers were given away, and by which farewell.",
    sqlite_with_rowid=False,
)

places = Table(
    "places",
    metadata,
    Column("caller", Text, primary_key=True),  # keyed hash of the number that the place is for
    Column("queue", Text, primary_key=True),
    Column("call", Text, primary_key=True),  # the one on which it was promised
    Column("promise", Text, nullable=False),  # its id
    Column("until", BigInteger, nullable=False),
    Column("used_by", Text),  # the call that was let in front
    comment="Places at the front of a queue that were promised to callers, each for one call.",
    sqlite_with_rowid=False,
)
Index("ix_places_queue_until", places.c.queue, places.c.until, places.c.used_by)

promises = Table(
    "promises",
    metadata,
    Column("id", Text, primary_key=True),  # call, part and kind: a repeat has the same one
    Column("call", Text, nullable=False, index=True),
    Column("part", Integer, nullable=False),
    Column("kind", Text, nullable=False),  # text_note, check_in, question, call_back, front_of_queue, voucher
    Column("due", BigInteger, nullable=False),
    Column("state", Text, nullable=False),  # open, kept, ended
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("leased_by", Text),  # the machine that is keeping it just now
    Column("leased_until", BigInteger),
    comment="Sentences that outlive a call. Their words are in `personal`, most with their farewell.",
)
Index("ix_promises_due", promises.c.state, promises.c.due)

versions = Table(
    "versions",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),  # 1, 2, 3 …
    Column("digest", Text, nullable=False),  # of all its files
    Column("files", LargeBinary, nullable=False),  # JSON of path → text, compressed by zlib
    Column("by", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("published_at", BigInteger, nullable=False),
    Column("approved_by", Text),  # whose yes it has, besides that of `by`
    Column("restores", Integer),  # the version whose files these are, where it was rolled back to
    comment="The prompt book, version by version. A version never changes.",
)

drafts = Table(
    "drafts",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # 1, 2, 3 …
    Column("base", Integer),  # the version in force when it was begun; null where there was none
    Column("by", Text, nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("open", Integer, unique=True),  # 1 while it is, else null: the database itself refuses a second
    Column("ended_at", BigInteger),
    Column("version", Integer),  # what it became; null: still open, or discarded
    comment="What is to become a version. One at most is open.",
)

draft_pages = Table(
    "draft_pages",
    metadata,
    Column("draft", Integer, primary_key=True, autoincrement=False),
    Column("path", Text, primary_key=True),
    Column("text", LargeBinary),  # compressed by zlib; null: this version is to be without it
    Column("under", Text, nullable=False),  # digest of the published text it replaces; blank where none
    Column("by", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    comment="The pages of the open draft that are to differ from the version in force.",
)

changes = Table(
    "changes",
    metadata,
    Column("draft", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),  # 1, 2, 3 … within its draft
    Column("path", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("before", LargeBinary),  # compressed by zlib; null where there was no such page
    Column("after", LargeBinary),
    comment="Who changed which page of a draft, when and why. Only ever added to.",
)

# What was published, and who changed what, stays as it was: the database refuses anything else, whoever asks.
for _table in (versions, changes):
    for _kind, _sentence in kept_as_written(_table.name):
        _made = DDL(_sentence)  # type: ignore[no-untyped-call]  # SQLAlchemy gives it no types
        event.listen(_table, "after_create", _made.execute_if(dialect=_kind))

people = Table(
    "people",
    metadata,
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False),  # agent, writer, supervisor, owner
    Column("address_key", Text, unique=True),  # keyed hash of the telephone, to know who rings
    Column("address", LargeBinary),  # the telephone itself, sealed
    Column("pin_key", Text, unique=True),  # keyed hash of the PIN, to find whose it is
    Column("pin", Text),  # the PIN's argon2 hash, to be sure
    Column("added_at", DateTime(timezone=True), nullable=False, server_default=func.current_timestamp()),
    comment="Who works here.",
)

tokens = Table(
    "tokens",
    metadata,
    Column("name", Text, primary_key=True),
    Column("sha256", Text, nullable=False, unique=True),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.current_timestamp()),
    comment="Programs that may call the API. The token itself is shown once and not kept.",
)
