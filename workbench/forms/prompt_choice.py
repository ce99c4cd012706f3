"""A choice among the prompts that samples are made of."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSignalBlocker, Qt

from workbench import theme
from workbench.forms.choice import Choice
from workbench.forms.prompt import in_a_line

LONGEST = 48  # characters of a prompt in the list


class PromptChoice(Choice):
    """A prompt of several, or all of them; not there while there is one."""

    def __init__(self) -> None:
        super().__init__()
        theme.style(self, kind="narrow")
        self.setMinimumContentsLength(8)
        self.addItem("", None)
        self.hide()
        self.currentIndexChanged.connect(self._say)
        self._say()

    def offer(self, prompts: Sequence[str]) -> None:
        """Offer these, in place where they are the same as before, since the list may be open."""
        if prompts != [self.itemData(row) for row in range(1, self.count())]:
            chosen = self.chosen()
            with QSignalBlocker(self):
                while self.count() > 1:
                    self.removeItem(1)
                for row, prompt in enumerate(prompts, start=1):
                    self.addItem(in_a_line(prompt, LONGEST), prompt)
                    self.setItemData(row, prompt, Qt.ItemDataRole.ToolTipRole)
                self.setCurrentIndex(max(0, self.findData(chosen)))
            self._say()
        self.setVisible(len(prompts) > 1)

    def chosen(self) -> str | None:
        """The prompt, or None for all."""
        prompt: str | None = self.currentData()
        return prompt

    def _say(self) -> None:
        self.setItemText(0, self.tr("All prompts"))
        self.setAccessibleName(self.tr("Samples of"))
        self.setToolTip(self.chosen() or self.tr("The samples of all prompts, as they were written"))
        widest = max(self.fontMetrics().horizontalAdvance(self.itemText(row)) for row in range(self.count()))
        self.view().setMinimumWidth(widest + 3 * theme.GAP_L)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
