"""The schedule, dragged and stepped as a person does: handles and fields are one value, and one step back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from gpt_core import resources
from gpt_core.config import faults, from_toml
from workbench import theme
from workbench.draft import Draft
from workbench.forms.row import FieldRow
from workbench.forms.schedule import FLOOR, LENGTH, PEAK, WARMUP, ScheduleField

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def draft(qapp):
    theme.apply(qapp, "dark")
    draft = Draft()
    draft.load(from_toml(resources.presets()["quickstart"]), "quickstart")
    return draft


@pytest.fixture
def schedule(qtbot, draft):
    made = ScheduleField(draft)
    qtbot.addWidget(made)
    made.resize(300, 116)
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def centre(handle):
    return handle.geometry().center() + QPoint(1, 1)


def press(handle):
    QTest.mousePress(handle, LEFT, pos=handle.rect().center() + QPoint(1, 1))


def move(handle, place):
    """Move the pointer to a place of the schedule; the handle may follow it."""
    QTest.mouseMove(handle, handle.mapFrom(handle.parentWidget(), place))


def drag(handle, *by):
    start = centre(handle)
    press(handle)
    for x, y in by:
        move(handle, start + QPoint(x, y))
    QTest.mouseRelease(handle, LEFT, pos=handle.mapFrom(handle.parentWidget(), start + QPoint(*by[-1])))


def now(draft):
    return {field: draft.values[field] for field in (PEAK, FLOOR, WARMUP, LENGTH)}


START = {PEAK: 3e-3, FLOOR: 2e-4, WARMUP: 100, LENGTH: 3000}


def test_the_corner_drags_the_warmup_and_the_peak_and_one_undo_takes_both_back(schedule, draft):
    handle = schedule.corner
    drag(handle, (30, 10), (60, 20), (93, 36))
    assert now(draft)[LENGTH] == 3000
    assert now(draft)[FLOOR] == 2e-4
    assert draft.values[WARMUP] == 1100  # a third of the width is about 1,000 steps further on
    assert draft.values[PEAK] == pytest.approx(1.5e-3, abs=1e-4)
    assert draft.faults == {}
    draft.undo()
    assert now(draft) == START
    assert not draft.can_undo
    draft.redo()
    assert draft.values[WARMUP] == 1100


def test_the_handle_stays_under_the_pointer_while_it_is_dragged(schedule, draft):
    start = centre(schedule.end)
    press(schedule.end)
    for by in (QPoint(-40, -20), QPoint(-120, -40)):
        move(schedule.end, start + by)
        off = centre(schedule.end) - (start + by)
        assert max(abs(off.x()), abs(off.y())) <= 2
    QTest.mouseRelease(schedule.end, LEFT)
    assert draft.values[LENGTH] < 2000
    assert centre(schedule.end).x() == start.x()  # let go, the axes fit again


def test_a_drag_along_one_axis_leaves_the_other_value_alone(schedule, draft):
    drag(schedule.corner, (0, 10), (3, 20))
    assert draft.values[WARMUP] == 100
    assert draft.values[PEAK] < 3e-3
    draft.undo()
    drag(schedule.end, (-50, 2), (-100, -3))
    assert draft.values[FLOOR] == 2e-4
    assert draft.values[LENGTH] < 3000


def test_beyond_the_axes_values_grow_in_round_numbers(schedule, draft):
    drag(schedule.end, (40, 0), (100, 0))
    longer = draft.values[LENGTH]
    assert 20_000 < longer < 60_000
    assert longer % 100 == 0
    drag(schedule.corner, (0, -20), (0, -60))
    assert draft.values[PEAK] > 6e-3
    assert len(f"{draft.values[PEAK]:.12g}") <= 6


def test_no_drag_makes_a_schedule_that_is_none(schedule, draft):
    for handle in (schedule.corner, schedule.end):
        for by in ((-400, 0), (400, 0), (0, 400), (0, -400), (-400, -400), (400, 400), (-400, 400)):
            drag(handle, by)
            assert faults(draft.tables()) == []
            assert draft.values[PEAK] > 0
        while draft.can_undo:
            draft.undo()
        assert now(draft) == START


def test_escape_takes_a_drag_back_and_leaves_no_step(schedule, draft):
    press(schedule.corner)
    move(schedule.corner, centre(schedule.corner) + QPoint(50, 20))
    assert now(draft) != START
    QTest.keyClick(schedule.corner, Qt.Key.Key_Escape)
    assert now(draft) == START
    assert not draft.can_undo
    move(schedule.corner, centre(schedule.corner) + QPoint(50, 20))
    assert now(draft) == START


def test_two_drags_are_two_steps(schedule, draft):
    drag(schedule.corner, (0, 20))
    once = now(draft)
    drag(schedule.corner, (0, 20))
    draft.undo()
    assert now(draft) == once


def test_arrow_keys_step_the_values_as_they_do_in_the_fields(schedule, draft, qtbot):
    schedule.corner.setFocus()
    QTest.keyClick(schedule.corner, Qt.Key.Key_Right)
    QTest.keyClick(schedule.corner, Qt.Key.Key_Up)
    assert (draft.values[WARMUP], draft.values[PEAK]) == (110, 3.1e-3)
    QTest.keyClick(schedule.corner, Qt.Key.Key_Tab)
    assert schedule.end.hasFocus()
    QTest.keyClick(schedule.end, Qt.Key.Key_Left)
    QTest.keyClick(schedule.end, Qt.Key.Key_Down)
    assert (draft.values[LENGTH], draft.values[FLOOR]) == (2900, 1.9e-4)
    draft.undo()
    assert (draft.values[LENGTH], draft.values[FLOOR]) == (3000, 2e-4)
    draft.undo()
    assert now(draft) == START


def test_the_fields_show_what_is_dragged_and_the_handles_what_is_typed(schedule, draft, qtbot):
    field = FieldRow(draft, WARMUP)
    qtbot.addWidget(field)
    drag(schedule.corner, (93, 0))
    assert field.widget().text() == "1,100"
    place = centre(schedule.corner)
    field.widget().selectAll()
    QTest.keyClicks(field.widget(), "2000")
    assert centre(schedule.corner).x() > place.x() + 50
    QTest.keyClicks(field.widget(), "0")  # 20,000: longer than the run, so the last sound schedule stays
    assert draft.faults
    drag(schedule.corner, (-50, 0))
    assert draft.faults == {}


def test_gpt1s_form_has_no_floor_to_drag(schedule, draft):
    draft.set("schedule.form", "gpt1")
    draft.settle()
    drag(schedule.end, (-60, -30))
    assert draft.values[FLOOR] == 2e-4
    assert draft.values[LENGTH] < 3000


def test_a_run_hears_of_a_drag_when_it_ends_and_is_not_ended_by_it(schedule, draft, qtbot):
    draft.running = True
    schedule.set_step(1200)
    heard = []
    draft.liveChange.connect(lambda field, value: heard.append((field, value)))
    press(schedule.end)
    move(schedule.end, centre(schedule.end) + QPoint(-280, 0))
    assert heard == []
    QTest.mouseRelease(schedule.end, LEFT)
    assert heard == [(LENGTH, 1201)]
    schedule.corner.setFocus()
    with qtbot.waitSignal(draft.liveChange, timeout=3000) as told:  # some time after the last key
        QTest.keyClick(schedule.corner, Qt.Key.Key_Up)
    assert told.args == [PEAK, 3.1e-3]


def test_the_handles_say_what_they_are(schedule, draft):
    assert schedule.corner.accessibleName() == "Peak rate and warmup"
    assert schedule.corner.accessibleDescription() == "3e-3 after 100 steps"
    assert schedule.end.accessibleDescription() == "2e-4 at step 3,000"
    draft.set(PEAK, 1e-3)
    assert schedule.corner.accessibleDescription() == "1e-3 after 100 steps"


def test_focus_on_a_handle_is_seen(schedule):
    schedule.end.setFocus()
    plain = schedule.corner.grab().toImage()
    schedule.corner.setFocus()
    assert schedule.corner.grab().toImage() != plain
