"""`python3 -m tools.demo`, for where there is no shell."""

import sys

from tools.demo.show import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
