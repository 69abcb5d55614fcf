"""Whether an image is what a power cut may leave of an ext4."""

import subprocess


def _e2fsck(*arguments) -> "tuple[int, str]":
    done = subprocess.run(["e2fsck", *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace")  # fmt: skip
    return done.returncode, done.stdout


def unsound(image) -> str:
    """What is wrong with the file system in an image, or ''; the image is mended.

    e2fsck -p may do what it does when a server boots after a power cut: replay the file system's own journal and finish
    what that had begun. It gives up on anything that needs a decision; then -n must find nothing at all.
    """
    for arguments, most in ((("-f", "-p"), 1), (("-f", "-n"), 0)):
        code, said = _e2fsck(*arguments, image)
        if code > most:
            return "e2fsck %s ended with %d: %s" % (" ".join(arguments), code, said[-1500:])
    return ""
