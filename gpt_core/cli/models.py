"""gpt-core import and export: models trained elsewhere become runs, and runs models for elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import click

from gpt_core.cli.common import (
    checkpoint_of,
    checkpoint_option,
    run_argument,
    set_option,
    tell,
    told_plainly,
)
from gpt_core.config import override
from gpt_core.errors import GPTCoreError

REPOSITORY = re.compile(r"[\w.-]+(/[\w.-]+)?", re.ASCII)


@click.command("import")
@click.argument("source")
@click.option("--run", "folder", type=click.Path(path_type=Path), help="A new folder for the run.")
@click.option(
    "--tokenizer",
    "tokenizer_folder",
    type=click.Path(path_type=Path),
    help="The folder of the model's tokenizer, where it is not its kind's own.",
)
@set_option
@told_plainly
def import_(
    source: str, folder: Path | None, tokenizer_folder: Path | None, assignments: tuple[str, ...]
) -> None:
    """Make a run of a model trained elsewhere.

    SOURCE is a file with the weights of the notebook's GPT, a folder with a GPT-1 or GPT-2 of transformers,
    or the name of one on the Hugging Face Hub, such as openai-community/openai-gpt or gpt2.
    """
    changes = override({}, assignments)
    from gpt_core import foreign, huggingface, notebook
    from gpt_core.run import require_new

    if folder is not None:
        require_new(folder)  # before anything long
    path = Path(source).expanduser()
    if path.is_file():
        found = notebook.read(path, changes.get("model", {}).get("num_heads"))
    elif path.is_dir():
        found = huggingface.read(path)
    elif REPOSITORY.fullmatch(source) and path.suffix[1:] not in ("pth", "pt", "safetensors", "bin"):
        found = huggingface.read(huggingface.download(source))
    else:
        raise GPTCoreError("source_missing", name=source)
    if tokenizer_folder is None and found.path.is_dir():
        tokenizer_folder = found.path
    original = changes.get("data", {}).get("cleaning") == "original"
    tokenizer = foreign.find_tokenizer(
        tokenizer_folder, found.tokenizer, "original" if original else "transformers"
    )
    run = foreign.make_run(found, tokenizer, changes, folder, path.stem)
    for note in found.notes:
        tell(note)
    model = run.config.model
    parameters = sum(tensor.numel() for tensor in found.tensors.values())
    click.echo(
        f"{parameters:,} parameters, vocabulary {model.vocab_size:,}, context {model.context_length:,}, "
        f"{model.num_layers} layers of {model.num_heads} heads, run {run.folder}"
    )
    if "source" not in changes.get("data", {}):
        click.echo(
            f"gpt-core resume would train it on {run.config.data.source}; for a text of your own, import it "
            "with --set data.source=FILE.",
            err=True,
        )


@click.command()
@run_argument
@click.option(
    "--to", "folder", required=True, type=click.Path(path_type=Path), help="A new folder for the model."
)
@checkpoint_option
@told_plainly
def export(run: Path, folder: Path, step: int | None) -> None:
    """Write a run's model as transformers loads it: AutoModelForCausalLM and AutoTokenizer."""
    from gpt_core import huggingface
    from gpt_core.preparation import load_tokenizer
    from gpt_core.run import open_run

    opened = open_run(run)
    saved = checkpoint_of(opened, step)
    huggingface.export(saved, load_tokenizer(opened, saved), folder)
    click.echo(f"step {saved.step} as {folder.expanduser().absolute()}")
