"""The API as its description says it is: requests made from openapi.json, against real boards with keys and without."""

import json
import re
import ssl

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from firmware.httpd.cookie import name_of
from tests.process.boards import ROOT, Board, wait_until
from tests.process.keyed import PASSWORD, KeyedBoard

SPEC = json.loads((ROOT / "firmware/api/web/openapi.json").read_text())
ENDLESS = "/api/live"


def schema_of(spec):
    """The password goes with every request. Tokens of any characters, which no browser has, are tests/fuzz's."""
    generation = GenerationConfig(with_security_parameters=False)
    config = SchemathesisConfig(projects=ProjectsConfig(default=ProjectConfig(generation=generation)))
    return schemathesis.openapi.from_dict(spec, config=config).exclude(path=ENDLESS)


def unguarded(spec):
    """The same for a board without keys: no password is asked for, and there are no certificates."""
    copy = json.loads(json.dumps(spec))
    for path in [each for each in copy["paths"] if each.startswith("/api/pair")]:
        del copy["paths"][path]
    for path in copy["paths"].values():
        for operation in path.values():
            operation["security"] = []
    return copy


WITH_KEYS, WITHOUT = schema_of(SPEC), schema_of(unguarded(SPEC))


def how(examples):
    """The same requests every time."""
    return settings(
        max_examples=examples, deadline=None, derandomize=True, database=None,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("api")


@pytest.fixture(scope="module")
def open_board(folder):
    board = Board(folder, "open", role="primary", peer="127.0.0.1:9", settings=folder / "open.settings")
    yield board.start()
    board.end()


@pytest.fixture(scope="module")
def keyed_board(folder):
    board = KeyedBoard(folder, "keyed", role="primary", peer="127.0.0.1:9", settings=folder / "keyed.settings")
    yield board.start()
    board.end()


def validate(case, base_url, **options):
    left_out = [ignored_auth]  # its guesses would be slowed down; the last test asks the same
    if case.path == "/api/settings":  # a text is not yet a rate
        left_out.append(positive_data_acceptance)
    case.call_and_validate(base_url=base_url, timeout=45, excluded_checks=left_out, **options)


@WITHOUT.parametrize()
@how(20)
def test_without_keys(case, open_board):
    validate(case, "http://127.0.0.1:%d" % open_board.web)


@WITH_KEYS.parametrize()
@how(8)  # each is a handshake
def test_with_keys(case, keyed_board):
    validate(case, "https://127.0.0.1:%d" % keyed_board.web, verify=False, auth=("x", PASSWORD))


def operations(spec):
    return [(method.upper(), path, each) for path, methods in spec["paths"].items() for method, each in methods.items()]


def shown_certificate(board):
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", board.web), timeout=10))


def test_what_wants_a_password_gets_nothing_without_one(keyed_board):
    # The requests before may have renewed the keys, which the page takes up a little later.
    wait_until("the page has taken up its keys", lambda: shown_certificate(keyed_board) == keyed_board.certificate)
    for method, path, operation in operations(SPEC):
        body = {} if method == "POST" else None
        for name in ("Cookie", "X-Sosie-Token", "X-Nothing"):
            value = "%s=%s" % (name_of(("tcp", "", keyed_board.web)), "A" * 43) if name == "Cookie" else "A" * 43
            headers = {"Authorization": "", "Content-Type": "application/json", name: value}
            code, answer = keyed_board.request(method, path, body, headers)
            assert (code == 401) == bool(operation["security"]), (method, path, code, answer)


def test_every_route_is_described(keyed_board):
    """By what the firmware's own sources name; a route that nobody describes would not be tested here either."""
    found = set()
    for source in (ROOT / "firmware").rglob("*.py"):
        found |= set(re.findall(r'"(/api/[a-z/]+|/metrics)": ', source.read_text()))
    assert found == set(SPEC["paths"])
