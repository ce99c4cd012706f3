"""A text to type, and below it the tokens that the draft's tokenizer makes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from workbench import i18n, theme
from workbench.child import Service
from workbench.draft import TEXT_FIELDS, Draft
from workbench.forms.tokens import TokenView

AFTER = 120  # ms without a key
LONGEST = 5000  # characters that can be tried out
EXAMPLE = "The quick brown fox, 東京で2026年に."


class TryOut(QWidget):
    """Splits what is typed, key by key, with the tokenizer of the prepared text or one that needs none."""

    def __init__(self, draft: Draft, helper: Service, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.draft, self._helper = draft, helper
        self._asked: tuple[Any, ...] = ()  # what is being split, and with which tokenizer
        self.name, self.note = theme.label("label"), QLabel(wordWrap=True)
        theme.style(self.note, role="muted")
        self.typed = QPlainTextEdit(EXAMPLE)
        self.typed.setFixedHeight(64)
        self.typed.setTabChangesFocus(True)
        self.view = TokenView()
        self.view.setFixedHeight(112)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.GAP_S, 0, 0)
        column.setSpacing(theme.GAP_XS)
        for widget in (self.name, self.typed, self.view, self.note):
            column.addWidget(widget)
        self._soon = QTimer(self, singleShot=True, interval=AFTER)
        self._soon.timeout.connect(self._split)
        self.typed.textChanged.connect(self._soon.start)
        draft.changed.connect(self._changed)
        draft.reset.connect(self._soon.start)
        draft.textKnown.connect(self._soon.start)
        draft.runningChanged.connect(lambda: self._soon.start())
        self._say()

    def _say(self) -> None:
        self.name.setText(self.tr("How it splits into tokens"))
        self.typed.setPlaceholderText(self.tr("Type here to see tokens"))
        self.typed.setAccessibleName(self.tr("Text to try the tokenizer on"))
        self.view.setAccessibleName(self.tr("Its tokens"))
        self.view.setToolTip(self.tr("· a space, ↵ a line end, ▪ part of a character; struck out: unknown"))

    def _changed(self, field: str) -> None:
        if field in TEXT_FIELDS:
            self._soon.start()

    def _now(self) -> tuple[Any, ...]:
        return self.draft.text_key(), self.draft.text().get("folder", ""), self.typed.toPlainText()[:LONGEST]

    def _split(self) -> None:
        """Ask how it splits, unless an answer is awaited still, which will ask again."""
        kind = self.draft.values["data.tokenizer"]
        if not self.isVisible() or self._asked or {*TEXT_FIELDS} & {*self.draft.faults}:
            return
        _, folder, typed = self._now()
        if kind in ("characters", "bpe") and not folder and self.draft.running:
            self._refuse(self.tr("The open run makes its tokenizer when it prepares its text."))
        elif kind == "characters" and not folder:
            self._refuse(self.tr("Prepare the text first: its characters are the tokens."))
        elif kind == "bpe" and not folder:
            self._refuse(self.tr("Prepare the text first: bpe learns its tokens from it."))
        else:
            self._asked = self._now()
            values = {"config": self.draft.text_tables(), "folder": folder, "typed": typed}
            self._helper.ask("split", values, self._answered, self._refused)

    def _answered(self, answer: dict[str, Any]) -> None:
        self._show([(text, known) for text, known in answer["pieces"]], answer["unknown"])
        self._ask_again()

    def _refused(self, why: Callable[[], str]) -> None:
        self._refuse(why())
        self._ask_again()

    def _ask_again(self) -> None:
        asked, self._asked = self._asked, ()
        if asked != self._now():
            self._split()

    def _refuse(self, why: str) -> None:
        self.view.show_pieces([])
        self.note.setText(why)

    def _show(self, pieces: list[tuple[str, bool]], unknown: list[str]) -> None:
        self.view.show_pieces(pieces)
        count, characters = len(pieces), len(self._asked[-1])
        if not count:
            self.note.setText(self.tr("Type above to see tokens."))
            return
        sentences = [
            self.tr("{tokens} tokens for {characters} characters: {each} characters each.").format(
                tokens=f"{count:,}", characters=f"{characters:,}", each=f"{characters / count:.2f}"
            )
        ]
        if unknown:
            missing = sum(not known for _, known in pieces)
            sentences.append(
                self.tr("{count} unknown: {characters}").format(
                    count=f"{missing:,}", characters=" ".join(unknown[:20])
                )
            )
        self.note.setText(i18n.together(sentences))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._soon.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._asked = ()  # the helper rests and gives no answer

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
            self._split()
