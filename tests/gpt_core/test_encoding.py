"""Bytes to characters: each encoding found out, on short and long texts, and held to all the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_core.encoding import SAMPLE, Decoder, detect
from gpt_core.errors import GPTCoreError

LINES = [
    "吾輩は猫である。名前はまだ無い。",
    "国境の長いトンネルを抜けると雪国であった。",
    "東京都千代田区丸の内1-2-3 電話 03-1234-5678",
    "会議の議事録:次回は6月12日(水)午後3時から第2会議室で行います。",
    "def main():  # 学習率を設定する",
    "メロスは激怒した。必ず、かの邪智暴虐の王を除かなければならぬと決意した。",
]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "cp932", "euc-jp"]
PATH = Path("text.txt")


def decoded(data: bytes, wanted: str = "auto", block: int = 1 << 20) -> tuple[str, str]:
    """The text, given block by block, and the encoding found."""
    decoder = Decoder(PATH, wanted)
    parts = [decoder.decode(data[at : at + block]) for at in range(0, len(data), block)]
    return "".join(parts) + decoder.decode(b"", final=True), decoder.encoding


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("line", [*LINES, "\n".join(LINES * 50), "ありがとう", "日本語"])
def test_japanese_is_found_out(encoding, line):
    assert decoded(line.encode(encoding)) == (line, encoding)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["Hello, world.\n", "Größe und Maß", "Привет, как дела?", "안녕하세요"])
def test_utf_16_of_other_languages_is_found_out(encoding, text):
    assert decoded(text.encode(encoding)) == (text, encoding)
    mark = "\ufeff".encode(encoding)
    assert decoded(mark + text.encode(encoding)) == (text, encoding)


def test_half_width_katakana_and_the_signs_of_windows():
    text = "ﾃﾞｰﾀを確認してください。①㈱〜".replace("〜", "～")
    assert decoded(text.encode("cp932")) == (text, "cp932")


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "euc-jp"])
def test_a_long_start_in_ascii_does_not_decide(encoding):
    text = "# a comment\n" * SAMPLE + LINES[0]
    assert decoded(text.encode(encoding), block=1 << 16) == (text, encoding)


@pytest.mark.parametrize("text", ["Le café était fermé à Noël.", "Größe und Maß für schöne Mädchen"])
def test_what_is_in_none_of_them_is_refused(text):
    with pytest.raises(GPTCoreError) as caught:
        decoded(text.encode("latin-1"))
    assert caught.value.code == "text_binary"


KOREAN = [
    "대한민국은 민주공화국이다. 대한민국의 주권은 국민에게 있고, 모든 권력은 국민으로부터 나온다.",
    "안녕하세요",
    "나는 오늘 학교에 갔다.",
]
CHINESE = [
    "中华人民共和国是工人阶级领导的、以工农联盟为基础的人民民主专政的社会主义国家。",
    "我今天去学校了。",
    "他说：“这是一个测试文本。”",
]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(text, name) for name in ("euc-kr", "cp949") for text in (*KOREAN, "\n".join(KOREAN * 20))]
    + [(text, name) for name in ("gb2312", "gbk") for text in (*CHINESE, "\n".join(CHINESE * 20))]
    + [("今天天氣很好，我們去公園散步吧。", name) for name in ("big5", "gbk")],
)
def test_korean_and_chinese_are_not_taken_for_japanese(text, encoding):
    for data in (text.encode(encoding), b"# a comment\n" * 10 + text.encode(encoding) + b"\n"):
        with pytest.raises(GPTCoreError) as caught:
            decoded(data)
        assert caught.value.code in ("text_binary", "text_ambiguous")


@pytest.mark.parametrize(
    "text",
    [
        "水素 酸素 窒素 炭素 塩素 硫酸 硝酸 塩酸\n",
        "# author: 鈴木 健太\n",
        "青森県 岩手県 宮城県 秋田県 茨城県\n",
    ],
)
def test_kanji_that_may_be_korean_or_chinese_are_told_as_what_they_may_be(text):
    data = text.encode("euc-jp")
    with pytest.raises(GPTCoreError) as caught:
        decoded(data)
    assert (caught.value.code, caught.value.field) == ("text_ambiguous", "data.encoding")
    assert "euc-jp" in str(caught.value)
    assert decoded(data, "euc-jp")[0] == text


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    "text",
    [
        "東京都千代田区\n大阪府大阪市北区\n京都府京都市中京区\n",  # no kana
        "株式会社山本製作所 代表取締役 山本一郎",
        "日本国憲法第九条第二項ノ規定ニ依リ",
        "学習率",
    ],
)
def test_japanese_of_kanji_is_found_out(encoding, text):
    assert decoded(text.encode(encoding)) == (text, encoding)


def test_the_first_byte_that_does_not_fit_is_told():
    text = "\n".join(LINES * 40)
    for encoding, wrong in (("utf-8", b"\xff"), ("cp932", b"\x81\xff"), ("euc-jp", b"\xff")):
        data = text.encode(encoding)
        good = len(text[:3001].encode(encoding))
        for block in (100, 1 << 20):
            with pytest.raises(GPTCoreError) as caught:
                decoded(data[:good] + wrong + data[good:], encoding, block)
            assert (caught.value.code, caught.value.field) == ("text_not_encoded", "data.encoding")
            assert caught.value.values["offset"] == good


def test_an_encoding_that_was_chosen_is_not_doubted():
    data = "日本".encode("euc-jp")
    assert decoded(data, "euc-jp") == ("日本", "euc-jp")
    assert decoded("ﾆﾎﾝ".encode("cp932"), "cp932") == ("ﾆﾎﾝ", "cp932")
    assert decoded("日本".encode("utf-16"), "utf-16")[0] == "日本"
    assert decoded("日本".encode("utf-16-be"), "utf-16") == ("日本", "utf-16-be")
    assert decoded("日本".encode("utf-8-sig"), "utf-8") == ("日本", "utf-8-sig")


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\ufeff")),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.integers(1, 9),
)
def test_what_was_written_comes_back(text, encoding, block):
    found = decoded(text.encode(encoding), encoding.removesuffix("-sig"), max(block, 3))
    assert found[0] == text


@given(st.text(st.characters(codec="cp932", exclude_characters="\x00¢£¬‖−〜")), st.integers(1, 9))
def test_what_cp932_can_write_comes_back(text, block):
    assert decoded(text.encode("cp932"), "cp932", block)[0] == text


@given(st.binary(), st.integers(1, 9), st.sampled_from(["auto", "utf-8", "utf-16", "cp932", "euc-jp"]))
def test_any_bytes_give_text_or_our_error(data, block, wanted):
    try:
        text, encoding = decoded(data, wanted, block)
    except GPTCoreError as refusal:
        error = refusal
    else:
        mark = "\ufeff" if data[:2] in (b"\xff\xfe", b"\xfe\xff") and encoding.startswith("utf-16") else ""
        assert (mark + text).encode(encoding) == data or encoding in ("cp932", "euc-jp")
        return
    assert str(error)
    assert 0 <= error.values.get("offset", 0) <= len(data)


@given(st.binary(max_size=200), st.booleans())
def test_a_found_encoding_is_one_that_decodes(data, whole):
    encoding = detect(data, whole)
    if encoding and whole:
        data.decode(encoding)
