"""A legend: entries that show a line or a mark as the plot draws it, and name it; they wrap where it is
narrow."""

from __future__ import annotations

from pyqtgraph.graphicsItems.ScatterPlotItem import drawSymbol
from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QAction, QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget

from workbench import theme
from workbench.plots.curve import Dash, screen_pen

LINE = 22  # pixels
LONGEST = 200  # pixels of a name; a longer one is cut


class LegendEntry(QWidget):
    """Draws `name` after a sample of its line, or of its mark alone where `width` is 0.

    `colour` is a role of the palette, or a colour itself ("#RRGGBB").
    """

    def __init__(
        self,
        name: str,
        colour: str,
        *,
        width: float = 2,
        dash: Dash = Qt.PenStyle.SolidLine,
        dot: str | None = None,
        dot_size: float = 6,
    ) -> None:
        super().__init__()
        self.colour = colour
        self._action: QAction | None = None
        self._width, self._dash, self._dot, self._dot_size = width, dash, dot, dot_size
        self._sample = LINE if width else 14
        self.setFont(theme.font(theme.LABEL))
        self.rename(name)

    def rename(self, name: str) -> None:
        """Name it so from now on."""
        self.name = name
        self.setAccessibleName(name)
        self.setToolTip(name if self.fontMetrics().horizontalAdvance(name) > LONGEST else "")
        self.updateGeometry()
        self.update()

    def toggle_by(self, action: QAction) -> None:
        """Let a click do `action`, which can be checked; while it is not, the name is struck out."""
        self._action = action
        action.toggled.connect(self.update)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        left = event.button() == Qt.MouseButton.LeftButton
        if self._action is not None and left and self.rect().contains(event.position().toPoint()):
            self._action.trigger()

    def sizeHint(self) -> QSize:
        text = self.fontMetrics()
        width = min(text.horizontalAdvance(self.name), LONGEST)
        return QSize(self._sample + 6 + width + 1, text.height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.draw(painter)
        painter.end()

    def draw(self, painter: QPainter) -> None:
        """Draw the entry with its top left corner at the origin."""
        palette = theme.current()
        colour = QColor(getattr(palette, self.colour, self.colour))
        middle = self.height() / 2
        painter.save()
        if self._width:
            pen = screen_pen(colour.name(), self._width, self._dash, 1)
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            pen.setCosmetic(False)  # one line, drawn as thick at any scale
            painter.setPen(pen)
            painter.drawLine(QPointF(0, middle), QPointF(LINE, middle))
        if self._dot is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.translate(self._sample / 2, middle)
            drawSymbol(painter, self._dot, self._dot_size, QPen(Qt.PenStyle.NoPen), colour)
        painter.restore()
        font = self.font()
        font.setStrikeOut(self._action is not None and not self._action.isChecked())
        painter.setFont(font)
        painter.setPen(QColor(palette.muted))
        text = self.rect().adjusted(self._sample + 6, 0, 0, 0)
        name = self.fontMetrics().elidedText(self.name, Qt.TextElideMode.ElideMiddle, LONGEST)
        painter.drawText(text, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), name)


class Legend(QWidget):
    """Entries side by side, on as many lines as they need."""

    def __init__(self) -> None:
        super().__init__()
        self._flow = Flow(self)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def add(self, entry: LegendEntry) -> LegendEntry:
        """Put an entry at the end."""
        self._flow.addWidget(entry)
        entry.show()
        return entry

    def remove(self, entry: LegendEntry) -> None:
        """Take an entry out."""
        self._flow.removeWidget(entry)
        entry.hide()
        entry.deleteLater()

    def entries(self) -> list[LegendEntry]:
        """Those that are shown."""
        return [entry for entry in self.findChildren(LegendEntry) if not entry.isHidden()]


class Flow(QLayout):
    """A layout that goes on in the next line where one is full."""

    def __init__(self, parent: QWidget | None = None, gap: int = theme.GAP_M) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def sizeHint(self) -> QSize:
        """All in one line: Qt keeps room for as many lines as there would be at the width named here."""
        sizes = [item.sizeHint() for item in self._items if not item.isEmpty()]
        across = sum(size.width() + self._gap for size in sizes)
        return QSize(max(across - self._gap, 0), max((size.height() for size in sizes), default=0))

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            if not item.isEmpty():
                size = size.expandedTo(item.minimumSize())
        return size

    def _arrange(self, rect: QRect, *, move: bool) -> int:
        """Lay the items out within the width of `rect`, or only try; the height that they take."""
        x, y, line = rect.x(), rect.y(), 0
        for item in self._items:
            if item.isEmpty():
                continue
            size = item.sizeHint()
            if x > rect.x() and x + size.width() > rect.x() + rect.width():
                x, y, line = rect.x(), y + line + theme.GAP_XS, 0
            if move:
                item.setGeometry(QRect(x, y, min(size.width(), rect.width()), size.height()))
            x += size.width() + self._gap
            line = max(line, size.height())
        return y + line - rect.y()
