"""Where alerts go: what an owner types, what is refused, and what is never shown."""

import unittest

from firmware.alerts import places
from firmware.alerts.place import PLAIN, STARTTLS, TLS
from firmware.errors import Refused

GOOD_MAIL = "me@example.org via mail.example.org:587 user me@example.org password s3cret, word @ via x"


class Web(unittest.TestCase):
    def test_one(self):
        (place,) = places.webhooks("https://hooks.example/T0/B1?key=abc")
        self.assertEqual((place.way, place.host, place.port), (TLS, "hooks.example", 443))
        self.assertEqual((place.target, place.user, place.token), ("/T0/B1?key=abc", None, None))
        self.assertEqual(place.to, "https://hooks.example/...")

    def test_several(self):
        found = places.webhooks("https://a.example/1,2 , https://192.0.2.9:8080 token t,1, http://[2001:db8::1]/x")
        self.assertEqual([each.host for each in found], ["a.example", "192.0.2.9", "2001:db8::1"])
        self.assertEqual([each.target for each in found], ["/1,2", "/", "/x"])
        self.assertEqual([each.token for each in found], [None, "t,1", None])
        self.assertEqual(found[1].to, "https://192.0.2.9:8080/")
        self.assertEqual(found[2].to, "http://[2001:db8::1]/...")

    def test_a_login(self):
        (place,) = places.pushes("https://ntfy.example/boards user me password a b, c#d")
        self.assertEqual((place.user, place.password, place.target), ("me", "a b, c#d", "/boards"))

    def test_a_password_ends_with_the_line(self):
        """What is behind it must not become a receiver whose host everybody sees."""
        for text in (
            "https://a.example/x user me password s3,https://cret.example/",
            "https://a.example/x user me password s3, http://cret.example/",
            "https://a.example/x user me password s3,",
        ):
            with self.assertRaises(Refused) as caught:
                places.webhooks(text)
            self.assertIn("a password ends with the line", str(caught.exception))
            self.assertEqual(places.shown("alert_webhook", text), "...")
        found = places.webhooks("https://a.example/x token t, https://b.example/ user me password s3,x://cret")
        self.assertEqual([each.password for each in found], [None, "s3,x://cret"])

    def test_no_secret_goes_in_the_clear_over_a_network(self):
        for rest in ("user me password p", "token t"):
            for parse, target in ((places.webhooks, "hook"), (places.pushes, "topic"), (places.pings, "ping")):
                for host in ("192.0.2.9", "a.example:8080", "[2001:db8::1]", "10.0.0.1"):
                    with self.assertRaises(Refused) as caught:
                        parse("http://%s/%s %s" % (host, target, rest))
                    self.assertIn("write https://", str(caught.exception))
                for host in ("127.0.0.1:8080", "localhost", "[::1]"):
                    parse("http://%s/%s %s" % (host, target, rest))
        self.assertEqual(places.webhooks("http://192.0.2.9/hook")[0].way, PLAIN)

    def test_a_ping(self):
        (place,) = places.pings("https://ping.example/4c1b every 10m")
        self.assertEqual((place.every_ms, place.target), (600000, "/4c1b"))
        self.assertEqual(places.pings("http://127.0.0.1:9/")[0].every_ms, 300000)
        self.assertEqual(places.pings("http://127.0.0.1:9/ every 45s")[0].every_ms, 45000)
        self.assertEqual(places.pings("http://127.0.0.1:9/ every 1d")[0].every_ms, 86400000)

    def test_what_is_no_address(self):
        for text in (
            "hooks.example", "ftp://hooks.example/", "https://", "https:///x", "https://a b/", "https://a.example:0/",
            "https://me:pw@a.example/", "https://a.example/\u00e9", "https://a.example/#x", "https://a.example\\b",
            "https://a.example/x\r\nX: y", "https://a.example/ token", "https://a.example/ token a b",
            "https://a.example/ user me", "https://a.example/ password x",
            "https://a.example/, https://a.example/", "https://a.example/x" * 300, ",", "unix:/x",
            ", ".join(["https://a.example/%d" % each for each in range(9)]),
        ):  # fmt: skip
            with self.assertRaises(Refused):
                places.webhooks(text)

    def test_a_push_has_a_topic(self):
        for text in ("https://ntfy.example", "https://ntfy.example/", "https://ntfy.example/?x=1"):
            with self.assertRaises(Refused):
                places.pushes(text)

    def test_a_ping_has_a_pace(self):
        for every in ("", "x", "5", "1s", "25h", "5mm", "-5m", "9999999999m"):
            with self.assertRaises(Refused):
                places.pings("https://ping.example/x every " + every)


class Mail(unittest.TestCase):
    def test_with_a_login(self):
        (place,) = places.mail(GOOD_MAIL)
        self.assertEqual((place.host, place.port, place.way), ("mail.example.org", 587, STARTTLS))
        self.assertEqual((place.user, place.sender), ("me@example.org", "me@example.org"))
        self.assertEqual(place.password, "s3cret, word @ via x")
        self.assertEqual(place.receivers, ("me@example.org",))
        self.assertEqual(place.to, "me@example.org via mail.example.org:587")

    def test_several_receivers(self):
        (place,) = places.mail("a@x.example,b@x.example ,  c@y.example via mail.example from board@x.example")
        self.assertEqual(place.receivers, ("a@x.example", "b@x.example", "c@y.example"))
        self.assertEqual((place.sender, place.port, place.way), ("board@x.example", 25, STARTTLS))

    def test_ways(self):
        for server, way, port in (
            ("mail.example:465", TLS, 465),
            ("smtps://mail.example", TLS, 465),
            ("smtps://mail.example:2465", TLS, 2465),
            ("smtp://mail.example", STARTTLS, 587),
            ("mail.example", STARTTLS, 587),
            ("127.0.0.1", PLAIN, 587),
            ("localhost:25", PLAIN, 25),
            ("[::1]:25", PLAIN, 25),
            ("smtps://127.0.0.1:10465", TLS, 10465),
        ):
            (place,) = places.mail("me@x.example via %s user u@x.example password p" % server)
            self.assertEqual((place.way, place.port), (way, port), server)

    def test_what_is_no_mail(self):
        for text in (
            "me@example.org", "via mail.example", "me via mail.example", "me@ via mail.example", "@x via mail.example",
            "me@example.org via", "me@example.org via mail.example", "me@example.org via a b from c@d.example",
            "me@example.org via https://mail.example from c@d.example", "a@b@c.example via m.example from c@d.example",
            "me@example.org via mail.example user me", "me@example.org via mail.example user me password",
            "me@example.org via mail.example user me password p", "me@example.org via mail.example password p",
            "me@example.org via mail.example user u@x.example password \u00e9", "<me@x.example> via m from c@d.example",
            "me@x.example;you@x.example via m from c@d.example", "me@x.example via m from c d@e.example",
            "=?utf-8?q?x=0A?=@x.example via m from c@d.example", "me@x.example via m from =?u?q?=0A?=@d.example",
            "me@x_.example\r\nBcc: all@x.example via m from c@d.example", "me@exa mple via m from c@d.example",
            ", ".join(["u%d@x.example" % each for each in range(21)]) + " via m from c@d.example",
        ):  # fmt: skip
            with self.assertRaises(Refused):
                places.mail(text)


class Syslog(unittest.TestCase):
    def test_ways(self):
        found = places.syslogs("192.0.2.5:5514, a.example, tcp:a.example:601,tcp:[::1]:1, tls:a.example, tcp:99")
        self.assertEqual(
            [(each.way, each.host, each.port) for each in found],
            [
                ("udp", "192.0.2.5", 5514), ("udp", "a.example", 514), ("tcp", "a.example", 601),
                ("tcp", "::1", 1), ("tls", "a.example", 6514), ("udp", "tcp", 99),
            ],
        )  # fmt: skip
        self.assertEqual(found[2].to, "tcp:a.example:601")

    def test_what_is_none(self):
        for text in ("", "tcp:", "http://x", "a b:5", "x:99999", "x, x", "::1:514", "udp:x:514, x:514"):
            with self.assertRaises(Refused):
                places.syslogs(text)


class Secrets(unittest.TestCase):
    VALUES = (
        ("alert_webhook", "https://hooks.example/SECRET?k=SECRET token SECRET"),
        ("alert_webhook", "https://hooks.example/SECRET user me password SECRET, SECRET"),
        ("alert_push", "https://ntfy.example/SECRET token SECRET"),
        ("alert_mail", "me@example.org via mail.example user me@example.org password SECRET"),
        ("alert_ping", "https://ping.example/SECRET every 5m"),
        ("alert_mail", "nonsense SECRET"),
        ("alert_webhook", "https://me:SECRET@hooks.example/"),
    )

    def test_what_is_shown_holds_none(self):
        for key, text in self.VALUES:
            self.assertTrue("SECRET" not in places.shown(key, text), places.shown(key, text))

    def test_what_is_refused_holds_none(self):
        parts = ("SECRET", "via", "user", "password", "token", "from", "https://x.example/SECRET", "me@x.example", ",")
        for key in sorted(places.PARSERS):
            for number in range(len(parts) ** 3):
                first, second, third = number % 9, number // 9 % 9, number // 81
                try:
                    places.PARSERS[key][0](" ".join((parts[first], parts[second], parts[third], "SECRET")))
                except Refused as sentence:
                    self.assertTrue("SECRET" not in str(sentence), str(sentence))

    def test_what_is_shown_is_not_taken_for_the_secret(self):
        for key, text in self.VALUES[:5]:
            shown = places.shown(key, text)
            with self.assertRaises(Refused):
                places.PARSERS[key][0](shown)

    def test_other_keys_are_shown(self):
        self.assertEqual(places.shown("rate", "2M"), "2M")
        self.assertEqual(places.shown("alert_mail", ""), "")
        self.assertEqual(places.shown("alert_syslog", "a.example:514"), "udp:a.example:514")

    def test_every_example_is_taken(self):
        for key, (parser, example) in places.PARSERS.items():
            self.assertEqual(parser(example)[0].name, key)

    def test_a_new_password_is_the_same_receiver(self):
        (one,), (other,) = places.mail(GOOD_MAIL), places.mail(GOOD_MAIL + "2")
        self.assertEqual(one.key, other.key)
        (third,) = places.mail(GOOD_MAIL.replace("me@example.org via", "you@example.org via"))
        self.assertTrue(third.key != one.key)
