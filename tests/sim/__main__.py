"""python3 -m tests.sim --seeds N"""

import sys

from tests.sim.run import main

if __name__ == "__main__":
    sys.exit(main())
