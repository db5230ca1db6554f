"""Takes from a process what decoding does not need (Linux; elsewhere only the limits of POSIX).

`confine` is called in the decoder process before it imports a decoder: a user namespace can
only be entered while there is a single thread. `close_to_others` is called in the worker.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

from inference.decoding.wire import Confines

# <linux/prctl.h>
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
# <linux/sched.h>
_CLONE_NEWUSER, _CLONE_NEWNET = 0x1000_0000, 0x4000_0000

_OPEN_FILES = 128


def confine(confines: Confines, *, parent: int) -> list[str]:
    """Give up network, privileges, files and memory; return what could be given up.

    A process whose worker is gone already does not start.
    """
    given_up = []
    if sys.platform == "linux":
        if _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL) and os.getppid() != parent:
            raise SystemExit(0)
        if _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
            given_up.append("privileges")
        if _call("unshare", _CLONE_NEWNET) or _call("unshare", _CLONE_NEWUSER | _CLONE_NEWNET):
            given_up.append("network")
    os.nice(confines.niceness)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    # Not RLIMIT_AS: OpenVINO and the thread arenas of malloc reserve addresses that they never
    # write to; 1.2 GB of them were seen.
    _limit(resource.RLIMIT_DATA, confines.memory_bytes)
    return [*given_up, "files", "memory"]


def close_to_others() -> None:
    """Close this process's environment and memory to others of the same user (Linux).

    A decoder runs as the worker's user: a hostile file that took it over could read
    /proc/PID/environ, and the secrets in it. It also forbids core dumps, and
    debuggers without privileges. Root reads it all the same. A program that is started
    from here begins with what is usual again (prctl(2), PR_SET_DUMPABLE).
    """
    if sys.platform == "linux":
        _call("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)


def allow_cpu_seconds(seconds: int) -> None:
    """Move the processor time limit to so many seconds from now; beyond it SIGXCPU kills."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(used.ru_utime + used.ru_stime) + 1 + seconds
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (most, most))


def _call(name: str, *arguments: int) -> bool:
    """Call the C library; whether it did what was asked."""
    longs = [ctypes.c_ulong(argument) for argument in arguments]
    return getattr(ctypes.CDLL(None, use_errno=True), name)(*longs) == 0  # type: ignore[no-any-return]
