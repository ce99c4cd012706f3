"""Weights and training state on disk, whole or not there, and checked before they are trusted.

A checkpoint is a folder: model.safetensors, optimizer.safetensors, state.json and manifest.json, which holds
the size and SHA-256 of the others (safetensors itself loads a flipped bit without a word). It is written in a
hidden folder beside its place, flushed to the disk and then renamed, so a kill or a power cut leaves the old
checkpoints and perhaps a leftover, which `clean` takes away. No pickle is written or read.

Whoever writes, prunes or cleans holds the lock of the run; anyone may read.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from gpt_core.disk import FULL, require_space, sha256, sync_file, sync_folder, write_error
from gpt_core.errors import CheckpointError, GPTCoreError

FORMAT = 1
MODEL, OPTIMIZER, STATE, MANIFEST = (
    "model.safetensors",
    "optimizer.safetensors",
    "state.json",
    "manifest.json",
)
FILES = (MODEL, OPTIMIZER, STATE)
BESIDES = 2**20  # bytes: room for headers, manifest and the file system's own needs

PINNED = "pinned"  # an empty file in a checkpoint that is to be kept
GIVEN = "given"  # an empty file in one that its run did not train itself, but began with
WRITING, REPLACED, REMOVING = ".writing-", ".replaced-", ".removing-"  # hidden until it is done


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint on disk, of the run after `step` steps. Reading raises checkpoint_damaged where a file is
    missing or makes no sense; only `verify` finds all damage."""

    path: Path
    step: int

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(file.stat().st_size for file in self.path.iterdir())

    @property
    def pinned(self) -> bool:
        """Whether it is kept whatever the keep-policy says."""
        return (self.path / PINNED).is_file()

    def pin(self, pinned: bool = True) -> None:
        """Keeps it, or leaves it to the keep-policy again; needs no lock. Raises run_not_writable."""
        if pinned:
            self._mark(PINNED)
            return
        try:
            (self.path / PINNED).unlink(missing_ok=True)
        except OSError as error:
            raise write_error(self.path, error) from error

    @property
    def given(self) -> bool:
        """Whether the run did not train it, but began with it: the weights are a fork's or an import's."""
        return (self.path / GIVEN).is_file()

    def give(self) -> None:
        """Marks it as what its run began with. Raises run_not_writable."""
        self._mark(GIVEN)

    def _mark(self, name: str) -> None:
        try:
            (self.path / name).touch()
            sync_folder(self.path)
        except OSError as error:
            raise write_error(self.path, error) from error

    def verify(self) -> None:
        """Reads everything and raises checkpoint_damaged, naming the file and why, unless all of it is as it
        was written."""
        for name, (size, digest) in self._manifest().items():
            try:
                found = (self.path / name).stat().st_size
                if found != size:
                    raise self._damaged(name, "size", "file_of_other_size", found=found, size=size)
                if sha256(self.path / name) != digest:
                    raise self._damaged(name, "hash", "file_of_other_hash")
            except OSError as error:
                raise self._unreadable(name, error) from error

    def state(self) -> dict[str, Any]:
        """What was saved as `state`."""
        return self._json(STATE)[0]

    def model(self, device: str | torch.device = "cpu") -> dict[str, Tensor]:
        """The model's tensors, in memory of their own."""
        return self._tensors(MODEL, device)

    def optimizer(self, device: str | torch.device = "cpu") -> dict[str, Tensor]:
        """The optimizer's tensors, in memory of their own."""
        return self._tensors(OPTIMIZER, device)

    def _tensors(self, name: str, device: str | torch.device) -> dict[str, Tensor]:
        try:
            loaded = safetensors.torch.load_file(self.path / name)
        except (OSError, SafetensorError, ValueError) as error:
            raise self._unreadable(name, error) from error
        # They lie in the file itself, mapped: a copy lets go of it, so that it may be removed on Windows too.
        return {key: tensor.to(device, copy=True) for key, tensor in loaded.items()}

    def _json(self, name: str) -> tuple[dict[str, Any], bytes]:
        try:
            text = (self.path / name).read_bytes()
            content = json.loads(text)
        except (OSError, ValueError) as error:
            raise self._unreadable(name, error) from error
        if not isinstance(content, dict):
            raise self._damaged(name, "unreadable", "file_without_object")
        return content, text

    def _manifest(self) -> dict[str, tuple[int, str]]:
        """Size and SHA-256 of each of the other files."""
        content, text = self._json(MANIFEST)
        if content.get("format") != FORMAT:
            written = content.get("format")
            raise self._damaged(MANIFEST, "format", "file_of_other_format", found=written, known=FORMAT)
        try:
            files = {
                name: (content["files"][name]["size"], content["files"][name]["sha256"]) for name in FILES
            }
        except (KeyError, TypeError):
            files = {}
        if text != _manifest(self.step, files):
            raise self._damaged(MANIFEST, "unreadable", "file_altered")
        return files

    def _unreadable(self, name: str, error: Exception) -> CheckpointError:
        if isinstance(error, FileNotFoundError):
            return self._damaged(name, "missing", "file_missing")
        return self._damaged(name, "unreadable", "file_unreadable", reason=error)

    def _damaged(self, name: str, cause: str, code: str, **values: Any) -> CheckpointError:
        reason = GPTCoreError(code, name=name, **values)
        return CheckpointError("checkpoint_damaged", path=self.path, file=name, cause=cause, reason=reason)


# ---------------------------------------------------------------------------------------- Writing


def save(
    folder: Path,
    step: int,
    model: Mapping[str, Tensor],
    optimizer: Mapping[str, Tensor],
    state: Mapping[str, Any],
) -> Checkpoint:
    """Writes the checkpoint of `step` into `folder`, in place of one that is there, and returns when it is
    safe on the disk. Tensors may lie anywhere and share memory; `state` is strict JSON.

    Errors: disk_too_small before anything is written, disk_full in the middle, run_not_writable. After each
    of them the older checkpoints are as they were.
    """
    state_text = _as_json(state)
    tensors = {MODEL: model, OPTIMIZER: optimizer}
    content = [tensor for part in tensors.values() for tensor in part.values()]
    needed = sum(tensor.numel() * tensor.element_size() for tensor in content)
    require_space(folder, needed + len(state_text) + BESIDES)

    checkpoint = Checkpoint(folder / _name(step), step)
    writing = folder / (WRITING + checkpoint.path.name)
    try:
        folder.mkdir(exist_ok=True)  # not those above: of a run that was moved away none is made anew
        clean(folder)
        writing.mkdir()
        for name, part in tensors.items():
            safetensors.torch.save_file(_apart(part), writing / name)
        (writing / STATE).write_bytes(state_text)
        files = {name: ((writing / name).stat().st_size, sha256(writing / name)) for name in FILES}
        (writing / MANIFEST).write_bytes(_manifest(step, files))
        for name in (*FILES, MANIFEST):
            sync_file(writing / name)
        sync_folder(writing)
        _put_in_place(writing, checkpoint.path)
    except (OSError, SafetensorError) as error:
        if _means_full(error):
            raise GPTCoreError("disk_full", path=folder, step=step) from error
        if isinstance(error, OSError):
            raise write_error(folder, error) from error
        raise GPTCoreError("run_not_writable", path=folder, reason=error) from error
    finally:
        shutil.rmtree(writing, ignore_errors=True)  # not there any more, if all went well
    return checkpoint


def clean(folder: Path) -> None:
    """Takes away what an interrupted write or removal left, and puts back what was about to be replaced."""
    if not folder.is_dir():
        return
    for path in list(folder.iterdir()):
        name = path.name
        if name.startswith(REPLACED) and not (folder / name.removeprefix(REPLACED)).exists():
            path.rename(folder / name.removeprefix(REPLACED))
        elif name.startswith(REPLACED):
            _remove(path)
        elif name.startswith((WRITING, REMOVING)):
            shutil.rmtree(path, ignore_errors=True)


def prune(folder: Path, keep: int, best: int | None, written: int, every: int = 0) -> list[int]:
    """Removes the checkpoints before step `written`, which was just saved and so is sound, but for the newest
    `keep` with it, the one of step `best`, those of a step that is a multiple of `every` (0: none) and the
    pinned ones; the result is the steps of those removed.

    What lies beyond `written`, in a future that was given up, takes no place of these and is left alone.
    """
    found = [checkpoint for checkpoint in checkpoints(folder) if checkpoint.step <= written]
    removed = []
    for checkpoint in found[: max(0, len(found) - keep)]:
        for_good = every > 0 and checkpoint.step % every == 0
        if checkpoint.step != best and not for_good and not checkpoint.pinned:
            try:
                _remove(checkpoint.path)
            except (PermissionError, FileNotFoundError):
                continue  # on Windows someone is reading it, and it goes next time; or it was just deleted
            removed.append(checkpoint.step)
    return removed


def delete(checkpoint: Checkpoint) -> None:
    """Removes one checkpoint. Raises only_checkpoint if there is no other, run_not_writable if it cannot be
    removed, no_room_to_write on a full disk that needs room even for that."""
    if all(other.step == checkpoint.step for other in checkpoints(checkpoint.path.parent)):
        raise CheckpointError("only_checkpoint", path=checkpoint.path)
    try:
        _remove(checkpoint.path)
    except FileNotFoundError:  # the keep-policy was quicker
        pass
    except OSError as error:
        raise write_error(checkpoint.path, error) from error


def _put_in_place(written: Path, place: Path) -> None:
    old = place.with_name(REPLACED + place.name)
    if place.exists():
        if (place / PINNED).is_file():  # what is trained anew to a pinned step is pinned too
            (written / PINNED).touch()
        place.rename(old)
    try:
        written.rename(place)
    except OSError:
        if old.exists():
            old.rename(place)
        raise
    sync_folder(place.parent)
    if old.exists():
        _remove(old)


def _remove(path: Path) -> None:
    """Removes a folder so that at no moment half of it can be taken for the whole."""
    hidden = path.with_name(f"{REMOVING}{path.name.lstrip('.')}-{secrets.token_hex(4)}")
    path.rename(hidden)
    sync_folder(hidden.parent)
    shutil.rmtree(hidden, ignore_errors=True)  # what is left of it, `clean` takes away


def _apart(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors on the CPU, contiguous, none in another's memory: as safetensors asks for them."""
    apart: dict[str, Tensor] = {}
    memory = set()
    for name, tensor in tensors.items():
        tensor = tensor.detach().cpu().contiguous()
        if tensor.untyped_storage().data_ptr() in memory:
            tensor = tensor.clone()
        memory.add(tensor.untyped_storage().data_ptr())
        apart[name] = tensor
    return apart


def _manifest(step: int, files: Mapping[str, tuple[int, str]]) -> bytes:
    listed = {name: {"size": size, "sha256": digest} for name, (size, digest) in files.items()}
    return _as_json({"format": FORMAT, "step": step, "files": listed})


def _as_json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, allow_nan=False, indent=1).encode()


def _means_full(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno in FULL
    number = re.search(r"os error (\d+)", str(error))  # safetensors passes the OS's number on as text
    full = {112} if os.name == "nt" else FULL
    return number is not None and int(number[1]) in full


# ---------------------------------------------------------------------------------------- Finding


def checkpoints(folder: Path) -> list[Checkpoint]:
    """All checkpoints in a folder by step, oldest first, sound or not."""
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        number = re.fullmatch(r"step-(\d+)", path.name, re.ASCII)
        if number and path.name == _name(int(number[1])) and path.is_dir():
            found.append(Checkpoint(path, int(number[1])))
    return sorted(found, key=lambda checkpoint: checkpoint.step)


def is_untrained(folder: Path) -> bool:
    """Whether a run has made no step of its own: its newest checkpoint is the one that it began with."""
    found = checkpoints(folder)
    return bool(found) and found[-1].given


def newest_sound(folder: Path) -> tuple[Checkpoint, list[CheckpointError]]:
    """The newest checkpoint that verifies, and what is wrong with those that are newer. If none does, raises
    no_checkpoint with the same list as its value `damaged`."""
    damaged: list[CheckpointError] = []
    for checkpoint in reversed(checkpoints(folder)):
        try:
            checkpoint.verify()
            return checkpoint, damaged
        except CheckpointError as error:
            damaged.append(error)
    raise CheckpointError("no_checkpoint", path=folder, damaged=damaged)


def find(folder: Path, step: int) -> Checkpoint:
    """The checkpoint of `step`, unverified. Raises no_such_checkpoint, which names the steps there are, or
    no_checkpoint where there is none."""
    found = checkpoints(folder)
    for checkpoint in found:
        if checkpoint.step == step:
            return checkpoint
    if not found:
        raise CheckpointError("no_checkpoint", path=folder, damaged=[])
    known = ", ".join(str(checkpoint.step) for checkpoint in found)
    raise CheckpointError("no_such_checkpoint", path=folder, step=step, known=known)


def _name(step: int) -> str:
    return f"step-{step:08d}"
