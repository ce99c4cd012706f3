"""GPT-1's and GPT-2's tokenizers: id for id what transformers makes of the same files."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
from pathlib import Path

import huggingface_hub.constants
import numpy as np
import pytest
import transformers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gpt_core import tokenizer as room
from gpt_core.errors import GPTCoreError
from gpt_core.tokenizer import PIECE, Tokenizer, pieces

TEXT = (
    "The cat's on the MAT — isn't it?\n\n\tYes: 3.14 naïve cafés, déjà\u0301 vu\u3000…  “quoted”\r\n"
    "日本語のテキスト 한국어 🙂 Ελλάς İstanbul \x1c\x85\u200b\ufffd\x00 print(f'{x!r}')\n"
)
TRUE_GPT1 = Path(__file__).parents[3] / "shared" / "data" / "gpt1-bpe"
NEEDS_TRUE_GPT1 = pytest.mark.skipif(
    not TRUE_GPT1.is_dir(), reason="GPT-1's own vocabulary is not part of the project"
)

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

# Half of them of words and signs that make tokens of several characters, so that merges have their say.
any_text = st.text(max_size=60) | st.lists(
    st.sampled_from([*TEXT.split(" "), *TEXT, "the ", "function", "objects\n", "<unk>", "<|endoftext|>"])
).map("".join)


@pytest.fixture(scope="module", params=["gpt1", "gpt2", pytest.param("true gpt1", marks=NEEDS_TRUE_GPT1)])
def pair(request, gpt1_folder, gpt2_folder):
    """Our tokenizer and transformers', of the same files."""
    if request.param == "gpt2":
        return Tokenizer.pretrained("gpt2", str(gpt2_folder)), theirs(gpt2_folder)
    if request.param == "gpt1":
        return Tokenizer.pretrained("gpt1", str(gpt1_folder)), theirs(gpt1_folder)
    return Tokenizer.pretrained("gpt1", str(TRUE_GPT1)), true_gpt1()


def theirs(folder):
    """transformers' tokenizer, to which a special token typed in a text is ordinary text, as to us."""
    kind = transformers.GPT2Tokenizer if folder.name.startswith("gpt2") else transformers.OpenAIGPTTokenizer
    return kind.from_pretrained(folder, split_special_tokens=True)


def true_gpt1():
    vocabulary = json.loads((TRUE_GPT1 / "encoder_bpe_40000.json").read_bytes())
    lines = (TRUE_GPT1 / "vocab_40000.bpe").read_text(encoding="utf-8").split("\n")[1:-1]
    merges = [tuple(line.split()) for line in lines]
    return transformers.OpenAIGPTTokenizer(vocab=vocabulary, merges=merges, split_special_tokens=True)


def random_texts(count):
    """Random Unicode strings: any code points, or characters and words that the vocabularies know."""
    choose = random.Random(11)
    usual = [*TEXT, *TEXT.split(" "), "the ", " of", "\n", "object", "é", "e\u0301", "ﬁ", "Σ", "ẞ"]
    for number in range(count):
        if number % 2:
            yield "".join(choose.choices(usual, k=choose.randrange(30)))
        else:
            high = choose.choice([0x80, 0x3000, 0xD800, 0x110000])
            points = (choose.randrange(high) for _ in range(choose.randrange(40)))
            yield "".join(chr(point) for point in points if not 0xD800 <= point < 0xE000)


# ------------------------------------------------------------------------------------------ Equal


@pytest.mark.parametrize("count", [1000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_random_texts_have_the_ids_of_transformers_before_and_after_saving(pair, count, tmp_path):
    ours, reference = pair
    texts = list(random_texts(count))
    ids = [found.tolist() for found in ours.encode_batch(texts)]
    assert ids == reference(texts, add_special_tokens=False)["input_ids"]
    ours.save(tmp_path)
    assert [found.tolist() for found in Tokenizer.load(tmp_path).encode_batch(texts)] == ids
    auto = transformers.AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
    assert auto(texts)["input_ids"] == ids


@CALM
@given(any_text)
def test_a_text_has_the_ids_of_transformers(pair, text):
    ours, reference = pair
    ids = ours.encode(text)
    assert ids.dtype == np.int64
    assert ids.ndim == 1
    assert ids.tolist() == reference.encode(text, add_special_tokens=False)


@CALM
@given(st.data())
def test_decoded_it_is_what_transformers_shows(pair, data):
    ours, reference = pair
    some = st.lists(
        st.integers(0, ours.vocab_size - 1).filter(lambda id: id != ours.end_of_text), max_size=30
    )
    ids = data.draw(some)
    text = ours.decode(ids)
    shown = reference.decode(ids, clean_up_tokenization_spaces=False)
    if ours.kind == "gpt1" and ids and reference.convert_ids_to_tokens(ids[-1]).endswith("</w>"):
        shown += " "  # where the word ends; transformers drops it at the end of a text
    assert text == shown
    stream = ours.stream()
    assert "".join(map(stream.step, ids)) + stream.finish() == text


@CALM
@given(any_text)
def test_gpt1_names_the_characters_that_become_unknown(gpt1, text):
    found = gpt1.unknown(text)
    assert len(found) == len(set(found))
    assert bool(found) == (gpt1.unknown_token in gpt1.encode(text))
    # It is they that are, and no others: where they become letters that are known, nothing is unknown.
    known = "".join("a" if character in found else character for character in text)
    assert gpt1.unknown_token not in gpt1.encode(known)


@pytest.fixture(scope="module")
def gpt1(gpt1_folder):
    return Tokenizer.pretrained("gpt1", str(gpt1_folder))


def test_gpt1_shows_lower_case_with_a_space_after_each_word(gpt1):
    ids = gpt1.encode("The cats'\n\nOBJECT 日本")
    assert gpt1.decode(ids) == "the cats ' object <unk><unk>"
    assert gpt1.unknown("a 日 本 \ud83d日") == ["日", "本", "\ud83d"]
    assert (gpt1.end_of_text, gpt1.unknown_token) == (None, 0)
    assert gpt1.token_bytes[ids].sum() == gpt1.token_characters[ids].sum() == len("the cats ' object ") + 2
    assert gpt1.unknown_token not in gpt1.encode("<unk>")


def test_gpt2_ends_a_text_with_a_token_that_no_text_holds(gpt2_folder):
    gpt2 = Tokenizer.pretrained("gpt2", str(gpt2_folder))
    assert (gpt2.kind, gpt2.end_of_text, gpt2.unknown_token) == ("gpt2", 699, None)
    assert gpt2.end_of_text not in gpt2.encode("<|endoftext|>")
    assert gpt2.decode([gpt2.end_of_text]) == ""
    assert gpt2.unknown("日本\ud83d") == ["\ud83d"]


@NEEDS_TRUE_GPT1
def test_the_true_gpt1():
    gpt1 = Tokenizer.pretrained("gpt1", str(TRUE_GPT1))
    assert (gpt1.kind, gpt1.vocab_size, gpt1.unknown_token, gpt1.end_of_text) == ("gpt1", 40478, 0, None)
    assert gpt1.decode(gpt1.encode("Hello, World!")) == "hello , world ! "
    japanese = gpt1.encode("吾輩は猫である。名前はまだ無い。")
    assert (japanese == gpt1.unknown_token).mean() > 0.9


# ------------------------------------------------------------------------------------------ Many and long


@pytest.mark.parametrize("kind", ["characters", "bpe", "gpt1", "gpt2"])
def test_many_texts_at_once_have_the_ids_they_have_alone(kind, gpt1_folder, gpt2_folder, monkeypatch):
    folders = {"gpt1": gpt1_folder, "gpt2": gpt2_folder}
    if kind in folders:
        ours = Tokenizer.pretrained(kind, str(folders[kind]))
    else:
        ours = Tokenizer.train(kind, [TEXT], 300)
    texts = ["", *random_texts(300), TEXT * 20, "", "x" * 3000]
    alone = [ours.encode(text).tolist() for text in texts]
    assert [ids.tolist() for ids in ours.encode_batch(texts)] == alone
    assert ours.encode_batch([]) == []
    monkeypatch.setattr(room, "BATCH", 100)  # many batches, of several texts each or of parts of one
    assert [ids.tolist() for ids in ours.encode_batch(texts)] == alone


@CALM
@given(
    st.lists(st.sampled_from([*TEXT, *TEXT.split(" "), " ", " ", "\n", "\n\n", " \u0301"])),
    st.integers(1, 30),
)
def test_pieces_have_the_ids_of_the_whole(pair, parts, size):
    ours, _ = pair
    text = "".join(parts)
    cut = list(pieces(text, size))
    if all(piece[0] in " \n" for piece in cut[1:]):  # else it had to be cut where it stands
        together = np.concatenate(ours.encode_batch(cut))
        assert together.tolist() == ours._library.encode(text, add_special_tokens=False).ids


def test_a_long_text_has_the_ids_of_transformers(pair):
    ours, reference = pair
    words = random.Random(5).choices([*TEXT.split(" "), "the", "objects", "\n\n", "=", ""], k=20_000)
    text = " ".join(words)
    assert len(text) > 4 * PIECE
    assert ours.encode(text).tolist() == reference.encode(text, add_special_tokens=False)


# ------------------------------------------------------------------------------------------ Their files


@pytest.mark.parametrize("kind", ["gpt1", "gpt2"])
def test_what_transformers_saved_can_be_read(kind, gpt1_folder, gpt2_folder, tmp_path):
    folder = gpt1_folder if kind == "gpt1" else gpt2_folder
    theirs(folder).save_pretrained(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"tokenizer.json", "tokenizer_config.json"}
    ours, again = Tokenizer.pretrained(kind, str(folder)), Tokenizer.pretrained(kind, str(tmp_path))
    assert again.encode(TEXT).tolist() == ours.encode(TEXT).tolist()
    # Files of earlier days have their merges as text, and do not say that they are BPE.
    path = tmp_path / "tokenizer.json"
    saved = json.loads(path.read_bytes())
    saved["model"]["merges"] = [" ".join(pair) for pair in saved["model"]["merges"]]
    del saved["model"]["type"], saved["model"]["byte_fallback"], saved["model"]["ignore_merges"]
    path.write_text(json.dumps(saved))
    assert Tokenizer.pretrained(kind, str(tmp_path)).encode(TEXT).tolist() == ours.encode(TEXT).tolist()


@pytest.mark.parametrize(
    ("kind", "names"),
    [("gpt1", ("encoder_bpe_40000.json", "vocab_40000.bpe")), ("gpt2", ("encoder.json", "vocab.bpe"))],
)
def test_openais_own_names_are_known(kind, names, gpt1_folder, gpt2_folder, tmp_path):
    folder = gpt1_folder if kind == "gpt1" else gpt2_folder
    for name, other in zip(("vocab.json", "merges.txt"), names, strict=True):
        shutil.copy(folder / name, tmp_path / other)
    merges = tmp_path / names[1]
    merges.write_bytes(merges.read_bytes().replace(b"\n", b"\r\n"))  # as some programs leave them
    ours = Tokenizer.pretrained(kind, str(folder))
    assert Tokenizer.pretrained(kind, str(tmp_path)).encode(TEXT).tolist() == ours.encode(TEXT).tolist()


def test_a_folder_without_the_files_is_told_which_are_needed(gpt2_folder, tmp_path):
    (tmp_path / "vocab.json").write_text("{}")  # half of a pair is none
    for path in (str(tmp_path), str(tmp_path / "none"), str(gpt2_folder / "vocab.json"), "\0"):
        with pytest.raises(GPTCoreError) as caught:
            Tokenizer.pretrained("gpt1", path)
        assert (caught.value.code, caught.value.field) == ("tokenizer_missing", "data.tokenizer_path")
        for part in (path, "gpt1", "tokenizer.json", "merges.txt", "encoder_bpe_40000.json"):
            assert part in str(caught.value)


@pytest.fixture
def no_network(tmp_path, monkeypatch):
    """The Hub at an address where nobody answers, and an empty local copy of it."""
    nobody = "http://127.0.0.1:9"
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", nobody)
    url = nobody + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", url)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.mark.parametrize(
    ("kind", "repository"), [("gpt1", "openai-community/openai-gpt"), ("gpt2", "openai-community/gpt2")]
)
def test_with_neither_files_nor_network_both_ways_out_are_told(kind, repository, no_network):
    with pytest.raises(GPTCoreError) as caught:
        Tokenizer.pretrained(kind)
    assert (caught.value.code, caught.value.field) == ("tokenizer_out_of_reach", "data.tokenizer_path")
    for part in (repository, "data.tokenizer_path", "vocab.json", "network"):
        assert part in str(caught.value)


def test_files_that_may_not_be_read_are_told_as_such(no_network, gpt2_folder, monkeypatch):
    see = os.stat

    def closed(path, *given, **more):
        if str(path).startswith(str(gpt2_folder)):  # whoever runs the tests may enter any folder
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return see(path, *given, **more)

    def download(repository, name, **_):
        raise PermissionError(errno.EACCES, "Permission denied", str(no_network / "refs" / "main"))

    monkeypatch.setattr(os, "stat", closed)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    for named, path in ((str(gpt2_folder), gpt2_folder), ("", no_network / "refs" / "main")):
        with pytest.raises(GPTCoreError) as caught:
            Tokenizer.pretrained("gpt2", named)
        assert (caught.value.code, caught.value.field) == ("path_refused", "data.tokenizer_path")
        assert str(caught.value).startswith(f"{path} cannot be used: Permission denied")


@pytest.mark.parametrize("names", [("vocab.json", "merges.txt"), ("tokenizer.json",)])
def test_the_hubs_local_copy_needs_no_network(names, no_network, gpt2_folder, tmp_path):
    theirs(gpt2_folder).save_pretrained(tmp_path / "saved")
    snapshot = no_network / "models--openai-community--gpt2" / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    for name in names:
        shutil.copy((tmp_path / "saved" if len(names) == 1 else gpt2_folder) / name, snapshot / name)
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs" / "main").write_text("0" * 40)
    ours = Tokenizer.pretrained("gpt2", str(gpt2_folder))
    assert Tokenizer.pretrained("gpt2").encode(TEXT).tolist() == ours.encode(TEXT).tolist()


# ------------------------------------------------------------------------------------------ What is refused


def rewritten(folder, target, change):
    """A copy of the files of a folder, with the vocabulary changed."""
    shutil.copytree(folder, target, dirs_exist_ok=True)
    vocabulary = json.loads((folder / "vocab.json").read_bytes())
    change(vocabulary)
    (target / "vocab.json").write_text(json.dumps(vocabulary))
    return str(target)


@pytest.mark.parametrize(
    ("kind", "change", "reason"),
    [
        ("gpt1", lambda tokens: tokens.update({"what": tokens.pop("<unk>")}), "<unk>"),
        ("gpt1", lambda tokens: tokens.pop("the</w>"), "0 up"),
        ("gpt1", lambda tokens: tokens.update({"new": len(tokens) + 1}), "0 up"),
        ("gpt1", lambda tokens: tokens.update({"new": "3"}), "0 up"),
        ("gpt1", lambda tokens: tokens.update({"\ud800": len(tokens)}), "text"),
        ("gpt1", lambda tokens: tokens.update({"what": tokens.pop("the</w>")}), "merges"),
        ("gpt2", lambda tokens: tokens.update({"what": tokens.pop("<|endoftext|>")}), "<|endoftext|>"),
        ("gpt2", lambda tokens: tokens.update({"what": tokens.pop("!")}), "256 bytes"),
        ("gpt2", lambda tokens: tokens.update({"日": len(tokens)}), "256 bytes"),
    ],
)
def test_a_vocabulary_that_does_not_fit_its_kind(kind, change, reason, gpt1_folder, gpt2_folder, tmp_path):
    folder = gpt1_folder if kind == "gpt1" else gpt2_folder
    with pytest.raises(GPTCoreError) as caught:
        Tokenizer.pretrained(kind, rewritten(folder, tmp_path, change))
    assert (caught.value.code, caught.value.field) == ("tokenizer_not_that_kind", "data.tokenizer_path")
    assert reason in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_the_size_is_what_the_file_says(gpt2_folder, tmp_path):
    path = rewritten(gpt2_folder, tmp_path, lambda tokens: tokens.update({"Ġnever": len(tokens)}))
    assert Tokenizer.pretrained("gpt2", path).vocab_size == 701
    assert Tokenizer.pretrained("gpt2", path).end_of_text == 699


@pytest.mark.parametrize("kind", ["gpt1", "gpt2"])
def test_one_kind_is_not_taken_for_the_other(kind, gpt1_folder, gpt2_folder, tmp_path):
    other = gpt2_folder if kind == "gpt1" else gpt1_folder
    theirs(other).save_pretrained(tmp_path)
    for path in (other, tmp_path):
        with pytest.raises(GPTCoreError) as caught:
            Tokenizer.pretrained(kind, str(path))
        assert caught.value.code == "tokenizer_not_that_kind"


def set_in(saved, value, *keys):
    for key in keys[:-1]:
        saved = saved[key]
    saved[keys[-1]] = value


@pytest.mark.parametrize(
    ("kind", "value", "keys"),
    [
        ("gpt2", {"type": "NFKC"}, ("normalizer",)),
        ("gpt2", True, ("pre_tokenizer", "add_prefix_space")),
        ("gpt2", False, ("pre_tokenizer", "use_regex")),
        ("gpt2", True, ("model", "ignore_merges")),
        ("gpt2", 0.1, ("model", "dropout")),
        ("gpt2", [{"content": "<pad>", "id": 700}], ("added_tokens",)),
        ("gpt2", [{"content": "<|endoftext|>", "id": 0}], ("added_tokens",)),
        ("gpt1", None, ("normalizer",)),
        ("gpt1", False, ("normalizer", "lowercase")),
        ("gpt1", {"type": "Whitespace"}, ("pre_tokenizer",)),
        ("gpt1", True, ("model", "fuse_unk")),
        ("gpt1", None, ("model", "end_of_word_suffix")),
        ("gpt1", "WordPiece", ("model", "type")),
        ("gpt1", ["a", "b c d"], ("model", "merges")),
    ],
)
def test_a_setting_that_would_split_a_text_otherwise(kind, value, keys, gpt1_folder, gpt2_folder, tmp_path):
    theirs(gpt1_folder if kind == "gpt1" else gpt2_folder).save_pretrained(tmp_path)
    saved = json.loads((tmp_path / "tokenizer.json").read_bytes())
    set_in(saved, value, *keys)
    (tmp_path / "tokenizer.json").write_text(json.dumps(saved))
    with pytest.raises(GPTCoreError) as caught:
        Tokenizer.pretrained(kind, str(tmp_path))
    assert caught.value.code == "tokenizer_not_that_kind"
