"""From a run's folder to a Trainer: tokens, newest sound checkpoint, device, precision, threads."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing, suppress
from dataclasses import replace
from typing import Any

import torch

from gpt_core import checkpoint, corpus, hardware, rehearsal
from gpt_core.config import Config, from_values, settings
from gpt_core.corpus import Corpus
from gpt_core.disk import sha256
from gpt_core.errors import GPTCoreError
from gpt_core.events import Notice, Precision, Preparing, Resolved
from gpt_core.fork import in_force
from gpt_core.model import GPT
from gpt_core.record import RecordView
from gpt_core.run import Run
from gpt_core.tokenizer import Tokenizer
from gpt_core.trainer import Trainer

RESOLVED = ("train.device", "train.precision", "train.threads", "train.compile")


def prepare(run: Run, train: bool = True) -> Generator[Preparing | Notice, None, Trainer]:
    """Yield how far it is, and return the Trainer; to give up on the way, close the generator.

    A run that has a checkpoint goes on from the newest one that verifies, with the settings and the device,
    precision and threads written there; one that has made no step of its own may have been told to begin
    otherwise (see `gpt_core.fork`). It can be prompted without its text: where that is gone, or, unless
    it is to `train`, not prepared yet, the corpus of the Trainer says what is `missing`.

    Raises GPTCoreError: what text, tokenizer, corpus and checkpoint tell; checkpoints_gone, device_missing,
    precision_unsupported, vocab_size_differs, memory_too_small.
    """
    checkpoint.clean(run.checkpoints_folder)
    saved = None
    if checkpoint.checkpoints(run.checkpoints_folder):
        yield Preparing("verifying")
        saved, damaged = checkpoint.newest_sound(run.checkpoints_folder)
        yield from map(Notice, damaged)
    elif run.record_path.exists():
        yield from map(Notice, _begun_anew(run))
    untrained = checkpoint.is_untrained(run.checkpoints_folder)
    state = saved.state() if saved else {}
    config = in_force(run, saved) if saved else run.config
    before = from_values(state["config"]) if saved else config
    asked_anew = any(before.get(field) != config.get(field) for field in RESOLVED)
    # Before the text, which may take long: a device that is not there is refused at once.
    resolved = _resolve(config, None if asked_anew else state.get("resolved"))
    if saved is None:
        corpus.discard_unfit(config, run.folder)
        text = yield from _text(run, config)
        yield from map(Notice, text.info.notices())
    elif train or corpus.is_prepared(run.folder, config if untrained else None):
        try:
            text = yield from _text(run, config, by_settings=untrained)
            require_same_text(saved, text)
        except GPTCoreError as reason:
            text = Corpus.absent(run.folder, reason if saved.given else _gone(reason, config))
    else:
        later = GPTCoreError("text_not_prepared", field="data.source", source=config.data.source)
        text = Corpus.absent(run.folder, later)
    if saved is not None:
        require_same_tokenizer(state.get("text"), run)
        yield from map(Notice, _edited(run, config, saved.given))
    asked, found = config.model.vocab_size, text.tokenizer.vocab_size
    if asked not in (0, found):
        raise GPTCoreError("vocab_size_differs", field="model.vocab_size", asked=asked, found=found)
    resolved = replace(resolved, vocab_size=found)
    device = torch.device(resolved.device)
    hardware.prepare(device, resolved.precision, config.train.deterministic)
    torch.set_num_threads(resolved.threads or hardware.cores())
    trainer = Trainer(config, resolved, text, run.checkpoints_folder, saved)
    if saved is not None and saved.given:
        yield from map(Notice, _begun_otherwise(trainer, saved))
    if text.missing:  # nothing to train on, so nothing to rehearse
        trainer.resolved = replace(resolved, threads=torch.get_num_threads())
        return trainer
    error = trainer.memory_fault(trainer.config)
    if error is not None and saved is None and device.type == "cpu":
        raise error
    if error is not None:  # it can be prompted all the same, and the batch be changed; a GPU may manage
        yield Notice(error)
    if not resolved.threads:
        rows = torch.from_numpy(trainer.windows.batch(0, config.train.batch_size))
        threads = 1
        for threads in rehearsal.choose_threads(trainer.model, rows, resolved.precision):
            yield Preparing("rehearsing", threads, hardware.cores())
        trainer.resolved = replace(resolved, threads=threads)
    card = hardware.unused_card()
    if card is not None:
        yield Notice(card)
    return trainer


def _text(run: Run, config: Config, by_settings: bool = False) -> Generator[Preparing, None, Corpus]:
    """The text of a run as tokens, prepared where it is not yet; or, if so asked, not by these settings."""
    if not corpus.is_prepared(run.folder, config if by_settings else None):
        for progress in corpus.prepare(config, run.folder, anew=by_settings):
            yield Preparing(progress.stage, progress.done, progress.total)
    yield Preparing("loading")
    return Corpus.open(run.folder, verify=True)


def require_same_text(saved: checkpoint.Checkpoint, text: Corpus) -> None:
    """See that the tokens are those that the checkpoint was trained on, unless it was given to the run, which
    may go on in another text; raises text_differs."""
    if not saved.given and not same_text(saved, text):
        raise GPTCoreError("text_differs", field="data.source", source=text.info.source)


def same_text(saved: checkpoint.Checkpoint, text: Corpus) -> bool:
    """Whether the tokens are those that the checkpoint was trained on, as far as that is known."""
    before = saved.state().get("text")  # there is none in one that was saved without its text, or imported
    return before is None or bool(before[:2] == text.info.fingerprint[:2])


def require_same_tokenizer(before: list[str] | None, run: Run) -> None:
    """See that the tokenizer is the checkpoint's, as with another one the model would answer nonsense; raises
    tokenizer_differs."""
    if before is not None and before[2] != sha256(run.tokenizer_folder / "tokenizer.json"):
        raise GPTCoreError("tokenizer_differs", path=run.tokenizer_folder)


def load_tokenizer(run: Run, saved: checkpoint.Checkpoint) -> Tokenizer:
    """The tokenizer that a run's checkpoint was trained with; raises tokenizer_differs, and what
    `Tokenizer.load` and the checkpoint tell."""
    require_same_tokenizer(saved.state().get("text"), run)
    return Tokenizer.load(run.tokenizer_folder)


def load_model(run: Run, saved: checkpoint.Checkpoint) -> tuple[GPT, Tokenizer]:
    """The model of a run's checkpoint, on the CPU, and the tokenizer that it was trained with.

    Raises what `load_tokenizer` and the checkpoint tell.
    """
    tokenizer = load_tokenizer(run, saved)
    shape = from_values(saved.state()["config"]).model
    model = GPT(shape.model_copy(update={"vocab_size": tokenizer.vocab_size}))
    model.load(saved.model(), saved.path, assign=True)
    return model, tokenizer


def _begun_otherwise(trainer: Trainer, saved: checkpoint.Checkpoint) -> list[GPTCoreError]:
    """Let the Trainer begin with what it was given, and tell what is another now than it was there."""
    told = []
    state, text = saved.state(), trainer.corpus
    name, before = trainer.config.optimizer.name, state["config"]["optimizer"]["name"]
    if name != before and saved.step:
        told.append(GPTCoreError("optimizer_anew", field="optimizer.name", name=name, before=before))
    if text.missing:
        return told
    if not same_text(saved, text):
        trainer.begin_text()
        told.append(GPTCoreError("text_is_another", field="data.source"))
    if state.get("text") is None or not same_text(saved, text):
        told += [notice for notice in text.info.notices() if notice.code != "bpe_suits"]
    return told


def _begun_anew(run: Run) -> list[GPTCoreError]:
    """What to tell of a run without a checkpoint that has trained before: it was ended too early to have one.
    Raises checkpoints_gone where it had some, as to train it anew would take the place of what was lost."""
    with closing(RecordView(run.record_path)) as view:
        saved = view.events("checkpoint", live_only=False)
        steps, _ = view.series("loss")
    if saved:
        raise GPTCoreError("checkpoints_gone", path=run.folder, step=max(event.step for event in saved))
    return [GPTCoreError("begun_anew", step=int(steps[-1]))] if len(steps) else []


def _edited(run: Run, config: Config, given: bool) -> list[GPTCoreError]:
    """What to tell where run.toml was edited after training had begun: of settings that are fixed since, and
    of those that change as the run goes, but not by run.toml. Where one of these was changed that way, it is
    not run.toml that differs; which ones were, only a record knows that goes back to the beginning."""
    path = run.folder / "run.toml"
    differing = [field for field in settings() if run.config.get(field) != config.get(field)]
    fixed = [field for field in differing if settings()[field].fixed(given)]
    live = [field for field in differing if field not in fixed]
    if live and not run.record_path.exists():
        live = []
    elif live:
        with closing(RecordView(run.record_path)) as view:
            changed = {field for change in view.events("change", live_only=False) for field in change.values}
            whole = view.begins() == 0
        live = [field for field in live if whole and field not in changed]
    told = {"run_toml_differs": fixed, "run_toml_not_read": live}
    return [
        GPTCoreError(code, path=path, fields=", ".join(fields)) for code, fields in told.items() if fields
    ]


def _gone(error: GPTCoreError, config: Config) -> GPTCoreError:
    """Why a run that has a checkpoint cannot train: its text can be put back, but no other be chosen."""
    if error.code != "text_missing":
        return error
    return GPTCoreError("text_gone", field="data.source", source=config.data.source)


def _resolve(config: Config, before: Mapping[str, Any] | None) -> Resolved:
    """What the checkpoint says that `auto` came to, as far as this machine has it; else decided now, with a
    vocabulary of a size that is not known yet."""
    train = config.train
    if before and before["device"] in hardware.devices():
        precision = _precision((before["precision"], train.precision), torch.device(before["device"]))
        return Resolved(**{**before, "precision": precision})
    if before:
        device = hardware.resolve_device("auto")
        precision = _precision((train.precision,), device)
    else:
        device = hardware.resolve_device(train.device)
        precision = hardware.resolve_precision(train.precision, device)
    return Resolved(
        device=str(device),
        precision=precision,
        threads=train.threads if device.type == "cpu" else hardware.cores(),
        compile=train.compile,
        vocab_size=config.model.vocab_size,
    )


def _precision(wanted: tuple[str, ...], device: torch.device) -> Precision:
    """The first of these that the device has; a run that moved goes on with what `auto` is there, if none."""
    for precision in wanted:
        with suppress(GPTCoreError):
            return hardware.resolve_precision(precision, device)
    return hardware.resolve_precision("auto", device)
