"""Text to tokens and back, with a tokenizer made from the text: nothing lost, the same as in transformers."""

from __future__ import annotations

import random
from pydoc_data.topics import topics

import numpy as np
import pytest
import tokenizers
import transformers
from hypothesis import given
from hypothesis import strategies as st

from gpt_core.errors import GPTCoreError
from gpt_core.tokenizer import END_OF_TEXT, PIECE, Tokenizer, pieces

TEXT = (
    "The cat sat on the mat, didn't it?\n\n\tYes: 3.14 naïve cafés — 日本語のテキスト 🙂\n"
    "  def f(x):\n        return x\n"
)

any_text = st.text(max_size=80)
known_text = st.text(sorted(set(TEXT)), max_size=80)


@pytest.fixture(scope="module")
def reference():
    return "\n".join(topics.values())


@pytest.fixture(scope="module")
def bpe(reference):
    return Tokenizer.train("bpe", [reference, TEXT], 1000)


@pytest.fixture(scope="module")
def characters():
    return Tokenizer.train("characters", [TEXT])


# ------------------------------------------------------------------------------------------ Making them


def test_characters_are_nanogpts_sorted_characters_and_the_end_of_text(characters):
    alphabet = sorted(set(TEXT))
    assert characters.kind == "characters"
    assert characters.vocab_size == len(alphabet) + 1
    assert characters.end_of_text == len(alphabet)
    assert characters.encode(TEXT).tolist() == [alphabet.index(character) for character in TEXT]


def test_bpe_is_the_librarys_own_byte_level_bpe(reference, bpe):
    library = tokenizers.ByteLevelBPETokenizer()
    library.train_from_iterator([reference, TEXT], vocab_size=999, min_frequency=0, show_progress=False)
    assert bpe.vocab_size == 1000
    assert bpe.end_of_text == 999
    text = reference[:20_000] + TEXT
    assert bpe.encode(text).tolist() == library.encode(text).ids


@pytest.mark.parametrize("kind", ["characters", "bpe"])
def test_the_order_and_the_pieces_of_the_text_do_not_matter(kind, reference, tmp_path):
    lines = reference[:100_000].splitlines(keepends=True)
    Tokenizer.train(kind, lines, 400).save(tmp_path / "a")
    random.Random(1).shuffle(lines)
    Tokenizer.train(kind, iter(lines), 400).save(tmp_path / "b")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_short_text_gives_the_merges_it_has():
    tokenizer = Tokenizer.train("bpe", ["ab ab ab"], 5000)
    assert 257 < tokenizer.vocab_size < 270
    assert tokenizer.decode(tokenizer.encode("ab ab 日本")) == "ab ab 日本"


def test_the_smallest_bpe_is_the_bytes_alone():
    tokenizer = Tokenizer.train("bpe", [TEXT], 257)
    assert tokenizer.vocab_size == 257
    assert len(tokenizer.encode(TEXT)) == len(TEXT.encode())


# ------------------------------------------------------------------------------------------ There and back


@given(any_text)
def test_bpe_writes_anything(bpe, text):
    ids = bpe.encode(text)
    assert ids.dtype == np.int64
    assert ids.ndim == 1
    assert bpe.decode(ids) == text
    assert bpe.unknown(text) == []
    assert bpe.token_bytes[ids].sum() == len(text.encode())
    assert bpe.token_characters[ids].sum() == len(text)
    assert bpe.end_of_text not in ids


@given(any_text)
def test_characters_leave_out_what_they_do_not_know_and_name_it(characters, text):
    kept = [character for character in text if character in set(TEXT)]
    ids = characters.encode(text)
    assert ids.dtype == np.int64
    assert characters.decode(ids) == "".join(kept)
    unknown = characters.unknown(text)
    assert len(set(unknown)) == len(unknown)
    assert unknown == sorted(set(text) - set(TEXT), key=text.index)
    assert characters.token_characters[ids].sum() == len(kept)
    assert characters.token_bytes[ids].sum() == len("".join(kept).encode())


@given(known_text)
def test_characters_are_what_the_library_makes_of_the_saved_file(characters, saved_characters, text):
    assert characters.encode(text).tolist() == saved_characters.encode(text, add_special_tokens=False).ids
    assert characters.decode(characters.encode(text)) == saved_characters.decode(
        saved_characters.encode(text, add_special_tokens=False).ids
    )


@pytest.fixture(scope="module")
def saved_characters(characters, tmp_path_factory):
    folder = tmp_path_factory.mktemp("characters")
    characters.save(folder)
    library = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    library.encode_special_tokens = True
    return library


@pytest.mark.parametrize("kind", ["characters", "bpe"])
def test_the_end_of_text_typed_by_a_person_is_ordinary_text(kind):
    text = f"before{END_OF_TEXT}after {END_OF_TEXT}\n"
    tokenizer = Tokenizer.train(kind, [text] * 9, 400)
    ids = tokenizer.encode(text)
    assert tokenizer.end_of_text not in ids
    assert tokenizer.decode(ids) == text
    assert tokenizer.token_bytes[tokenizer.end_of_text] == 0
    assert tokenizer.token_characters[tokenizer.end_of_text] == 0
    assert tokenizer.decode([*ids, tokenizer.end_of_text, *ids]) == text + text


def test_half_a_surrogate_pair_is_named_and_left_out(characters, bpe):
    for tokenizer in (characters, bpe):
        assert tokenizer.unknown("a\udce3a\udce3") == ["\udce3"]
        assert tokenizer.decode(tokenizer.encode("a\udce3\ud83da")) == "aa"
    assert Tokenizer.train("characters", ["a\ud83d"]).vocab_size == 2
    assert Tokenizer.train("bpe", ["a\ud83d"], 300).decode([64]) == "a"


def test_a_long_text_encodes_as_a_whole_would(bpe):
    words = [
        "word",
        "don't",
        "日本",
        "12",
        " —",
        " ",
        "  ",
        "\n",
        "\n\n",
        "\t",
        "\r",
        "\u3000",
        "\x1c",
        "\x85",
    ]
    text = "".join(random.Random(7).choices(words, k=90_000))
    assert len(text) > 2 * PIECE
    whole = bpe._library.encode(text, add_special_tokens=False).ids
    assert bpe.encode(text).tolist() == whole


@given(st.text("ab \n\t\u3000", max_size=200), st.integers(1, 20))
def test_pieces_are_the_text_and_not_too_long(text, size):
    found = list(pieces(text, size))
    assert "".join(found) == text
    assert all(len(piece) <= 2 * size for piece in found)


def test_a_text_without_a_single_space_is_cut_somewhere(bpe):
    text = "日本語" * PIECE
    assert bpe.decode(bpe.encode(text)) == text


# ------------------------------------------------------------------------------------------ Streaming


@given(st.data())
def test_a_stream_gives_the_text_in_whole_characters(bpe, data):
    """Whatever a model may sample, broken characters and ends of text among it."""
    text_ids = bpe.encode(data.draw(any_text)).tolist()
    ids = text_ids + data.draw(st.lists(st.integers(0, bpe.vocab_size - 1), max_size=30))
    stream = bpe.stream()
    shown = [stream.step(id) for id in ids]
    assert "".join(shown) + stream.finish() == bpe.decode(ids)
    assert bpe.decode(ids) == bpe._library.decode(ids, skip_special_tokens=True)
    # At no time is there a character that a later token would change.
    assert bpe.decode(ids).startswith("".join(shown))


def test_a_character_of_several_tokens_is_shown_when_it_is_whole():
    tokenizer = Tokenizer.train("bpe", ["a"], 257)
    stream = tokenizer.stream()
    assert [stream.step(id) for id in tokenizer.encode("é🙂a")] == ["", "é", "", "", "", "🙂", "a"]
    assert stream.finish() == ""
    assert stream.step(tokenizer.encode("日")[0]) == ""
    assert stream.finish() == "\ufffd"


# ------------------------------------------------------------------------------------------ Files


@pytest.mark.parametrize("kind", ["characters", "bpe"])
def test_saved_and_loaded_it_is_the_same_here_and_in_transformers(kind, reference, tmp_path):
    saved = Tokenizer.train(kind, [reference, TEXT], 600)
    saved.save(tmp_path / "tokenizer")
    loaded = Tokenizer.load(tmp_path / "tokenizer")
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path / "tokenizer", local_files_only=True)
    assert (loaded.kind, loaded.vocab_size, loaded.end_of_text) == (kind, saved.vocab_size, saved.end_of_text)
    assert len(theirs) == saved.vocab_size
    assert theirs.eos_token_id == saved.end_of_text
    np.testing.assert_array_equal(loaded.token_bytes, saved.token_bytes)
    np.testing.assert_array_equal(loaded.token_characters, saved.token_characters)
    for text in (TEXT, reference[:5000], f"a {END_OF_TEXT} b", " leading, trailing ", "it 's , n't . !", ""):
        ids = saved.encode(text).tolist()
        assert loaded.encode(text).tolist() == ids
        assert theirs.encode(text) == ids
        assert theirs.decode(ids) == loaded.decode(ids) == saved.decode(ids) == text
    fresh = "Ω never seen"
    assert theirs.encode(fresh) == saved.encode(fresh).tolist()
    loaded.save(tmp_path / "again")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "tokenizer" / name).read_bytes()


@pytest.mark.parametrize("count", [1000, pytest.param(10_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", ["characters", "bpe"])
def test_random_texts_have_the_same_ids_before_and_after_saving(kind, count, reference, tmp_path):
    saved = Tokenizer.train(kind, [reference, TEXT], 600)
    saved.save(tmp_path)
    loaded = Tokenizer.load(tmp_path)
    auto = transformers.AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
    choose = random.Random(3)
    points = [*range(0xD800), *range(0xE000, 0x110000)]
    texts = [
        "".join(choose.choices(TEXT, k=choose.randrange(20)))
        + "".join(map(chr, choose.choices(points, k=number % 20)))
        for number in range(count)
    ]
    ids = [found.tolist() for found in saved.encode_batch(texts)]
    assert [found.tolist() for found in loaded.encode_batch(texts)] == ids
    assert auto(texts)["input_ids"] == ids


def test_a_folder_without_a_tokenizer(tmp_path):
    with pytest.raises(GPTCoreError) as caught:
        Tokenizer.load(tmp_path)
    assert caught.value.code == "tokenizer_damaged"
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{}", b"null", b"[" * 100_000, b"\xff\xfe", b'{"model": 3, "pre_tokenizer": null}',
        b'{"model": {"type": "WordPiece", "vocab": {}, "merges": []}, "pre_tokenizer": null}',
        b'{"model": {"type": "BPE", "vocab": {}, "merges": []}, "pre_tokenizer": null}',
        b'{"model": {"type": "BPE", "vocab": {"a": 99999999999}, "merges": []}, "pre_tokenizer": null}',
        b'{"model": {"type": "BPE", "vocab": {"\\ud800": 0, "<|endoftext|>": 1}, "merges": []},'
        b' "pre_tokenizer": null}',
        b'{"model": {"type": "BPE", "vocab": {"": 0, "<|endoftext|>": 1}, "merges": []},'
        b' "pre_tokenizer": null}',
        b'{"model": {"type": "BPE", "vocab": {"a": 0, "<|endoftext|>": true}, "merges": []},'
        b' "pre_tokenizer": null}',
        b'{"model": {"type": "BPE", "vocab": {"a": 0, "<|endoftext|>": 1}, "merges": []},'
        b' "pre_tokenizer": {"type": "ByteLevel"}}',
    ],
)  # fmt: skip
def test_a_file_that_is_no_tokenizer_of_ours(tmp_path, content):
    (tmp_path / "tokenizer.json").write_bytes(content)
    with pytest.raises(GPTCoreError) as caught:
        Tokenizer.load(tmp_path)
    assert caught.value.code == "tokenizer_damaged"
    assert str(caught.value)
