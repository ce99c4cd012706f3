"""The original cleaning: how GPT-1's released code made words of a text, before byte-pair encoding.

ftfy mends wrongly decoded characters, `standardize` evens out dashes, quotes and white space, and spaCy's
English rules split the words, which are then put in lower case (`text_utils.py` of the code released with
Radford et al., 2018). A line end is a word of its own there. transformers' GPT-1 tokenizer does none of this:
it splits and lower-cases as BERT does, drops accents, and keeps no line ends.

ftfy and spaCy are an extra of this project, and are loaded only where this cleaning is asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import version

from gpt_core.errors import GPTCoreError

_REPLACED = {"—": "-", "–": "-", "―": "-", "…": "...", "´": "'"}
# Not of backslashes: the released pattern meant them too, but lost them to the escapes of its string.
_RUNS = re.compile(r"(-+|~+|!+|\"+|;+|\?+|\++|,+|\)+|\(+|/+|\*+|\[+|\]+|\}+|\{+|\|+|_+)")
_LINE_ENDS = re.compile(r"\s*\n\s*")
_BLANKS = re.compile(r"[^\S\n]+")


@dataclass
class Begun:
    """What matters, of the pieces of a text that were cleaned, for those that follow."""

    words: bool = False  # there are some
    line_end: bool = False  # after the last of them
    markup: bool = False  # a "<" was met, and from its line on ftfy leaves HTML's entities as they are

    def end(self) -> None:
        """Begin with another text."""
        self.words = self.line_end = self.markup = False


class OriginalCleaning:
    """Makes words of a text as GPT-1's released code does; `versions` are those of the packages whose rules
    decide the words. Raises cleaning_missing without ftfy or spaCy."""

    def __init__(self) -> None:
        try:
            import ftfy
            from spacy.lang.en import English
        except ImportError as error:
            raise GPTCoreError("cleaning_missing", field="data.cleaning", package=error.name) from error
        self.versions = [f"ftfy {version('ftfy')}", f"spacy {version('spacy')}"]
        self._mend = ftfy.fix_text
        self._english = English()  # its rules alone: no model is needed to split words

    def words(self, text: str, begun: Begun | None = None) -> list[str]:
        """The words of a text, in lower case; each line end between them, however long, is the word "\\n".

        Of a text in pieces, `begun` goes from one to the next. Cut after line ends they have the words of the
        whole: ftfy goes from line to line.
        """
        begun = begun or Begun()
        mended = self._mend(text, unescape_html=False if begun.markup else "auto")
        begun.markup = begun.markup or "<" in text
        with self._english.memory_zone():  # or spaCy would keep every different word for good
            words = [token.text for token in self._english.tokenizer(standardize(mended))]
        before, after = mended[: len(mended) - len(mended.lstrip())], mended[len(mended.rstrip()) :]
        begun.line_end = begun.line_end or "\n" in before
        if not words:
            return []
        between = ["\n"] if begun.words and begun.line_end else []
        begun.words, begun.line_end = True, "\n" in after
        return between + ["\n" if word == "\n " else word.lower() for word in words]


def standardize(text: str) -> str:
    """Dashes, dots and quotes in their plain forms, runs of signs set apart, white space made even."""
    for character, plain in _REPLACED.items():
        text = text.replace(character, plain)
    text = _RUNS.sub(r" \1 ", text)
    text = _LINE_ENDS.sub(" \n ", text)
    return _BLANKS.sub(" ", text).strip()
