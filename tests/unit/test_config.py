"""board.conf: what it takes, what it refuses, and the sentence that goes with it."""

import unittest

from firmware import config
from firmware.conf.keys import KEYS
from firmware.errors import Refused

MINIMUM = b"name = left\nrole = primary\ndisk = /srv/a\njournal = /srv/j\npeer = 127.0.0.1:7411\n"


def parse(*more):
    """The settings of the shortest board.conf with further lines."""
    return config.parse(MINIMUM + "\n".join(more).encode())


def refusal(data):
    """The sentence with which `data` is refused."""
    try:
        config.parse(data)
    except Refused as error:
        return str(error)
    raise AssertionError("not refused: %r" % data[:200])


def refused_line(line):
    """The sentence for a line 6 that is wrong; every sentence names the line and, in one line, what to write."""
    sentence = refusal(MINIMUM + line.encode())
    assert sentence.startswith("line 6: "), sentence
    assert "\n" not in sentence and len(sentence) < 300, sentence
    return sentence


def changed(**lines):
    """The shortest board.conf with lines replaced; None leaves a line out."""
    known = {"name": "left", "role": "primary", "disk": "/srv/a", "journal": "/srv/j", "peer": "127.0.0.1:7411"}
    known.update(lines)
    return "".join("%s = %s\n" % (key, known[key]) for key in sorted(known) if known[key] is not None).encode()


def example(path="firmware/board.conf.example"):
    with open(__file__[: -len("tests/unit/test_config.py")] + path, "rb") as file:
        return file.read()


class Taken(unittest.TestCase):
    def test_the_shortest_file_with_its_defaults(self):
        settings = config.parse(MINIMUM)
        self.assertEqual(settings.name, "left")
        self.assertEqual(settings.role, "primary")
        self.assertEqual(settings.disk, "/srv/a")
        self.assertEqual(settings.journal, "/srv/j")
        self.assertEqual(settings.peer, ("tcp", "127.0.0.1", 7411))
        self.assertEqual([settings.disk_size, settings.journal_size, settings.history_size], [None, None, 0])
        self.assertEqual([settings.attach, settings.listen, settings.web, settings.keys], [None] * 4)
        self.assertEqual([settings.ack, settings.when_full, settings.rate.steps], ["local", "hold", [(0, 0)]])
        self.assertEqual(settings.max_age, 1000)

    def test_the_example(self):
        settings = config.parse(example())
        self.assertEqual(settings.disk_size, 1 << 30)
        self.assertEqual(settings.journal_size, 512 << 20)
        self.assertEqual(settings.attach, ("nbd", ("tcp", "127.0.0.1", 10809)))
        self.assertEqual(settings.web, ("tcp", "127.0.0.1", 8080))

    def test_the_example_says_every_key(self):
        lines = [line.strip(b"#").split(b" ")[0].decode() for line in example().split(b"\n") if b" = " in line]
        self.assertEqual(sorted(set(lines) & set(KEYS)), sorted(KEYS))

    def test_sizes(self):
        for text, size in (("64K", 64 << 10), ("3M", 3 << 20), ("1G", 1 << 30), ("2T", 2 << 40), ("1048576", 1 << 20)):
            self.assertEqual(parse("disk_size = " + text).disk_size, size)
        self.assertEqual(parse("disk_size = 1049088").disk_size, 1049088)

    def test_rates_count_in_thousands(self):
        for text, rate in (("0", 0), ("64K", 64000), ("2M", 2000000), ("1G", 10**9), ("9600", 9600)):
            self.assertEqual(parse("rate = " + text).rate.steps, [(0, rate)])

    def test_consoles(self):
        for text, console in (
            ("/dev/ttyAMA0", ("/dev/ttyAMA0", None)),
            ("/dev/ttyAMA0:9600", ("/dev/ttyAMA0", 9600)),
            ("/dev/ttyS0:115200", ("/dev/ttyS0", 115200)),
            ("/dev/serial/by-path/usb-0:1:1.0-port0", ("/dev/serial/by-path/usb-0:1:1.0-port0", None)),
            ("/dev/serial/by-path/usb-0:1:1.0-port0:9600", ("/dev/serial/by-path/usb-0:1:1.0-port0", 9600)),
        ):
            self.assertEqual(parse("console = " + text).console, console)
        self.assertEqual(config.parse(MINIMUM).console, None)

    def test_ages(self):
        self.assertEqual(parse("max_age = 250ms").max_age, 250)
        self.assertEqual(parse("max_age = 30s").max_age, 30000)

    def test_attachments(self):
        self.assertIsNone(parse("attach = none").attach)
        self.assertEqual(parse("attach = nbd:unix:/run/a b.sock").attach, ("nbd", ("unix", "/run/a b.sock")))
        self.assertEqual(parse("attach = nbd:[::1]:10809").attach, ("nbd", ("tcp", "::1", 10809)))
        self.assertEqual(parse("attach = nbd:LocalHost:1").attach, ("nbd", ("tcp", "localhost", 1)))

    def test_the_disk_on_the_usb_port(self):
        self.assertEqual(parse("attach = usb").attach, ("usb", None))
        self.assertEqual(parse("attach = usb:fe980000.usb").attach, ("usb", "fe980000.usb"))
        self.assertEqual(parse("attach = usb:ci_hdrc:0 # the second").attach, ("usb", "ci_hdrc:0"))

    def test_a_usb_port_is_no_address(self):
        settings = parse("attach = usb:127.0.0.1", "listen = 127.0.0.1:7412", "web = 127.0.0.1:8080")
        self.assertEqual(settings.attach, ("usb", "127.0.0.1"))

    def test_choices(self):
        for word in ("local", "received", "durable"):
            self.assertEqual(parse("ack = " + word).ack, word)
        self.assertEqual(parse("when_full = hold").when_full, "hold")

    def test_loopback_is_all_of_it(self):
        for host in ("127.0.0.1", "127.255.0.9", "localhost", "[::1]", "[0:0:0:0:0:0:0:1]"):
            parse("listen = %s:7412" % host, "web = %s:8080" % host, "attach = nbd:%s:10809" % host)

    def test_a_peer_may_have_the_address_where_this_board_listens(self):
        settings = parse("listen = 127.0.0.1:7411")
        self.assertEqual(settings.listen, settings.peer)

    def test_a_twin_with_peer_alone_and_a_primary_with_listen_alone(self):
        self.assertEqual(config.parse(changed(role="twin")).role, "twin")
        self.assertIsNone(config.parse(changed(peer=None, listen="127.0.0.1:7411")).peer)

    def test_what_editors_do_to_a_file(self):
        for data in (b"\xef\xbb\xbf" + MINIMUM, MINIMUM.replace(b"\n", b"\r\n"), MINIMUM[:-1], b"\n \t\n" + MINIMUM):
            self.assertEqual(config.parse(data).name, "left")

    def test_comments(self):
        self.assertEqual(config.parse(changed(disk="/srv/a#1 # a disk")).disk, "/srv/a#1")
        self.assertEqual(config.parse(changed(disk="/srv/a#1\t#")).disk, "/srv/a#1")
        self.assertEqual(config.parse(b"# a = b\n  #c\n" + MINIMUM).name, "left")

    def test_an_equals_sign_in_a_value(self):
        self.assertEqual(config.parse(changed(disk="/srv/a=b")).disk, "/srv/a=b")

    def test_names(self):
        for name in ("x", "le jumeau", "n" * 63, "\u00e9" * 31):
            self.assertEqual(config.parse(changed(name=name)).name, name)


class Lines(unittest.TestCase):
    def test_an_unknown_key_names_the_nearest(self):
        for key, meant in (("rol", "role"), ("Disk", "disk"), ("jurnal_size", "journal_size"), ("webb", "web")):
            sentence = refused_line(key + " = x")
            self.assertIn(key + " is not a key", sentence)
            self.assertIn("did you mean %s?" % meant, sentence)

    def test_an_unknown_key_far_from_all_lists_them(self):
        sentence = refusal(MINIMUM + b"frobnication_level = 3")
        self.assertIn("ack, alert_mail", sentence)
        self.assertIn("attach, button, chronicle, console, disk, disk_size", sentence)

    def test_a_secret_is_not_said(self):
        for line in (
            "alert_mail = me@example.org via SECRET user",
            "alert_webhook = https://me:SECRET@x.example/",
            "alert_push = https://ntfy.example/SECRET token",
            "alert_mail me@example.org password SECRET",
        ):
            self.assertTrue("SECRET" not in refused_line(line), refused_line(line))

    def test_alerts_go_to_several(self):
        settings = parse("alert_webhook = https://a.example/x, http://127.0.0.1:9/y\nalert_syslog = 192.0.2.5")
        self.assertEqual([place.host for place in settings.alert_webhook], ["a.example", "127.0.0.1"])
        self.assertEqual([place.port for place in settings.alert_syslog], [514])
        self.assertEqual(settings.alert_mail, [])

    def test_a_huge_key_is_cut(self):
        self.assertTrue(len(refusal(MINIMUM + b"k" * 60000 + b" = 1")) < 500)
        self.assertTrue(len(refusal(MINIMUM + b"name_ = " + b"1" * 60000)) < 400)

    def test_no_setting(self):
        for line in ("name", "= left", "[section]", "==", "name left"):
            self.assertIn("write key = value", refused_line(line))

    def test_twice(self):
        self.assertEqual(refused_line("name = right"), "line 6: name stands on line 1 already; keep one of them")
        self.assertIn("stands on line 1", refused_line("name = "))

    def test_empty(self):
        self.assertEqual(refused_line("web ="), "line 6: web has no value; write for example web = 127.0.0.1:8080")
        self.assertIn("has no value", refused_line("web = # 127.0.0.1:8080"))

    def test_missing(self):
        for key in ("name", "role", "disk", "journal"):
            sentence = refusal(changed(**{key: None}))
            self.assertIn("there is no line for %s; add one, for example %s = " % (key, key), sentence)
        self.assertIn("name", refusal(b""))

    def test_bytes_that_are_no_text(self):
        for bad in (
            b"\xff",
            b"\xc3",
            b"\xc0\xaf",
            b"\xed\xa0\x80",
            b"\xf8\x88\x80\x80\x80",
            b"# caf\xe9",
            b"name = \xf4\x90\x80\x80",
        ):
            sentence = refusal(b"# fine\n" + MINIMUM + bad)
            self.assertEqual(sentence, "line 7: this is not UTF-8 text; save the file as UTF-8")

    def test_no_tab_in_a_sentence(self):
        for line in ("na\tme = x", "na\tme", "web = n\tx"):
            self.assertFalse("\t" in refused_line(line))

    def test_control_characters(self):
        for code in (0, 1, 8, 11, 12, 13, 27, 31, 127, 128, 0x85, 159):
            for line in ("na%sme = x", "# %s", "web = %s1"):
                sentence = refused_line(line % chr(code) + " ")
                self.assertIn("control character (code %d)" % code, sentence)

    def test_a_file_of_10_mb(self):
        self.assertIn("more than 65536 bytes", refusal(b"x" * (10 << 20)))
        self.assertIn("more than 65536 bytes", refusal(MINIMUM + b"#" * (config.MAX_BYTES - len(MINIMUM) + 1)))
        config.parse(MINIMUM + b"#" * (config.MAX_BYTES - len(MINIMUM)))


class Values(unittest.TestCase):
    def _all_refused(self, key, values, saying):
        for value in values:
            sentence = refused_line("%s = %s" % (key, value))
            self.assertIn("%s = %s" % (key, value[:57]), sentence)
            self.assertIn(saying, sentence)

    def test_sizes_that_are_none(self):
        values = (
            "-1G",
            "1.5G",
            "1,5G",
            "G",
            "1GB",
            "1GiB",
            "1g",
            "1 G",
            "+1G",
            "0x10M",
            "1e3M",
            "\u0661G",
            "\u00b2M",
            "all",
        )
        for key in ("disk_size", "journal_size", "history_size"):
            self._all_refused(key, values, "K M G T (powers of 1024), for example 1G")

    def test_sizes_without_their_unit(self):
        self._all_refused("disk_size", ("0", "1", "64", "1048575"), "the unit is missing")
        self._all_refused("journal_size", ("512",), "the unit is missing")

    def test_sizes_too_small(self):
        self._all_refused("disk_size", ("0K", "0G", "63K"), "write at least 64K")
        self._all_refused("journal_size", ("0M", "1M", "8191K", "7340032"), "write at least 8M")

    def test_sizes_too_large(self):
        self._all_refused("disk_size", ("1025T", "9" * 20, "9" * 20 + "T"), "write at most 1024T")
        self._all_refused("disk_size", ("9" * 21, "9" * 10000), "absurdly large")
        self.assertEqual(parse("disk_size = 1024T").disk_size, 1 << 50)

    def test_sizes_between_sectors(self):
        self._all_refused("disk_size", ("1048577", "1049087"), "multiple of 512 bytes; write 1048576")

    def test_rates(self):
        self._all_refused(
            "rate", ("-1", "fast", "2T", "2Mbit", "1.5M", "2m"), "K M G (bits per second), for example 2M, or 0"
        )
        self._all_refused("rate", ("2", "999"), "the unit is missing")
        self._all_refused("rate", ("1001G",), "absurdly fast")
        self._all_refused("rate", ("2M 08:00-19:00",), "no entry names mon 00:00; add one for all other times")

    def test_quotas(self):
        self.assertEqual(parse("quota = 5G").quota, 5 << 30)
        self.assertEqual([parse("quota = 0").quota, parse().quota], [0, 0])
        self.assertEqual(parse("quota_file = /srv/left.quota").quota_file, "/srv/left.quota")
        self._all_refused("quota", ("5", "5Gb"), "K M G T")
        self._all_refused("quota", ("15M",), "too small; write at least 16M")

    def test_ages(self):
        self._all_refused("max_age", ("1", "0", "1000"), "the unit is missing")
        self._all_refused("max_age", ("1m", "1.5s", "-1s", "s", "1S"), "s or ms, for example 1s")
        self._all_refused("max_age", ("0s", "0ms", "61s", "60001ms"), "between 1ms and 60s")

    def test_consoles(self):
        self._all_refused("console", ("/dev/ttyS0:0", "/dev/ttyS0:115201", "/dev/ttyS0:9600000"), "is one of 9600")
        self._all_refused("console", ("ttyS0", "yes", "115200", ":9600", "unix:/run/c"), "/dev/ttyAMA0:115200")
        self._all_refused("console", ("/dev/", "/:9600"), "this is a folder")
        self.assertIn("same file", refusal(MINIMUM + b"console = /srv/j:9600"))

    def test_words(self):
        self._all_refused("ack", ("Local", "remote", "local durable"), "write local, received or durable")
        self._all_refused("when_full", ("stop",), "write hold")
        self.assertIn("write primary or twin", refusal(changed(role="secondary")))

    def test_names(self):
        for name in ("n" * 64, "\u00e9" * 32):
            self.assertIn("at most 63 bytes", refusal(changed(name=name)))

    def test_paths(self):
        for path in ("/srv/", "/"):
            self.assertIn("this is a folder", refusal(changed(disk=path)))
        self.assertIn("at most 4095 bytes", refusal(changed(journal="/" + "x" * 4095)))


class Addresses(unittest.TestCase):
    def _all_refused(self, values, saying):
        for value in values:
            for line in ("web = %s", "listen = %s", "attach = nbd:%s"):
                self.assertIn(saying, refused_line(line % value))

    def test_ports(self):
        ports = ("0", "65536", "99999", "-1", "080", "1.5", "http", "\u0661", "9" * 9000, " 80", "+80")
        self._all_refused(["127.0.0.1:" + port for port in ports], "a port is a number from 1 to 65535")
        self.assertEqual(parse("web = 127.0.0.1:65535").web[2], 65535)

    def test_no_port(self):
        self._all_refused(("127.0.0.1", "127.0.0.1:", ":8080", "8080", "left"), "write HOST:PORT")

    def test_hosts_that_are_none(self):
        self._all_refused(("a b:1", "-a:1", "a..b:1", "x" * 64 + ":1", "b\u00fcro:1", "http//x:1"), "not a host name")
        numbers = ("256.0.0.1:1", "127.1:1", "1.2.3.4.5:1", "127.0.0.01:1", "2130706433:1", "127.0.0.1.:1")
        self._all_refused(numbers, "not an IPv4 address")

    def test_ipv6(self):
        self._all_refused(("::1:8080", "fe80::1:1"), "stands in brackets")
        bad = ("[::1]", "[::1]8080", "[::1:8080", "[:::1]:1", "[1:2:3:4:5:6:7]:1", "[::12345]:1", "[::g]:1", "[]:1")
        self._all_refused(
            bad
            + ("[1::2::3]:1", "[1:2:3:4::5:6:7:8]:1", "[fe80::1%eth0]:1", "[::127.0.0.1]:1", "[" + "1:" * 5000 + "]:1"),
            "[::1]:7411",
        )

    def test_unix(self):
        self._all_refused(("unix:", "unix:run/a", "unix:/run/"), "write unix:/run/sosie.sock")
        self._all_refused(("unix:/" + "x" * 107,), "at most 107 bytes")
        parse("web = unix:/" + "x" * 106)

    def test_usb_ports_that_are_none(self):
        for value in ("usb:", "usb:a/b", "usb:..", "usb:a b", "usb:" + "u" * 256):
            self.assertIn("for example usb:fe980000.usb", refused_line("attach = " + value))

    def test_an_unknown_way_to_attach(self):
        for value in ("iscsi:127.0.0.1:1", "127.0.0.1:10809", "nbd", "NBD:127.0.0.1:1", "None"):
            self.assertIn("nbd:HOST:PORT, nbd:unix:/PATH or none", refused_line("attach = " + value))

    def test_the_network_is_refused_without_keys(self):
        for place in (
            "0.0.0.0:1",
            "192.168.1.2:1",
            "128.0.0.1:1",
            "left.local:1",
            "[::]:1",
            "[fe80::1]:1",
            "127.example:1",
        ):
            for key, prefix in (("web", ""), ("listen", ""), ("attach", "nbd:")):
                sentence = refused_line("%s = %s%s" % (key, prefix, place))
                self.assertIn("%s = %s%s is open to the network" % (key, prefix, place), sentence)
            self.assertIn("peer = %s is open" % place, refusal(changed(peer=place)))


class Together(unittest.TestCase):
    def test_one_file_for_two_things(self):
        for disk in ("/srv/j", "/srv//j", "/srv/./j", "/srv/x/../j", "//srv/j"):
            self.assertIn("journal and disk are the same file", refusal(changed(disk=disk)))
        self.assertIn("web and disk are the same file", refused_line("web = unix:/srv/a"))
        self.assertIn("attach and journal are the same file", refused_line("attach = nbd:unix:/srv/j"))
        self.assertIn("quota_file and journal are the same file", refused_line("quota_file = /srv/j"))
        config.parse(changed(disk="srv/j"))

    def test_one_port_for_two_listeners(self):
        for web in ("127.0.0.1:7412", "localhost:7412"):
            sentence = refusal(MINIMUM + b"listen = 127.0.0.1:7412\nweb = " + web.encode())
            self.assertIn("line 7: web and listen wait at the same address; give each its own port", sentence)
        self.assertIn("listen and attach", refusal(MINIMUM + b"attach = nbd:[::1]:9\nlisten = [::1]:9"))
        self.assertIn("web and attach", refusal(MINIMUM + b"attach = nbd:unix:/r/s\nweb = unix:/r/s"))
        parse("web = 127.0.0.1:9", "listen = 127.0.0.2:9", "attach = nbd:[::1]:9")

    def test_a_board_without_another(self):
        self.assertIn("add peer = HOST:PORT", refusal(changed(peer=None)))
        self.assertIn("add listen = HOST:PORT", refusal(changed(peer=None, role="twin")))


class Keys(unittest.TestCase):
    def test_a_folder(self):
        self.assertEqual(parse("keys = /srv/left.keys/").keys, "/srv/left.keys")
        self.assertIn("by its whole path", refused_line("keys = left.keys"))

    def test_they_open_the_link_and_the_page_to_the_network(self):
        open_lines = ("listen = [::]:7411", "web = 0.0.0.0:443")
        self.assertEqual(parse("keys = /k", *open_lines).listen, ("tcp", "::", 7411))
        for line in open_lines:
            self.assertIn("without keys", refused_line(line))
        self.assertIn("without keys", refusal(changed(peer="left.example:7411")))

    def test_not_nbd(self):
        self.assertIn("NBD has no keys", refusal(MINIMUM + b"keys = /k\nattach = nbd:0.0.0.0:10809"))


class NotBuiltYet(unittest.TestCase):
    def test_by_name(self):
        for line, name in (
            ("when_full = catch_up", "catch_up"),
            ("history_size = 256M", "history"),
        ):
            sentence = refused_line(line)
            self.assertIn(line, sentence)
            self.assertIn(name, sentence.split(": ", 2)[2])
            self.assertIn("not built yet; ", sentence)

    def test_what_they_are_without(self):
        settings = parse("history_size = 0", "when_full = hold", "attach = none", "rate = 0")
        self.assertEqual(settings.history_size, 0)
