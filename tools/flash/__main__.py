"""`python3 -m tools.flash`, which flash.sh runs."""

import sys

from tools.flash.command import main

sys.exit(main(sys.argv[1:]))
