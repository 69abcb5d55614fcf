#!/usr/bin/env bash
# One command makes the card of one board: ./flash.sh --board rpi4 --name left --role primary /dev/sdX
# Everything it decides is decided in tools/flash; --help says what it can do.
set -euo pipefail

checkout="$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)"

python="$checkout/.venv/bin/python3"
[ -x "$python" ] || python="$(command -v python3 || true)"
if ! "${python:-false}" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "flash.sh: this needs Python 3.11 or newer; on Debian 12 or 13: apt-get install python3" >&2
    exit 2
fi

# The folder it is called from may hold anything: only the checkout's modules count.
export PYTHONSAFEPATH=1 PYTHONPATH="$checkout"
exec "$python" -m tools.flash "$@"
