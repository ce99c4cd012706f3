"""The checkpoints panel around a real run: what is there, pinned, verified, deleted and forked by hand."""

import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QDate, QDateTime, QLocale, Qt, QTime
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QFileDialog

from gpt_core import checkpoint, corpus_info
from gpt_core.about import read_about
from gpt_core.control import Change, Control
from gpt_core.disk import readable_size
from gpt_core.events import StepDone
from gpt_core.fork import fork
from gpt_core.record import RecordView
from gpt_core.run import Run, create
from gpt_core.worker import Worker
from workbench import language, words
from workbench.child import Child
from workbench.forms.row import FieldRow
from workbench.tables.checkpoints import CheckpointsModel, Column, Saved, read_checkpoints

WAIT = 30_000  # milliseconds, for a busy machine


@pytest.fixture
def run(home, config) -> Run:
    """A finished run with four checkpoints."""
    made = create(config.replace({"train.keep": 10}), name="small")
    Worker(made, Control(), lambda _: None).work()
    return made


@pytest.fixture
def window(window):
    """The window with the checkpoints in front."""
    window.area.dock("checkpoints").reveal()
    return window


def click(qtbot, button) -> None:
    assert button.isVisible()
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def opened(qtbot, window, run: Run):
    window.open(run.folder)
    qtbot.waitUntil(lambda: len(window.checkpoints.model.rows) == 4, timeout=WAIT)
    qtbot.waitUntil(lambda: window.workspace.session.state == "finished", timeout=WAIT)
    return window.checkpoints


def select(qtbot, panel, step: int) -> None:
    place = [row.step for row in panel.model.rows].index(step)
    where = panel.view.visualRect(panel.model.index(place, Column.STEP)).center()
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert panel.selected().step == step


def marks(panel, step: int) -> str:
    place = [row.step for row in panel.model.rows].index(step)
    return panel.model.index(place, Column.MARKS).data(Qt.ItemDataRole.AccessibleTextRole)


def test_each_is_told_with_its_step_losses_and_marks(qtbot, window, run) -> None:
    panel = opened(qtbot, window, run)
    assert [row.step for row in panel.model.rows] == [40, 30, 20, 10]
    lowest = min(panel.model.rows, key=lambda row: row.validation)
    assert "best" in marks(panel, lowest.step)
    assert marks(panel, 40).startswith("latest")
    assert all(row.loss and row.size > 1000 and row.time > 1e9 for row in panel.model.rows)
    assert panel.selected().step == 40


def test_a_forks_best_is_one_that_it_holds(qtbot, window, config) -> None:
    """Not the better one that stayed with its parent."""
    parent = create(config)
    control = Control()
    worse = Change({"schedule.max_lr": 1.0})

    def report(what: object) -> None:
        if isinstance(what, StepDone) and what.step == 11:
            control.ask(worse)

    Worker(parent, control, report).work()
    with closing(RecordView(parent.record_path)) as view:
        assert view.best()[0] == 10
    made = fork(parent, 20)
    Worker(made, Control(), lambda _: None).work()
    window.open(made.folder)
    qtbot.waitUntil(lambda: len(window.checkpoints.model.rows) == 3, timeout=WAIT)
    panel = window.checkpoints
    assert sum("best" in marks(panel, row.step) for row in panel.model.rows) == 1


def test_pinned_and_unpinned(qtbot, window, run) -> None:
    panel = opened(qtbot, window, run)
    select(qtbot, panel, 20)
    click(qtbot, panel.pin)
    qtbot.waitUntil(lambda: "pinned" in marks(panel, 20), timeout=WAIT)
    assert checkpoint.find(run.checkpoints_folder, 20).pinned
    assert panel.pin.text() == "Unpin"
    click(qtbot, panel.pin)
    qtbot.waitUntil(lambda: "pinned" not in marks(panel, 20), timeout=WAIT)
    assert not checkpoint.find(run.checkpoints_folder, 20).pinned


def test_verified_and_what_is_damaged_is_named(qtbot, window, run) -> None:
    panel = opened(qtbot, window, run)
    path = checkpoint.find(run.checkpoints_folder, 20).path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x07")
    for step, word in ((30, "sound"), (20, "damaged")):
        select(qtbot, panel, step)
        click(qtbot, panel.verify)
        qtbot.waitUntil(lambda step=step, word=word: word in marks(panel, step), timeout=WAIT)
    place = [row.step for row in panel.model.rows].index(20)
    tip = panel.model.index(place, Column.MARKS).data(Qt.ItemDataRole.ToolTipRole)
    assert "model.safetensors" in tip


def test_deleted_but_never_the_newest(qtbot, window, run) -> None:
    panel = opened(qtbot, window, run)
    assert not panel.delete.isEnabled()  # the newest is selected
    for left, step in ((3, 10), (2, 20), (1, 30)):
        select(qtbot, panel, step)
        click(qtbot, panel.delete)
        click(qtbot, panel.question.yes)
        qtbot.waitUntil(lambda left=left: len(panel.model.rows) == left, timeout=WAIT)
    assert [saved.step for saved in checkpoint.checkpoints(run.checkpoints_folder)] == [40]
    assert not panel.delete.isEnabled()


def test_it_is_asked_in_place_before_one_is_deleted(qtbot, window, run) -> None:
    panel = opened(qtbot, window, run)
    select(qtbot, panel, 20)
    for leave in (
        lambda: click(qtbot, panel.question.no),
        lambda: qtbot.keyClick(panel.question.no, Qt.Key.Key_Escape),
        lambda: qtbot.keyClick(panel.question.no, Qt.Key.Key_Space),  # it has the focus: two keys keep it
    ):
        click(qtbot, panel.delete)
        assert panel.question.asks.text() == "Delete step 20 for good?"
        assert panel.question.no.hasFocus()
        assert not panel.delete.isVisible()
        leave()
        assert not panel.question.isVisible()
        assert panel.delete.hasFocus()
    click(qtbot, panel.delete)
    select(qtbot, panel, 30)  # it is still the other that was asked about
    assert panel.question.asks.text() == "Delete step 20 for good?"
    click(qtbot, panel.question.yes)
    qtbot.waitUntil(lambda: [row.step for row in panel.model.rows] == [40, 30, 10], timeout=WAIT)
    assert not panel.question.isVisible()

    select(qtbot, panel, 10)
    click(qtbot, panel.delete)
    checkpoint.delete(checkpoint.find(run.checkpoints_folder, 10))  # as by another process
    panel.refresh()
    qtbot.waitUntil(lambda: not panel.question.isVisible(), timeout=WAIT)
    assert panel.fork.isVisible()


def made_up(step: int, time: float = 0.0, **marks: bool) -> Saved:
    usual = {"pinned": False, "latest": False, "best": False}
    return Saved(Path(f"/{step}"), step, 2.513, 2.544, 10**9, time, **(usual | marks))


@pytest.mark.parametrize("code", ["en", "ja"])
@pytest.mark.parametrize("size", [(1440, 900), (1280, 720)])
def test_all_columns_are_seen_at_once_and_two_rows(
    qtbot, qapp, japanese_font, window, run, size, code
) -> None:
    panel = opened(qtbot, window, run)
    new_year = QDateTime(QDate(QDate.currentDate().year(), 1, 1), QTime(12, 0)).toSecsSinceEpoch()
    rows = [
        made_up(123_400, time.time(), latest=True, best=True),
        *(made_up(step, new_year, pinned=True) for step in range(98_000, 92_000, -1000)),
    ]
    try:
        assert language.apply(qapp, code) is None
        window.resize(*size)
        panel.model.show(rows)
        view = panel.view
        qtbot.waitUntil(lambda: view.horizontalHeader().length() == view.viewport().width(), timeout=WAIT)
        assert not view.horizontalScrollBar().isVisible()
        for column in Column:
            assert view.columnWidth(column) >= view.sizeHintForColumn(column), column.name
        assert view.viewport().height() >= 2 * view.rowHeight(0)
    finally:
        language.apply(qapp, "en")


def test_what_has_no_room_is_told_where_the_pointer_rests(qtbot) -> None:
    model = CheckpointsModel()
    model.show([made_up(1234, time.time(), best=True, pinned=True)])
    cell = model.index(0, Column.MARKS)
    assert cell.data() == "★ · pinned"
    assert cell.data(Qt.ItemDataRole.AccessibleTextRole) == "best, pinned"
    told = cell.data(Qt.ItemDataRole.ToolTipRole).splitlines()
    assert told[0] == "best, pinned"
    assert told[1].startswith("1.0 GB, saved ")
    heading = model.headerData(Column.MARKS, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
    assert heading == "★: the best validation loss"


@pytest.mark.parametrize(
    ("place", "told"), [("en_US", "3/9"), ("de_DE", "09.03"), ("ja_JP", "03/09"), ("zh_TW", "3/9")]
)
def test_a_day_of_this_year_is_told_without_the_year(monkeypatch, place, told) -> None:
    monkeypatch.setattr(words, "QDate", SimpleNamespace(currentDate=lambda: QDate(2026, 11, 28)))
    before = QLocale()
    QLocale.setDefault(QLocale(place))
    try:
        day = QDateTime(QDate(2026, 3, 9), QTime(12, 0))
        assert words.when_briefly(day.toSecsSinceEpoch()) == told
        assert "25" in words.when_briefly(day.addYears(-1).toSecsSinceEpoch())
    finally:
        QLocale.setDefault(before)


def test_a_fork_opens_with_its_live_settings_free_and_trains_its_own_way(qtbot, window, run, home) -> None:
    panel = opened(qtbot, window, run)
    select(qtbot, panel, 20)
    click(qtbot, panel.fork)

    def is_open() -> None:
        session = window.workspace.session
        assert session is not None
        assert session.run.name == "small-1-fork-1"
        assert session.state == "stopped"
        assert session.step == 20

    qtbot.waitUntil(is_open, timeout=WAIT)
    session = window.workspace.session
    assert any("This is a fork" in text for text in window.notices.texts())
    assert not window.draft.locked("schedule.max_lr")
    assert window.draft.locked("model.num_layers")
    window.draft.set("schedule.max_lr", 2e-3)
    window.draft.settle()
    click(qtbot, window.header.resume)
    qtbot.waitUntil(lambda: session.state == "finished", timeout=WAIT)
    assert not any("This is a fork" in text for text in window.notices.texts())
    assert session.config.schedule.max_lr == 2e-3
    about = read_about(session.run.folder)
    assert (about.parent, about.parent_step) == ("small-1", 20)

    window.area.dock("runs").reveal()
    qtbot.waitUntil(lambda: len(window.workspace.runs) == 2, timeout=WAIT)
    runs = window.runs
    child = runs.model.find(session.run.folder)
    assert runs.model.run(runs.model.parent(child)).folder == run.folder
    assert runs.tree.isVisible()


def test_a_fork_begins_in_another_text_until_its_first_step(qtbot, window, run, home, tmp_path) -> None:
    other = tmp_path / "other.txt"
    words = (tmp_path / "text.txt").read_text(encoding="utf-8").split()
    other.write_text("\n".join(reversed(words)), encoding="utf-8")
    panel = opened(qtbot, window, run)
    select(qtbot, panel, 20)
    click(qtbot, panel.fork)
    draft = window.draft
    qtbot.waitUntil(lambda: draft.given, timeout=WAIT)
    session = window.workspace.session
    assert draft.locked("model.num_layers")  # which came with the weights
    row = next(each for each in window.setup.findChildren(FieldRow) if each.field == "data.source")
    assert "until this run makes its first step" in row.toolTip()
    row.widget().choose(str(tmp_path / "gone.txt"))
    draft.settle()
    assert "There is no text at" in row.fault.text()
    row.widget().choose(str(other))
    draft.settle()
    qtbot.waitUntil(lambda: session.config.data.source == str(other), timeout=WAIT)
    qtbot.waitUntil(lambda: session.state == "stopped" and session.ready.given, timeout=WAIT)
    click(qtbot, window.header.resume)
    qtbot.waitUntil(lambda: session.state == "finished", timeout=WAIT)
    assert draft.locked("data.source")
    assert not row.widget().isEnabled() or row.widget().line.isReadOnly()
    folder = session.run.folder
    assert corpus_info.read(folder).source == str(other)
    with closing(RecordView(session.run.record_path)) as view:
        assert view.series("loss")[0][-1] == 40
        assert [event.values for event in view.events("change")] == [{"data.source": str(other)}]


def test_one_that_is_saved_while_training_appears(qtbot, window) -> None:
    panel = window.checkpoints
    assert panel.empty.isVisible()
    window.draft.set("train.max_steps", 100_000)
    window.draft.settle()
    click(qtbot, window.header.start)
    qtbot.waitUntil(lambda: len(panel.model.rows) >= 2, timeout=WAIT)
    newest = panel.model.rows[0].step
    qtbot.waitUntil(lambda: panel.model.rows[0].step > newest, timeout=WAIT)


def test_the_newest_is_selected_until_another_is_and_that_stays(qtbot, window) -> None:
    panel = window.checkpoints
    window.draft.set_together({"train.max_steps": 100_000, "train.keep": 100})
    window.draft.settle()
    click(qtbot, window.header.start)
    qtbot.waitUntil(lambda: len(panel.model.rows) >= 2, timeout=WAIT)
    assert panel.selected() == panel.model.rows[0]
    chosen = panel.model.rows[1].step
    panel.view.setFocus()
    qtbot.keyClick(panel.view, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: panel.selected().step == chosen, timeout=WAIT)
    many = len(panel.model.rows)
    qtbot.waitUntil(lambda: len(panel.model.rows) >= many + 2, timeout=WAIT)
    assert panel.selected().step == chosen
    click(qtbot, window.header.pause)
    qtbot.waitUntil(lambda: window.workspace.session.state == "paused", timeout=WAIT)
    click(qtbot, panel.delete)
    click(qtbot, panel.question.yes)
    qtbot.waitUntil(lambda: chosen not in {row.step for row in panel.model.rows}, timeout=WAIT)
    assert panel.selected() in panel.model.rows  # one beside it


def test_the_model_keeps_qts_rules(qtbot, run) -> None:
    model = CheckpointsModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    rows = read_checkpoints(run)
    for shown in (rows, rows[:2], rows[2:], [], rows):
        model.show(shown)
        model.tell(rows[0].path, None)
        assert model.rowCount() == len(shown)
    del tester


def export_to(qtbot, monkeypatch, panel, folder: Path) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    click(qtbot, panel.export)
    assert panel.cancel.isVisible()
    assert not panel.export.isVisible()


def test_one_is_exported_as_transformers_loads_it(qtbot, monkeypatch, window, config, tmp_path) -> None:
    import tqdm
    from transformers import AutoModelForCausalLM, AutoTokenizer

    monkeypatch.setattr(tqdm.tqdm, "monitor_interval", 0)  # else a thread of its own stays behind
    run = create(config.replace({"train.keep": 10, "model.norm": "pre"}), name="small")
    Worker(run, Control(), lambda _: None).work()
    panel = opened(qtbot, window, run)
    select(qtbot, panel, 20)
    export_to(qtbot, monkeypatch, panel, tmp_path)
    assert panel.message.text() == "Exporting step 20…"
    qtbot.waitUntil(lambda: panel.export.isVisible(), timeout=WAIT)
    folder = tmp_path / "small-1-step-20"
    assert panel.message.text().replace("\u200b", "") == f"Step 20 was exported to {folder}"
    model = AutoModelForCausalLM.from_pretrained(folder)
    weights = checkpoint.find(run.checkpoints_folder, 20).model()
    assert model.transformer.wte.weight.equal(weights["embedding.weight"])
    tokens = AutoTokenizer.from_pretrained(folder)("the cat")["input_ids"]
    assert len(tokens) == 7

    export_to(qtbot, monkeypatch, panel, tmp_path)  # once more: what is there is left alone
    qtbot.waitUntil(lambda: panel.export.isVisible(), timeout=WAIT)
    assert panel.message.text() == f"{folder} is not an empty folder; choose a new one."
    assert panel.message.property("role") == "fault"


def test_a_model_that_transformers_has_no_class_for_is_refused(
    qtbot, monkeypatch, window, run, tmp_path
) -> None:
    panel = opened(qtbot, window, run)
    export_to(qtbot, monkeypatch, panel, tmp_path)
    qtbot.waitUntil(lambda: panel.export.isVisible(), timeout=WAIT)
    assert panel.message.text().startswith("OpenAIGPTLMHeadModel cannot have model.ffn_dim = 32")
    assert not (tmp_path / "small-1-step-40").exists()


def test_nothing_is_exported_with_another_tokenizer_than_the_checkpoints(
    qtbot, monkeypatch, window, run, tmp_path
) -> None:
    panel = opened(qtbot, window, run)
    path = run.tokenizer_folder / "tokenizer.json"
    path.write_bytes(path.read_bytes() + b" ")
    there = tmp_path / "there"
    there.mkdir()
    export_to(qtbot, monkeypatch, panel, there)
    qtbot.waitUntil(lambda: panel.export.isVisible(), timeout=WAIT)
    assert "is not the tokenizer that this run was trained with" in panel.message.text()
    assert panel.message.property("role") == "fault"
    assert not list(there.iterdir())


def test_an_export_is_cancelled_and_leaves_nothing(qtbot, monkeypatch, window, run, tmp_path) -> None:
    panel = opened(qtbot, window, run)
    place = tmp_path / "place"
    place.mkdir()
    export_to(qtbot, monkeypatch, panel, place)
    click(qtbot, panel.cancel)
    qtbot.waitUntil(lambda: panel.export.isVisible(), timeout=WAIT)
    assert panel.message.text() == "The export was cancelled."
    assert list(place.iterdir()) == []


def test_nothing_is_exported_where_no_folder_is_chosen(qtbot, monkeypatch, window, run) -> None:
    panel = opened(qtbot, window, run)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    click(qtbot, panel.export)
    assert not panel.exporter.runs
    assert not panel.message.isVisible()


def test_an_export_that_the_window_is_closed_upon_leaves_nothing(
    qtbot, monkeypatch, window, run, tmp_path
) -> None:
    """Asked to end it does not, as where it is in the midst of a long write: it is killed."""
    panel = opened(qtbot, window, run)
    place = tmp_path / "place"
    place.mkdir()
    script = (
        "import pathlib, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"made = pathlib.Path({str(place / '.small-1-step-40.unfinished')!r})\n"
        "made.mkdir()\n"
        "(made / 'model.safetensors').write_bytes(bytes(1000))\n"
        "sys.stdin.readline()\n"
        "time.sleep(600)\n"
    )
    (tmp_path / "held_up.py").write_text(script)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr("workbench.panels.checkpoints.EXPORT_SERVICE", "held_up")
    panel.exporter = Child(panel)  # with the environment as it is now
    panel.exporter.ended.connect(panel._export_ended)
    export_to(qtbot, monkeypatch, panel, place)
    qtbot.waitUntil(lambda: any(place.rglob("model.safetensors")), timeout=WAIT)
    window.close()
    assert window.isVisible()  # until it is gone
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=WAIT)
    assert list(place.iterdir()) == []


def test_how_an_export_went_is_told_in_the_language_of_the_window(
    qtbot, qapp, japanese_font, monkeypatch, window, run, tmp_path
) -> None:
    panel = opened(qtbot, window, run)
    export_to(qtbot, monkeypatch, panel, tmp_path)
    qtbot.waitUntil(lambda: panel.export.isVisible(), timeout=WAIT)
    english = panel.message.text()
    assert english.startswith("OpenAIGPTLMHeadModel cannot")
    try:
        assert language.apply(qapp, "ja") is None
        qtbot.waitUntil(lambda: panel.message.text() != english, timeout=WAIT)
        assert "OpenAIGPTLMHeadModel" in panel.message.text()
    finally:
        language.apply(qapp, "en")
    qtbot.waitUntil(lambda: panel.message.text() == english, timeout=WAIT)


# ---------------------------------------------------------------------------------------------- Keep-policy


def type_into(qtbot, control, text: str) -> None:
    control.setFocus()
    control.selectAll()
    qtbot.keyClicks(control, text)
    qtbot.keyClick(control, Qt.Key.Key_Return)


def test_the_policy_is_changed_where_it_stands_while_the_run_goes_on(qtbot, window) -> None:
    panel, policy = window.checkpoints, window.checkpoints.policy
    assert not policy.isVisible()
    window.draft.set("train.max_steps", 100_000)
    window.draft.set("train.eval_interval", 0)
    window.draft.settle()
    click(qtbot, window.header.start)
    session = window.workspace.session
    qtbot.waitUntil(lambda: session.step > 20, timeout=WAIT)
    assert policy.line.isVisible()
    type_into(qtbot, policy.fields["latest"], "1")
    type_into(qtbot, policy.fields["every"], "50")
    qtbot.waitUntil(lambda: session.config.train.keep_every == 50, timeout=WAIT)
    assert session.config.train.keep == 1

    def kept() -> set[int]:
        return {saved.step for saved in checkpoint.checkpoints(session.run.checkpoints_folder)}

    begun = session.step
    qtbot.waitUntil(lambda: session.step > begun + 120, timeout=WAIT)
    click(qtbot, window.header.pause)
    qtbot.waitUntil(lambda: session.state == "paused", timeout=WAIT)
    for_good = {step for step in range(50, session.step, 50) if step > begun}
    assert len(for_good) >= 2
    assert for_good <= kept()
    assert len(kept() - set(range(0, session.step + 1, 50))) <= 1  # the latest
    with closing(RecordView(session.run.record_path)) as view:
        changed = {name for event in view.events("change") for name in event.values}
    assert changed == {"train.keep", "train.keep_every"}
    qtbot.waitUntil(lambda: {row.step for row in panel.model.rows} == kept(), timeout=WAIT)
    total = sum(saved.size for saved in checkpoint.checkpoints(session.run.checkpoints_folder))
    assert panel.size_of_all.text() == f"{readable_size(total)} in all"

    qtbot.keyClick(policy.fields["every"], Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert policy.fields["every"].value() == 0
    click(qtbot, window.header.resume)
    qtbot.waitUntil(lambda: session.config.train.keep_every == 0, timeout=WAIT)


def test_what_cannot_be_kept_is_told_below_and_changes_nothing(qtbot, window) -> None:
    policy = window.checkpoints.policy
    window.draft.set("train.max_steps", 100_000)
    window.draft.settle()
    click(qtbot, window.header.start)
    session = window.workspace.session
    qtbot.waitUntil(lambda: session.state == "training", timeout=WAIT)
    type_into(qtbot, policy.fields["latest"], "0")
    assert policy.fault.text() == "0 is below 1, the smallest value allowed."
    assert policy.fault.isVisible()
    type_into(qtbot, policy.fields["latest"], "2")
    assert not policy.fault.isVisible()
    qtbot.waitUntil(lambda: session.config.train.keep == 2, timeout=WAIT)


def test_the_policy_of_a_run_that_is_watched_is_only_told(qtbot, window, config) -> None:
    run = create(config.replace({"train.keep_every": 1000}), name="small")
    Worker(run, Control(), lambda _: None).work()
    policy = window.checkpoints.policy
    with run.lock():
        window.open(run.folder)
        qtbot.waitUntil(lambda: window.workspace.session is not None, timeout=WAIT)
        assert not policy.line.isVisible()
        assert policy.sentence.text() == "Kept: the latest 3, the best, the pinned, and every 1,000 steps"
        policy.fix(config)
        assert policy.sentence.text() == "Kept: the latest 3, the best, and the pinned"
        window.changeover.leave_run()
        qtbot.waitUntil(lambda: window.workspace.session is None, timeout=WAIT)
