"""The text to train on: what it is, how it becomes tokens, and its preparation ahead of the run."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import inf
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from gpt_core import hub
from gpt_core.corpus_info import MANY_CHARACTERS, bpe_suits
from gpt_core.disk import readable_size
from workbench import i18n, theme, words
from workbench.child import Child, Service
from workbench.draft import TEXT_FIELDS, Draft
from workbench.forms.facts import Facts
from workbench.forms.row import FieldRow
from workbench.forms.sheet import Sheet
from workbench.forms.source import SourceField
from workbench.forms.tokens import visible
from workbench.forms.try_out import TryOut
from workbench.text_look import TextLook

LENGTH = "model.context_length"
SERVICE = "workbench.text_service"
FIELDS = (
    "data.source",
    "data.column",
    "data.encoding",
    "data.tokenizer",
    "data.tokenizer_path",
    "data.cleaning",
    "data.vocab_size",
)


class DataPanel(Sheet):
    """Choose or drop texts, see what it is, try its tokenizer out, and prepare it.

    Two processes beside the window do the work, begun when the panel is first seen: one looks and splits,
    the other, while it lasts, prepares.
    """

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.draft = draft
        self.setAcceptDrops(True)
        self._stage = ("", 0.0)  # of the preparation: its name, and since when
        self._preparing: tuple[Any, ...] = ()
        self._learnt = False  # the preparation gave an answer
        self.helper, self.preparer = Service(SERVICE, self), Child(self)
        self.preparer.said.connect(self._heard_of_preparation)
        self.preparer.ended.connect(self._preparation_ended)
        self._look = TextLook(draft, self.helper, self)
        self._look.failed.connect(self._not_seen)
        self._make()
        self._lay_out()
        draft.changed.connect(self._field_changed)
        draft.reset.connect(self._changed)
        draft.faultsChanged.connect(self._show_state)
        draft.runningChanged.connect(self._show)
        draft.textKnown.connect(self._show)
        self._say()
        self._changed()

    # ---------------------------------------------------------------------------------------------- Building

    def _make(self) -> None:
        self.button.clicked.connect(self.prepare)
        self.cancel_button.clicked.connect(self.cancel)
        self.rows = {field: FieldRow(self.draft, field) for field in FIELDS}
        self.state, self.offer, self.notices = (QLabel(wordWrap=True) for _ in range(3))
        for label, role in ((self.state, "muted"), (self.offer, "label"), (self.notices, "muted")):
            theme.style(label, role=role)
        self.take_button = QPushButton()
        self.take_button.clicked.connect(self._take)
        self.facts = Facts()
        self.try_out = TryOut(self.draft, self.helper)
        self.frequent, self.longest = QLabel(wordWrap=True), QLabel(wordWrap=True)
        for label in (self.frequent, self.longest):
            label.setTextFormat(Qt.TextFormat.PlainText)
            theme.style(label, role="muted")

    def _lay_out(self) -> None:
        for row in self.rows.values():
            self.column.addWidget(row)
        self.column.addSpacing(theme.GAP_XS)
        offered = QHBoxLayout()
        offered.addWidget(self.offer, 1)
        offered.addWidget(self.take_button, 0, Qt.AlignmentFlag.AlignTop)
        self.column.addLayout(offered)
        for widget in (self.state, self.facts, self.notices, self.try_out, self.frequent, self.longest):
            self.column.addWidget(widget)
        self.column.addStretch(1)

    def _say(self) -> None:
        self.title.setText(self.tr("Data"))
        self.button.setText(self.tr("Prepare"))
        self.button.setToolTip(
            self.tr("Tokenize the text now and keep the result, so that a run on it starts at once.")
        )
        self.cancel_button.setText(self.tr("Cancel"))
        self.progress.setAccessibleName(self.tr("Preparation"))
        self.take_button.setText(self.tr("Use it"))
        self.take_button.setAccessibleName(self.tr("Use what suits the text"))
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    # --------------------------------------------------------------------------------------- What is asked

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.helper.rest()

    def _field_changed(self, field: str) -> None:
        if field in TEXT_FIELDS:
            self._changed()
        elif field == "sampling.prompt":
            self._show_offer()
        elif field == LENGTH:
            self._show_state()

    def _changed(self) -> None:
        self.message.take_back()
        for field, row in self.rows.items():
            row.setVisible(self.draft.of_use(field) or bool(self.draft.fault(field)))
        self._show()

    def _not_seen(self, why: Callable[[], str]) -> None:
        self.message.say(why, fault=True)

    # ------------------------------------------------------------------------------------------ Preparation

    def prepare(self) -> None:
        """Make the tokens, in a process that goes on beside the window."""
        if self.preparer.runs:
            return
        self.draft.settle()
        if {*TEXT_FIELDS} & {*self.draft.faults}:
            self.message.say(lambda: self.tr("Correct the fields marked below first."), fault=True)
            return
        self.message.take_back()
        self._preparing, self._stage = self.draft.text_key(), ("", 0.0)
        self._learnt = False
        self.preparer.start(SERVICE)
        self.preparer.ask({"id": 0, "ask": "prepare", "with": {"config": self.draft.text_tables()}})
        self.progress.setRange(0, 0)
        self._show_state()
        self.state.setText(self.tr("Starting…"))
        self.cancel_button.setFocus()

    def cancel(self) -> None:
        """Give the preparation up; nothing of it is left."""
        self._preparing = ()
        self.preparer.kill()

    def _heard_of_preparation(self, told: dict[str, Any]) -> None:
        if error := told.get("error"):
            self.message.say(lambda: i18n.of_told(error), fault=True)
        elif answer := told.get("answer"):
            self._learnt = True
            self.draft.learn_text(self._preparing, answer)
        elif self._preparing:
            self._show_progress(**told["progress"])
            return
        self.preparer.close()

    def _show_progress(self, stage: str, done: int, total: int) -> None:
        self.progress.setRange(0, 1000 if total else 0)
        self.progress.setValue(round(1000 * done / total) if total else 0)
        if stage != self._stage[0]:
            self._stage = stage, time.monotonic()
        rate = done / max(time.monotonic() - self._stage[1], 1e-3)
        text = {
            "reading": self.tr("Reading: {done} of {total}, {rate} a second."),
            "tokenizer": self.tr("Learning the tokenizer: {done} of {total} characters, {rate} a second."),
            "encoding": self.tr("Encoding: {done} of {total} characters, {rate} a second."),
        }[stage]
        shown = readable_size if stage == "reading" else words.short_count
        figures = {"done": shown(done), "total": shown(total), "rate": shown(round(rate))}
        self.state.setText(text.format(**figures))

    def _preparation_ended(self, well: bool) -> None:
        if self._preparing and not self._learnt and not self.message.isVisible():
            last = self.preparer.last_line()
            self.message.say(lambda: last, fault=True)
        self._preparing = ()
        self._show()

    # ----------------------------------------------------------------------------------------------- Showing

    def _show(self) -> None:
        self._show_state()
        self._show_offer()
        self._show_facts()

    def _show_state(self) -> None:
        busy = self.preparer.runs
        self.show_busy(busy)
        self.button.setEnabled(not self.draft.running)
        if busy:
            return
        hub_data = str(self.draft.values["data.source"]).startswith(hub.PREFIX)
        if self.draft.running and "train_tokens" in self.draft.text():
            self.state.setText(self.tr("The text of the open run, as it was prepared for it."))
        elif self.draft.running:
            self.state.setText(self.tr("Not prepared yet; the open run prepares it when it trains."))
        elif self._too_short():
            self.state.setText(self.tr("Prepared, but shorter than one window of the context length."))
        elif self.draft.text():
            self.state.setText(self.tr("Prepared: a run on this text starts at once."))
        elif self.draft.outdated:
            self.state.setText(
                self.tr("The text was changed since it was prepared; a run prepares it again when it starts.")
            )
        elif hub_data:
            self.state.setText(self.tr("A data set on the Hub: it is downloaded when it is prepared."))
        else:
            self.state.setText(self.tr("Not prepared yet; a run prepares it when it starts."))

    def _too_short(self) -> bool:
        """Whether a part of the text, as it was prepared, has not the tokens of a window and its target."""
        parts = [self.draft.text().get(name, inf) for name in ("train_tokens", "validation_tokens")]
        length = self.draft.values[LENGTH]
        return isinstance(length, int) and min(parts) <= length

    def _offered(self) -> dict[str, Any]:
        """Settings that would suit the text better than those of the draft."""
        values, look = self.draft.values, self.draft.look()
        characters = set(look.get("characters", ""))
        many = len(characters) >= MANY_CHARACTERS
        found: dict[str, Any] = {}
        if not characters or self.draft.running:
            return found
        suits = "bpe" if bpe_suits(len(characters), look["size"]) else "characters"
        if many and values["data.tokenizer"] not in (suits, "bpe"):
            found["data.tokenizer"] = suits
        prompt = str(values["sampling.prompt"])
        letters = set(filter(str.isalpha, prompt))
        if letters and (letters.isdisjoint(characters) or (many and prompt.isascii())):
            found["sampling.prompt"] = look["start"]
        return found

    def _show_offer(self) -> None:
        offered = self._offered()
        sentences = []
        if better := offered.get("data.tokenizer"):
            count = f"{len(self.draft.look()['characters']):,}"
            text = self.tr("{count} different characters: the tokenizer {better} suits this text better.")
            sentences.append(text.format(count=count, better=better))
        if prompt := offered.get("sampling.prompt"):
            text = self.tr("Samples would begin with “{before}”; “{prompt}” suits this text better.")
            sentences.append(text.format(before=self.draft.values["sampling.prompt"], prompt=prompt))
        self.offer.setText(i18n.together(sentences))
        self.offer.setVisible(bool(offered))
        self.take_button.setVisible(bool(offered))

    def _take(self) -> None:
        """Take up what was offered, as one step that can be undone."""
        offered = self._offered()
        self.draft.settle()
        self.draft.set_together(offered)
        self.draft.settle()

    def _show_facts(self) -> None:
        known = self.draft.look() | self.draft.text()
        self.facts.clear()
        self.frequent.clear()
        self.longest.clear()
        self.notices.setVisible(bool(known.get("notices")))
        if not known:
            return
        show = self.facts.show_line
        show("files", self.tr("Files"), f"{known['files']:,}" if known.get("files") else "")
        size = known.get("bytes", known.get("size", 0))
        show("size", self.tr("Size"), readable_size(size) if size else "")
        encodings = known.get("encodings", {})
        found = sorted(encodings, key=lambda name: -encodings[name])
        show("encoding", self.tr("Encoding"), ", ".join(filter(None, found)))
        if "documents" not in known:
            return
        tokens = known["train_tokens"] + known["validation_tokens"]
        show("documents", self.tr("Documents"), f"{known['documents']:,}")
        show("tokens", self.tr("Tokens"), f"{tokens:,}")
        show("train", self.tr("for training"), f"{known['train_tokens']:,}")
        show("validation", self.tr("for validation"), f"{known['validation_tokens']:,}")
        show("vocabulary", self.tr("Vocabulary"), f"{known['vocab_size']:,}")
        show("each", self.tr("Bytes per token"), f"{known['bytes'] / max(1, tokens):.2f}")
        show("unknown", self.tr("Unknown"), f"{known['unknown_share']:.2%}")
        if "frequent" in known:  # else the tokens are gone
            listed = {name: _listed(known[name]) for name in ("frequent", "longest")}
            self.frequent.setText(self.tr("Most frequent: {tokens}").format(tokens=listed["frequent"]))
            self.longest.setText(self.tr("Longest: {tokens}").format(tokens=listed["longest"]))
        offered = self._offered()
        told = [i18n.of_told(notice) for notice in known["notices"] if notice["field"] not in offered]
        self.notices.setText("\n".join(told))

    # --------------------------------------------------------------------------------------------- Dropping

    def _source(self) -> SourceField:
        control = self.rows["data.source"].control
        assert isinstance(control, SourceField)
        return control

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if not self.draft.locked("data.source"):
            self._source().dragEnterEvent(event)
            theme.style(self, dropping="true" if event.isAccepted() else "false")

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        theme.style(self, dropping="false")

    def dropEvent(self, event: QDropEvent) -> None:
        theme.style(self, dropping="false")
        self._source().dropEvent(event)


def _listed(tokens: list[str]) -> str:
    shown = [visible(token).replace("\n", "") for token in tokens]
    return "  ".join(token if len(token) <= 16 else token[:15] + "…" for token in shown)
