"""Garbage is collected by the window's thread alone."""

import gc
import threading

import pytest

from workbench import loading
from workbench.garbage import Collector


class Loop:
    """Garbage that only a collection finds; it tells which thread freed it."""

    def __init__(self, freed: list[int]) -> None:
        self.itself, self.freed = self, freed

    def __del__(self) -> None:
        self.freed.append(threading.get_ident())


def test_only_the_windows_thread_frees_what_another_leaves(qtbot, monkeypatch: pytest.MonkeyPatch):
    # Once torch is there, all that is there is kept, this test's garbage too.
    monkeypatch.setattr(loading, "loaded", threading.Event())
    freed: list[int] = []

    def leave_garbage() -> None:
        for _ in range(5):
            kept = [Loop(freed) for _ in range(1000)]
            del kept

    collector = Collector()
    try:
        thread = threading.Thread(target=leave_garbage)
        thread.start()
        thread.join()
        assert freed == []
        qtbot.waitUntil(lambda: len(freed) == 5000)
    finally:
        collector.stop()
    assert set(freed) == {threading.get_ident()}
    assert gc.isenabled()
