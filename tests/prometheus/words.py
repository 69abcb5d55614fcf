"""What the rules and the dashboard ask for: their expressions, and the metrics that these name."""

import json
import re
from pathlib import Path

import yaml

FOLDER = Path(__file__).resolve().parents[2] / "board/prometheus"
RULES, DASHBOARD, EXAMPLE = FOLDER / "sosie.rules.yml", FOLDER / "dashboard.json", FOLDER / "prometheus.yml"
CASES = Path(__file__).with_name("rules.test.yml")
OF_PROMETHEUS = {"ALERTS", "up"}


def rules() -> list:
    """Every rule, as a dictionary."""
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def cases() -> list:
    """What `promtool test rules` tries."""
    return yaml.safe_load(CASES.read_text())["tests"]


def dashboard() -> dict:
    return json.loads(DASHBOARD.read_text())


def expressions() -> list[str]:
    """All of the dashboard, as Grafana sends them."""
    board = dashboard()
    found = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    found += [each["expr"] for each in board["annotations"]["list"]]
    return [each.replace("$board", ".+").replace("$__rate_interval", "20s") for each in found]


def variables() -> list[str]:
    return [each["definition"] for each in dashboard()["templating"]["list"] if "definition" in each]


def metrics_in(text: str) -> set[str]:
    """The names of metrics in an expression, in a template, in a document."""
    return set(re.findall(r"\b(?:sosie_[a-z_]+|ALERTS\b|up(?=[{ ]))", text))


def names(exposition: str) -> set[str]:
    """Of what a board told."""
    return set(re.findall(r"^# TYPE (\S+)", exposition, re.MULTILINE))
