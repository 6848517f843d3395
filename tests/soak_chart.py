#!/usr/bin/env python3
"""Draws the result of `make soak` as small charts below each other (SVG), and prints its table for docs/reliability.md.

Usage: tests/soak_chart.py RESULT.json CHART.svg
"""

import json
import sys
from html import escape

WIDTH, LABEL, ROW, GAP = 860, 250, 44, 12
TOP, BOTTOM = 34, 26
INK, PALE, LINE = "#24292f", "#d0d7de", "#0969da"


def number(value):
    """Writes a number as short as it is exact enough."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


def row(series, times, y):
    """Draws one series: its samples, its band of tolerance after the warm-up, and its name and range."""
    values = series["values"]
    low, high = min(values), max(values)
    if low == high:
        low, high = low - 1, high + 1
    plot = WIDTH - LABEL - 60

    def x_of(time):
        return LABEL + plot * time / times[-1]

    def y_of(value):
        return y + ROW - ROW * (value - low) / (high - low)

    points = " ".join(f"{x_of(time):.1f},{y_of(value):.1f}" for time, value in zip(times, values))
    start = x_of(times[series["warm_up"]])
    name = escape(series["name"])
    verdict = "flat" if series["flat"] else "GROWS"
    return f"""
<rect x="{LABEL}" y="{y}" width="{start - LABEL:.1f}" height="{ROW}" fill="{PALE}" opacity="0.35"/>
<line x1="{LABEL}" x2="{LABEL + plot}" y1="{y + ROW}" y2="{y + ROW}" stroke="{PALE}"/>
<polyline points="{points}" fill="none" stroke="{LINE}" stroke-width="1.4"/>
<text x="{LABEL - 8}" y="{y + 18}" text-anchor="end">{name}</text>
<text x="{LABEL - 8}" y="{y + 34}" text-anchor="end" class="small">{verdict}</text>
<text x="{LABEL + plot + 6}" y="{y + 9}" class="small">{number(max(values))}</text>
<text x="{LABEL + plot + 6}" y="{y + ROW}" class="small">{number(min(values))}</text>"""


def chart(result):
    """Draws all series of a result."""
    times, series = result["times_s"], result["series"]
    height = TOP + len(series) * (ROW + GAP) + BOTTOM
    rows = "".join(row(one, times, TOP + at * (ROW + GAP)) for at, one in enumerate(series))
    minutes, days = number(times[-1] / 60), result["days_of_the_clock"]
    title = f"{minutes} minutes, {result['rounds']} rounds, {result['calls']} calls, {days} days of the clock"
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">
<title>Soak: {title}</title>
<style>text {{ font: 13px sans-serif; fill: {INK} }} .small {{ font-size: 11px; fill: #57606a }}</style>
<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>
<text x="{LABEL}" y="20">{title}</text>{rows}
<text x="{LABEL}" y="{height - 8}" class="small">grey: warm-up, which does not count. Each row has its own scale, from its least to its greatest value</text>
</svg>
"""


def table(result):
    """Writes the verdicts as a table in Markdown."""
    lines = ["| what | median, first half | median, second half | growth by the slope | allowed | |", "|---|---|---|---|---|---|"]
    for one in result["series"]:
        first, second = one["medians"]
        cells = [first, second, one["growth"], one["tolerance"]]
        verdict = "flat" if one["flat"] else "grows"
        lines.append(f"| {one['name']} | {' | '.join(number(cell) for cell in cells)} | {verdict} |")
    return "\n".join(lines)


def main():
    """Reads the result, writes the chart and prints the table."""
    source, target = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        result = json.load(file)
    with open(target, "w", encoding="utf-8") as file:
        file.write(chart(result))
    print(table(result))


main()
