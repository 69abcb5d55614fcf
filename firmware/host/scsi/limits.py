"""What this disk can do at most: told in the Block Limits page (SBC-3 6.6.4) and held by the commands."""

BLOCK = 512  # bytes of a logical block
BLOCK_SHIFT = 9
PHYSICAL_EXPONENT = 3  # 4096-byte physical blocks
PIECE = 1 << 20  # bytes: the largest window, and what the volume takes as a whole
SCRATCH = 128 << 10  # bytes of the medium that are compared at a time; room for MAX_COMPARE blocks

MAX_TRANSFER = 65536  # blocks of one command; what lies between is taken PIECE by PIECE
OPTIMAL_TRANSFER = ATOMIC = PIECE >> BLOCK_SHIFT
OPTIMAL_GRANULARITY = 1 << PHYSICAL_EXPONENT
MAX_COMPARE = 255  # blocks of COMPARE AND WRITE
MAX_UNMAP = MAX_SAME = 0xFFFFFFFF  # blocks; of zeroes, which are one record, however many
MAX_DESCRIPTORS = 256  # of UNMAP
