"""What the model writes along the way, the newest sample first."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QTextOption, QWheelEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QTextEdit, QVBoxLayout, QWidget

from gpt_core.events import SampleDone, SampleToken, StateChanged
from workbench import theme
from workbench.session import Session
from workbench.workspace import Workspace

MOST = 50  # samples shown; the record keeps them all


class SamplesPanel(QFrame):
    """A list of samples with the step and the loss at which they were written."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        theme.style(self, kind="panel")
        self._workspace = workspace
        self.title = theme.label("section")
        self.hint = theme.label("muted")
        self.empty = theme.label("muted")
        self.empty.setWordWrap(True)
        top = QHBoxLayout()
        top.addWidget(self.title)
        top.addStretch()
        top.addWidget(self.hint)

        inside = QWidget()
        theme.style(inside, kind="form")
        self._list = QVBoxLayout(inside)
        self._list.setContentsMargins(0, 0, theme.GAP_S, 0)
        self._list.setSpacing(theme.GAP_M)
        self._list.addStretch()
        self.area = QScrollArea()
        self.area.setWidget(inside)
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GAP_L, theme.GAP_M, theme.GAP_S, theme.GAP_M)
        layout.addLayout(top)
        layout.addWidget(self.empty)
        layout.addWidget(self.area, stretch=1)
        self._growing: _Sample | None = None
        workspace.sessionChanged.connect(self._session_changed)
        self._say()

    def _say(self) -> None:
        self.title.setText(self.tr("Samples"))
        self.empty.setText(self.tr("What the model writes along the way appears here."))
        self.area.setAccessibleName(self.tr("Samples"))
        if self._workspace.session is not None:
            self._say_prompt(self._workspace.session)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def samples(self) -> list[_Sample]:
        """The samples shown, the newest first."""
        children = self.findChildren(_Sample)
        return sorted(children, key=self._list.indexOf)

    def _session_changed(self) -> None:
        self._growing = None
        for sample in self.samples():
            self._remove(sample)
        self.hint.setText("")
        self.empty.show()
        session = self._workspace.session
        if session is None:
            return
        self._fill(session)
        session.reported.connect(self._reported)

    def _fill(self, session: Session) -> None:
        """Show the samples of earlier sittings."""
        self._say_prompt(session)
        steps, losses = session.history.series["loss"]
        for event in [event for event in session.history.events if event.kind == "sample"][-MOST:]:
            at = int(np.searchsorted(steps, event.step))
            loss = float(losses[at]) if at < len(steps) and steps[at] == event.step else None
            self._add(event.step, loss).write(event.values["prompt"], event.values["text"])

    def _reported(self, report: object) -> None:
        session = self._workspace.session
        if isinstance(report, StateChanged) and report.state not in ("paused", "training"):
            self._growing = None  # a sample that was broken off is begun anew
        if session is None or not isinstance(report, SampleToken | SampleDone):
            return
        prompt = session.config.sampling.prompt
        self._say_prompt(session)
        if self._growing is None or self._growing.step != report.step:
            self._growing = self._add(report.step, session.last.loss if session.last else None)
            self._growing.write(prompt, "")
        if isinstance(report, SampleToken):
            self._growing.grow(report.piece)
        else:
            self._growing.write(report.prompt, report.text)
            self._growing = None

    def _say_prompt(self, session: Session) -> None:
        prompt = session.config.sampling.prompt.replace("\n", "↵")
        self.hint.setText(self.tr("from “{prompt}”").format(prompt=prompt))

    def _add(self, step: int, loss: float | None) -> _Sample:
        sample = _Sample(step, loss)
        self._list.insertWidget(0, sample)
        self.empty.hide()
        for old in self.samples()[MOST:]:
            self._remove(old)
        return sample

    def _remove(self, sample: _Sample) -> None:
        self._list.removeWidget(sample)
        sample.setParent(None)
        sample.deleteLater()


class _Sample(QWidget):
    """One sample: its step, the loss then, and the text after its prompt."""

    def __init__(self, step: int, loss: float | None) -> None:
        super().__init__()
        self.step, self._loss = step, loss
        self._when, self._what = theme.label("muted"), theme.label("muted")
        top = QHBoxLayout()
        top.addWidget(self._when)
        top.addStretch()
        top.addWidget(self._what)
        self.text = _Text()
        self._whole = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GAP_XS)
        layout.addLayout(top)
        layout.addWidget(self.text)
        self._say()

    def _say(self) -> None:
        step = f"{self.step:,}"
        self._when.setText(self.tr("step {step}").format(step=step))
        if self._loss is not None:
            self._what.setText(self.tr("loss {loss}").format(loss=f"{self._loss:.2f}"))
        self.text.setAccessibleName(self.tr("Sample at step {step}").format(step=step))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def write(self, prompt: str, text: str) -> None:
        """Show the prompt and what follows it."""
        self._whole = prompt + text
        self._show()

    def grow(self, piece: str) -> None:
        """Show a little more."""
        self._whole += piece
        self._show()

    def _show(self) -> None:
        self.text.setPlainText(self._whole.strip("\n"))


class _Text(QTextEdit):
    """Text as high as it needs to be that, unlike a label, breaks within a word too long for a line."""

    def __init__(self) -> None:
        super().__init__()
        theme.style(self, kind="bare")
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)

    def _fit(self) -> None:
        self.setFixedHeight(round(self.document().size().height()) + 2)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # so that the list scrolls
