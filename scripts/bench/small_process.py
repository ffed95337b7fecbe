"""Start a program from a small process and write down the most memory that it held.

The system counts what the parent held when it started a child as the child's own; this process holds next to nothing.
Used as ``python -S -E small_process.py FILE PROGRAM [ARGUMENT...]``; FILE gets the memory in KiB.
"""

import os
import sys

__all__ = ["main"]


def main(args: list[str]) -> int:
    """Run ``args[1:]``, write its peak memory to the file ``args[0]``, give its exit status."""
    child = os.spawnv(os.P_NOWAIT, args[1], args[1:])
    _, status, usage = os.wait4(child, 0)
    with open(args[0], "w", encoding="ascii") as file:
        file.write(str(usage.ru_maxrss))
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
