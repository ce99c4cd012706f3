"""The original cleaning: how GPT-1's released code made words of a text, before byte-pair encoding.

ftfy mends wrongly decoded characters, `standardize` evens out dashes, quotes and white space, and spaCy's
English rules split the words, which are then put in lower case (`text_utils.py` of the code released with
Radford et al., 2018). A line end is a word of its own there. transformers' GPT-1 tokenizer does none of this:
it splits and lower-cases as BERT does, drops accents, and keeps no line ends.

ftfy and spaCy are an extra of this project, and are loaded only where this cleaning is asked for.
"""

from __future__ import annotations

import re
from importlib.metadata import version

from gpt_core.errors import GPTCoreError

_REPLACED = {"—": "-", "–": "-", "―": "-", "…": "...", "´": "'"}
# Not of backslashes: the released pattern meant them too, but lost them to the escapes of its string.
_RUNS = re.compile(r"(-+|~+|!+|\"+|;+|\?+|\++|,+|\)+|\(+|/+|\*+|\[+|\]+|\}+|\{+|\|+|_+)")
_LINE_ENDS = re.compile(r"\s*\n\s*")
_BLANKS = re.compile(r"[^\S\n]+")


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

    def words(self, text: str) -> list[str]:
        """The words of a text, in lower case; each line end between them, however long, is the word "\\n"."""
        with self._english.memory_zone():  # or spaCy would keep every different word for good
            words = [token.text for token in self._english.tokenizer(standardize(self._mend(text)))]
        return ["\n" if word == "\n " else word.lower() for word in words]


def standardize(text: str) -> str:
    """Dashes, dots and quotes in their plain forms, runs of signs set apart, white space made even."""
    for character, plain in _REPLACED.items():
        text = text.replace(character, plain)
    text = _RUNS.sub(r" \1 ", text)
    text = _LINE_ENDS.sub(" \n ", text)
    return _BLANKS.sub(" ", text).strip()
