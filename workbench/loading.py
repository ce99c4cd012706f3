"""Loading torch on a thread while the window is used."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
import threading
from pathlib import Path

under_way = threading.Event()  # whether a thread is at it
loaded = threading.Event()  # whether all of it is there


def load_torch() -> None:
    """Import torch and all that training takes of it, by any thread but the window's.

    An import holds Python's lock while the system loads the library, most of all its largest, which stops the
    window for 0.1 to 0.2 s. Called as a foreign function, the system loads that one without the lock.
    """
    under_way.set()
    try:
        if sys.platform.startswith("linux") and "torch" not in sys.modules:
            _load_unlocked("libtorch_cpu.so")
        import torch._dynamo  # noqa: F401  # or the first optimizer does it: half of the work and the objects

        import gpt_core.worker  # noqa: F401

        loaded.set()
    finally:
        under_way.clear()


def _load_unlocked(name: str) -> None:
    """Load one of torch's libraries, where it can be found; else the import will do it, or tell why not."""
    spec = importlib.util.find_spec("torch")
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        path = Path(folder) / "lib" / name
        if path.is_file():
            load = ctypes.CDLL(None).dlopen  # ctypes' own way, CDLL(path), holds the lock
            load.restype, load.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_int]
            load(os.fsencode(path), os.RTLD_LAZY)
