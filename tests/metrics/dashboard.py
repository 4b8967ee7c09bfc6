#!/usr/bin/env python3
"""Checks a Grafana dashboard by the rules of its own format, which Grafana bends silently.

usage: dashboard.py FILE

It must import as it is: panels with ids of their own that do not overlap in the grid of 24 columns, every
data source a variable, every variable that is used defined, and every query with a name of its own. Prints
what is wrong and exits 1. expressions.py checks what the queries ask for.
"""

import itertools
import json
import pathlib
import re
import sys

COLUMNS = 24
DATA_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
VARIABLE = re.compile(r"\$(?:\{(\w+)[^}]*\}|(\w+))")
BUILT_IN = re.compile(r"__\w+")
# The oldest that current Grafana reads without a migration of its queries, and the newest of the old model.
SCHEMA_VERSIONS = range(36, 42)


def strings(node):
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)


def data_sources(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "datasource":
                yield value
            else:
                yield from data_sources(value)
    elif isinstance(node, list):
        for value in node:
            yield from data_sources(value)


def overlap(a, b):
    return a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"] and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]


def check_whole(dashboard):
    for key in ("uid", "title", "panels", "templating", "time"):
        if not dashboard.get(key):
            yield f"no {key}"
    if "id" in dashboard and dashboard["id"] is not None:
        yield "an id belongs to the Grafana that it was exported from"
    if dashboard.get("schemaVersion") not in SCHEMA_VERSIONS:
        yield f"schemaVersion {dashboard.get('schemaVersion')} is not known"


def check_grid(panels):
    ids = [panel.get("id") for panel in panels]
    for one in sorted({one for one in ids if ids.count(one) > 1}, key=str):
        yield f"the panel id {one} is there {ids.count(one)} times"
    for panel in panels:
        at, title = panel["gridPos"], panel["title"]
        if not isinstance(panel.get("id"), int) or panel["id"] < 1:
            yield f"{title}: the id is no number above 0"
        if at["w"] < 1 or at["h"] < 1 or at["x"] < 0 or at["y"] < 0 or at["x"] + at["w"] > COLUMNS:
            yield f"{title}: leaves the grid"
    for one, other in itertools.combinations(panels, 2):
        if overlap(one["gridPos"], other["gridPos"]):
            yield f"{one['title']}: overlaps {other['title']}"


def check_queries(panels):
    for panel in panels:
        if panel["type"] == "row":
            continue
        title, targets = panel["title"], panel.get("targets", [])
        if panel.get("datasource") != DATA_SOURCE:
            yield f"{title}: no data source of its own"
        if not targets:
            yield f"{title}: shows nothing"
        names = [target.get("refId") for target in targets]
        if None in names or len(set(names)) != len(names):
            yield f"{title}: its queries need names (refId) of their own"
        for target in targets:
            if "$instance" not in target.get("expr", ""):
                yield f"{title}: does not heed the variable instance"


def check_variables(dashboard):
    variables = dashboard.get("templating", {}).get("list", [])
    names = [variable["name"] for variable in variables]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"the variable {name} is defined twice"
    used = {a or b for text in strings(dashboard) for a, b in VARIABLE.findall(text)}
    for name in sorted(used - set(names)):
        if not BUILT_IN.fullmatch(name):
            yield f"the variable {name} is used and not defined"
    for name in sorted(set(names) - used):
        yield f"the variable {name} is defined and not used"
    annotations = dashboard.get("annotations", {})
    for source in [*data_sources(dashboard.get("panels")), *data_sources(variables), *data_sources(annotations)]:
        # Grafana's own annotations are the one data source that every Grafana has.
        if source != DATA_SOURCE and source != {"type": "grafana", "uid": "-- Grafana --"}:
            yield f"the data source {json.dumps(source)} is no variable"


def problems(dashboard):
    panels = dashboard.get("panels", [])
    yield from check_whole(dashboard)
    yield from check_grid(panels)
    yield from check_queries(panels)
    yield from check_variables(dashboard)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = list(problems(json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))))
    for problem in found:
        print(problem)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
