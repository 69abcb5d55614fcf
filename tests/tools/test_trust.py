"""Whom the sosie command tells a password: boards of a pairing file, boards met before; over real TLS at the end."""

import http.server
import json
import os
import socket
import ssl
import threading

import pytest

from firmware.ports.cpython import keys
from tests.tools.test_cli import status
from tools import cli, pairfile
from tools.api import Client
from tools.errors import BoardError, Unreachable
from tools.trust import KNOWN, Trust

ADDRESS = "192.0.2.1:443"


@pytest.fixture
def pair(tmp_path):
    return pairfile.make(str(tmp_path / "left-right.pair"), "left", "right")


@pytest.fixture
def stranger():
    """(key, certificate) PEM of a board that nobody knows."""
    return keys.new_identity("mallory")


def der(pem) -> bytes:
    return ssl.PEM_cert_to_DER_cert(pem if isinstance(pem, str) else pem.decode())


def trust(folder, environ=None, asked=None, pair=None):
    def ask(address):
        if asked is None:
            raise AssertionError("it asks")
        asked.append(address)
        return "typed"

    return Trust(pair, str(folder), environ or {}, ask)


def test_a_board_of_a_pairing_file_gets_its_password(pair, tmp_path):
    for board in pair.boards.values():
        for knowing in (trust(tmp_path), trust(tmp_path / "none", pair=pair.path)):
            assert knowing.password(ADDRESS, der(board["certificate"])) == pair.password
    assert not os.path.exists(tmp_path / "none")


def test_who_answers_in_place_of_a_board_of_a_pairing_file_is_no_new_acquaintance(pair, tmp_path, stranger):
    trust(tmp_path).password(ADDRESS, der(pair.boards["left"]["certificate"]))
    with pytest.raises(BoardError, match="is not who answered there before"):
        trust(tmp_path, {"SOSIE_PASSWORD": "secret"}).password(ADDRESS, der(stranger[1]))
    pair.boards["left"].update(key=stranger[0].decode(), certificate=stranger[1].decode())
    pair.save()  # the board was renewed
    assert trust(tmp_path).password(ADDRESS, der(stranger[1])) == pair.password


def test_a_stranger_is_not_told_the_password_of_a_pairing_file(pair, tmp_path, stranger):
    with pytest.raises(BoardError, match="no board of .*left-right.pair"):
        trust(tmp_path, {"SOSIE_PASSWORD": "x"}, [], pair.path).password(ADDRESS, der(stranger[1]))
    asked = []
    assert trust(tmp_path, asked=asked).password(ADDRESS, der(stranger[1])) == "typed"


def test_who_is_met_for_the_first_time_is_remembered(tmp_path, stranger, capsys):
    folder = tmp_path / "new" / "folder"
    knowing = trust(folder, {"SOSIE_PASSWORD": "secret"})
    assert knowing.password(ADDRESS, der(stranger[1])) == "secret"
    fingerprint = keys.fingerprint(der(stranger[1]))
    assert "%s %s %s" % (fingerprint[:4], fingerprint[4:8], fingerprint[8:12]) in capsys.readouterr().err
    assert (folder / KNOWN).read_text() == "%s %s\n" % (ADDRESS, fingerprint)
    assert trust(folder, asked=[]).password(ADDRESS, der(stranger[1])) == "typed"
    assert capsys.readouterr().err == ""


def test_another_certificate_at_a_known_address(tmp_path, stranger):
    knowing = trust(tmp_path, {"SOSIE_PASSWORD": "secret"})
    knowing.password(ADDRESS, der(keys.new_identity("left")[1]))
    for each in (knowing, trust(tmp_path, {"SOSIE_PASSWORD": "secret"})):
        with pytest.raises(BoardError, match="is not who answered there before.*delete its line"):
            each.password(ADDRESS, der(stranger[1]))
    assert len((tmp_path / KNOWN).read_text().splitlines()) == 1
    knowing.password("192.0.2.2:443", der(stranger[1]))
    assert len((tmp_path / KNOWN).read_text().splitlines()) == 2


def test_a_password_is_asked_for_once(tmp_path, stranger):
    asked = []
    knowing = trust(tmp_path, asked=asked)
    for _ in range(3):
        knowing.password(ADDRESS, der(stranger[1]))
    assert asked == [ADDRESS]


def test_files_that_are_no_pairing_files_do_not_matter(pair, tmp_path):
    (tmp_path / "a.pair").write_text("{")
    (tmp_path / KNOWN).write_text("\n# what?\n")
    assert trust(tmp_path).password(ADDRESS, der(pair.boards["left"]["certificate"])) == pair.password


class SecureCardboard:
    """A web server with the key of a board, which wants its password, and takes updates."""

    def __init__(self, folder, key, certificate, password):
        self.logins, self.body, self.answers = [], b"", []
        (folder / "key").write_bytes(key if isinstance(key, bytes) else key.encode())
        (folder / "crt").write_bytes(certificate if isinstance(certificate, bytes) else certificate.encode())
        board = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                board.logins.append(self.headers["Authorization"])
                self.answer(*(board.answers.pop(0) if board.answers else (200, status(), {})))

            def do_POST(self):
                if board.answers:
                    self.do_GET()
                    self.close_connection = True
                    return
                left = int(self.headers["Content-Length"])
                while left:
                    piece = self.rfile.read(min(left, 1 << 16))
                    board.body, left = board.body + piece, left - len(piece)
                self.answer(202, {"state": "checking", "sentence": "it is here"}, {})

            def answer(self, code, content, headers):
                body = json.dumps(content).encode()
                self.send_response(code)
                for header in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(*header)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "crt", folder / "key")
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.address = "https://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def board(pair, tmp_path):
    left = pair.boards["left"]
    made = SecureCardboard(tmp_path, left["key"], left["certificate"], pair.password)
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_status_over_tls(board, pair, capsys):
    assert cli.main(["status", "--pair", pair.path, board.address]) == 0
    assert capsys.readouterr().out.startswith("left: SAFE, the twin has everything")
    assert board.logins == ["Basic " + __import__("base64").b64encode(b"sosie:" + pair.password.encode()).decode()]


def test_nobody_else_hears_the_password(board, tmp_path, capsys):
    other = pairfile.make(str(tmp_path / "a-b.pair"), "a", "b")
    assert cli.main(["status", "--pair", other.path, board.address]) == 3
    assert "no board of" in capsys.readouterr().err
    assert board.logins == []


def test_who_comes_too_often_waits(board, pair):
    board.answers += [(429, {"error": "later"}, {"Retry-After": "1"}), (200, status(), {})]
    assert Client(board.address, pair=pair.path).status()["name"] == "left"
    assert len(board.logins) == 2
    board.answers += [(429, {"error": "in a minute"}, {"Retry-After": "60"})]
    with pytest.raises(BoardError, match="in a minute"):
        Client(board.address, pair=pair.path).status()


def test_plain_http_where_https_is_spoken(board):
    with pytest.raises(Unreachable, match="board"):
        Client(board.address.replace("https", "http")).status()


def test_https_where_http_is_spoken():
    from tests.tools.test_cli import Cardboard

    plain = Cardboard()
    with pytest.raises(Unreachable, match=r"does not speak TLS 1\.3"):
        Client("https://" + plain.address).status()
    plain.server.shutdown()
    plain.server.server_close()


def test_an_update_is_sent_in_pieces(board, pair, tmp_path):
    data, sent = os.urandom((1 << 20) + 77), []
    (tmp_path / "u").write_bytes(data)
    with open(tmp_path / "u", "rb") as file:
        answer = Client(board.address, pair=pair.path).send_update(file, len(data), sent.append)
    assert answer["state"] == "checking" and board.body == data
    assert sent == [min(len(data), (number + 1) << 18) for number in range(5)]


def test_an_update_that_is_refused_before_it_is_whole(board, pair, tmp_path):
    board.answers += [(200, {}, {}), (507, {"error": "there is no room"}, {})]
    with open("/dev/zero", "rb") as file:
        with pytest.raises(BoardError, match=r"there is no room|No board answers|broke off"):
            Client(board.address, pair=pair.path).send_update(file, 1 << 30)


@pytest.mark.parametrize("broken", ["", "x" * 100])
def test_without_terminal_nobody_is_asked(broken, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdin", open(os.devnull))
    with pytest.raises(BoardError, match="SOSIE_PASSWORD"):
        Trust(None, str(tmp_path), {}).password(ADDRESS, broken.encode())


def test_a_board_whose_keys_are_damaged():
    """It hangs up on everybody."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up():
            server.accept()[0].close()

        threading.Thread(target=hang_up, daemon=True).start()
        with pytest.raises(Unreachable, match="hangs up: .* says on its console"):
            Client("https://127.0.0.1:%d" % server.getsockname()[1], trust=trust("/nowhere")).status()


def test_a_board_with_keys_that_is_asked_without():
    """It hangs up on what is no TLS; the operator is told what to write."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def hang_up():
            caller, _ = server.accept()
            caller.recv(100)
            caller.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(Unreachable, match="try https://127.0.0.1:%d" % port):
            Client("127.0.0.1:%d" % port).status()
        thread.join()
