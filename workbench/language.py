"""The window's language: English, as it stands in the code, or one of resources/translations.

A translation is a .ts file, Qt Linguist's. Qt reads them compiled, and PySide6 brings the compiler along: so
it is called when a file was changed or is used for the first time, and what it makes is kept in the cache.
Widgets take their words anew when Qt sends them a LanguageChange.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import PySide6
from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator
from PySide6.QtGui import QFontDatabase

from gpt_core import cache, resources
from gpt_core.errors import GPTCoreError

NAMES = {"en": "English", "ja": "日本語"}  # each in its own words
SYSTEM = "system"

_installed: list[QTranslator] = []
_choice = SYSTEM


def choice() -> str:
    """What was chosen last."""
    return _choice


def resolve(choice: str) -> str:
    """The language that a choice comes to: itself, or for "system" the computer's, where we speak it."""
    wanted = [choice] if choice in NAMES else [name.split("-")[0] for name in QLocale.system().uiLanguages()]
    return next((code for code in wanted if code in NAMES), "en")


def apply(application: QCoreApplication, choice: str) -> GPTCoreError | None:
    """Speak a language from now on; where that cannot be, English, and the result is what stands against it.

    Dates and times are written as the computer has them, unless that is set to another language.
    """
    global _choice
    _choice, code, trouble = choice, resolve(choice), None
    translators = []
    if code != "en":
        try:
            translators = [_loaded(path) for path in (_qts(code), compiled(code)) if path.is_file()]
        except GPTCoreError as error:
            trouble = error
        if not can_show(code):
            trouble, translators = GPTCoreError("no_japanese_font"), []
    system = QLocale.system()
    QLocale.setDefault(system if choice not in NAMES or system.name().startswith(code) else QLocale(code))
    for translator in _installed:
        application.removeTranslator(translator)
    _installed[:] = translators
    for translator in _installed:  # the last one is asked first
        application.installTranslator(translator)
    return trouble


def source(code: str) -> Path:
    """The translation that people edit."""
    return resources.folder() / "translations" / f"{code}.ts"


def said(code: str) -> Iterator[tuple[str, str]]:
    """All that is said in a language, each with what it is in the code."""
    if code != "en":
        for message in ElementTree.parse(source(code)).iter("message"):
            yield message.findtext("translation", ""), message.findtext("source", "")


def compiled(code: str) -> Path:
    """The translation as Qt reads it, made anew where its source is another than last time.

    Raises translation_not_compiled.
    """
    path = source(code)
    folder = cache.folder() / "translations"
    try:
        made = folder / f"{code}-{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}.qm"
        if not made.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            beside = made.with_suffix(".partial")
            command = [tool("lrelease"), "-silent", str(path), "-qm", str(beside)]
            subprocess.run(command, check=True, capture_output=True, timeout=60)
            beside.replace(made)
    except (OSError, subprocess.SubprocessError) as error:
        raise GPTCoreError("translation_not_compiled", path=path, reason=error) from error
    return made


def tool(name: str) -> str:
    """One of the programs that PySide6 brings along."""
    suffix = ".exe" if sys.platform == "win32" else ""
    return str(Path(PySide6.__file__).parent / f"{name}{suffix}")


def can_show(code: str) -> bool:
    """Whether a font of this machine has the characters of a language."""
    return code != "ja" or bool(QFontDatabase.families(QFontDatabase.WritingSystem.Japanese))


def _qts(code: str) -> Path:
    """The words of Qt's own dialogs."""
    return Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)) / f"qtbase_{code}.qm"


def _loaded(path: Path) -> QTranslator:
    translator = QTranslator()
    translator.load(str(path))
    return translator
