"""What the cache of unpacked packages keeps, and for how long."""

import os

from tools.image import packages

DAY_S = 86400
NOW = 20_000 * DAY_S


def test_what_nobody_has_used_for_long_goes(tmp_path, monkeypatch):
    monkeypatch.setenv("SOSIE_CACHE", str(tmp_path))
    ages = {"root-amd64-1": 29, "root-amd64-2": 31, ".work-1": 0.5, ".root-arm64-x": 2}
    for name, days in ages.items():
        (packages.folder() / name / "root").mkdir(parents=True)
        os.utime(packages.folder() / name, times=(NOW - days * DAY_S,) * 2)
    packages.forget_old(NOW)
    assert sorted(path.name for path in packages.folder().iterdir()) == [".work-1", "root-amd64-1"]


def test_a_key_changes_with_what_an_image_is_made_of():
    def key(arch="amd64", names=("a", "b"), sources="deb x", unpack=("kernel",)):
        return packages.Build(arch, list(names), sources, list(unpack))._key()

    assert key() == key()
    others = [key(arch="arm64"), key(names=("a",)), key(sources="deb y"), key(unpack=("kernel", "grub"))]
    assert len({key(), *others}) == 5
