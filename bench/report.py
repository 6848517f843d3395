"""The table of results in docs/performance.md, between two markers."""

import platform
import re
from pathlib import Path

START = "<!-- Written by `make bench`: start -->"
END = "<!-- Written by `make bench`: end -->"

# Column, and its text for the results of a function and of the function that does nothing.
COLUMNS = [
    ("init, instructions", lambda own, noop: f"{own['init_instructions'] / 1e6:.2f} M"),
    ("init, CPU × no-op", lambda own, noop: ratio(own, noop, "init_cpu_ms")),
    ("first invocation, CPU × no-op", lambda own, noop: ratio(own, noop, "first_cpu_ms")),
    ("connections when cold", lambda own, noop: f"{own['first_connections']['median']:.0f}"),
    ("AWS requests", lambda own, noop: f"{own['first_requests']['median']:.0f}"),
    ("warm, instructions", lambda own, noop: f"{own['warm_instructions'] / 1e6:.2f} M"),
    ("warm, CPU × no-op", lambda own, noop: ratio(own, noop, "warm_cpu_ms")),
    ("peak memory", lambda own, noop: f"{own['peak_mb']['median']:.1f} MB"),
    ("binary / zip", lambda own, noop: f"{own['size'] / 1e6:.2f} / {own['zip'] / 1e6:.2f} MB"),
]


def ratio(own, noop, name):
    """Ratio of the medians, with the ratios of the extremes to the no-op's median."""
    base = noop[name]["median"]
    return " … ".join(f"{own[name][bound] / base:.1f}" for bound in ("min", "median", "max"))


def table(results, command):
    noop = results["noop"]
    lines = ["| | " + " | ".join(f"`{name}`" for name in results) + " |", "|---" * (len(results) + 1) + "|"]
    for title, cell in COLUMNS:
        lines.append(f"| {title} | " + " | ".join(cell(own, noop) for own in results.values()) + " |")
    lines += ["", f"Measured by `{command}` on {platform.machine()}, Linux {platform.release().split('-')[0]}. "
              "Three numbers are minimum, median and maximum."]
    return "\n".join(lines)


def write_table(path: Path, results, command):
    text = path.read_text()
    between = re.compile(re.escape(START) + ".*?" + re.escape(END), re.DOTALL)
    if not between.search(text):
        raise ValueError(f"{path} does not contain the markers {START} and {END}")
    path.write_text(between.sub(lambda _: f"{START}\n\n{table(results, command)}\n\n{END}", text))
