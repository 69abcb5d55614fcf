"""Rules, dashboard and example as promtool reads them; they name nothing that no board tells."""

import pytest

from firmware.api.metrics import metrics
from firmware.status.snapshot import snapshot
from tests.prometheus import words
from tests.unit.fakes_status import EXAMPLES, FakeBoard, example
from tests.unit.test_metrics import CHANNELS, EVERYTHING

PANELS = {"row", "stat", "state-timeline", "table", "timeseries"}


def known() -> set[str]:
    """All names that any board ever tells."""
    found = set()
    for facts in (EVERYTHING, *EXAMPLES.values(), {"cap": 1, "quota_bytes": 1}):
        found |= words.names(metrics(snapshot(FakeBoard(**facts)), CHANNELS, 1.0))
    return found


@pytest.mark.parametrize("word", sorted(EXAMPLES))
def test_promtool_has_nothing_to_say_about_any_situation(promtool, word):
    nasty = [dict(each, to=each["to"] + "\\\"\n} 1 \x00\r\x1b\ud800\u2028é") for each in CHANNELS]
    shown = dict(snapshot(example(word)), name='a"b\\', version="\n# TYPE x")
    text = metrics(shown, nasty, 1.0)
    assert promtool("check", "metrics", given=text.encode()) == ""


def test_promtool_would_have_something_to_say(promtool):
    for text in ('x{a="b"c"} 1\n', "sosie_bytes 1\nsosie_bytes 2\n", "# TYPE x counter\nx 1\n"):
        with pytest.raises(AssertionError):
            promtool("check", "metrics", given=text.encode())


def test_promtool_takes_the_rules(promtool):
    assert "%d rules found" % len(words.rules()) in promtool("check", "rules", words.RULES)


def test_every_alert_fires_when_it_should(promtool):
    assert "SUCCESS" in promtool("test", "rules", words.CASES)


def test_every_alert_is_seen_to_fire_and_those_that_wait_to_wait():
    tried = [each for case in words.cases() for each in case.get("alert_rule_test", ())]
    fired = {each["alertname"] for each in tried if each.get("exp_alerts")}
    quiet = {each["alertname"] for each in tried if not each.get("exp_alerts")}
    assert fired == {rule["alert"] for rule in words.rules()}
    patient = {rule["alert"] for rule in words.rules() if rule.get("for", "0m") not in ("0m", "1m", "2m")}
    assert patient <= quiet


def test_the_example_is_a_configuration(promtool, tmp_path):
    text = words.EXAMPLE.read_text()
    for path in (words.RULES, words.EXAMPLE):
        (tmp_path / path.name).write_text(path.read_text())
    for name in ("sosie-left.crt", "sosie-right.crt", "sosie-left-right.password"):
        assert name in text
        (tmp_path / name).write_text("")
    promtool("check", "config", tmp_path / words.EXAMPLE.name)


def test_rules_readme_and_dashboard_name_only_what_boards_tell():
    told = known() | words.OF_PROMETHEUS
    readme = (words.FOLDER / "README.md").read_text().replace("`sosie_other_*`", "")
    for text in (words.RULES.read_text(), readme, *words.expressions(), *words.variables()):
        assert words.metrics_in(text) <= told, words.metrics_in(text) - told
    assert words.metrics_in('100 * sosie_typo{instance="x"} and up == 0') == {"sosie_typo", "up"}


def test_the_rules_know_every_condition_but_the_copy_and_no_other():
    """The copy goes on for days by itself."""
    from firmware.status.conditions import NAMES

    text = words.RULES.read_text()
    wanted = set(NAMES) - {"copying"}
    found = set()
    for part in text.split("sosie_condition{name=")[1:]:
        found |= set(part.lstrip("~").split('"')[1].split("|"))
    assert found == wanted


def test_the_dashboard_can_be_drawn():
    board = words.dashboard()
    assert board["title"] == "Sosie" and board["uid"] and board["schemaVersion"] >= 36
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert {panel["type"] for panel in panels} <= PANELS
    cells = set()
    for panel in panels:
        place = panel["gridPos"]
        mine = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])}  # fmt: skip
        assert not mine & cells and place["x"] + place["w"] <= 24, panel["title"]
        cells |= mine
        assert panel["type"] == "row" or panel["targets"], panel["title"]
        for target in panel.get("targets", ()):
            assert '$board"' in target["expr"] and target["datasource"]["uid"] == "${datasource}"
    assert [each["name"] for each in board["templating"]["list"]] == ["datasource", "board"]
