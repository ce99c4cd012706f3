"""An answer as it streams, after its prompt: tokens, each shaded by how much it surprised the model, which
can be asked about and gone back to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from itertools import groupby
from math import log

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QTextEdit, QToolTip, QWidget

from gpt_core.events import Candidate, Token, mean_surprisal
from workbench import theme
from workbench.keys import Key, act_on

VISIBLE = str.maketrans({" ": "␣", "\n": "↵", "\t": "⇥"})
SURPRISING = log(256)  # nats: a token that was as unlikely as one of 256 is shaded as deeply as any
DEPTHS = 16


@dataclass(frozen=True)
class _Part:
    """Characters that belong together: a token, or the tokens that make up one character."""

    text: str
    tokens: tuple[Token, ...]

    @property
    def surprisal(self) -> float | None:
        """How much they surprised the model, in nats; None where it had nothing to go by."""
        each = [token.surprisal for token in self.tokens]
        return None if not each or None in each else sum(nats for nats in each if nats is not None)


class AnswerView(QPlainTextEdit):
    """A prompt, muted, as the model read it, and the tokens that continue it.

    Pointing at a token, or moving the cursor to it by key, tells its probability and what else might have
    come. Where an answer `goes_on` from there, a click on it, or Enter, sends out `chosen` with its number,
    unless it is the first of all.
    """

    chosen = Signal(int)
    changed = Signal()  # tokens came, or went

    def __init__(self, parent: QWidget | None = None, goes_on: bool = True) -> None:
        super().__init__(parent)
        self._goes_on = goes_on
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setUndoRedoEnabled(False)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.viewport().setMouseTracking(True)
        self._prompt = ""
        self._parts: list[_Part] = []
        self._ends: list[int] = []  # of the parts, in the document
        self._unfinished: tuple[Token, ...] = ()  # tokens of a character that is not whole yet
        self._shading = False
        self._looks: dict[tuple[bool, int], QTextCharFormat] = {}  # by whether muted, and how deeply shaded
        self.first = 0  # number of the first part of the answer: so many make up the prompt
        self._shown: int | None = None  # the part that is told of
        self._pressed: QPoint | None = None
        # A second click selects a word, so the first must wait to be sure of its meaning.
        self._clicked = QTimer(self, singleShot=True)
        self._clicked.setInterval(QApplication.doubleClickInterval())
        self._clicked.timeout.connect(self._choose_clicked)
        self._meant: int | None = None
        self.keys = [
            Key(
                lambda: self.tr("Go on from the token at the cursor, which the arrow keys move"),
                {"Return": self._choose_here, "Enter": self._choose_here},
            )
        ][: int(goes_on)]
        theme.notifier.changed.connect(self._recolour)

    # ----------------------------------------------------------------------------------------- The text

    def begin(self, prompt: str) -> None:
        """Start anew with a prompt."""
        self.forget()
        self._prompt = prompt
        with self._following():
            self._insert(0, [_Part(prompt, ())], muted=True)
        self.first = 1
        self.changed.emit()

    def show_read(self, read: Sequence[Token]) -> None:
        """Show the prompt as it was read, token by token."""
        self._tell(None)
        gone = self._begin_of(self.first)
        parts, _ = _in_parts((), read)
        with self._following():
            cursor = QTextCursor(self.document())
            cursor.setPosition(gone, QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
            del self._parts[: self.first], self._ends[: self.first]
            self._ends = [end - gone for end in self._ends]
            self._insert(0, parts, muted=True)
        self.first = len(parts)
        if parts and parts[-1].text.endswith(" ") and not self._prompt.endswith(" "):
            self._prompt += " "  # to GPT-1 every word ends with one, so that what follows stands apart
        self.changed.emit()

    def forget(self) -> None:
        """Show nothing."""
        self._clicked.stop()
        self._tell(None)
        self.clear()
        self._prompt, self._parts, self._ends, self._unfinished, self.first = "", [], [], (), 0
        self.changed.emit()

    def add(self, tokens: Sequence[Token]) -> None:
        """Append tokens; the view follows unless the person has scrolled up to read."""
        parts, self._unfinished = _in_parts(self._unfinished, tokens)
        with self._following():
            self._insert(len(self._parts), parts, muted=False)
        self.changed.emit()

    @contextmanager
    def _following(self) -> Iterator[None]:
        """Scroll on to the end where that is seen before the text is changed, else stay."""
        bar = self.verticalScrollBar()
        place, at_end = bar.value(), bar.value() >= bar.maximum() - 4
        yield
        bar.setValue(bar.maximum() if at_end else place)

    def _insert(self, number: int, parts: Sequence[_Part], muted: bool) -> None:
        """Put parts before the one of this number, or behind the last."""
        cursor = QTextCursor(self.document())
        start = self._begin_of(number)
        cursor.setPosition(start)
        cursor.beginEditBlock()  # laid out once for all of them
        ends = []
        for part in parts:
            cursor.insertText(part.text, self._look(muted, self._depth(part)))
            ends.append(cursor.position())
        cursor.endEditBlock()
        come = cursor.position() - start
        self._parts[number:number] = parts
        self._ends[number:] = [*ends, *(end + come for end in self._ends[number:])]

    def go_back_to(self, number: int) -> None:
        """Take away a part and all that follows it."""
        self._clicked.stop()
        self._tell(None)
        cursor = QTextCursor(self.document())
        cursor.setPosition(self._begin_of(number))
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        self._prompt = self._prompt if number >= self.first else self.text_before(number)
        self.first = min(self.first, number)
        del self._parts[number:], self._ends[number:]
        self._unfinished = ()
        self.changed.emit()

    def text_before(self, number: int) -> str:
        """The prompt and the answer up to a part, which may be one beyond the last; up to one within the
        prompt, as that was read."""
        begun, start = (self._prompt, self.first) if number >= self.first else ("", 0)
        return begun + "".join(part.text for part in self._parts[start:number])

    def text(self) -> str:
        """The prompt and the answer, as they were told."""
        return self.text_before(len(self._parts))

    def means(self) -> tuple[float | None, float | None]:
        """How much a token of the prompt, and one of the answer, surprised the model on average, in nats."""
        prompt, answer = (
            mean_surprisal(token for part in parts for token in part.tokens)
            for parts in (self._parts[: self.first], self._parts[self.first :])
        )
        return prompt, answer

    # ------------------------------------------------------------------------------------------- Its look

    def shade(self, on: bool) -> None:
        """Shade each token by how much it surprised the model, or none."""
        if on != self._shading:
            self._shading = on
            self._recolour()

    def _depth(self, part: _Part) -> int:
        """How deeply a part is shaded, of DEPTHS."""
        nats = part.surprisal if self._shading else None
        return round(DEPTHS * min(1.0, (nats or 0.0) / SURPRISING))

    def _look(self, muted: bool, depth: int) -> QTextCharFormat:
        if (muted, depth) not in self._looks:
            look, colours, share = QTextCharFormat(), theme.current(), depth / DEPTHS
            look.setForeground(theme.between(colours.muted if muted else colours.text, colours.text, share))
            if depth:
                look.setBackground(theme.between(colours.field, colours.surprise, share))
            self._looks[muted, depth] = look
        return self._looks[muted, depth]

    def _recolour(self) -> None:
        """Take the colours of the theme in force, or other shades."""
        self._looks.clear()
        wanted = [(number < self.first, self._depth(part)) for number, part in enumerate(self._parts)]
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        for (muted, depth), alike in groupby(range(len(wanted)), key=wanted.__getitem__):
            numbers = [*alike]
            cursor.setPosition(self._begin_of(numbers[0]))
            cursor.setPosition(self._ends[numbers[-1]], QTextCursor.MoveMode.KeepAnchor)
            cursor.setCharFormat(self._look(muted, depth))
        cursor.endEditBlock()
        self._tell(None)

    # ------------------------------------------------------------------------------- Pointing and choosing

    def number_at(self, point: QPoint) -> int | None:
        """The part under a point of the viewport."""
        cursor = self.cursorForPosition(point)
        if point.x() < self.cursorRect(cursor).left():
            cursor.movePosition(QTextCursor.MoveOperation.PreviousCharacter)
        here = self.cursorRect(cursor)
        number = self._number_of(cursor.position())
        after = QTextCursor(cursor)
        after.movePosition(QTextCursor.MoveOperation.NextCharacter)
        there = self.cursorRect(after)
        right = there.left() if there.top() == here.top() else here.left() + self.fontMetrics().height()
        inside = here.left() <= point.x() < right and here.top() <= point.y() <= here.bottom()
        return number if inside else None

    def place_of(self, number: int) -> QRect:
        """Where a part begins, in the viewport."""
        cursor = QTextCursor(self.document())
        cursor.setPosition(self._begin_of(number))
        here = self.cursorRect(cursor)
        cursor.movePosition(QTextCursor.MoveOperation.NextCharacter)
        there = self.cursorRect(cursor)
        return here.united(there) if there.top() == here.top() else here

    def _number_of(self, position: int) -> int | None:
        """The part that holds the character after a position of the document; none in an unread prompt."""
        number = bisect_right(self._ends, position)
        return number if number < len(self._parts) and self._parts[number].tokens else None

    def _begin_of(self, number: int) -> int:
        return self._ends[number - 1] if number else 0

    def _choose_clicked(self) -> None:
        self._choose(self._meant)

    def _choose(self, number: int | None) -> None:
        """Send out a part that can be gone on from."""
        if number is not None and number < len(self._parts) and self._can_go_on(number):
            self.chosen.emit(number)

    def _can_go_on(self, number: int | None) -> bool:
        """Whether there is a part with something before it that is as the person wrote it, or the model."""
        if not self._goes_on or not number:
            return False
        return number >= self.first or self._prompt.startswith(self.text_before(number))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        left = event.button() == Qt.MouseButton.LeftButton
        self._pressed = event.position().toPoint() if left else None

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        at, pressed = event.position().toPoint(), self._pressed
        self._pressed = None
        if pressed is None or self.textCursor().hasSelection():
            return
        if (at - pressed).manhattanLength() < QApplication.startDragDistance():
            self._meant = self.number_at(at)
            self._clicked.start()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._clicked.stop()
        super().mouseDoubleClickEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if event.buttons() == Qt.MouseButton.NoButton:
            at = event.position().toPoint()
            number = self.number_at(at)
            self._tell(number)
            over_token = Qt.CursorShape.PointingHandCursor
            self.viewport().setCursor(over_token if self._can_go_on(number) else Qt.CursorShape.IBeamCursor)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._tell(None)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._tell(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        before = self.textCursor().position()
        if act_on(event, self.keys):
            return
        super().keyPressEvent(event)
        if self.textCursor().position() != before:
            self._tell(self._number_of(self.textCursor().position()))

    def where(self) -> str:
        return self.tr("In an answer")

    def _choose_here(self) -> None:
        self._choose(self._number_of(self.textCursor().position()))

    # ---------------------------------------------------------------------------------- Telling of a token

    def _tell(self, number: int | None) -> None:
        """Mark a part and say beside it what the model thought; with None, no more."""
        if number == self._shown:
            return
        self._shown = number
        if number is None:
            self.setExtraSelections([])
            self.setAccessibleDescription("")
            QToolTip.hideText()
            return
        mark = QTextEdit.ExtraSelection()
        colours = theme.current()
        mark.format.setBackground(QColor(colours.accent_ground))
        mark.format.setForeground(QColor(colours.accent_text))
        mark.cursor = QTextCursor(self.document())
        mark.cursor.setPosition(self._begin_of(number))
        mark.cursor.setPosition(self._ends[number], QTextCursor.MoveMode.KeepAnchor)
        self.setExtraSelections([mark])
        self.setAccessibleDescription(self.description(number))
        place = self.place_of(number)
        below = self.viewport().mapToGlobal(place.bottomLeft() + QPoint(0, theme.GAP_XS))
        QToolTip.showText(below, self._tip(number), self.viewport())

    def description(self, number: int) -> str:
        """What there is to say of a part, as plain text."""
        return "\n".join(self._description(token) for token in self._parts[number].tokens)

    def _description(self, token: Token) -> str:
        name = self._name(token.text or "\ufffd")
        if token.probability is None:
            said = self.tr("{token} was not guessed: it stands where the model begins to read, or before.")
            return said.format(token=name)
        said = self.tr("{token} had a probability of {percent}.")
        lines = [said.format(token=name, percent=_percent(token.probability))]
        lines += [f"{self._name(other.text)} {_percent(other.probability)}" for other in token.candidates]
        return "\n".join(lines)

    def _tip(self, number: int) -> str:
        """The same as rich text: for each token a table, the token itself in bold."""
        pieces = []
        for token in self._parts[number].tokens:
            if token.probability is None:
                pieces.append(escape(self._description(token)))
                continue
            others = list(token.candidates)
            if all(other.id != token.id for other in others):
                others.append(Candidate(token.id, token.text or "\ufffd", token.probability))
            rows = [self._row(other, drawn=other.id == token.id) for other in others]
            pieces.append(f"<table>{''.join(rows)}</table>")
        if self._can_go_on(number):
            hint = escape(self.tr("Click or press Enter to go on from here with a new seed"))
            pieces[-1] += f"<div style='color: {theme.current().muted}'>{hint}</div>"
        return "<hr>".join(pieces)

    def _row(self, candidate: Candidate, drawn: bool) -> str:
        name, percent = escape(self._name(candidate.text)), _percent(candidate.probability)
        if drawn:
            name, percent = f"<b>{name}</b>", f"<b>{percent}</b>"
        return f"<tr><td>{name}&nbsp;&nbsp;</td><td align='right'>{percent}</td></tr>"

    def _name(self, text: str) -> str:
        """A token as it can be told apart: spaces and line ends made visible."""
        if not text:
            return self.tr("end of text")
        return self.tr("part of a character") if text == "\ufffd" else text.translate(VISIBLE)


def _percent(probability: float) -> str:
    return f"{100 * probability:.1f} %" if probability >= 0.0005 else "< 0.1 %"


def _in_parts(
    unfinished: tuple[Token, ...], tokens: Sequence[Token]
) -> tuple[list[_Part], tuple[Token, ...]]:
    """Tokens that follow unfinished ones, as parts, and those that are unfinished then."""
    parts = []
    for token in tokens:
        unfinished = (*unfinished, token)
        if token.text:
            parts.append(_Part(token.text, unfinished))
            unfinished = ()
    return parts, unfinished
