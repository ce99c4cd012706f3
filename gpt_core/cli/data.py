"""gpt-core prepare and inspect-data: a text to tokens, and what became of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import category

import click

from gpt_core import cache, hub, resources
from gpt_core.cli.common import load_values, set_option, tell, told_plainly
from gpt_core.config import Config, from_values, override
from gpt_core.disk import readable_size
from gpt_core.errors import GPTCoreError

if TYPE_CHECKING:
    from gpt_core.corpus import Corpus
    from gpt_core.tokenizer import Tokenizer

SHOWN = 20  # tokens in a list
SAMPLE = 150  # tokens of the text that are shown as it splits
COLOURS = ("blue", "green", "magenta")


@click.command()
@click.argument("preset_or_toml", required=False)
@set_option
@click.option("--clear-cache", is_flag=True, help="Delete all texts kept in the cache first.")
@told_plainly
def prepare(preset_or_toml: str | None, assignments: tuple[str, ...], clear_cache: bool) -> None:
    """Turn a text into tokens ahead of its run, and say what was found.

    The tokens are kept in the cache, where the run then finds them at once.
    """
    if clear_cache:
        freed = cache.size()
        cache.clear()
        click.echo(f"{readable_size(freed - cache.size())} deleted from {cache.folder()}", err=True)
    if preset_or_toml is None:
        if not clear_cache:
            raise click.UsageError("Missing argument 'PRESET_OR_TOML'.")
        return
    config = from_values(override(load_values(preset_or_toml), assignments))
    corpus = _prepared(config)
    _show_facts(config, corpus)
    if error := corpus.info.fault(config.model.context_length):
        raise error


@click.command("inspect-data")
@click.argument("preset_or_toml_or_text")
@set_option
@told_plainly
def inspect_data(preset_or_toml_or_text: str, assignments: tuple[str, ...]) -> None:
    """Show what a text is, and how it splits into tokens.

    The text is that of a preset or a TOML file; or a file, a folder, a pattern, a data set itself.
    """
    name = preset_or_toml_or_text
    known = name in resources.presets() or Path(name).suffix.lower() == ".toml"
    values = load_values(name) if known else {"data": {"source": name}}
    config = from_values(override(values, assignments))
    corpus = _prepared(config)
    _show_facts(config, corpus)
    counts = corpus.token_counts()
    there = counts.nonzero()[0]
    frequent = sorted(there, key=lambda id: -counts[id])[:SHOWN]
    longest = sorted(there, key=lambda id: (-corpus.tokenizer.token_characters[id], -counts[id]))[:SHOWN]
    for title, ids in (("most frequent", frequent), ("longest", longest)):
        shown = "  ".join(f"{_shown(corpus.tokenizer, id)} {counts[id]:,}" for id in map(int, ids))
        click.echo(f"\n{title}\n{shown}")
    click.echo(f"{len(there):,} of {len(counts):,} tokens stand in the text")
    click.echo("\nhow it splits")
    click.echo(_split(corpus.tokenizer, [int(id) for id in corpus.train[:SAMPLE]]))
    if config.data.tokenizer == "gpt1" and not config.data.source.startswith(hub.PREFIX):
        _show_cleanings(config)


def _prepared(config: Config) -> Corpus:
    """The text in the cache, put there with a progress bar where it is not yet."""
    from tqdm import tqdm

    from gpt_core import corpus

    bar: tqdm[Any] | None = None
    steps = corpus.fill_cache(config)
    try:
        while True:
            progress = next(steps)
            if bar is None or bar.desc != progress.stage:
                if bar is not None:
                    bar.close()
                unit = "B" if progress.stage == "reading" else " characters"
                total = progress.total or None
                bar = tqdm(desc=progress.stage, total=total, unit=unit, unit_scale=True, dynamic_ncols=True)
            bar.update(progress.done - bar.n)
    except StopIteration as end:
        return corpus.Corpus.open(end.value)
    finally:
        steps.close()
        if bar is not None:
            bar.close()


def _show_facts(config: Config, corpus: Corpus) -> None:
    info, tokenizer = corpus.info, corpus.tokenizer
    parts = (info.train, info.validation)
    tokens, characters, size = (
        sum(getattr(part, name) for part in parts) for name in ("tokens", "characters", "bytes")
    )
    encodings = ", ".join(f"{count:,} in {name}" for name, count in info.encodings.items())
    kind = tokenizer.kind + (f", {tokenizer.cleaning} cleaning" if tokenizer.kind == "gpt1" else "")
    if info.learnt_from:
        kind += f", learnt from a sample of {info.learnt_from:,} characters"
    facts = {
        "text": config.data.source,
        "files": f"{info.files:,}" + (f" ({encodings})" if encodings else ""),
        "documents": f"{info.documents:,}; for validation: {info.validation.documents:,} "
        + ("whole" if info.split == "documents" else "at the end of the text"),
        "duplicates": f"{info.duplicates:,}, {'dropped' if info.deduplicated else 'kept'}",
        "size": f"{readable_size(size)}, {characters:,} characters",
        "tokenizer": f"{kind}, {tokenizer.vocab_size:,} tokens",
        "tokens": f"{tokens:,}: {info.train.tokens:,} to train on, {info.validation.tokens:,} for validation",
        "per token": f"{size / max(1, tokens):.2f} bytes, {characters / max(1, tokens):.2f} characters",
        "unknown": f"{info.unknown_share:.2%}",
        "cache": f"{cache.folder()} ({readable_size(cache.size())} in all)",
    }
    for name, value in facts.items():
        click.echo(f"{name:12}{value}")
    for notice in info.notices():
        tell(notice)


def _shown(tokenizer: Tokenizer, id: int) -> str:
    return "end of text" if id == tokenizer.end_of_text else repr(tokenizer.decode([id]))


def _split(tokenizer: Tokenizer, ids: list[int]) -> str:
    """The text of some tokens, told apart by colour on a terminal, else by a mark after each; a character
    that takes several tokens has as many marks."""
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    stream, shown = tokenizer.stream(), ""
    for number, id in enumerate(ids):
        text = stream.step(id)
        marked = _visible(text)
        if coloured:
            colour = "red" if id == tokenizer.unknown_token else COLOURS[number % len(COLOURS)]
            marked = click.style(marked, bg=colour, fg="white")
        else:
            marked += "|"
        shown += marked + ("\n" if "\n" in text else "")
    return shown + stream.finish()


def _visible(text: str) -> str:
    """A text with its line ends as ↵, and as escapes what a terminal would obey, or not show: controls, marks
    that turn the direction of writing, and the like."""
    return "".join(
        "↵" if character == "\n" else repr(character)[1:-1] if category(character)[0] == "C" else character
        for character in text
    )


def _show_cleanings(config: Config) -> None:
    """The same lines under both cleanings of GPT-1, where what the original one needs is installed."""
    from gpt_core.text import files
    from gpt_core.tokenizer import cleaning_difference

    data = config.data
    pieces = (piece for file in files(data.source) for piece in file.read(data.column, data.encoding))
    text = next(piece.text for piece in pieces if piece.text.strip())
    try:
        difference = cleaning_difference(text[: 4 * SAMPLE], data.tokenizer_path)
    except GPTCoreError as error:
        tell(error)
        return
    for cleaning, tokens in difference.items():
        shown = "|".join(_visible(token).replace("↵", "↵\n") for token in tokens)
        click.echo(f"\n{cleaning} cleaning, {len(tokens)} tokens\n{shown}")
