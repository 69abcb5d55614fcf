"""The side-by-side benchmark: peers and Sosie, measured in one run, round by round."""


def main(argv):
    """Run `sosie bench ARGV`; returns the exit status."""
    from tools.bench.cli import main as run
    return run(argv)
