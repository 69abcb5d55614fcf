"""A Prometheus on the loopback, with the example's configuration, the boards' addresses in it, and less patience."""

import json
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import yaml

from tests.process.boards import free_port
from tests.prometheus import words


class Prometheus:
    """`folder` has its files. `boards` {name: board} are scraped as the example does it; `open_to_all` are names of
    those that want no password."""

    def __init__(self, programs, folder, boards: dict, open_to_all=()):
        self.port = free_port()
        self.log = folder / "prometheus.log"
        self._folder = folder
        config = yaml.safe_load(words.EXAMPLE.read_text())
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        jobs = [self._job(job, boards, open_to_all) for job in config["scrape_configs"]]
        config["scrape_configs"] = [job for job in jobs if job]
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        (folder / words.RULES.name).write_text(re.sub(r"\bfor: \w+", "for: 2s", words.RULES.read_text()))
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [programs / "prometheus", "--config.file", folder / "prometheus.yml", "--log.level=warn",
                 "--storage.tsdb.path", folder / "tsdb", "--web.listen-address", "127.0.0.1:%d" % self.port],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
            )  # fmt: skip

    def _job(self, job: dict, boards: dict, open_to_all) -> "dict | None":
        """A job of the example, for the board of its name."""
        target = job["static_configs"][0]
        board = boards.get(target["labels"]["instance"])
        if board is None:
            return None
        target["targets"] = ["127.0.0.1:%d" % board.web]
        (self._folder / job["tls_config"]["ca_file"]).write_bytes(open(board.keys + "/own.crt", "rb").read())
        (self._folder / job["basic_auth"]["password_file"]).write_text(board.password + "\n")
        if board.name in open_to_all:
            del job["basic_auth"]
        return job

    def ask(self, path: str, **query):
        """`data` of what it answers; None while it does not."""
        address = "http://127.0.0.1:%d/api/v1/%s?%s" % (self.port, path, urllib.parse.urlencode(query))
        assert self._process.poll() is None, self.log.read_text()
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            if error.code == 503:  # it begins
                return None
            raise AssertionError(error.read().decode()) from None
        except OSError:
            return None

    def values(self, expression: str) -> dict:
        """{instance: value} now."""
        found = self.ask("query", query=expression)
        return {each["metric"].get("instance", ""): each["value"][1] for each in found["result"]} if found else {}

    def alerts(self, state: str = "firing") -> dict:
        """{(alert, instance): it}."""
        found = (self.ask("alerts") or {"alerts": []})["alerts"]
        return {(each["labels"]["alertname"], each["labels"].get("instance")): each for each in found
                if each["state"] == state}  # fmt: skip

    def end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
