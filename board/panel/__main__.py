"""`python3 -m board.panel card [--svg | --markdown] [LANGUAGE]`: what the lights mean, to print."""

import sys

from firmware.status import texts

from . import card

_USAGE = "usage: python3 -m board.panel card [--svg | --markdown] [%s]" % " | ".join(texts.LANGUAGES)
_FORMS = {"--svg": card.svg, "--markdown": card.markdown}


def main(arguments: list) -> int:
    """The exit code."""
    form, language = card.text, texts.DEFAULT
    if arguments[:1] != ["card"]:
        sys.stderr.write(_USAGE + "\n")
        return 2
    for each in arguments[1:]:
        if each in _FORMS:
            form = _FORMS[each]
        elif each in texts.LANGUAGES:
            language = each
        else:
            sys.stderr.write(_USAGE + "\n")
            return 2
    sys.stdout.write(form(language) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
