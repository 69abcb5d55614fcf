"""Commands that look at the medium and at the host's data together: VERIFY, WRITE AND VERIFY, COMPARE AND WRITE,
ORWRITE; and PRE-FETCH (SBC-3 5.2, 5.12, 5.13, 5.30, 5.44)."""

from firmware.host.scsi import media
from firmware.host.scsi.limits import BLOCK, BLOCK_SHIFT, PIECE, SCRATCH
from firmware.host.scsi.sense import MISCOMPARE, OUT_OF_RANGE, CheckCondition, invalid_field

_NO_BYTES, _ALL_BYTES, _ONE_BLOCK = 0, 1, 3  # BYTCHK: what the host sends for comparison
_FUA = 0x08
_STRIDE = 4096


def verify(task, cdb):
    flags, offset, length = media.checked_extent(task.unit, cdb)
    check = flags >> 1 & 3
    if check not in (_NO_BYTES, _ALL_BYTES, _ONE_BLOCK):
        raise invalid_field(1, 2)
    volume = task.unit.volume
    if not length:
        return None
    if check == _NO_BYTES:
        return _read_all(task, volume, offset, length)
    if check == _ONE_BLOCK:
        task.receives(BLOCK)
        return _verify_repeated(task, volume, offset, length)
    task.receives(length)
    return _verify(task, volume, offset, length)


def _read_all(task, volume, offset: int, length: int):
    """Whether all of it can be read."""
    end = offset + length
    while offset < end:
        view = task.buffer[: min(end - offset, PIECE)]
        yield from task.read(volume, offset, view)
        offset += len(view)
        if offset < end:
            yield from task.pause()


def _verify(task, volume, offset: int, length: int):
    done = 0
    while done < length:
        window = task.buffer[: min(length - done, PIECE)]
        yield window
        yield from _compare(task, volume, offset + done, window, done)
        done += len(window)


def _verify_repeated(task, volume, offset: int, length: int):
    """One block from the host stands for each on the medium."""
    block = task.buffer[:BLOCK]
    yield block
    copies = min(length, PIECE)
    repeat(task.buffer, copies)
    done = 0
    while done < length:
        view = task.buffer[: min(length - done, copies)]
        yield from _compare(task, volume, offset + done, view, done)
        done += len(view)
        if done < length:
            yield from task.pause()


def repeat(buffer, length: int) -> None:
    """Fills the first `length` bytes with copies of the first block, doubling what there is."""
    filled = BLOCK
    while filled < length:
        size = min(filled, length - filled)
        buffer[filled : filled + size] = buffer[:size]
        filled += size


def _compare(task, volume, offset: int, view, moved: int):
    """Compares the medium at `offset` with `view`, before which `moved` bytes were equal."""
    done = 0
    while done < len(view):
        part = view[done : done + SCRATCH]
        there = task.scratch()[: len(part)]
        yield from task.read(volume, offset + done, there)
        at = first_difference(part, there)
        if at >= 0:
            raise CheckCondition(MISCOMPARE, information=moved + done + at)
        done += len(part)


def first_difference(one, other) -> int:
    """The first byte in which two memoryviews of one length differ; -1 when they are equal. Views are compared
    byte by byte in CPython; bytes all at once."""
    for start in range(0, len(one), _STRIDE):
        mine, theirs = bytes(one[start : start + _STRIDE]), bytes(other[start : start + _STRIDE])
        if mine != theirs:
            for at in range(len(mine)):
                if mine[at] != theirs[at]:
                    return start + at
    return -1


def write_and_verify(task, cdb):
    """What was written is flushed before it is read back: it is the medium that is verified."""
    flags, offset, length = media.checked_extent(task.unit, cdb)
    check = flags >> 1 & 3
    if check > _ALL_BYTES:
        raise invalid_field(1, 2)
    task.receives(length)
    return _write_and_verify(task, task.unit.volume, offset, length, check)


def _write_and_verify(task, volume, offset: int, length: int, check: int):
    done = 0
    while done < length:
        window = task.buffer[: min(length - done, PIECE)]
        yield window
        yield from task.write(volume, offset + done, window)
        yield from task.flush(volume)
        if check:
            yield from _compare(task, volume, offset + done, window, done)
        else:
            yield from task.read(volume, offset + done, window)
        done += len(window)


def compare_and_write(task, cdb):
    """The blocks are written, as a whole, if those on the medium are what the host thinks."""
    flags, lba, _, _ = media.extent(cdb)
    blocks = cdb[13]
    unit = task.unit
    if lba + blocks > unit.blocks:
        raise CheckCondition(OUT_OF_RANGE)
    length = blocks << BLOCK_SHIFT
    task.receives_exactly(2 * length, 13)
    is_through = flags & _FUA or not unit.write_cache
    return _compare_and_write(task, unit.volume, lba << BLOCK_SHIFT, length, is_through)


def _compare_and_write(task, volume, offset: int, length: int, is_through: bool):
    if not length:
        return
    window = task.buffer[: 2 * length]
    yield window
    yield from _compare(task, volume, offset, window[:length], 0)
    yield from task.write(volume, offset, window[length:])
    if is_through:
        yield from task.flush(volume)


def or_write(task, cdb):
    """SBC-3 5.12: what the host sends is ORed into what is there; each PIECE as a whole."""
    flags, offset, length = media.checked_extent(task.unit, cdb)
    task.receives(length)
    is_through = flags & _FUA or not task.unit.write_cache
    return _or_write(task, task.unit.volume, offset, length, is_through)


def _or_write(task, volume, offset: int, length: int, is_through: bool):
    end = offset + length
    while offset < end:
        window = task.buffer[: min(end - offset, PIECE)]
        yield window
        for start in range(0, len(window), SCRATCH):
            part = window[start : start + SCRATCH]
            there = task.scratch()[: len(part)]
            yield from task.read(volume, offset + start, there)
            both = int.from_bytes(part, "little") | int.from_bytes(there, "little")
            part[:] = both.to_bytes(len(part), "little")
        yield from task.write(volume, offset, window)
        offset += len(window)
    if is_through:
        yield from task.flush(volume)


def prefetch(task, cdb):
    """There is no cache of ours to bring blocks into: GOOD says that not all of them fit (SBC-3 5.13)."""
    _, lba, blocks, _ = media.extent(cdb)
    if lba + blocks > task.unit.blocks:
        raise CheckCondition(OUT_OF_RANGE)
    task.unit.check_sound()
