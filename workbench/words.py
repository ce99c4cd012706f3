"""Figures and states in a person's words, alike in every panel."""

from __future__ import annotations

import math
import re

from PySide6.QtCore import QCoreApplication, QDate, QDateTime, QLocale

from gpt_core.events import State
from gpt_core.summary import RunState


def short_count(count: float) -> str:
    """A count in at most four characters and a letter: 1.82M, 24.1k, 512."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.3g}{letter}" if count < 999.5 * size else f"{count / size:.0f}{letter}"
    return f"{count:.0f}"


def duration(seconds: float) -> str:
    """A time as a clock shows it: 0:58, 12:05, 3:00:00."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def loss(value: float | None) -> str:
    """A loss to three decimals, or a dash where there is none."""
    return "–" if value is None or math.isnan(value) else f"{value:.3f}"


def when(seconds: float) -> str:
    """A moment, in seconds since 1970: the time if it was today, else the date."""
    moment = QDateTime.fromSecsSinceEpoch(int(seconds))
    short = QLocale.FormatType.ShortFormat
    if moment.date() == QDate.currentDate():
        return QLocale().toString(moment.time(), short)
    return QLocale().toString(moment.date(), short)


def when_to_the_minute(seconds: float) -> str:
    """The same, with the time of another day too."""
    moment = QDateTime.fromSecsSinceEpoch(int(seconds))
    if moment.date() == QDate.currentDate():
        return when(seconds)
    return QLocale().toString(moment, QLocale.FormatType.ShortFormat)


def when_briefly(seconds: float) -> str:
    """The same in as few characters as can be: a date of this year without the year."""
    date = QDateTime.fromSecsSinceEpoch(int(seconds)).date()
    if date == QDate.currentDate() or date.year() != QDate.currentDate().year():
        return when(seconds)
    form = QLocale().dateFormat(QLocale.FormatType.ShortFormat)
    return QLocale().toString(date, re.sub("[^Md]*y+[^Md]*", "", form))


def state(state: State) -> str:
    """The state of the open run."""
    words = {
        "preparing": QCoreApplication.translate("states", "Preparing"),
        "training": QCoreApplication.translate("states", "Training"),
        "paused": QCoreApplication.translate("states", "Paused"),
        "stopped": QCoreApplication.translate("states", "Stopped"),
        "finished": QCoreApplication.translate("states", "Finished"),
        "failed": QCoreApplication.translate("states", "Failed"),
        "closed": QCoreApplication.translate("states", "Closed"),
    }
    return words[state]


def run_state(state: RunState) -> str:
    """The state of a run that is not open here."""
    words = {
        "new": QCoreApplication.translate("states", "Not started"),
        "in_use": QCoreApplication.translate("states", "Training elsewhere"),
        "stopped": QCoreApplication.translate("states", "Stopped"),
        "finished": QCoreApplication.translate("states", "Finished"),
        "failed": QCoreApplication.translate("states", "Failed"),
        "interrupted": QCoreApplication.translate("states", "Interrupted"),
        "unreadable": QCoreApplication.translate("states", "Unreadable"),
    }
    return words[state]
