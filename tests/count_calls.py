"""Counts a call log by itself, and says where a replay's output differs.

    python tests/count_calls.py CALLS.csv
    python tests/count_calls.py CALLS.csv --against REPLAY.jsonl

It shares no code with the program it checks: plain csv, datetime and sums, one thing after the other, the
whole log in memory. Prints JSON; exit 1 when something differs.
"""

import argparse
import csv
import json
import sys
from datetime import datetime, timedelta
from pathlib import Path

SEVERITIES = ((900, "extreme"), (300, "very_long"), (180, "long"), (60, "slight"), (0, "none"))
TIMES = ("arrived", "queued", "answered", "ended")


def read(path):
    """The good rows as dicts with real times, and the bad ones: reason → first lines."""
    good, bad, ids = [], {}, set()
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = [name.strip().lower() for name in next(reader)]
        before = reader.line_num
        for cells in reader:
            line, before = before + 1, reader.line_num
            if not "".join(cells) and len(cells) < 2:
                continue
            row = dict(zip(header, (cell.strip() for cell in cells), strict=False))
            row["line"] = line
            reason = fault(row, cells[len(header) :], ids)
            if reason is None:
                ids.add(row["call"])
                good.append(row)
            else:
                bad.setdefault(reason, []).append(line)
    return good, bad


def fault(row, surplus, ids):
    """Why a row is bad; None for a good one, whose texts become times and numbers."""
    if any(cell.strip() for cell in surplus):
        return "more cells than columns"
    if not row.get("call"):
        return "no call id"
    if not row.get("arrived"):
        return "no time of arrival"
    for name in TIMES:
        text = row.get(name) or None
        if text is None:
            row[name] = None
            continue
        try:
            row[name] = datetime.fromisoformat(text)
        except ValueError:
            return "unreadable time"
        if row[name].utcoffset() is None:
            return "time without an offset"
    present = [row[name] for name in TIMES if row[name] is not None]
    if present != sorted(present):
        return "times out of order"
    try:
        row["held"] = int(row.get("held_seconds") or 0)
    except ValueError:
        return "held_seconds is not a whole number"
    if row["held"] < 0:
        return "negative hold"
    return "call id seen before" if row["call"] in ids else None


def own_wait(row):
    """(queue, hold) seconds of the call alone; None when the log cannot tell."""
    if row["queued"] is None:
        queue = timedelta(0)
    else:
        end = row["answered"] or row["ended"]
        if end is None:
            return None
        queue = end - row["queued"]
    if queue > timedelta(hours=4) or row["held"] > 4 * 3600:
        return None
    return queue.days * 86400 + queue.seconds, row["held"]


def in_vain(row):
    """The call came to nothing: nobody answered, or it was cut off within a minute of the answer."""
    if row["ended"] is None:
        return False
    return row["answered"] is None or row["ended"] - row["answered"] <= timedelta(seconds=60)


def count(path):
    """Everything about a log that can be counted: (totals, calls in order of arrival)."""
    rows, bad = read(path)
    rows.sort(key=lambda row: (row["arrived"], row["line"]))
    calls = []
    for place, row in enumerate(rows):
        same_day = []
        if row.get("caller"):
            same_day = [
                other
                for other in rows[:place]
                if other.get("caller") == row["caller"] and other["arrived"].date() == row["arrived"].date()
            ]
        known = own_wait(row)
        earlier = 0
        for other in same_day:
            if in_vain(other) and other["ended"] < row["arrived"] and own_wait(other) is not None:
                earlier += sum(own_wait(other))
        if known is None:
            wait = {"seconds": None, "queue": 0, "hold": 0, "earlier": 0}
            severity = "unknown"
        else:
            seconds = sum(known) + earlier
            wait = {"seconds": seconds, "queue": known[0], "hold": known[1], "earlier": earlier}
            severity = next(name for least, name in SEVERITIES if seconds >= least)
        calls.append(
            {
                "call": row["call"],
                "wait": wait,
                "severity": severity,
                "calls_today": len(same_day) + 1 if row.get("caller") else None,
                "answered": row["answered"] is not None,
            }
        )
    answered = [call for call in calls if call["answered"]]
    waits = sorted(call["wait"]["seconds"] for call in answered if call["wait"]["seconds"] is not None)
    severities = dict.fromkeys(("none", "slight", "long", "very_long", "extreme", "unknown"), 0)
    for call in answered:
        severities[call["severity"]] += 1
    totals = {
        "rows": len(rows) + sum(map(len, bad.values())),
        "calls": len(rows),
        "answered": len(answered),
        "waits": {f"p{q}": quantile(waits, q) for q in (50, 75, 90, 95, 99)} | {"max": quantile(waits, 100)},
        "severities": severities,
        "skipped": dict(sorted(bad.items())),
        "waited_in_all": sum(waits),
        "waited_unanswered": sum(call["wait"]["seconds"] or 0 for call in calls if not call["answered"]),
    }
    return totals, calls


def quantile(ordered, percent):
    """The least value that no fewer than so many per cent of all reach or stay below."""
    for place, value in enumerate(ordered, 1):
        if place * 100 >= percent * len(ordered):
            return value
    return None


def differences(calls, told):
    """Sentences about each way in which a replay's lines are not what was counted."""
    found = []
    if [call["call"] for call in calls] != [line["call"] for line in told]:
        found.append(f"{len(calls)} calls counted and {len(told)} told, or not in the same order")
    lines = {line["call"]: line for line in told}
    for call in calls:
        line = lines.get(call["call"])
        if line is None:
            found.append(f"{call['call']}: not told")
            continue
        for name in ("wait", "severity", "calls_today"):
            if line[name] != call[name]:
                found.append(f"{call['call']}: {name} is {line[name]}, counted {call[name]}")
        if bool(line["moments"]) != call["answered"] or bool(line["seconds"]) != call["answered"]:
            found.append(f"{call['call']}: a farewell where nobody answered, or none where somebody did")
        if call["answered"]:
            names = [moment["moment"] for moment in line["moments"]]
            if names[-1] != "goodbye" or names.count("goodbye") != 1:
                found.append(f"{call['call']}: does not end in one goodbye")
            if "apology" in names and call["severity"] in ("none", "unknown"):
                found.append(f"{call['call']}: speaks of a wait that was {call['severity']}")
    return found


def main():
    parser = argparse.ArgumentParser(description="Counts a call log; compares a replay of it.")
    parser.add_argument("log", type=Path)
    parser.add_argument("--against", type=Path, metavar="REPLAY.jsonl")
    asked = parser.parse_args()
    totals, calls = count(asked.log)
    if asked.against is not None:
        with open(asked.against, encoding="utf-8") as file:
            totals["differences"] = differences(calls, [json.loads(line) for line in file])
    json.dump(totals, sys.stdout, indent=2)
    sys.stdout.write("\n")
    return 1 if totals.get("differences") else 0


if __name__ == "__main__":
    sys.exit(main())
