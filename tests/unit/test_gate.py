"""Who is let in by password, by session and by nothing; tokens; how a browser logs in and out."""

import json
import unittest

from firmware.api.api import Api
from firmware.api.gate import Gate, OpenGate
from firmware.api.guesses import FREE
from firmware.api.live import EVERY_MS
from firmware.api.sessions import MOST, Sessions
from firmware.httpd.cookie import name_of
from tests.unit.test_http import Client, parted
from tests.unit.test_live import Hall
from tests.unit.test_login import SECRET, Door, header
from tests.unit.test_status_api import WEB, PromotableBoard

NAME = name_of(WEB)


class House:
    """A board with a gate, and browsers that come to it."""

    def __init__(self):
        self.door = Door()
        self.anyone = False
        self.number = 0
        self.sessions = Sessions(lambda: self.door.edition, lambda: self.door.now, self.random)
        self.gate = Gate(self.door.login, self.sessions, lambda: self.anyone, NAME)
        self.board = PromotableBoard(({}, None))
        self.hall = Hall()
        routes = self.gate.routes()
        routes.update(self.hall.live.routes())
        self.api = Api(self.board, WEB, self.gate, more=routes)

    def random(self, size):
        self.number += 1
        return bytes([self.number]) * size

    def ask(self, method, path, *lines, body=None, caller="192.0.2.1"):
        """(status, headers, content) of the answer."""
        client = Client(self.api.handle, lambda request, decided: self.api.admit(request, decided, caller))
        head = ["%s %s HTTP/1.1" % (method, path), "Host: board.example"] + [each for each in lines if each]
        if body is not None:
            body = json.dumps(body).encode()
            head += ["Content-Length: %d" % len(body), "Content-Type: application/json"]
        left = client.send("\r\n".join(head).encode() + b"\r\n\r\n" + (body or b""))
        while self.door.checks:
            self.door.step()
        client.send(left)
        while self.door.checks:
            self.door.step()
        status, headers, content = parted(client.take())
        return status, headers, json.loads(content) if content[:1] == b"{" else content

    def visit(self, method, path, *lines):
        """Whoever has just said this."""
        client = Client(self.api.handle, lambda request, decided: self.api.admit(request, decided, "192.0.2.1"))
        head = ["%s %s HTTP/1.1" % (method, path), "Host: board.example"] + [each for each in lines if each]
        client.send("\r\n".join(head).encode() + b"\r\n\r\n")
        return client

    def lookers(self, *lines):
        """How many look a second later; with `lines`, somebody has opened the live page with them before."""
        if lines:
            self.visit("GET", "/api/live", *lines)
            while self.door.checks:
                self.door.step()
        self.hall.pass_ms(EVERY_MS)
        return self.hall.live.count

    def log_in(self, *lines, password=SECRET):
        """(Cookie line, X-Sosie-Token line)."""
        status, headers, content = self.ask("POST", "/api/login", *lines, body={"password": password})
        assert status == 200, content
        return "Cookie: " + headers["Set-Cookie"].partition(";")[0], "X-Sosie-Token: " + content["token"]


class Doors(unittest.TestCase):
    def test_the_password_with_every_request(self):
        house = House()
        self.assertEqual(house.ask("GET", "/api/status")[0], 401)
        right = "Authorization: " + header(SECRET)
        self.assertEqual(house.ask("GET", "/api/status", right)[0], 200)
        self.assertEqual(house.ask("POST", "/api/mark", right, body={"name": "a"})[0], 200)
        self.assertEqual(house.ask("GET", "/api/status", "Authorization: " + header("wrong"))[0], 401)

    def test_a_session(self):
        house = House()
        cookie, token = house.log_in()
        for path in ("/api/status", "/plain"):
            self.assertEqual(house.ask("GET", path, cookie)[0], 200)
        self.assertEqual(house.ask("POST", "/api/mark", cookie, token, body={"name": "a"})[0], 200)
        self.assertEqual(house.ask("GET", "/nothing", cookie)[0], 404)
        self.assertEqual(house.ask("GET", "/nothing")[0], 401)
        self.assertEqual(house.door.checks, [])

    def test_every_post_needs_the_token(self):
        house = House()
        cookie, token = house.log_in()
        other = house.log_in()[1]
        right = "Authorization: " + header(SECRET)
        for wrong in (None, other, token[:-1], token + "A", "X-Sosie-Token:", token.lower()):
            for path in ("/api/mark", "/api/promote", "/api/nothing", "/api/logout"):
                for more in (None, right):
                    self.assertEqual(house.ask("POST", path, cookie, wrong, more, body={"name": "a"})[0], 403)
        self.assertEqual((house.board.names, house.board.forces), ([], []))
        self.assertEqual(house.ask("GET", "/api/status", cookie)[0], 200)

    def test_only_who_is_known_keeps_a_connection(self):
        house = House()
        cookie, _ = house.log_in()
        house.anyone = True
        wrong, right = ["Authorization: " + header(each) for each in ("wrong", SECRET)]
        for path in ("/", "/web/main.js", "/api/session", "/api/status", "/metrics"):
            for line, expendable in ((None, True), (cookie, False), (cookie[:-1] + "x", True)):
                self.assertEqual(house.visit("GET", path, line).conversation.expendable, expendable, (path, line))
        for path in ("/api/status", "/api/nothing"):
            for line, expendable in ((right, False), (wrong, True)):
                visitor = house.visit("GET", path, line)
                self.assertFalse(visitor.conversation.expendable and house.door.checks)  # while it is judged
                while house.door.checks:
                    house.door.step()
                self.assertEqual(visitor.conversation.expendable, expendable, (path, line))

    def test_who_logs_in_keeps_the_connection_meanwhile(self):
        for password, expendable in ((SECRET, False), ("wrong", True)):
            house = House()
            body = json.dumps({"password": password}).encode()
            lines = "Content-Length: %d" % len(body), "Content-Type: application/json"
            visitor = house.visit("POST", "/api/login", *lines)
            self.assertTrue(visitor.conversation.expendable)
            visitor.send(body)
            self.assertFalse(visitor.conversation.expendable)
            house.door.step()
            self.assertEqual(visitor.conversation.expendable, expendable)

    def test_another_page(self):
        house = House()
        cookie, token = house.log_in()
        for origin, status in (("https://board.example", 200), ("https://evil.example", 403), ("null", 403)):
            line = "Origin: " + origin
            self.assertEqual(house.ask("POST", "/api/mark", cookie, token, line, body={"name": "a"})[0], status)
            self.assertEqual(house.ask("POST", "/api/login", line, body={"password": SECRET})[0], status)

    def test_looking_without_a_login(self):
        house = House()
        house.anyone = True
        self.assertEqual(house.ask("GET", "/api/status")[0], 200)
        self.assertEqual(house.ask("HEAD", "/plain")[0], 200)
        self.assertEqual(house.ask("POST", "/api/mark", body={"name": "a"})[0], 401)
        self.assertEqual(house.ask("GET", "/api/update")[0], 401)
        self.assertEqual(house.ask("POST", "/api/status", body={})[0], 401)
        house.anyone = False
        self.assertEqual(house.ask("GET", "/api/status")[0], 401)

    def test_a_window_of_the_browser_only_for_who_typed_the_address(self):
        house = House()
        for line, kind in (
            (None, "Basic"),
            ("Sec-Fetch-Mode: navigate", "Basic"),
            ("Sec-Fetch-Mode: cors", "Session"),
            ("Cookie: %s=%s" % (NAME, "A" * 43), "Session"),
        ):
            status, headers, _ = house.ask("GET", "/api/status", line)
            self.assertEqual((status, headers["WWW-Authenticate"].partition(" ")[0]), (401, kind))
        headers = house.ask("POST", "/api/login", body={"password": "wrong"})[1]
        self.assertEqual(headers["WWW-Authenticate"].partition(" ")[0], "Session")


class LookingOn(unittest.TestCase):
    def test_until_the_password_that_came_with_the_request_changes(self):
        house = House()
        self.assertEqual(house.lookers("Authorization: " + header(SECRET)), 1)
        house.door.edition = 2
        self.assertEqual(house.lookers(), 0)

    def test_until_the_session_makes_room_for_others(self):
        house = House()
        cookie, _ = house.log_in()
        self.assertEqual(house.lookers(cookie), 1)
        house.door.now += 1
        for _ in range(MOST):
            house.sessions.begin(1)
        self.assertEqual(house.lookers(), 0)


class LoggingIn(unittest.TestCase):
    def test_what_the_session_tells(self):
        house = House()
        self.assertEqual(
            house.ask("GET", "/api/session")[2],
            {"logged_in": False, "may_look": False, "token": "", "sentence": "", "updates": False},
        )
        cookie, token = house.log_in()
        found = house.ask("GET", "/api/session", cookie)[2]
        self.assertEqual((found["logged_in"], found["may_look"]), (True, True))
        self.assertEqual("X-Sosie-Token: " + found["token"], token)
        house.anyone = True
        found = house.ask("GET", "/api/session")[2]
        self.assertEqual((found["logged_in"], found["may_look"], found["token"]), (False, True, ""))
        house.door.edition = None
        self.assertIn("no password", house.ask("GET", "/api/session")[2]["sentence"])

    def test_a_cookie_that_came_along_is_never_taken_over(self):
        house = House()
        planted = "Cookie: %s=%s" % (NAME, "A" * 43)
        cookie, _ = house.log_in(planted)
        self.assertNotEqual(cookie, planted)
        self.assertEqual(house.ask("GET", "/api/status", planted)[0], 401)
        again, _ = house.log_in(cookie)
        self.assertNotEqual(again, cookie)
        self.assertEqual(house.ask("GET", "/api/status", cookie)[0], 401)
        self.assertEqual(house.ask("GET", "/api/status", again)[0], 200)
        self.assertEqual(len(house.sessions), 1)

    def test_logout(self):
        house = House()
        cookie, token = house.log_in()
        status, headers, _ = house.ask("POST", "/api/logout", cookie, token, body={})
        self.assertEqual(status, 200)
        self.assertIn("Max-Age=0", headers["Set-Cookie"])
        self.assertEqual(house.ask("GET", "/api/status", cookie)[0], 401)
        self.assertEqual(house.ask("POST", "/api/logout", cookie, body={})[0], 200)
        cookie, token = house.log_in()
        self.assertEqual(house.ask("POST", "/api/logout", cookie, token, body={"a": 1})[0], 400)
        self.assertEqual(house.ask("GET", "/api/status", cookie)[0], 200)

    def test_a_new_password_ends_all_sessions(self):
        house = House()
        cookie, _ = house.log_in()
        house.door.edition, house.door.password = 2, "new"
        self.assertEqual(house.ask("GET", "/api/status", cookie)[0], 401)
        house.log_in(password="new")

    def test_guessing_is_as_slow_as_with_every_request(self):
        house = House()
        for number in range(FREE):
            self.assertEqual(house.ask("POST", "/api/login", body={"password": "guess %d" % number})[0], 401)
        status, headers, content = house.ask("POST", "/api/login", body={"password": SECRET})
        self.assertEqual((status, headers["Retry-After"]), (429, "1"))
        self.assertEqual(house.ask("GET", "/api/status", "Authorization: " + header("x"))[0], 429)
        self.assertEqual(house.ask("POST", "/api/login", body={"password": SECRET}, caller="192.0.2.77")[0], 200)
        house.door.now += 1000
        self.assertEqual(house.ask("POST", "/api/login", body={"password": SECRET})[0], 200)

    def test_the_two_ways_are_not_taken_for_each_other(self):
        house = House()
        basic = header(SECRET)
        self.assertEqual(house.ask("GET", "/api/status", "Authorization: " + basic)[0], 200)
        self.assertEqual(house.ask("POST", "/api/login", body={"password": basic})[0], 401)

    def test_bodies(self):
        house = House()
        for body in ({}, {"password": 1}, {"password": None}, {"password": SECRET, "user": "x"}, [SECRET]):
            self.assertEqual(house.ask("POST", "/api/login", body=body)[0], 400)
        self.assertEqual(house.door.checks, [])
        self.assertEqual(house.ask("GET", "/api/login")[0], 405)

    def test_no_password_at_all(self):
        house = House()
        house.door.edition = None
        self.assertEqual(house.ask("POST", "/api/login", body={"password": ""})[0], 403)


class Open(unittest.TestCase):
    KNOWN = {"logged_in": True, "may_look": True, "token": "", "sentence": ""}

    def test_nobody_is_told_apart(self):
        house = House()
        house.api = Api(house.board, WEB, more=OpenGate().routes())
        client = Client(house.api.handle)
        client.send(b"GET /api/session HTTP/1.1\r\nHost: localhost\r\n\r\n")
        found = json.loads(parted(client.take())[2])
        self.assertEqual(found, dict(self.KNOWN, updates=False))
        client = Client(house.api.handle)
        client.send(b"POST /api/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
        self.assertEqual(parted(client.take())[0], 409)
