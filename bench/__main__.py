"""Run the measurements and write var/bench.json: `python -m bench [prefix of a name]`.

Each row is {"name", "value", "unit", "bound", "better": "lower"|"higher", "ok"}. A module of
MODULES has NAMES, what it measures, and `measure(wanted)`, where `wanted(name)` says whether the
caller asked for it.
"""

import importlib
import json
import sys
import time

from wmaportal.local.servers import ROOT

MODULES = (
    "directory",
    "agenda",
    "library",
    "practices",
    "report",
    "matching",
    "registration",
    "imports",
    "outbox",
    "campaign",
    "reminders",
    "web",
    "transfer",
    "download",
    "papers",
)


def main(prefix: str = "") -> int:
    def wanted(name: str) -> bool:
        return name.startswith(prefix)

    rows = []
    for module in MODULES:
        bench = importlib.import_module(f"bench.{module}")
        if not any(map(wanted, bench.NAMES)):
            continue
        start = time.monotonic()
        print(f"{module} ...", flush=True)
        rows += [row for row in bench.measure(wanted) if wanted(row["name"])]
        print(f"  ({time.monotonic() - start:.0f} s)", flush=True)
    if not rows:
        print(f"Nothing is called {prefix}…")
        return 2
    for row in rows:
        row.setdefault("better", "lower")
        if row["better"] == "lower":
            row["ok"] = row["value"] <= row["bound"]
        else:
            row["ok"] = row["value"] >= row["bound"]
    _save(rows)
    _show(rows)
    return 0


def _save(rows: list[dict]):
    """Write the rows; a part that was measured alone replaces its own rows only."""
    path = ROOT / "var" / "bench.json"
    path.parent.mkdir(exist_ok=True)
    old = json.loads(path.read_text()) if path.exists() else []
    new = {row["name"] for row in rows}
    kept = [row for row in old if row["name"] not in new]
    path.write_text(json.dumps([*kept, *rows], indent=1, ensure_ascii=False) + "\n")


def _show(rows: list[dict]):
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        sign = "≤" if row["better"] == "lower" else "≥"
        print(
            f"{row['name']:{width}}  {row['value']:>8} {row['unit']:8} "
            f"{sign} {row['bound']:<6} {'reached' if row['ok'] else 'MISSED'}"
        )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
