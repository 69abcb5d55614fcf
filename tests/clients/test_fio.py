"""fio's own NBD engine, with its verification."""

import pytest

from tests.clients.programs import call, uri

JOBS = {
    "random 4k": ("randwrite", "4k", 16),
    "mixed sizes": ("randwrite", "512-128k", 8),
    "sequential 1M": ("write", "1M", 4),
    "random with trims": ("randtrimwrite", "8k", 4),
}


@pytest.mark.parametrize("name", JOBS)
def test_fio_finds_what_it_wrote(make_pair, name):
    pattern, block, depth = JOBS[name]
    pair = make_pair().start()
    options = ["--verify_state_save=0"]
    if "trim" not in pattern:
        options += ["--verify=crc32c", "--do_verify=1", "--verify_fatal=1"]
    block_option = "--bsrange=" + block if "-" in block else "--bs=" + block
    options += [block_option, "--iodepth=%d" % depth, "--fsync=64", "--randseed=7"]
    said = call("fio", "--name=job", "--ioengine=nbd", "--uri=" + uri(pair.left), "--rw=" + pattern,
                "--size=32M", "--io_size=24M", *options)  # fmt: skip
    assert "err= 0" in said
    client = pair.left.client()
    seen = client.read_all()
    client.close()
    pair.wait_drained()
    pair.left.stop()
    pair.right.stop()
    assert pair.left.image.read_bytes() == seen
    assert pair.right.image.read_bytes() == seen
