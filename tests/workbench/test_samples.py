"""The samples panel around a real run: scrubbed by key and mouse, followed, compared with the one before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QStyle, QStyleOptionSlider

from gpt_core.control import Change, Control
from gpt_core.events import Changed, SampleDone, SampleToken, StateChanged
from gpt_core.record import Event, RecordView
from gpt_core.run import Run, create
from gpt_core.worker import Worker
from workbench import theme
from workbench.panels.samples import SamplesPanel
from workbench.sampled import COMPARED, WORD, Sample, Samples, differences, recorded
from workbench.session import History, Session
from workbench.workspace import Workspace

WAIT = 30_000  # milliseconds, for a busy machine
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def run(home, config) -> Run:
    """A finished run with ten samples."""
    made = create(config.replace({"train.sample_interval": 4}), name="small")
    Worker(made, Control(), lambda _: None).work()
    return made


@pytest.fixture
def events(run):
    with closing(RecordView(run.record_path)) as view:
        found = view.events("sample")
    assert len(found) == 10
    return found


@pytest.fixture
def window(window):
    """The window with the samples in front."""
    window.area.dock("samples").reveal()
    return window


@pytest.fixture
def panel(qtbot, window, run):
    """The panel with the finished run open."""
    window.open(run.folder)
    qtbot.waitUntil(lambda: len(window.samples.samples()) == 10, timeout=WAIT)
    qtbot.waitUntil(lambda: window.workspace.session.state == "finished", timeout=WAIT)
    return window.samples


def press(qtbot, panel, key: Qt.Key) -> None:
    panel.timeline.setFocus()
    qtbot.keyClick(panel.timeline, key)


def place(panel, number: int) -> QPoint:
    """Where on the timeline a sample lies."""
    option = QStyleOptionSlider()
    panel.timeline.initStyleOption(option)
    control, part = QStyle.ComplexControl.CC_Slider, QStyle.SubControl.SC_SliderHandle
    handle = panel.timeline.style().subControlRect(control, option, part, panel.timeline)
    span = panel.timeline.width() - handle.width()
    along = handle.width() / 2 + span * number / panel.timeline.maximum()
    return QPoint(round(along), handle.center().y())


def text(panel) -> str:
    return panel.text.toPlainText()


def whole(event) -> str:
    return (event.values["prompt"] + event.values["text"]).strip("\n")


# ------------------------------------------------------------------------------------------- The differences


def test_words_that_differ_are_found_where_they_stand() -> None:
    def marked(before: str, after: str) -> list[str]:
        return [after[start:end] for start, end in differences(before, after)]

    assert marked("the cat sat on a mat", "the dog sat on a mat") == ["dog"]
    assert marked("the cat sat", "the cat sat on\na mat.") == ["on\na mat."]
    assert marked("the cat sat on a mat", "the cat on a mat") == []
    assert marked("the  cat\nsat", "the cat sat") == []  # white space is no word
    assert marked("", "the cat") == ["the cat"]
    assert marked("私は猫が好きです", "私は犬が好きです") == ["犬"]


WORDS = st.lists(st.sampled_from(["the", "cat", "猫", "😀", ",", "one\n"]), max_size=30).map(" ".join)


@given(WORDS, WORDS)
def test_what_is_not_marked_stood_before_in_this_order(before: str, after: str) -> None:
    marks = differences(before, after)
    ends = [at for mark in marks for at in mark]
    assert ends == sorted(ends)
    kept, done = [], 0
    for start, end in [*marks, (len(after), len(after))]:
        assert start < end or start == len(after)
        kept += [word[0] for word in WORD.finditer(after[done:start])]
        done = end
    old = iter(word[0] for word in WORD.finditer(before))
    assert all(word in old for word in kept)  # a subsequence
    assert differences(after, after) == []


def test_of_a_very_long_sample_only_the_beginning_is_compared() -> None:
    before, after = "the " * 3 * COMPARED, "cat " * 3 * COMPARED
    assert differences(before, after) == [(0, 4 * COMPARED - 1)]


# ---------------------------------------------------------------------------------------------- The timeline


def test_a_run_opens_at_its_newest_sample(panel, events) -> None:
    assert panel.newest.isChecked()
    assert text(panel) == whole(events[-1])
    assert panel.where.text() == "Step 40"
    assert panel.timeline.accessibleDescription() == "Step 40, sample 10 of 10"
    assert panel.where.toolTip() == panel.timeline.accessibleDescription()
    assert not panel.prompts.isVisible()  # there is one


def test_before_a_run_there_is_no_prompt_to_choose(window) -> None:
    assert window.samples.isVisible()
    assert not window.samples.prompts.isVisible()


def test_keys_go_along_the_timeline(qtbot, panel, events, run) -> None:
    with closing(RecordView(run.record_path)) as view:
        steps, losses = view.series("loss")
    losses = dict(zip(steps.tolist(), losses.tolist(), strict=True))
    press(qtbot, panel, Qt.Key.Key_Home)
    for number, event in enumerate(events):
        assert text(panel) == whole(event)
        assert panel.where.toolTip() == f"Step {event.step}, sample {number + 1} of 10"
        assert panel.loss.text() == f"loss {losses[event.step]:.2f}"
        assert panel.newest.isChecked() == (number == 9)
        press(qtbot, panel, Qt.Key.Key_Right)
    press(qtbot, panel, Qt.Key.Key_Left)
    assert text(panel) == whole(events[8])
    press(qtbot, panel, Qt.Key.Key_End)
    assert text(panel) == whole(events[9])


def test_the_pointer_clicks_and_drags(qtbot, panel, events) -> None:
    qtbot.mouseClick(panel.timeline, LEFT, pos=place(panel, 2))
    assert text(panel) == whole(events[2])
    qtbot.mousePress(panel.timeline, LEFT, pos=place(panel, 2))
    for number in (3, 4, 7):
        qtbot.mouseMove(panel.timeline, place(panel, number))
        assert text(panel) == whole(events[number])
    qtbot.mouseRelease(panel.timeline, LEFT, pos=place(panel, 7))
    qtbot.mouseMove(panel.timeline, place(panel, 1))
    assert text(panel) == whole(events[7])
    assert not panel.newest.isChecked()
    qtbot.mouseClick(panel.newest, LEFT)
    assert text(panel) == whole(events[9])


def test_each_is_compared_with_the_one_before(qtbot, panel, events) -> None:
    press(qtbot, panel, Qt.Key.Key_Home)
    assert panel.text.marked == []
    assert panel.legend.text() == "This is the first sample."
    assert not panel.swatch.isVisible()
    told = set()
    for before, event in pairwise(events):
        press(qtbot, panel, Qt.Key.Key_Right)
        old, new = whole(before), whole(event)
        assert panel.text.marked == [new[start:end] for start, end in differences(old, new)]
        assert panel.swatch.isVisible() == bool(panel.text.marked)
        told.add(panel.legend.text().replace(f"step {before.step}", "that step"))
    assert told <= {"other than at that step", "The same as at that step."}
    assert "other than at that step" in told


def luminance(colour: QColor) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.getRgbF()[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_marked_words_can_be_read_in_both_themes(qtbot, panel, window) -> None:
    qtbot.waitUntil(lambda: bool(panel.samples()))
    while not panel.text.marked:
        press(qtbot, panel, Qt.Key.Key_Left)
    grounds = []
    for name in ("dark", "light"):
        window.set_theme(name)
        form = panel.text.document().find(panel.text.marked[0].split("\n")[0]).charFormat()
        light, dark = sorted(
            (luminance(form.background().color()), luminance(form.foreground().color())), reverse=True
        )
        assert (light + 0.05) / (dark + 0.05) >= 4.5
        grounds.append(form.background().color())
    assert grounds[0] != grounds[1]


# ------------------------------------------------------------------------------------------ While it trains


def test_the_newest_is_followed_until_the_person_looks_back(qtbot, window) -> None:
    panel = window.samples
    assert panel.empty.isVisible()
    assert not panel.timeline.isVisible()
    window.draft.set("train.max_steps", 100_000)
    window.draft.set("train.sample_interval", 5)
    window.draft.settle()
    qtbot.mouseClick(window.header.start, LEFT)

    def more(than: int) -> None:
        qtbot.waitUntil(lambda: len(panel.samples()) > than, timeout=WAIT)

    for count in (2, 3, 4):
        more(count)
        assert panel.shown() is panel.samples()[-1]
    assert not panel.empty.isVisible()
    assert all(sample.loss is not None for sample in panel.samples())

    press(qtbot, panel, Qt.Key.Key_Home)
    first = text(panel)
    assert first == panel.samples()[0].shown
    more(len(panel.samples()) + 1)
    assert text(panel) == first
    assert not panel.newest.isChecked()
    qtbot.mouseClick(panel.newest, LEFT)
    assert panel.shown() is panel.samples()[-1]
    more(len(panel.samples()))
    assert panel.shown() is panel.samples()[-1]


def test_what_is_pinned_while_it_trains_is_sampled_from_then_on(qtbot, window) -> None:
    panel, prompt = window.samples, window.prompt
    for field, value in {"train.max_steps": 100_000, "train.sample_interval": 5}.items():
        window.draft.set(field, value)
    window.draft.settle()
    qtbot.mouseClick(window.header.start, LEFT)
    qtbot.waitUntil(lambda: len(panel.samples()) > 1, timeout=WAIT)
    assert not panel.prompts.isVisible()
    prompt.prompt.setPlainText("a cat")
    qtbot.mouseClick(prompt.pin, LEFT)
    qtbot.waitUntil(panel.prompts.isVisible, timeout=WAIT)
    choose(qtbot, panel, 2)
    qtbot.waitUntil(lambda: len(panel.samples()) > 1, timeout=WAIT)
    assert {sample.prompt for sample in panel.samples()} == {"a cat"}
    assert prompt.pin.isChecked()
    session = window.workspace.session
    assert session.config.sampling.pinned == ("a cat",)
    with closing(RecordView(session.run.record_path)) as view:
        assert [event.values for event in view.events("change")] == [{"sampling.pinned": ["a cat"]}]


def test_a_sample_grows_and_one_that_is_broken_off_goes(qtbot, panel, window, events) -> None:
    tell = window.workspace.session.reported.emit
    for piece in ("cat", " sat", "\n", " on"):
        tell(SampleToken(50, "the ", piece))
    assert panel.legend.text() == "Being written…"
    qtbot.waitUntil(lambda: text(panel) == "the cat sat\n on")
    assert not panel.text.textCursor().hasSelection()
    tell(StateChanged("stopped"))
    assert text(panel) == whole(events[-1])
    tell(SampleDone(50, "the ", "cat gone", {}))
    assert text(panel) == "the cat gone"
    assert len(panel.samples()) == 11


def test_a_future_that_was_given_up_goes_from_the_timeline(qtbot, panel, window, events) -> None:
    press(qtbot, panel, Qt.Key.Key_Home)
    window.workspace.session.reported.emit(SampleDone(events[4].step, "the ", "cat", {}))
    assert [sample.step for sample in panel.samples()] == [event.step for event in events[:5]]
    assert text(panel) == whole(events[0])
    press(qtbot, panel, Qt.Key.Key_End)
    assert text(panel) == "the cat"


# ----------------------------------------------------------------------------------------- Several prompts


@pytest.fixture
def pinned(home, config) -> Run:
    """A finished run of three prompts, one of them pinned in mid run and one drawn by another rate later."""
    made = create(config.replace({"train.sample_interval": 10, "sampling.pinned": ["a cat"]}), name="pinned")
    control = Control()
    at = {15: Change({"sampling.pinned": ["a cat", "one\n"]}), 25: Change({"sampling.temperature": 0.5})}

    def report(what: object) -> None:
        if type(what).__name__ == "StepDone" and what.step in at:
            control.ask(at[what.step])

    Worker(made, control, report).work()
    return made


@pytest.fixture
def alone(qtbot, qapp, pinned) -> Iterator[SamplesPanel]:
    """The panel alone, as narrow as in the window, with that run."""
    theme.apply(qapp, "dark")
    workspace = Workspace()
    made = SamplesPanel(workspace)
    qtbot.addWidget(made)
    made.resize(330, 200)
    made.show()
    session = workspace.look(pinned.folder)
    workspace.enter(session)
    qtbot.waitUntil(lambda: session.state == "finished", timeout=WAIT)
    yield made
    with qtbot.waitSignal(session.closed, timeout=WAIT):
        session.close()
    workspace.leave()


def session_of(panel) -> Session:
    return panel._workspace.session


def choose(qtbot, panel, row: int) -> None:
    panel.prompts.setFocus()
    qtbot.keyClick(panel.prompts, Qt.Key.Key_Home)
    for _ in range(row):
        qtbot.keyClick(panel.prompts, Qt.Key.Key_Down)


def places(panel) -> list[tuple[int, str]]:
    return [(sample.step, sample.prompt) for sample in panel.samples()]


def test_each_prompt_has_a_timeline_of_its_own(qtbot, alone, pinned) -> None:
    panel = alone
    with closing(RecordView(pinned.record_path)) as view:
        written = [(event.step, event.values["prompt"]) for event in view.events("sample")]
    assert [prompt for _, prompt in written[:4]] == ["the ", "a cat", "the ", "a cat"]
    assert len(written) == 2 + 3 * 3
    panel.setFocus()  # as where it is called for
    qtbot.waitUntil(panel.timeline.hasFocus)
    assert panel.prompts.isVisible()
    offered = [panel.prompts.itemText(row) for row in range(panel.prompts.count())]
    assert offered == ["All prompts", "the ", "a cat", "one↵"]
    assert places(panel) == written
    for row, prompt in enumerate(("the ", "a cat", "one\n"), start=1):
        choose(qtbot, panel, row)
        mine = [place for place in written if place[1] == prompt]
        assert places(panel) == mine
        press(qtbot, panel, Qt.Key.Key_Home)
        for step, _ in mine:
            assert (panel.shown().step, panel.where.text()) == (step, f"Step {step}")
            assert text(panel).startswith(prompt)
            press(qtbot, panel, Qt.Key.Key_Right)
        assert panel.newest.isChecked()


def test_another_prompt_is_shown_at_the_step_that_is_looked_at(qtbot, alone) -> None:
    panel = alone
    choose(qtbot, panel, 1)
    press(qtbot, panel, Qt.Key.Key_Home)
    press(qtbot, panel, Qt.Key.Key_Right)
    assert panel.shown().step == 20
    choose(qtbot, panel, 2)
    assert (panel.shown().step, panel.shown().prompt) == (20, "a cat")
    choose(qtbot, panel, 0)
    assert panel.shown().step == 20
    assert not panel.newest.isChecked()


def test_what_differs_is_told_of_the_same_prompt_and_settings(qtbot, alone) -> None:
    panel = alone
    press(qtbot, panel, Qt.Key.Key_Home)
    told = {}
    for sample in panel.samples():
        assert panel.shown() is sample
        told[sample.step, sample.prompt] = panel.legend.text(), panel.text.marked
        press(qtbot, panel, Qt.Key.Key_Right)
    for prompt in ("the ", "a cat"):
        assert told[10, prompt] == ("This is the first sample.", [])
        old, new = (
            next(one.shown for one in panel.samples() if (one.step, one.prompt) == (step, prompt))
            for step in (10, 20)
        )
        assert told[20, prompt][1] == [new[start:end] for start, end in differences(old, new)]
        assert told[20, prompt][0].endswith(("other than at step 10", "The same as at step 10."))
        assert told[30, prompt] == ("The first with these settings.", [])
        assert told[40, prompt][0].endswith(("other than at step 30", "The same as at step 30."))
    assert told[20, "one\n"] == ("This is the first sample.", [])


def test_a_sample_is_seen_while_it_is_written_unless_another_prompt_was_chosen(qtbot, alone) -> None:
    panel = alone
    tell = session_of(panel).reported.emit
    tell(SampleToken(50, "the ", "cat"))
    qtbot.waitUntil(lambda: text(panel) == "the cat")
    tell(SampleDone(50, "the ", "cat sat", {}))
    tell(SampleToken(50, "a cat", " is"))
    qtbot.waitUntil(lambda: text(panel) == "a cat is")
    assert panel.legend.text() == "Being written…"
    assert places(panel)[-2:] == [(50, "the "), (50, "a cat")]
    choose(qtbot, panel, 1)
    assert text(panel) == "the cat sat"
    tell(SampleToken(50, "a cat", " red"))
    tell(SampleDone(50, "a cat", " is red", {}))
    tell(SampleToken(50, "one\n", "bird"))
    assert text(panel) == "the cat sat"
    tell(SampleToken(60, "the ", "mat"))
    qtbot.waitUntil(lambda: text(panel) == "the mat")
    assert places(panel)[-1] == (60, "the ")
    tell(StateChanged("stopped"))  # in the midst of it
    assert text(panel) == "the cat sat"


def test_a_prompt_that_is_pinned_is_offered_at_once(qtbot, alone) -> None:
    panel, session = alone, session_of(alone)
    choose(qtbot, panel, 1)
    session.config = session.config.replace({"sampling.pinned": ["a bird"]})
    session.reported.emit(Changed(40, {"sampling.pinned": ["a bird"]}))
    offered = [panel.prompts.itemText(row) for row in range(panel.prompts.count())]
    assert offered == ["All prompts", "the ", "a bird", "a cat", "one↵"]  # those given up are last
    assert panel.prompts.currentText() == "the "
    choose(qtbot, panel, 2)
    assert panel.hint.text() == "from “a bird”"
    assert panel.empty.isVisible()
    session.reported.emit(SampleDone(50, "a bird", " sat", {}))
    assert text(panel) == "a bird sat"


def test_records_of_before_there_were_pins_are_shown_under_the_prompt_they_have() -> None:
    losses = {"loss": (np.arange(1, 31), np.arange(1, 31) / 10)}
    values = [(10, "a", "b"), (20, "a", "c"), (20, "a", "d"), (20, "e", "f"), (30, "e", "g")]
    events = [
        Event(number, "sample", step, 0.0, {"prompt": prompt, "text": text})
        for number, (step, prompt, text) in enumerate(values)
    ]
    found = recorded(History(losses, events))
    assert [(sample.shown, sample.loss) for sample in found.of("a")] == [("ab", 1.0), ("ad", 2.0)]
    assert [sample.shown for sample in found.of(None)] == ["ab", "ad", "ef", "eg"]
    assert found.before(found.of("e")[-1]) is found.of("e")[0]


STEPS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from("abc")), max_size=20)


@given(STEPS)
def test_samples_are_in_order_whatever_is_given_up(told) -> None:
    """As if the list were sought through anew each time."""
    samples, expected = Samples(), []
    for step, prompt in told:
        made = Sample(step, None, prompt, "")
        samples.put(made)
        kept = [one for one in expected if one.step < step or (one.step == step and one.prompt != prompt)]
        expected = [*kept, made]
        assert samples.of(None) == expected
        assert samples.of(prompt) == [one for one in expected if one.prompt == prompt]
