#!/usr/bin/env python3
"""Checks the PromQL of the alert rules and the Grafana dashboard against what a daemon really exposes.

usage: expressions.py ROOT METRICS

METRICS is a file with the answer of GET /metrics. Every expression must parse (promtool says so), and every
metric and label that it names must be exposed. Prints what is wrong and exits 1.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

METRIC = re.compile(r"\b((?:pollhook|process)_[a-z0-9_]+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'([a-z_]+)(=~|!~|!=|=)"([^"]*)"')
SAMPLE = re.compile(r"^([a-z0-9_]+)(?:\{(.*)\})? \S+$")
# What Prometheus adds to each series by itself.
OF_THE_SCRAPE = {"instance", "job", "le"}


def exposed(text):
    """For each series name, the values of each label."""
    names = {}
    for line in text.splitlines():
        found = SAMPLE.match(line)
        if found and not line.startswith("#"):
            labels = names.setdefault(found[1], {})
            for label, _, value in MATCHER.findall(found[2] or ""):
                labels.setdefault(label, set()).add(value)
    return names


def dashboard_expressions(path):
    dashboard = json.loads(path.read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"].replace("$__rate_interval", "5m").replace("$instance", ".*")
            yield f"{path.name}: {panel['title']}", expression


def rule_expressions(path):
    # promtool knows YAML; here the lines of `expr:` are enough.
    lines = path.read_text(encoding="utf-8").splitlines()
    alert = ""
    for i, line in enumerate(lines):
        if found := re.match(r"\s+- alert: (\w+)", line):
            alert = found[1]
        elif found := re.match(r"(\s+)expr: (.*)", line):
            block = [found[2]] if found[2] != "|" else []
            if not block:
                indent = len(found[1]) + 2
                for more in lines[i + 1 :]:
                    if not more.startswith(" " * indent):
                        break
                    block.append(more.strip())
            yield f"{path.name}: {alert}", "\n".join(block)


def check_syntax(expressions):
    with tempfile.TemporaryDirectory() as directory:
        rules = [{"record": f"check:{i}", "expr": text} for i, (_, text) in enumerate(expressions)]
        path = pathlib.Path(directory) / "rules.json"  # JSON is YAML
        path.write_text(json.dumps({"groups": [{"name": "check", "rules": rules}]}), encoding="utf-8")
        result = subprocess.run(
            ["promtool", "check", "rules", path], capture_output=True, text=True, check=False, timeout=60
        )
    if result.returncode != 0:
        yield "promtool: " + result.stdout + result.stderr


def check_names(expressions, names):
    for where, text in expressions:
        found = METRIC.findall(text)
        if not found and "up{" not in text:
            yield f"{where}: names no metric"
        for metric, matchers in found:
            if metric not in names:
                yield f"{where}: {metric} is not exposed"
                continue
            for label, operator, value in MATCHER.findall(matchers):
                known = names[metric].get(label)
                if label in OF_THE_SCRAPE:
                    continue
                if known is None:
                    yield f"{where}: {metric} has no label {label}"
                elif operator in ("=", "=~"):
                    for wanted in value.split("|") if operator == "=~" else [value]:
                        if label in ("result", "state", "status", "type") and wanted not in known:
                            yield f"{where}: {metric} has no {label}={wanted}"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    root = pathlib.Path(sys.argv[1])
    names = exposed(pathlib.Path(sys.argv[2]).read_text(encoding="utf-8"))
    expressions = list(dashboard_expressions(root / "config/grafana/pollhook.json"))
    expressions += rule_expressions(root / "config/prometheus/pollhook.rules.yml")
    problems = [*check_syntax(expressions), *check_names(expressions, names)]
    for problem in problems:
        print(problem)
    print(f"{len(expressions)} expressions, {len(problems)} problems")
    sys.exit(1 if problems or len(expressions) < 20 else 0)


if __name__ == "__main__":
    main()
