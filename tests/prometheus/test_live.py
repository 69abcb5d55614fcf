"""A real Prometheus scrapes a live pair, over TLS and with the password, and an alert fires when the link is cut."""

import os

from firmware.ports.cpython import keyfolder
from tests.process.boards import MIB, Pair, free_port, wait_until
from tests.process.keyed import KeyedBoard
from tests.process.relay import Relay
from tests.prometheus import words
from tests.prometheus.server import Prometheus
from tests.prometheus.test_files import known

# What sensors, limits and forecasts would tell, where there are any.
UNKNOWN = {"sosie_forecast_lag_seconds", "sosie_forecast_full_in_seconds", "sosie_forecast_caught_up_seconds"}
UNKNOWN |= {"sosie_journal_full_in_seconds", "sosie_temperature_celsius", "sosie_disk_healthy", "sosie_under_voltage"}
UNKNOWN |= {"sosie_card_wear_ratio", "sosie_other_journal_full_in_seconds"}
UNSET = {"sosie_rpo_seconds", "sosie_link_cap_bytes_per_second", "sosie_link_quota_bytes", "sosie_alert_channel"}
# Whose expressions show only what is not well, or what has changed.
QUIET = UNKNOWN | UNSET | {"ALERTS", "sosie_condition", "sosie_start_time_seconds"}


def metrics_of(board) -> bytes:
    code, body = board.request("GET", "/metrics")
    assert code == 200, body
    return body


def test_promtool_has_nothing_to_say_about_a_live_pair(promtool, ending, tmp_path):
    pair = Pair(tmp_path, rate="80M", quota="1G", rpo="15m", alert_webhook="http://127.0.0.1:9/x")
    ending.append(pair)
    pair.start()
    wait_until("the link is up", lambda: pair.left.status()["link"]["state"] == "up")
    client = pair.left.client()
    client.write(0, os.urandom(MIB))
    client.flush()
    wait_until("left heard of right", lambda: pair.left.status()["other"])
    wait_until("right heard how far it is behind", lambda: b"\nsosie_other_lag_seconds" in metrics_of(pair.right))
    found = set()
    for board in (pair.left, pair.right):
        text = metrics_of(board)
        assert promtool("check", "metrics", given=text) == ""
        found |= words.names(text.decode())
    client.close()
    assert found <= known()
    for expression in [rule["expr"] for rule in words.rules()] + words.expressions():
        named = words.metrics_in(expression) - words.OF_PROMETHEUS
        assert named <= found | UNKNOWN, named - found


def linked(tmp_path, ending) -> tuple:
    """(left, the wire between, right): boards with keys, that mirror; to look at right nobody needs a password."""
    port = free_port()
    relay = Relay(port)
    right = KeyedBoard(tmp_path, "right", role="twin", listen="127.0.0.1:%d" % port, look="anyone")
    left = KeyedBoard(tmp_path, "left", role="primary", peer="127.0.0.1:%d" % relay.port)
    ending += [relay, left, right]
    keyfolder.pair(left.keys, right.certificate)
    keyfolder.pair(right.keys, left.certificate)
    right.start()
    left.start()
    wait_until("the link is up", lambda: left.status()["link"]["state"] == "up")
    return left, relay, right


def shows(prometheus, expression: str) -> bool:
    """Whether it answers, and with a value where there is one when all is well."""
    answer = prometheus.ask("query", query=expression)
    return bool(answer and (answer["result"] or words.metrics_in(expression) & QUIET))


def standing(prometheus, wanted: set) -> "dict | None":
    """The alerts that fire, once these are among them."""
    alerts = prometheus.alerts()
    return alerts if wanted <= alerts.keys() else None


def test_a_prometheus_and_a_link_that_is_cut(programs, ending, tmp_path):
    left, relay, right = linked(tmp_path, ending)
    prometheus = Prometheus(programs, tmp_path, {"left": left, "right": right}, open_to_all=("right",))
    ending.append(prometheus)
    both = {"left": "1", "right": "1"}
    wait_until("both are scraped", lambda: prometheus.values('up{job=~"sosie.*"}') == both)
    client = left.client()
    client.write(0, os.urandom(MIB))
    client.flush()
    wait_until("what was written is told", lambda: prometheus.values("sosie_host_written_bytes_total > 0") ==
               {"left": str(MIB)})  # fmt: skip
    wait_until("both links are told", lambda: prometheus.values("sosie_link_up") == both)
    wait_until("the lag is told", lambda: prometheus.values("sosie_lag_seconds").keys() == {"left"})
    wait_until("the rate is known", lambda: prometheus.values("rate(sosie_host_written_bytes_total[20s]) > 0"))
    for expression in words.expressions():
        wait_until("%s has a value" % expression, lambda expression=expression: shows(prometheus, expression))
    wait_until("nothing is wrong", lambda: not prometheus.alerts())  # a scrape that came late was silence

    relay.open = False
    relay.cut()
    cut = {("SosieNoLink", "left"), ("SosieNoLink", "right")}
    alert = wait_until("the alert fires", lambda: standing(prometheus, cut))["SosieNoLink", "left"]
    assert alert["labels"]["severity"] == "warning" and alert["labels"]["pair"] == "left-right"
    assert alert["annotations"]["summary"] == "left does not reach the other board"
    lost = 'sosie_state{state="no link"} == 1'
    wait_until("both tell of it", lambda: prometheus.values(lost).keys() == {"left", "right"})
    relay.open = True
    wait_until("it is over", lambda: not prometheus.alerts())

    right.kill()
    wait_until("silence is told", lambda: ("SosieSilent", "right") in prometheus.alerts())
    client.close()
