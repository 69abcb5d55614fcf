"""The benchmark of the page: its table."""

from tools.bench import page

W4K1, W4KF = (row.title for row in page.ROWS)


def told(share=0.01, **latency):
    return {"cpu_share": share, "rss_bytes": 3 << 20} if not latency else latency


def cells(text):
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()[2:]]


def test_medians_and_the_ratios_of_each_round():
    rows = [
        (W4K1, "nobody", [told(p50_us=10, p99_us=100), told(p50_us=10, p99_us=400), told(p50_us=30, p99_us=100)]),
        (W4K1, "pages", [told(p50_us=20, p99_us=200), told(p50_us=20, p99_us=400), told(p50_us=20, p99_us=100)]),
        (W4KF, "pages", [told(p50_us=1, p99_us=1, flush_p50_us=1000, flush_p99_us=2000)]),
    ]
    found = cells(page.table(rows))
    assert found[0] == [W4K1, "nobody looks", "0.01 ms", "0.10 ms", "1.00", "–", "–"]
    assert found[1][2:5] == ["0.02 ms", "0.20 ms", "1.00"]
    assert found[2][2:5] == ["1.00 ms", "2.00 ms", "–"]


def test_processor_time_is_held_against_its_goal():
    rows = [(page.REST, who, [told(0.04)]) for who in ("nobody", "pages", "crowd")]
    found = [row[5] for row in cells(page.table(rows))]
    assert found == ["4.00 % of a core **above 2 %**", "4.00 % of a core", "4.00 % of a core"]
