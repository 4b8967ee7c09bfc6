#!/usr/bin/env python3
"""Breaks a good dashboard in one way after the other and checks that dashboard.py names each."""

import copy
import sys

import dashboard

SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def panel(number, x):
    return {
        "id": number,
        "type": "timeseries",
        "title": f"panel {number}",
        "gridPos": {"x": x, "y": 0, "w": 12, "h": 8},
        "datasource": SOURCE,
        "targets": [{"refId": "A", "datasource": SOURCE, "expr": 'up{instance=~"$instance"}'}],
    }


GOOD = {
    "uid": "good",
    "title": "good",
    "schemaVersion": 38,
    "time": {"from": "now-6h", "to": "now"},
    "templating": {
        "list": [
            {"name": "datasource", "type": "datasource", "query": "prometheus"},
            {"name": "instance", "type": "query", "datasource": SOURCE, "query": "label_values(up, instance)"},
        ]
    },
    "panels": [panel(1, 0), panel(2, 12)],
}


def second(change):
    def apply(board):
        change(board["panels"][1])

    return apply


BREAKS = {
    "no uid": lambda board: board.pop("uid"),
    "an id belongs to": lambda board: board.update(id=7),
    "schemaVersion 16 is": lambda board: board.update(schemaVersion=16),
    "the panel id 1 is there 2 times": second(lambda one: one.update(id=1)),
    "panel 1: overlaps panel 2": second(lambda one: one["gridPos"].update(x=11)),
    "panel 2: leaves the grid": second(lambda one: one["gridPos"].update(x=13)),
    "panel 2: no data source of its own": second(lambda one: one.pop("datasource")),
    "panel 2: shows nothing": second(lambda one: one.update(targets=[])),
    "panel 2: its queries need names": second(lambda one: one["targets"].append(one["targets"][0])),
    "panel 2: does not heed": second(lambda one: one["targets"][0].update(expr="up")),
    "the variable job is used and not defined": second(
        lambda one: one["targets"][0].update(expr='up{instance=~"$instance",job="${job:raw}"}')
    ),
    "the variable zone is defined and not used": lambda board: board["templating"]["list"].append({"name": "zone"}),
    "the variable zone is defined twice": lambda board: board["templating"]["list"].extend([{"name": "zone"}] * 2),
    "the data source \"Prometheus\" is no variable": second(
        lambda one: one["targets"][0].update(datasource="Prometheus")
    ),
}


def main():
    wrong = [f"the good one: {problem}" for problem in dashboard.problems(GOOD)]
    for expected, breaks in BREAKS.items():
        board = copy.deepcopy(GOOD)
        breaks(board)
        found = list(dashboard.problems(board))
        if not any(problem.startswith(expected) for problem in found):
            wrong.append(f"not found: {expected} (but {found})")
    for line in wrong:
        print(line)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
