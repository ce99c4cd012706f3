"""The plan panel: what it works out, from what, and that it follows the draft."""

from __future__ import annotations

import gzip

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from gpt_core import resources
from gpt_core.config import ModelConfig, from_toml
from gpt_core.disk import readable_size
from gpt_core.memory import forecast
from gpt_core.model import GPT
from gpt_core.plan import flops_per_token
from workbench import theme, words
from workbench.draft import Draft
from workbench.forms.parts import Parts, Share
from workbench.panels.plan import PlanPanel, operations
from workbench.service import answer
from workbench.text_service import TextService

WAIT = 60_000  # ms at most for torch to be loaded and a few steps to be trained
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def draft(qapp):
    theme.apply(qapp, "dark")
    draft = Draft()
    draft.load(from_toml(resources.presets()["quickstart"]), "quickstart")
    return draft


@pytest.fixture
def panel(qtbot, draft):
    small(draft)
    made = PlanPanel(draft)
    qtbot.addWidget(made)
    made.resize(320, 800)
    with qtbot.waitExposed(made):
        made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    yield made
    made.helper.rest()
    made.reader.rest()
    made.rehearser.close()


@pytest.fixture
def looked(panel, qtbot):
    """The panel, once it knows the machine."""
    qtbot.waitUntil(lambda: panel.button.isEnabled(), timeout=WAIT)
    return panel


def small(draft):
    """A model that rehearses in no time; on the CPU, wherever the tests run."""
    draft.set_together(
        {
            "model.embedding_dim": 32,
            "model.ffn_dim": 64,
            "model.context_length": 32,
            "model.num_layers": 1,
            "train.device": "cpu",
            "train.precision": "fp32",
            "train.threads": 1,
        }
    )
    draft.settle()


def number(text):
    return int(text.replace(",", ""))


def test_the_parameters_are_those_of_the_model_that_will_be_made(panel, draft):
    draft.learn_text(draft.text_key(), {"vocab_size": 104, "train_tokens": 418_691})
    config = draft.config().replace({"model.vocab_size": 104})
    count = sum(parameter.numel() for parameter in GPT(config.model).parameters())
    assert panel.total.text() == f"{count:,} parameters"
    figures = panel.parameters.figures()
    assert sum(map(number, figures.values())) == count
    assert figures["Token embedding"] == "3,328"  # 104 tokens, 32 wide
    assert "Head" not in figures  # tied, it has none of its own
    draft.set("model.tied_head", False)
    assert panel.parameters.figures()["Head"] == "3,328"


def test_epochs_are_told_once_the_text_is_known(panel, draft):
    draft.set("data.source", "hub:someone/something")  # nothing is seen of it before it is fetched
    assert panel.run.figure("epochs") == ""
    assert "known once the text is prepared" in panel.note.text()
    assert "A vocabulary of 100 tokens is assumed" in panel.note.text()
    draft.learn_text(draft.text_key(), {"vocab_size": 104, "train_tokens": 32 * 3000 + 5})
    assert not panel.note.isVisible()
    assert panel.run.figure("epoch") == "96,000"
    assert panel.run.figure("epoch_steps") == "250.0"  # 12 windows a step
    assert panel.run.figure("epochs") == "12.00"
    draft.set("data.tokenizer", "bpe")  # other tokens, of which nothing is known
    assert panel.run.figure("epochs") == ""
    assert "A vocabulary of 4,096 tokens is assumed" in panel.note.text()  # of a short text bpe learns fewer
    draft.set("data.tokenizer", "gpt2")
    assert "assumed" not in panel.note.text()


def test_many_passes_over_the_text_are_told(panel, draft):
    draft.set("data.source", "hub:someone/something")
    draft.learn_text(draft.text_key(), {"vocab_size": 104, "train_tokens": 32 * 3000})
    draft.set("train.max_steps", 4000)
    assert panel.run.figure("epochs") == "16.00"
    assert not panel.note.isVisible()
    draft.set("train.max_steps", 4250)
    assert panel.run.figure("epochs") == "17.00"
    assert panel.note.text() == (
        "Beyond some 16 epochs more passes over the same text teach next to nothing, and it is learnt by "
        "heart; more text, fewer steps or a smaller model help."
    )


def test_beside_a_run_its_own_parameters_and_tokens_are_told(qtbot, window):
    QTest.mouseClick(window.header.start, LEFT)
    session = window.workspace.session
    qtbot.waitUntil(lambda: session.state == "finished", timeout=WAIT)
    for again in (False, True):
        if again:
            window.changeover.leave_run()
            qtbot.waitUntil(lambda: window.workspace.session is None, timeout=WAIT)
            window.draft.load(from_toml(resources.presets()["quickstart"]), "quickstart")
            window.open(session.run.folder)
            qtbot.waitUntil(
                lambda: window.workspace.session is not None and window.workspace.session.ready is not None,
                timeout=WAIT,
            )
        ready = window.workspace.session.ready
        assert window.plan.total.text() == f"{ready.parameters:,} parameters"
        assert window.plan.run.figure("epoch") == f"{ready.train_tokens // 16 * 16:,}"
        assert not window.plan.note.isVisibleTo(window.plan)
        assert window.data.state.text() == "The text of the open run, as it was prepared for it."


def test_epochs_are_estimated_from_the_size_of_the_text(panel, draft, qtbot, tmp_path):
    path = tmp_path / "neko.txt"
    path.write_text("吾輩は猫である。名前はまだ無い。\n" * 6000, encoding="cp932")  # 17 characters, 33 bytes
    draft.set("data.source", str(path))
    draft.settle()
    qtbot.waitUntil(lambda: panel.run.figure("epochs") != "", timeout=WAIT)
    about = number(panel.run.figure("epoch").removeprefix("about "))
    assert abs(about - 0.9 * 17 * 6000) < 64  # in windows of 32 tokens
    assert panel.run.figure("epochs").startswith("about 12.5")  # 3,000 steps of 384 tokens
    assert "estimated from the size of the text" in panel.note.text()
    assert "A vocabulary of 16 tokens is assumed" in panel.note.text()
    qtbot.waitUntil(lambda: not panel.reader.child.runs, timeout=WAIT)

    answers = []
    config = {"config": draft.text_tables()}
    answer({"id": 1, "ask": "prepare", "with": config}, TextService().asks(), answers.append)
    facts = answers[-1]["answer"]
    draft.learn_text(draft.text_key(), facts)
    assert not panel.note.isVisible()
    exact = number(panel.run.figure("epoch"))
    assert exact == facts["train_tokens"] // 32 * 32
    assert abs(about - exact) < 0.02 * exact

    draft.set("data.tokenizer", "bpe")  # of three bytes a character, in UTF-8
    assert abs(number(panel.run.figure("epoch").removeprefix("about ")) - 0.9 * 6000 * 49 / 4) < 64


def test_epochs_of_a_packed_text_are_those_of_what_it_holds(panel, draft, qtbot, tmp_path):
    text = "Once upon a time there was a small cat.\n" * 5000
    path = tmp_path / "cat.txt.gz"
    path.write_bytes(gzip.compress(text.encode()))
    assert path.stat().st_size < len(text) / 100
    draft.set("data.source", str(path))
    draft.settle()
    qtbot.waitUntil(lambda: panel.run.figure("epochs") != "", timeout=WAIT)
    about = number(panel.run.figure("epoch").removeprefix("about "))
    assert abs(about - 0.9 * len(text)) < 64
    qtbot.waitUntil(lambda: not panel.reader.child.runs, timeout=WAIT)


def test_the_plan_follows_the_draft_and_stays_while_that_has_a_fault(panel, draft):
    assert panel.run.figure("step") == "384"
    draft.set_together({"train.batch_size": 6, "train.accumulation": 4})
    assert panel.run.figure("step") == "768"
    draft.set("train.max_steps", "many")
    assert panel.run.figure("steps") == "3,000"
    draft.set("train.max_steps", 6000)
    assert panel.run.figure("steps") == "6,000"
    draft.undo()  # what was typed for the steps
    draft.undo()
    assert panel.run.figure("step") == "384"


@pytest.mark.parametrize(("tokenizer", "vocabulary"), [("gpt1", 40_478), ("gpt2", 50_257), ("bpe", 4096)])
def test_the_tokenizers_that_need_no_text_say_the_vocabulary(panel, draft, tokenizer, vocabulary):
    draft.set("data.tokenizer", tokenizer)
    assert panel.parameters.figures()["Token embedding"] == f"{vocabulary * 32:,}"


def test_gpt1_as_published_comes_to_its_own_numbers(panel, draft):
    draft.load(from_toml(resources.presets()["gpt1"]), "gpt1")
    assert panel.total.text() == "116,534,784 parameters"
    assert ModelConfig().context_length == 512
    assert panel.run.figure("step") == "32,768"


# ------------------------------------------------------------------------------------------ Memory and time


def test_memory_and_time_are_forecast_for_the_machine_at_hand(looked, draft):
    assert looked.memory.name.text().startswith("Memory: about ")
    assert looked.memory.name.text().endswith("(CPU, fp32)")
    assert set(looked.memory.parts.figures()) == {
        *("Weights", "Gradients", "Optimizer", "Activations", "Logits", "Working space", "Program"),
    }
    shown = sum(share.amount for share in looked.memory.parts.bar.shares)
    assert shown >= looked.memory.gauge.shares[0].amount  # the peak
    assert looked.time.figure("takes").startswith("about ")
    assert "Rehearse measures it" in looked.time_note.text()
    (machine,) = looked._machines.values()
    narrow, wide = machine["pace"][0], machine["pace"][-1]
    assert narrow[0] == 64
    assert wide[1] > narrow[1] > 0
    told = narrow[1] / flops_per_token(looked.config()[0].model)  # of a width of 32: as of 64
    assert looked.time.figure("pace") == "about " + words.short_count(told)
    assert looked.memory.take_button.isHidden()
    assert not looked.helper.child.runs  # torch is a burden once it has answered


def test_a_rehearsal_replaces_the_forecast_by_what_was_measured(looked, draft, qtbot):
    QTest.mouseClick(looked.button, LEFT)
    assert looked.progress.isVisible()
    assert looked.cancel_button.hasFocus()
    qtbot.waitUntil(lambda: looked.button.isVisible(), timeout=WAIT)
    assert looked.message.isHidden(), looked.message.text()
    assert "measured" in looked.memory.name.text()
    assert "Measured in a rehearsal" in looked.time_note.text()
    assert "about" not in looked.time.figure("takes")
    pace = looked.time.figure("pace")
    draft.set("train.max_steps", 10**9)  # longer at the same pace
    assert looked.time.figure("pace") == pace
    assert looked.time.figure("takes").endswith(" days")
    draft.set("train.batch_size", 13)  # that was not rehearsed
    assert "about" in looked.time.figure("takes")
    assert "about" in looked.memory.name.text()
    draft.undo()
    assert looked.time.figure("pace") == pace


def test_a_rehearsal_is_of_this_machine_and_its_result_is_seen(looked, qtbot):
    QTest.keyClick(looked.memory.place, Qt.Key.Key_End)
    assert "80 GB card" in looked.memory.name.text()
    QTest.mouseClick(looked.button, LEFT)
    assert looked.memory.place.currentText() == "Memory of this machine"
    qtbot.waitUntil(lambda: looked.button.isVisible(), timeout=WAIT)
    assert "measured" in looked.memory.name.text()
    assert "Measured in a rehearsal" in looked.time_note.text()


def test_a_rehearsal_is_cancelled(looked, draft, qtbot):
    QTest.mouseClick(looked.button, LEFT)
    QTest.keyClick(looked.cancel_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: looked.button.isVisible(), timeout=WAIT)
    assert looked.message.isHidden()
    assert "about" in looked.time.figure("takes")


def test_a_batch_that_fits_is_offered_where_the_drafts_does_not_and_is_one_step(looked, draft):
    draft.set_together({"train.batch_size": 4096, "model.context_length": 2048})
    draft.settle()
    assert looked.memory.take_button.isVisible()
    assert "the same number per step" in looked.memory.offer.text()
    QTest.mouseClick(looked.button, LEFT)
    assert "does not fit" in looked.message.text()
    assert not looked.rehearser.runs
    QTest.mouseClick(looked.memory.take_button, LEFT)
    assert looked.message.isHidden()
    batch, accumulation = draft.values["train.batch_size"], draft.values["train.accumulation"]
    assert batch < 4096
    assert batch * accumulation == 4096
    assert looked.memory.take_button.isHidden()
    draft.undo()
    assert (draft.values["train.batch_size"], draft.values["train.accumulation"]) == (4096, 1)


def test_many_small_batches_are_offered_as_fewer_large_ones(looked, draft):
    draft.set_together({"train.batch_size": 2, "train.accumulation": 6})
    draft.settle()
    assert looked.memory.offer.text().startswith("12 × 1 windows fit too,")
    QTest.mouseClick(looked.memory.take_button, LEFT)
    assert (draft.values["train.batch_size"], draft.values["train.accumulation"]) == (12, 1)


def test_gpt1_on_a_card_that_is_not_here_is_told_what_would_fit_and_takes_it(panel, draft, qtbot):
    """As `gpt-core plan gpt1 --device cuda --memory 8GB` does."""
    draft.load(from_toml(resources.presets()["gpt1"]), "gpt1")
    draft.set("data.source", "builtin:python-reference")
    place = panel.memory.place
    place.setFocus()
    for _ in range(3):
        QTest.keyClick(place, Qt.Key.Key_Down)
    assert place.currentText() == "Memory of a card with 8 GB"
    assert panel.memory.name.property("role") == "fault"
    config = draft.config().replace({"model.vocab_size": 40478})
    peak = readable_size(forecast(config, "bf16", "cuda").peak)
    assert panel.memory.name.text() == (f"Memory: about {peak} at the peak, of 8.0 GB (8 GB card, bf16)")
    QTest.mouseClick(panel.memory.take_button, LEFT)
    batch, accumulation = draft.values["train.batch_size"], draft.values["train.accumulation"]
    assert batch * accumulation == 64
    assert batch < 64
    fitting = config.replace({"train.batch_size": batch, "train.accumulation": accumulation})
    assert forecast(fitting, "bf16", "cuda").peak < 8e9
    assert draft.values["train.precision"] == "auto"  # which comes to bf16 there
    assert panel.memory.take_button.isHidden()
    assert not panel.time_name.isVisible()  # how fast that card is, nobody knows here
    QTest.keyClick(place, Qt.Key.Key_Home)
    assert "8 GB card" not in panel.memory.name.text()


def test_a_device_that_is_not_there_is_told(looked, draft, qtbot):
    draft.set("train.device", "cuda:99")
    draft.settle()
    qtbot.waitUntil(lambda: "cuda:99" in looked.memory.name.text(), timeout=WAIT)
    assert not looked.button.isEnabled()
    draft.undo()
    assert looked.button.isEnabled()


def test_while_a_run_goes_on_nothing_else_takes_the_device(looked, draft, qtbot):
    QTest.mouseClick(looked.button, LEFT)
    assert looked.rehearser.runs
    free = looked.memory.name.text()
    draft.running = True
    assert not looked.button.isEnabled()
    qtbot.waitUntil(lambda: not looked.rehearser.runs, timeout=WAIT)
    assert looked.message.isHidden()
    assert looked.memory.name.text() == free  # as it was seen before


def test_what_is_free_is_not_judged_beside_a_run(panel, draft, qtbot):
    draft.running = True  # begun before the machine was seen
    assert not panel.helper.child.runs
    assert panel.memory.name.text() == "Memory: seen after the run."
    panel.hide()
    panel.show()  # asked for all the same
    assert panel.memory.name.text() == "Memory: looking at the machine…"
    qtbot.waitUntil(lambda: "while no run is open" in panel.memory.name.text(), timeout=WAIT)
    assert panel.memory.gauge.isHidden()
    assert panel.memory.parts.isVisible()
    assert panel.time.figure("takes").startswith("about ")
    assert not panel.helper.child.runs
    draft.running = False
    qtbot.waitUntil(lambda: " free (CPU, fp32)" in panel.memory.name.text(), timeout=WAIT)
    assert panel.memory.gauge.isVisible()


@pytest.mark.parametrize(
    ("count", "text"),
    [(12, "12 FLOP"), (5.58e6, "5.58 MFLOP"), (2.571e13, "25.7 TFLOP"), (9.996e17, "1 EFLOP")],
)
def test_operations_are_told_with_a_prefix(count, text):
    assert operations(count) == text


def test_the_bar_shows_its_parts_and_where_the_limit_is(qtbot, qapp):
    theme.apply(qapp, "dark")
    parts = Parts()
    qtbot.addWidget(parts)
    parts.resize(300, 100)
    parts.show()
    shares = [Share("Weights", 6, "6 GB"), Share("None", 0, "0"), Share("Other", 6, "6 GB")]
    parts.show_shares("Memory", shares)
    assert parts.figures() == {"Weights": "6 GB", "Other": "6 GB"}
    assert parts.bar.accessibleDescription() == "Weights 6 GB, None 0, Other 6 GB"
    full = parts.bar.grab().toImage()
    colour = theme.current()
    assert full.pixelColor(20, 6).name() == colour.train.lower()
    assert full.pixelColor(full.width() - 20, 6).name() == colour.validation.lower()
    parts.show_shares("Memory", parts.bar.shares, limit=24)
    assert parts.bar.grab().toImage().pixelColor(full.width() - 20, 6).name() == colour.border.lower()
    parts.show_shares("Memory", parts.bar.shares, limit=8)
    over = parts.bar.grab().toImage()
    assert over.pixelColor(round(over.width() * 8 / 12), 6).name() == colour.text.lower()
