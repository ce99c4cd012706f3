"""GPT-1's original cleaning: the ids of the released code's recipe, and a clear word without its packages."""

from __future__ import annotations

import json
import re
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from gpt_core.cleaning import Begun, standardize
from gpt_core.config import from_values
from gpt_core.corpus import Corpus, prepare
from gpt_core.errors import GPTCoreError
from gpt_core.tokenizer import Tokenizer, cleaning_difference

TEXT = (
    "The cat's on the MAT — isn't it?\n\n   “Well…” she said;\tdon't!!  (yes)\n3.14 e.g. naÃ¯ve cafés"
    " &amp; co.\r\n日本語 🙂 a_b \\ c\\d ++ x/y Mr. O'Neil's e\u0301 \x85 end-of-line—\n \n"
)
TRUE_GPT1 = Path(__file__).parents[3] / "shared" / "data" / "gpt1-bpe"
any_text = st.text(max_size=60) | st.lists(st.sampled_from([*TEXT, *TEXT.split(" "), "\n", " "])).map("".join)


def test_a_text_is_standardized():
    assert standardize("  a—b – c…\n\n \td´s  ") == "a - b - c... \n d's"
    assert standardize('"No!!" (x+y)/2; a_b*c~') == '" No !! " ( x + y ) / 2 ; a _ b * c ~'
    assert standardize("a\u00a0\u3000b\x1cc") == "a b c"
    assert standardize(" \n ") == ""
    assert standardize("a\\\\b") == "a\\\\b"  # as in the released code, whose pattern misses them


def test_without_its_packages_it_is_told_how_to_get_them(monkeypatch, gpt1_folder):
    monkeypatch.setitem(sys.modules, "ftfy", None)  # as if it were not installed
    with pytest.raises(GPTCoreError) as caught:
        Tokenizer.pretrained("gpt1", str(gpt1_folder), "original")
    assert (caught.value.code, caught.value.field) == ("cleaning_missing", "data.cleaning")
    assert "pip install 'gpt-workbench[original]'" in str(caught.value)
    assert "ftfy" in str(caught.value)


def test_a_saved_gpt1_must_say_how_it_cleans(gpt1_folder, tmp_path):
    Tokenizer.pretrained("gpt1", str(gpt1_folder)).save(tmp_path)
    config = tmp_path / "tokenizer_config.json"
    said = json.loads(config.read_bytes())
    assert said["gpt_workbench"] == {"kind": "gpt1", "cleaning": "transformers"}
    for changed in (None, {"kind": "gpt1"}, {"kind": "gpt1", "cleaning": "other"}, "original"):
        config.write_text(json.dumps(said | {"gpt_workbench": changed}))
        with pytest.raises(GPTCoreError) as caught:
            Tokenizer.load(tmp_path)
        assert caught.value.code == "tokenizer_damaged"
        assert str(config) in str(caught.value)
    config.unlink()
    with pytest.raises(GPTCoreError, match=r"tokenizer_config\.json"):
        Tokenizer.load(tmp_path)


# ------------------------------------------------------------------------------------------ With its packages


@pytest.fixture(scope="module")
def packages():
    reason = "the original cleaning's packages are an extra"
    return pytest.importorskip("ftfy", reason=reason), pytest.importorskip("spacy", reason=reason)


@pytest.fixture(
    scope="module",
    params=[
        "small",
        pytest.param("true", marks=pytest.mark.skipif(
            not TRUE_GPT1.is_dir(), reason="GPT-1's own vocabulary is not part of the project"
        )),
    ],
)  # fmt: skip
def folder(request, packages, gpt1_folder):
    return gpt1_folder if request.param == "small" else TRUE_GPT1


class Recipe:
    """What the released code does, step by step and word by word: mend, standardize, split, lower, merge."""

    def __init__(self, packages, folder):
        ftfy, spacy = packages
        self.fix, self.nlp = ftfy.fix_text, spacy.blank("en")
        names = ("vocab.json", "merges.txt")
        if folder == TRUE_GPT1:
            names = ("encoder_bpe_40000.json", "vocab_40000.bpe")
        self.ids = json.loads((folder / names[0]).read_bytes())
        lines = (folder / names[1]).read_text(encoding="utf-8").split("\n")[1:-1]
        self.rank = {tuple(line.split()): rank for rank, line in enumerate(lines)}

    def standardize(self, text):
        for dash in "—–―":
            text = text.replace(dash, "-")
        text = text.replace("…", "...").replace("´", "'")
        for sign in '-~!";?+,)(/*[]}{|_':
            text = re.sub("(" + re.escape(sign) + "+)", r" \1 ", text)
        text = re.sub(r"\s*\n\s*", " \n ", text)
        return re.sub(r"[^\S\n]+", " ", text).strip()

    def tokens(self, word):
        if word == "\n ":
            return ["\n</w>"]
        parts = [*word[:-1], word[-1] + "</w>"]
        while len(parts) > 1:
            pairs = list(pairwise(parts))
            best = min(pairs, key=lambda pair: self.rank.get(pair, len(self.rank)))
            if best not in self.rank:
                break
            merged, place = [], 0
            while place < len(parts):
                if tuple(parts[place : place + 2]) == best:
                    merged.append("".join(best))
                    place += 2
                else:
                    merged.append(parts[place])
                    place += 1
            parts = merged
        return parts

    def encode(self, text):
        words = (token.text.lower() for token in self.nlp(self.standardize(self.fix(text))))
        return [self.ids.get(token, 0) for word in words for token in self.tokens(word)]


@pytest.fixture(scope="module")
def recipe(packages, folder):
    return Recipe(packages, folder)


@pytest.fixture(scope="module")
def original(folder):
    return Tokenizer.pretrained("gpt1", str(folder), "original")


def test_a_prose_text_has_the_ids_of_the_recipe(original, recipe):
    for text in (TEXT, TEXT * 50, "", " \n "):
        assert original.encode(text).tolist() == recipe.encode(text)
    assert [ids.tolist() for ids in original.encode_batch([TEXT, "", "a"])] == [
        recipe.encode(TEXT), [], recipe.encode("a")
    ]  # fmt: skip


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_text)
def test_any_text_has_the_ids_of_the_recipe(original, recipe, text):
    ids = original.encode(text)
    assert ids.tolist() == recipe.encode(text)
    assert bool(original.unknown(text)) == (original.unknown_token in ids)


# Words of such lengths that a line end is never far, and of those that only a whole line tells how to mend.
lines = st.lists(
    st.sampled_from(["a", "Mr.", "it's", "--", "<b>", "&amp;", "&#10;", "\u2028", "naÃ¯ve", "é", ""])
)
in_lines = st.lists(lines.map(" ".join).map(lambda line: line[:12])).map("\n".join)
plain = st.lists(st.sampled_from(["a", "Mr.", "it's", "--", " ", "\n", " \n "])).map("".join)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.lists(in_lines | plain | any_text, max_size=3), st.integers(4, 30), st.integers(1, 3))
@example(["the cat sat on the mat\n" * 10], 15, 2)
@example(["a <b>\n" * 5 + "&lt; &amp;\n", "&lt;\n"], 6, 1)
@example(["a a a a\n" * 9], 2, 1)
def test_pieces_have_the_ids_of_the_whole(original, recipe, texts, size, together):
    """Whatever stands at their ends, and however many are encoded at once."""
    cut = [(piece, last) for text in texts for piece, last in marked(original.cut(text, size))]
    for (piece, last), (after, _) in pairwise(cut):  # else it had to be cut where it stands
        assume(last or piece[-1] == "\n" or (piece.isascii() and "&" not in piece and after[0] in " \n"))
    assert in_pieces(original, cut, together) == [id for text in texts for id in recipe.encode(text)]


def test_a_line_is_mended_as_a_whole(original, recipe):
    text = "catà¸ mat\n" * 9
    assert recipe.encode("catà¸ mat") != recipe.encode("catà¸") + recipe.encode(" mat")
    for size in range(11, 20):
        cut = marked(original.cut(text, size))
        assert in_pieces(original, cut, 2) == recipe.encode(text)
        assert len(cut) > 2


def in_pieces(tokenizer, cut, together):
    begun, found = Begun(), []
    for start in range(0, len(cut), together):
        some, ends = zip(*cut[start : start + together], strict=True)
        found += [id for ids in tokenizer.encode_pieces(some, ends, begun) for id in ids.tolist()]
    return found


def marked(pieces):
    *before, last = pieces
    return [(piece, False) for piece in before] + [(last, True)]


def test_a_long_text_is_prepared_to_the_ids_of_the_whole(packages, gpt1_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("GPT_WORKBENCH_HOME", str(tmp_path / "home"))
    text = "the cat sat on the mat\n" * 12_000
    (tmp_path / "text.txt").write_text(text)
    data = {"source": str(tmp_path / "text.txt"), "tokenizer": "gpt1", "tokenizer_path": str(gpt1_folder)}
    data |= {"cleaning": "original", "validation_fraction": 1e-4}
    config = from_values({"data": data, "model": {"context_length": 1}})
    list(prepare(config, tmp_path / "run"))
    opened = Corpus.open(tmp_path / "run")
    whole = opened.tokenizer.encode(text[: opened.info.train.characters])
    assert len(whole) > 83_000
    assert opened.train.tolist() == whole.tolist()


def test_it_is_part_of_the_saved_tokenizer(original, tmp_path):
    original.save(tmp_path)
    loaded = Tokenizer.load(tmp_path)
    assert (loaded.kind, loaded.cleaning) == ("gpt1", "original")
    assert loaded.encode(TEXT).tolist() == original.encode(TEXT).tolist()


def test_the_difference_is_shown(folder):
    difference = cleaning_difference("É isn't\na", str(folder))
    assert list(difference) == ["transformers", "original"]
    assert "".join(difference["transformers"]) == "e isn ' t a "
    assert "".join(difference["original"]) == "é is n't \n a "
