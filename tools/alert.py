"""`sosie alert`: whom a board tells when something is wrong, and a test that says who took it."""

import datetime

from tools.api import DEFAULT_ADDRESS, Client

_PATIENCE_S = 60.0  # a receiver that does not answer is given up by the board after 40 s


def add_to(commands) -> None:
    """The subcommand, for tools/cli.py."""
    from tools.cli import add_pair_option

    text = "whom a board tells when something is wrong, and whether that works"
    command = commands.add_parser(
        "alert", help=text, description=text[0].upper() + text[1:] + ".",
        epilog="Exit: 0 everybody was reached the last time, 1 somebody was not, or it is not known of somebody, "
        "or nobody is to be told, 2 wrong usage, 3 the board does not answer or refuses.",
    )  # fmt: skip
    command.add_argument("what", metavar="status|test", choices=("status", "test"),
                         help="status: who is told, and when that worked last; test: sends a test to everybody now")
    command.add_argument("address", metavar="ADDRESS", nargs="?", default=DEFAULT_ADDRESS,
                         help="web address of the board, HOST or https://HOST:PORT (default %s)" % DEFAULT_ADDRESS)
    add_pair_option(command)
    command.set_defaults(run=run)


def run(options) -> int:
    """Prints a line for each receiver; the exit code."""
    client = Client(options.address, timeout_s=_PATIENCE_S, pair=options.pair)
    channels = client.get("/api/alerts")["channels"]
    if not channels:
        print("Nobody is told: name a receiver in the settings, for example alert_mail (board.conf.example).")
        return 1
    if options.what == "status":
        return _show(channels)
    return _tried(client.post("/api/alerts/test", {})["channels"])


def _show(channels: list) -> int:
    for channel in channels:
        print("%-8s %-9s %s" % (channel["state"], channel["kind"], channel["to"]))
        for line in _details(channel):
            print("         " + line)
    return 0 if all(channel["state"] == "ok" for channel in channels) else 1


def _details(channel: dict) -> list:
    lines = []
    if channel["state"] == "untried":
        lines.append("nothing was sent there since the board was started; `sosie alert test` tries it")
    if channel["sentence"]:
        since = " since " + _time(channel["failed_ms"]) if channel["failed_ms"] else ""
        lines.append(channel["sentence"] + since)
    if channel["last_ms"]:
        lines.append("reached last at " + _time(channel["last_ms"]))
    if channel["waiting"]:
        lines.append("%d waiting%s" % (channel["waiting"], _again(channel["next_s"])))
    return lines


def _again(seconds: "int | None") -> str:
    return "" if seconds is None else ", tried again in %d s" % seconds


def _time(ms: int) -> str:
    return datetime.datetime.fromtimestamp(ms / 1000).strftime("%Y-%m-%d %H:%M:%S")


def _tried(channels: list) -> int:
    for channel in channels:
        print("%-8s %s" % ("taken" if channel["taken"] else "FAILED", channel["sentence"]))
    return 0 if all(channel["taken"] for channel in channels) else 1
