"""Where Debian packages come from: the archive that the machine's own apt uses."""

import re
import subprocess

from firmware.errors import Refused

_SNAPSHOT = "https://snapshot.debian.org/archive/%s/%s/"


def sources(suite: str, components: "list[str]", snapshot: "str | None") -> str:
    """Lines of a sources.list. `snapshot` is a moment of snapshot.debian.org, such as 20251101T000000Z, or None."""
    words = " ".join(components)
    if snapshot is not None:
        if not re.fullmatch(r"\d{8}T\d{6}Z", snapshot):
            raise Refused("--snapshot %s is no moment; write it like 20251101T000000Z" % snapshot)
        options = "[check-valid-until=no] "
        main, security = (_SNAPSHOT % (name, snapshot) for name in ("debian", "debian-security"))
    else:
        options, (main, security) = "", _mirrors()
    lines = ["deb %s%s %s %s" % (options, main, suite, words)]
    if security:
        lines.append("deb %s%s %s-security %s" % (options, security, suite, words))
    return "\n".join(lines) + "\n"


def _mirrors() -> "tuple[str, str | None]":
    """The first archive of component main, and the security archive if the machine has one."""
    wanted = ["apt-get", "indextargets", "--format", "$(ORIGIN) $(COMPONENT) $(REPO_URI)", "Identifier: Packages"]
    main = security = None
    for line in subprocess.run(wanted, capture_output=True, text=True).stdout.splitlines():
        origin, component, uri = (line.split() + ["", "", ""])[:3]
        if origin == "Debian" and component == "main":
            if "security" in uri:
                security = security or uri
            else:
                main = main or uri
    if main is None:
        raise Refused("apt knows no Debian archive here, so no image can be built; run apt-get update first")
    return main, security
