"""Panels around the curves that can be moved, tabbed, floated, closed, and found as they were left."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QScrollArea,
    QTabBar,
    QToolButton,
    QWidget,
)

from workbench import theme

FORMAT = 1  # of a layout that was kept; one of another number is not taken up
TITLE_HEIGHT = 22
LEFT, RIGHT, BELOW = 320, 330, 260  # pixels that the panels take at first: two widths and a height
UPPER, LOWER = 530, 270  # of the two at the right
RIGHT_SIDE = Qt.DockWidgetArea.RightDockWidgetArea


class Dock(QDockWidget):
    """A panel with a quiet title bar; `name` is what a kept layout knows it by. Its title is given later."""

    def __init__(self, area: DockArea, name: str, panel: QWidget) -> None:
        super().__init__(area)
        self.setObjectName(name)
        self.setWidget(panel)
        self.setTitleBarWidget(_TitleBar(self))
        self._toggle = QAction(self)
        self._toggle.setCheckable(True)
        self._toggle.triggered.connect(lambda wanted: self.reveal() if wanted else self.hide())
        self.windowTitleChanged.connect(self._take_title)
        self.visibilityChanged.connect(self._follow_tab)
        panel.installEventFilter(self)
        for hidden in (panel, self.titleBarWidget()):  # or the tabs that it is among would have no height
            policy = hidden.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            hidden.setSizePolicy(policy)
        self.topLevelChanged.connect(lambda floating: self._follow_tab(True) if floating else None)

    def _follow_tab(self, seen: bool) -> None:
        """Hide what stands behind another tab, or the Tab key would go where nobody sees it."""
        self._toggle.setChecked(seen)
        self.widget().setVisible(seen)
        self.titleBarWidget().setVisible(seen)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the panel as high as its words need where they wrap, which Qt's docks do not ask about."""
        panel, layout = self.widget(), self.widget().layout()
        changed = event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest)
        if watched is panel and changed and layout is not None:
            wraps = layout.hasHeightForWidth()
            panel.setMinimumHeight(layout.totalMinimumHeightForWidth(panel.width()) if wraps else 0)
        return False

    def _take_title(self, title: str) -> None:
        """Name what shows it, and let the panel not say what the title bar says."""
        self._toggle.setText(title)
        for label in self.widget().findChildren(QLabel):
            if label.property("role") == "section" and label.text() == title:
                label.hide()

    def toggle(self) -> QAction:
        """The action that reveals it, or hides it where it is in front already, which is when it is checked;
        Qt's own would hide what stands behind another tab."""
        return self._toggle

    def reveal(self) -> None:
        """Show it, before those it shares a place with, and give the focus to its first control, or to
        the one that the panel names as its focus proxy."""
        self.show()
        self.raise_()
        panel = self.widget()
        panel.setFocus(Qt.FocusReason.OtherFocusReason)
        if self.window().focusWidget() is panel:
            panel.focusNextChild()


class _TitleBar(QWidget):
    """The title, muted, and two small buttons; dragging it moves the dock."""

    def __init__(self, dock: Dock) -> None:
        super().__init__(dock)
        self._dock = dock
        self._title = theme.label("muted")
        self.float, self.close_ = QToolButton(), QToolButton()
        theme.style(self.float, kind="dock")
        theme.style(self.close_, kind="dock")
        self.float.clicked.connect(lambda: dock.setFloating(not dock.isFloating()))
        self.close_.clicked.connect(dock.close)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.GAP_S, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._title)
        layout.addStretch()
        for button in (self.float, self.close_):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            layout.addWidget(button)
        self.setFixedHeight(TITLE_HEIGHT)
        dock.topLevelChanged.connect(self._say)
        dock.windowTitleChanged.connect(self._say)
        theme.notifier.changed.connect(self._show_icons)
        self._show_icons()

    def _show_icons(self) -> None:
        for button, name in ((self.float, "float"), (self.close_, "close")):
            button.setIcon(QIcon(f"icons:{name}-{theme.current().name}.svg"))
            button.setIconSize(QSize(14, 14))

    def _say(self) -> None:
        self._title.setText(self._dock.windowTitle())
        values = {"panel": self._dock.windowTitle()}
        if self._dock.isFloating():
            text = self.tr("Put {panel} back into the window").format(**values)
        else:
            text = self.tr("Take {panel} out of the window").format(**values)
        self.float.setToolTip(text)
        self.float.setAccessibleName(text)
        text = self.tr("Hide {panel}; the View menu shows it again").format(**values)
        self.close_.setToolTip(text)
        self.close_.setAccessibleName(text)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()


class DockArea(QMainWindow):
    """What lies between the header and the status line: `centre`, and around it the docks.

    A main window within the main one, so that the header spans the whole width above every dock.
    """

    def __init__(self, centre: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setCentralWidget(centre)
        self.setDockNestingEnabled(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        # What lies below, a table that wants to be wide, takes room from the left, where forms scroll, and
        # not from the two panels at the right, or all of it would not fit into 720 pixels.
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.BottomDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, RIGHT_SIDE)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._bring_into_sight)
        self.docks: list[Dock] = []
        self._default = QByteArray()

    def add(
        self,
        dock: Dock,
        area: Qt.DockWidgetArea,
        *,
        behind: Dock | None = None,
        shown: bool = True,
    ) -> Dock:
        """Put a dock on its side of the centre, below those already there or as a tab behind one of them."""
        self.docks.append(dock)
        self.addDockWidget(area, dock)
        if behind is not None:
            self.tabifyDockWidget(behind, dock)
            behind.raise_()
        dock.setVisible(shown)
        return dock

    def dock(self, name: str) -> Dock:
        """The dock that is called so."""
        return next(dock for dock in self.docks if dock.objectName() == name)

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._let_tabs_be_reached()
        return done

    def _let_tabs_be_reached(self) -> None:
        """Let the Tab key come to no tabs but those that are seen; Qt keeps others, unused, out of sight."""
        for tabs in self.findChildren(QTabBar):
            seen = tabs.count() > 1
            tabs.setFocusPolicy(Qt.FocusPolicy.TabFocus if seen else Qt.FocusPolicy.NoFocus)

    def _bring_into_sight(self, _: QWidget | None, focused: QWidget | None) -> None:
        """Scroll to what has come into the focus from outside; Qt does so for the focus that moves inside."""
        if focused is None or not self.isAncestorOf(focused) or not focused.visibleRegion().isEmpty():
            return
        above = focused.parentWidget()
        while above is not None and not isinstance(above, QScrollArea):
            above = above.parentWidget()
        if above is not None:
            above.ensureWidgetVisible(focused)

    def settle(self, size: QSize) -> None:
        """Take the present arrangement for the default one; to be called once, `size` being the area's."""
        self.resize(size)
        for area, extent, way in (
            (Qt.DockWidgetArea.LeftDockWidgetArea, LEFT, Qt.Orientation.Horizontal),
            (RIGHT_SIDE, RIGHT, Qt.Orientation.Horizontal),
            (Qt.DockWidgetArea.BottomDockWidgetArea, BELOW, Qt.Orientation.Vertical),
        ):
            here = [dock for dock in self.docks if self.dockWidgetArea(dock) == area]
            self.resizeDocks(here[:1], [extent] * len(here[:1]), way)
        right = [dock for dock in self.docks if self.dockWidgetArea(dock) == RIGHT_SIDE]
        self.resizeDocks(right[:2], [UPPER, LOWER], Qt.Orientation.Vertical)
        self._default = self.saveState(FORMAT)

    def place(self, dock: Dock, side: Qt.DockWidgetArea | None) -> None:
        """Put a dock at a side of the centre, as a tab among those already there, or (None) let it float."""
        dock.setFloating(side is None)
        if side is not None:
            there = [
                other
                for other in self.docks
                if other is not dock
                and other.isVisible()
                and not other.isFloating()
                and self.dockWidgetArea(other) == side
            ]
            self.addDockWidget(side, dock)
            if there:
                self.tabifyDockWidget(there[-1], dock)
        QTimer.singleShot(0, dock, dock.reveal)  # once it is there to be given the focus

    def restore_default(self) -> None:
        """Put every dock back to where it was at first."""
        self.restoreState(self._default, FORMAT)

    def keep(self) -> QByteArray:
        """The arrangement, for `restore`."""
        return self.saveState(FORMAT)

    def restore(self, kept: object) -> None:
        """Take up an arrangement that was kept; one that makes no sense leaves the default."""
        if not isinstance(kept, QByteArray) or not self.restoreState(kept, FORMAT):
            self.restore_default()
