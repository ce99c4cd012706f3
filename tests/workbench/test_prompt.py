"""The prompt panel around a really trained model, used as a person does: typed, clicked, pointed at."""

import random
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtGui import QColor, QGuiApplication, QTextCursor
from PySide6.QtWidgets import QAbstractButton, QApplication, QToolTip, QWidget

from gpt_core import checkpoint
from gpt_core.config import Config
from gpt_core.control import Control
from gpt_core.corpus import Corpus
from gpt_core.events import Candidate, Token
from gpt_core.model import GPT
from gpt_core.run import create
from gpt_core.tokenizer import Tokenizer
from gpt_core.worker import Worker
from workbench import language, theme
from workbench.answer import AnswerView
from workbench.draft import Draft
from workbench.panels.prompt import PromptPanel
from workbench.workspace import Workspace

WAIT = 30_000  # milliseconds, for a busy machine


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """The folder of a run that knows a few words."""
    folder = tmp_path_factory.mktemp("prompt")
    choose = random.Random(1)
    lines = [
        " ".join(
            choose.choices(["the", "cat", "sat", "on", "a", "mat", "and", "saw", "one", "red", "bird"], k=8)
        )
        for _ in range(75)
    ]
    (folder / "text.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    config = Config().replace(
        {
            "data.source": str(folder / "text.txt"),
            "model.context_length": 16, "model.embedding_dim": 32, "model.ffn_dim": 64, "model.num_heads": 2,
            "model.num_layers": 1, "model.attention_dropout": 0.0, "schedule.max_lr": 1e-2,
            "schedule.warmup_steps": 5, "train.batch_size": 16, "train.max_steps": 80, "train.device": "cpu",
            "train.precision": "fp32", "train.threads": 1, "train.eval_interval": 0,
            "train.sample_interval": 0, "train.checkpoint_interval": 0, "sampling.max_tokens": 30,
            "sampling.prompt": "the ",
        }
    )  # fmt: skip
    run = create(config, folder / "run")
    worker = Worker(run, Control(), lambda report: None)
    worker.work()
    assert worker.error is None
    return run.folder


@pytest.fixture
def panel(qtbot, qapp, trained) -> Iterator[PromptPanel]:
    """The panel alone, as wide as in the window, its model loaded."""
    theme.apply(qapp, "dark")
    workspace = Workspace()
    draft = Draft()
    made = PromptPanel(draft, workspace)
    qtbot.addWidget(made)
    made.resize(330, 600)
    made.show()
    session = workspace.look(trained)
    draft.load(session.config, "run")
    workspace.enter(session)
    qtbot.waitUntil(made.generate.isEnabled, timeout=WAIT)
    click(qtbot, made.sampling.more)
    yield made
    with qtbot.waitSignal(session.closed, timeout=WAIT):
        session.close()
    workspace.leave()


def click(qtbot, button: QAbstractButton) -> None:
    assert button.isVisible()
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def done(qtbot, panel: PromptPanel) -> None:
    qtbot.waitUntil(panel.generate.isEnabled, timeout=WAIT)


def type_into(qtbot, field: QWidget, text: str) -> None:
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)


def ask(qtbot, panel: PromptPanel, text: str) -> str:
    type_into(qtbot, panel.prompt, text)
    click(qtbot, panel.generate)
    done(qtbot, panel)
    return panel.answer.toPlainText()


def point_of(view: AnswerView, number: int) -> QPoint:
    return view.place_of(number).center()


def point_at(qtbot, view: AnswerView, number: int) -> None:
    qtbot.mouseMove(view.viewport(), point_of(view, number))


def marked(view: AnswerView) -> str:
    """The text of the token that is told of."""
    selections = view.extraSelections()  # Qt deletes what these hold along with them
    return selections[0].cursor.selectedText().replace("\u2029", "\n")


# ------------------------------------------------------------------------------------- Several, again, copy


def test_several_answers_stand_side_by_side(qtbot, panel):
    alone = ask(qtbot, panel, "the cat")
    assert not panel.answers.each[0].heading.isVisible()
    type_into(qtbot, panel.sampling.samples, "3")
    type_into(qtbot, panel.sampling.seed, "7")
    ask(qtbot, panel, "the cat")
    texts = [answer.view.toPlainText() for answer in panel.answers.each]
    assert len(set(texts)) == 3
    assert all(text.startswith("the cat") and len(text) == len("the cat") + 30 for text in texts)
    assert [answer.heading.text() for answer in panel.answers.each] == ["seed 7", "seed 8", "seed 9"]
    assert [answer.view.accessibleName() for answer in panel.answers.each] == [
        "Answer 1",
        "Answer 2",
        "Answer 3",
    ]
    places = [answer.mapTo(panel, QPoint(0, 0)) for answer in panel.answers.each]
    assert places[0].x() < places[1].x() < places[2].x()
    assert len({place.y() for place in places}) == 1
    type_into(qtbot, panel.sampling.samples, "1")
    type_into(qtbot, panel.sampling.seed, "1")
    assert ask(qtbot, panel, "the cat") == alone
    assert len(panel.answers.each) == 1


def test_again_takes_a_seed_that_no_answer_had(qtbot, panel):
    assert not panel.again.isEnabled()
    type_into(qtbot, panel.sampling.samples, "2")
    ask(qtbot, panel, "the cat")
    first = [answer.view.toPlainText() for answer in panel.answers.each]
    click(qtbot, panel.again)
    done(qtbot, panel)
    second = [answer.view.toPlainText() for answer in panel.answers.each]
    assert panel.sampling.seed.text() == "3"
    assert len({*first, *second}) == 4
    qtbot.keyClick(
        panel.prompt,
        Qt.Key.Key_Return,
        Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
    )
    done(qtbot, panel)
    assert panel.sampling.seed.text() == "5"


def test_copy_takes_prompt_and_answers(qtbot, panel, japanese_font):
    assert not panel.copy.isEnabled()
    text = ask(qtbot, panel, "a bird")
    click(qtbot, panel.copy)
    assert QGuiApplication.clipboard().text() == text
    assert panel.note.text() == "Copied."
    assert language.apply(QApplication.instance(), "ja") is None
    try:
        qtbot.waitUntil(lambda: panel.note.text() != "Copied.", timeout=WAIT)
        assert panel.note.text() == QCoreApplication.translate("PromptPanel", "Copied.")
    finally:
        language.apply(QApplication.instance(), "en")
    qtbot.waitUntil(lambda: panel.note.text() == "Copied.", timeout=WAIT)
    type_into(qtbot, panel.sampling.samples, "2")
    ask(qtbot, panel, "a bird")
    click(qtbot, panel.copy)
    assert QGuiApplication.clipboard().text() == "\n\n".join(a.view.toPlainText() for a in panel.answers.each)


def test_stop_ends_all_answers(qtbot, panel):
    type_into(qtbot, panel.sampling.samples, "2")
    type_into(qtbot, panel.sampling.length, "1000000")
    type_into(qtbot, panel.prompt, "the cat")
    click(qtbot, panel.generate)
    qtbot.waitUntil(lambda: all(len(a.view.toPlainText()) > 20 for a in panel.answers.each), timeout=WAIT)
    click(qtbot, panel.stop)
    done(qtbot, panel)
    assert panel.note.text() == "Stopped."
    assert not panel.stop.isEnabled()


def test_the_settings_behind_more_have_their_say(qtbot, panel):
    click(qtbot, panel.sampling.more)
    assert not panel.sampling.stop.isVisible()
    whole = ask(qtbot, panel, "the cat")
    click(qtbot, panel.sampling.more)
    type_into(qtbot, panel.sampling.stop, "a")
    stopped = ask(qtbot, panel, "the cat")
    assert stopped == whole[: whole.index("a", len("the cat"))]
    type_into(qtbot, panel.sampling.stop, "zz")
    type_into(qtbot, panel.sampling.penalty, "40")
    panel.sampling.temperature.show_value(0.5)
    added = ask(qtbot, panel, "the cat")[len("the cat") :]
    assert len(set(added[:8])) == len(added[:8])  # nothing twice while there is anything new
    type_into(qtbot, panel.sampling.samples, "0")
    click(qtbot, panel.generate)
    assert panel.fault.text() == "Samples: 0 is below 1, the smallest value allowed."


# ------------------------------------------------------------------------------------------------- History


def test_the_prompt_is_the_settings_own_until_the_person_writes_another(qtbot, panel):
    draft = panel._draft
    assert panel.prompt.toPlainText() == "the "
    draft.set("sampling.prompt", "a cat")  # in Setup, or as Data offers it
    assert panel.prompt.toPlainText() == "a cat"
    type_into(qtbot, panel.prompt, "one red")
    draft.set("sampling.prompt", "a bird")
    draft.load(draft.tables(), "another")
    assert panel.prompt.toPlainText() == "one red"
    panel.prompt.selectAll()
    qtbot.keyClick(panel.prompt, Qt.Key.Key_Delete)  # to be given one again
    draft.set("sampling.prompt", "saw")
    assert panel.prompt.toPlainText() == "saw"


def choose(panel: PromptPanel, entry: int) -> None:
    """An entry of the list beside the prompt."""
    menu = panel.history.menu()
    menu.aboutToShow.emit()
    [action for action in menu.actions() if not action.isSeparator()][entry].trigger()


def test_a_passage_that_training_never_sees_can_be_asked_about(qtbot, panel, trained):
    """Another one each time; at most three quarters of the context, so that an answer has room beside it."""
    random.seed(1)  # which places are taken
    validation = Corpus.open(trained)
    held_out = validation.tokenizer.decode(validation.validation.tolist())
    found = set()
    for _ in range(3):
        before = panel.prompt.toPlainText()
        choose(panel, 0)
        qtbot.waitUntil(lambda before=before: panel.prompt.toPlainText() != before, timeout=WAIT)
        passage = panel.prompt.toPlainText()
        assert passage in held_out
        assert 6 <= len(passage) <= 12  # less where a line begins near
        found.add(passage)
    assert len(found) == 3
    click(qtbot, panel.generate)
    done(qtbot, panel)
    assert panel.answer.text().startswith(passage)
    assert panel.answer.first == len(passage)
    assert any(grounds(panel.answer)[: len(passage)])
    choose(panel, 1)  # the prompt asked just now
    assert panel.prompt.toPlainText() == passage


def test_a_run_without_its_tokens_has_no_passage(qtbot, panel, trained):
    tokens, aside = trained / "tokens", trained / "aside"
    tokens.rename(aside)
    try:
        choose(panel, 0)
        qtbot.waitUntil(panel.fault.isVisible, timeout=WAIT)
        assert "corpus.json" in panel.fault.text()
        assert panel.prompt.toPlainText() == "the "
    finally:
        aside.rename(tokens)


def test_up_and_down_go_through_the_prompts(qtbot, panel):
    for text in ("one cat", "two cats", "one cat", "red"):
        ask(qtbot, panel, text)
    type_into(qtbot, panel.prompt, "something new")
    shown = []
    for key in ("Up", "Up", "Up", "Up", "Down", "Down", "Down", "Down"):
        qtbot.keyClick(panel.prompt, Qt.Key[f"Key_{key}"])
        shown.append(panel.prompt.toPlainText())
    up = ["red", "one cat", "two cats", "two cats"]
    assert shown == [*up, "one cat", "red", "something new", "something new"]
    qtbot.keyClick(panel.prompt, Qt.Key.Key_Up)
    qtbot.keyClicks(panel.prompt, " bird")
    qtbot.keyClick(panel.prompt, Qt.Key.Key_Up)
    assert panel.prompt.toPlainText() == "red"
    qtbot.keyClick(panel.prompt, Qt.Key.Key_Down)
    assert panel.prompt.toPlainText() == "red bird"  # what was changed is not lost


def test_keys_move_within_a_prompt_of_several_lines(qtbot, panel):
    ask(qtbot, panel, "one cat")
    panel.prompt.setPlainText("first\nsecond")
    panel.prompt.moveCursor(panel.prompt.textCursor().MoveOperation.End)
    qtbot.keyClick(panel.prompt, Qt.Key.Key_Up)
    assert panel.prompt.toPlainText() == "first\nsecond"
    qtbot.keyClick(panel.prompt, Qt.Key.Key_Up)
    assert panel.prompt.toPlainText() == "one cat"


def test_earlier_prompts_are_listed(qtbot, panel):
    long = "the cat sat on a mat and saw one red bird & more"
    panel.prompt.setPlainText("a\nbird")
    click(qtbot, panel.generate)
    done(qtbot, panel)
    ask(qtbot, panel, long)
    panel._entries.aboutToShow.emit()
    actions = panel._entries.actions()
    assert [action.text() for action in actions] == [
        "A passage of the validation text",
        "",
        "the cat sat on a mat and saw one red bi…",
        "a↵bird",
    ]
    actions[3].trigger()
    assert panel.prompt.toPlainText() == "a\nbird"


# ------------------------------------------------------------------------------------------------ Pinning


def test_a_prompt_is_pinned_as_it_is_written_and_let_go_again(qtbot, panel):
    draft = panel._draft
    assert panel.prompt.toPlainText() == "the "  # of which samples are made anyway
    assert panel.pin.isChecked()
    assert not panel.pin.isEnabled()
    type_into(qtbot, panel.prompt, "a cat")
    assert not panel.pin.isChecked()
    click(qtbot, panel.pin)
    assert draft.config().sampling.pinned == ("a cat",)
    assert panel.note.text() == "Pinned, but no samples are made: “Sample every” is 0."
    draft.set("train.sample_interval", 2500)
    qtbot.keyClicks(panel.prompt, "s")
    assert not panel.pin.isChecked()
    click(qtbot, panel.pin)
    assert draft.config().sampling.pinned == ("a cat", "a cats")
    assert panel.note.text() == "Pinned: a sample is made of it every 2,500 steps."
    qtbot.keyClick(panel.prompt, Qt.Key.Key_Backspace)
    assert panel.pin.isChecked()
    click(qtbot, panel.pin)
    assert draft.config().sampling.pinned == ("a cats",)
    assert panel.note.text() == "No longer pinned."
    assert not panel.pin.isChecked()
    draft.undo()  # in Setup
    assert panel.pin.isChecked()
    panel.prompt.selectAll()
    qtbot.keyClick(panel.prompt, Qt.Key.Key_Delete)
    assert not panel.pin.isEnabled()


def test_the_run_that_goes_on_is_told_what_is_pinned(qtbot, panel):
    draft, told = panel._draft, []
    draft.running = True
    draft.liveChange.connect(lambda field, value: told.append((field, value)))
    type_into(qtbot, panel.prompt, "one red")
    click(qtbot, panel.pin)
    click(qtbot, panel.pin)
    assert told == [("sampling.pinned", ["one red"]), ("sampling.pinned", [])]
    panel.note.take_back()
    draft.liveChange.connect(lambda field, value: draft.take({field: []}))  # as where another trains the run
    click(qtbot, panel.pin)
    assert not panel.pin.isChecked()
    assert not panel.note.isVisible()


def test_no_more_are_pinned_than_a_run_may(qtbot, panel):
    pinned = [f"cat {number}" for number in range(8)]
    panel._draft.set("sampling.pinned", pinned)
    type_into(qtbot, panel.prompt, "a bird")
    click(qtbot, panel.pin)
    assert panel.fault.text() == "9 are too many; at most 8 are allowed."
    assert not panel.pin.isChecked()
    assert panel._draft.values["sampling.pinned"] == pinned
    panel._draft.set("sampling.pinned", ["a", ""])  # as a file may have it
    assert not panel.pin.isEnabled()


# ---------------------------------------------------------------------------------------------- Each token


class Cells(HTMLParser):
    """The cells of a table, and which are bold."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.bold: list[str] = []
        self._bold = False
        self._within = False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        self._within = tag in ("td", "b") or (self._within and tag != "table")
        self._bold = tag == "b"

    def handle_endtag(self, tag):
        self._bold = False
        if tag == "table":
            self._within = False

    def handle_data(self, data):
        if self._within and self.rows and data.strip():
            self.rows[-1].append(data.strip("\xa0"))
            if self._bold:
                self.bold.append(data)


def test_pointing_at_a_token_tells_what_the_model_thought(qtbot, panel, trained):
    """Its own probabilities, the likeliest first, with the token that came in bold; in the prompt, too."""
    text = ask(qtbot, panel, "the cat")
    saved = checkpoint.newest_sound(trained / "checkpoints")[0]
    tokenizer = Tokenizer.load(trained / "tokenizer")
    config = Config.model_validate(saved.state()["config"])
    model = GPT(config.model.model_copy(update={"vocab_size": tokenizer.vocab_size})).eval()
    model.load(saved.model(), saved.path)
    for number in (1, 5, 7, 10, 14):
        before = text[:number]
        with torch.no_grad():
            logits = model(torch.tensor([tokenizer.encode(before).tolist()]))[0, -1]
        probabilities = logits.softmax(-1)
        point_at(qtbot, panel.answer, number)
        assert QToolTip.isVisible()
        cells = Cells(QToolTip.text())
        values, ids = probabilities.topk(5)
        for (name, percent), value, id in zip(cells.rows[:5], values.tolist(), ids.tolist(), strict=True):
            written = tokenizer.decode([id]).replace(" ", "␣").replace("\n", "↵") or "end of text"
            assert name == written
            assert percent == (f"{100 * value:.1f} %" if value >= 0.0005 else "< 0.1 %")
        drawn = text[len(before)]
        chance = probabilities[tokenizer.encode(drawn)[0]].item()
        assert cells.bold == [drawn.replace(" ", "␣").replace("\n", "↵"), f"{100 * chance:.1f} %"]
        assert marked(panel.answer) == drawn
        assert f"{100 * chance:.1f} %" in panel.answer.accessibleDescription()
    QApplication.sendEvent(panel.answer, QEvent(QEvent.Type.Leave))
    assert panel.answer.extraSelections() == []
    assert panel.answer.accessibleDescription() == ""


def test_the_first_token_was_not_guessed(qtbot, panel):
    """So nothing is told of it but that, and there is nothing before it to go on from."""
    text = ask(qtbot, panel, "the cat")
    point_at(qtbot, panel.answer, 0)
    assert QToolTip.text() == "t was not guessed: it stands where the model begins to read, or before."
    assert marked(panel.answer) == "t"
    qtbot.mouseClick(panel.answer.viewport(), Qt.MouseButton.LeftButton, pos=point_of(panel.answer, 0))
    qtbot.wait(QApplication.doubleClickInterval() + 50)
    assert panel.generate.isEnabled()
    assert panel.answer.toPlainText() == text


def test_the_empty_space_is_no_token(qtbot, panel):
    ask(qtbot, panel, "the cat")
    panel.answer.go_back_to(12)
    viewport = panel.answer.viewport()
    for point in (QPoint(viewport.width() - 4, 10), QPoint(20, viewport.height() - 4)):
        qtbot.mouseMove(viewport, point)
        assert panel.answer.number_at(point) is None
        assert panel.answer.extraSelections() == []


def test_a_click_on_a_token_goes_on_from_there(qtbot, panel):
    """In that answer alone, with a seed that is new; what stands before the token stays as it is."""
    type_into(qtbot, panel.sampling.samples, "2")
    ask(qtbot, panel, "the cat")
    one, two = (answer.view.toPlainText() for answer in panel.answers.each)
    view = panel.answers.each[1].view
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=point_of(view, 11))
    qtbot.waitUntil(lambda: not panel.generate.isEnabled(), timeout=WAIT)
    done(qtbot, panel)
    assert panel.answers.each[0].view.toPlainText() == one
    assert view.toPlainText() != two
    kept = len("the cat") + 4
    assert view.toPlainText()[:kept] == two[:kept]
    assert len(view.toPlainText()) == kept + 30
    assert panel.sampling.seed.text() == "3"
    assert panel.answers.each[1].heading.text() == "seed 3"
    for number in (9, 11, 19):  # the tokens kept and the new ones can be asked about alike
        point_at(qtbot, view, number)
        assert marked(view) == view.toPlainText()[number]


def test_a_click_on_a_token_of_the_prompt_goes_on_from_there(qtbot, panel):
    """What stands before it is the prompt then, in the answer alone: the field keeps what was typed."""
    ask(qtbot, panel, "the cat")
    qtbot.mouseClick(panel.answer.viewport(), Qt.MouseButton.LeftButton, pos=point_of(panel.answer, 4))
    qtbot.waitUntil(lambda: not panel.generate.isEnabled(), timeout=WAIT)
    done(qtbot, panel)
    assert panel.answer.toPlainText() == panel.answer.text()
    assert panel.answer.text().startswith("the ")
    assert len(panel.answer.text()) == 4 + 30
    assert panel.answer.first == 4
    assert panel.prompt.toPlainText() == "the cat"


# ---------------------------------------------------------------------------------------------- Surprise


def grounds(view: AnswerView) -> list[str]:
    """The ground of each character, "" where it has none."""
    found = []
    cursor = QTextCursor(view.document())
    while cursor.movePosition(QTextCursor.MoveOperation.NextCharacter):
        ground = cursor.charFormat().background()
        found.append(ground.color().name() if ground.style() != Qt.BrushStyle.NoBrush else "")
    return found


def test_the_less_likely_a_token_was_the_deeper_it_is_shaded(qtbot, panel):
    """On by default, in the prompt too; as deep as can be where it was one of 256, or worse."""
    qtbot.keyClick(panel.sampling.temperature.slider, Qt.Key.Key_End)  # the hottest, for surprises
    ask(qtbot, panel, "the cat zat")  # the tokenizer has no z: it is left out
    view = panel.answer
    assert view.toPlainText().startswith("the cat at")
    shades = grounds(view)
    assert shades[0] == ""
    colours = theme.current()
    reds = {}
    for number in range(1, len(shades)):
        point_at(qtbot, view, number)
        percent = float(Cells(QToolTip.text()).bold[1].removeprefix("< ").removesuffix(" %"))
        reds.setdefault(percent, []).append(QColor(shades[number] or colours.field).red())
        if percent < 0.35:
            assert shades[number] == colours.surprise.lower()
        if percent > 99.9:
            assert shades[number] == ""
    deepest = [max(reds[percent]) for percent in sorted(reds)]
    assert deepest == sorted(deepest, reverse=True)
    assert len(set(shades)) > 5
    click(qtbot, panel.shading)
    assert set(grounds(view)) == {""}
    click(qtbot, panel.shading)
    assert grounds(view) == shades


def test_what_is_gone_on_from_is_read_anew(qtbot, panel):
    """By the model as it is then, which may have learnt meanwhile; it is the prompt of what follows."""
    ask(qtbot, panel, "the cat")
    view = panel.answer
    before = view.text_before(10)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=point_of(view, 10))
    qtbot.waitUntil(lambda: not panel.generate.isEnabled(), timeout=WAIT)
    done(qtbot, panel)
    assert view.first == 10
    assert view.text().startswith(before)
    colours = theme.current()
    cursor = QTextCursor(view.document())
    cursor.setPosition(1)
    assert cursor.charFormat().foreground().color().name() == colours.muted.lower()


def test_how_much_prompt_and_answer_surprised_is_told(qtbot, panel, trained):
    """As their loss would be told."""
    text = ask(qtbot, panel, "the cat")
    answer = panel.answers.each[0]
    saved = checkpoint.newest_sound(trained / "checkpoints")[0]
    tokenizer = Tokenizer.load(trained / "tokenizer")
    config = Config.model_validate(saved.state()["config"])
    model = GPT(config.model.model_copy(update={"vocab_size": tokenizer.vocab_size})).eval()
    model.load(saved.model(), saved.path)
    rows = torch.tensor([tokenizer.encode(text[:17]).tolist()])  # as many as it reads at once
    with torch.no_grad():
        nats = torch.nn.functional.cross_entropy(model(rows[:, :-1])[0], rows[0, 1:], reduction="none")
    prompt = answer.view.means()[0]
    assert prompt == pytest.approx(nats[:6].mean().item(), rel=1e-4)
    wanted = f"surprise: prompt {prompt:.3f} · answer {answer.view.means()[1]:.3f}"
    assert answer.surprise.text() == wanted
    answer.view.go_back_to(17)
    assert answer.view.means()[1] == pytest.approx(nats[6:].mean().item(), rel=1e-4)
    assert answer.surprise.text().endswith(f"answer {nats[6:].mean().item():.3f}")
    click(qtbot, panel.shading)
    assert not answer.surprise.isVisible()


def test_selecting_text_by_mouse_asks_for_nothing(qtbot, panel):
    ask(qtbot, panel, "the cat")
    text, view = panel.answer.toPlainText(), panel.answer
    qtbot.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=point_of(view, 4))
    qtbot.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=point_of(view, 4))
    assert view.textCursor().hasSelection()
    qtbot.wait(QApplication.doubleClickInterval() + 50)
    assert panel.generate.isEnabled()
    assert view.toPlainText() == text
    assert panel.sampling.seed.text() == "1"


def test_by_key_alone(qtbot, panel):
    """The cursor goes from token to token; Enter goes on from where it stands."""
    text = ask(qtbot, panel, "the cat")
    view = panel.answer
    view.setFocus()
    view.moveCursor(view.textCursor().MoveOperation.Start)
    for _ in range(len("the cat") + 2):
        qtbot.keyClick(view, Qt.Key.Key_Right)
    assert QToolTip.isVisible()
    assert view.extraSelections()[0].cursor.selectionStart() == len("the cat") + 2
    assert marked(view) == text[len("the cat") + 2]
    assert view.accessibleDescription()
    qtbot.keyClick(view, Qt.Key.Key_Return)
    done(qtbot, panel)
    again = view.toPlainText()
    assert again != text
    assert again[: len("the cat") + 2] == text[: len("the cat") + 2]


# ---------------------------------------------------------------------------------------------- The view


def token(text: str, id: int = 0) -> Token:
    return Token(id, text, 0.5, candidates=(Candidate(9, "", 0.5), Candidate(8, "\ufffd", 0.0001)))


def test_any_characters_keep_their_place(qtbot):
    """Beyond the first 65,536, of several tokens, combining, line ends of all kinds: pointing finds each."""
    view = AnswerView()
    qtbot.addWidget(view)
    view.resize(300, 300)
    view.show()
    texts = ["ab", "🙂", " ", "日", "e\u0301", "\n", "x\r\ny", "ねこ", "z"]
    view.begin("🙂 PROMPT: ")
    assert view.number_at(view.place_of(0).center()) is None  # until it is read
    view.add([token("", 1), token("", 2), *map(token, texts[:4])])
    assert view.toPlainText() == "🙂 PROMPT: ab🙂 日"
    view.show_read([token("🙂"), token(" prompt: ")])  # in lower case, as GPT-1 reads
    view.add([*map(token, texts[4:])])
    view.add([token("end")])
    assert view.text() == "🙂 PROMPT: " + "".join(texts) + "end"
    assert view.toPlainText().startswith("🙂 prompt: ab")
    assert [view.number_at(point_of(view, number)) for number in range(2)] == [0, 1]
    assert view.text_before(1) == "🙂"
    for number, text in enumerate([*texts, "end"], start=view.first):
        assert view.number_at(point_of(view, number)) == number
        qtbot.mouseMove(view.viewport(), point_of(view, number))
        assert marked(view) == text.replace("\r\n", "\n")
        assert view.text_before(number) == "🙂 PROMPT: " + "".join(texts[: number - view.first])
    assert view.description(2).count("had a probability of 50.0 %") == 3  # three tokens in one place
    assert "part of a character had" in view.description(2)
    assert "end of text 50.0 %" in view.description(2)
    assert "part of a character < 0.1 %" in view.description(2)
    view.go_back_to(5)
    assert view.text() == "🙂 PROMPT: ab🙂 "
    assert view.toPlainText() == "🙂 prompt: ab🙂 "
    view.add([token("more")])
    assert view.toPlainText().endswith("ab🙂 more")
    view.go_back_to(1)
    assert view.text() == view.toPlainText() == "🙂"


def test_the_end_is_followed_past_a_long_prompt_unless_one_has_scrolled_up(qtbot):
    view = AnswerView()
    qtbot.addWidget(view)
    view.resize(120, 80)
    view.show()
    bar, prompt = view.verticalScrollBar(), [token(f"word{number} ") for number in range(60)]
    view.begin("".join(each.text for each in prompt))
    assert bar.value() == bar.maximum() > 0
    view.add([token("one ")])
    view.show_read(prompt)
    assert bar.value() == bar.maximum()
    view.add([token("two ")] * 40)
    assert bar.value() == bar.maximum()
    bar.setValue(3)
    view.add([token("three ")] * 40)
    assert bar.value() == 3


def test_only_what_was_written_is_gone_on_from(qtbot):
    """GPT-1 reads in lower case, with a space after each word, and what it does not know as `<unk>`."""
    view = AnswerView()
    qtbot.addWidget(view)
    view.begin("the Bird")
    view.show_read([token("the "), token("bird ")])
    view.add([token("sat "), token("on ")])
    assert view.toPlainText() == "the bird sat on "
    assert view.text() == "the Bird sat on "
    assert [view._can_go_on(number) for number in range(4)] == [False, True, True, True]
    view.begin("the 東 cat")
    view.show_read([token("the "), token("<unk> "), token("cat ")])
    assert [view._can_go_on(number) for number in range(3)] == [False, True, False]


def test_every_control_has_a_name_and_can_be_reached_by_key(panel):
    reached = []
    widget = panel.prompt
    while widget not in reached:
        reached.append(widget)
        widget = widget.nextInFocusChain()
    wanted = [
        child
        for child in panel.findChildren(QWidget)
        if child.focusPolicy() & Qt.FocusPolicy.TabFocus and child.isVisible()
    ]
    assert len(wanted) >= 14
    for child in wanted:
        assert child in reached
        assert child.accessibleName() or child.text(), child
