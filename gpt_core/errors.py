"""What can go wrong by a person's doing, as codes and values.

Each problem is a code, the values that belong to it and, where there is one, the field it concerns. The
sentence is made last, from `MESSAGES`, so that the command line speaks English and the window whatever
language it is set to, and both can say the problem beside the field.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

MESSAGES: dict[str, str] = {
    # Configuration
    "unknown_section": "There is no section [{section}]; the sections are {known}.",
    "unknown_field": "There is no setting {name}; did you mean {suggestion}?",
    "not_a_table": "[{section}] must hold settings such as {example}, not {value}.",
    "not_a_number": "{value} is not a number.",
    "not_an_integer": "{value} is not a whole number.",
    "not_finite": "{value} is not a finite number.",
    "not_a_bool": "{value} is neither true nor false.",
    "not_text": "{value} is not text.",
    "not_texts": '{value} is not a list of texts such as ["END"].',
    "learnt_by_heart": "Validation was best at step {step}, {best}, and has risen to {now} since, while the "
    "training loss fell: the model begins to learn its text by heart. The checkpoint of step {step} is kept; "
    "more text, more dropout, a smaller model or fewer steps help.",
    "many_epochs": "Beyond some {count} epochs more passes over the same text teach next to nothing, and it "
    "is learnt by heart; more text, fewer steps or a smaller model help.",
    "too_many": "{count} are too many; at most {limit} are allowed.",
    "not_one_of": "{value} is not one of {choices}.",
    "below_minimum": "{value} is below {limit}, the smallest value allowed.",
    "above_maximum": "{value} is above {limit}, the largest value allowed.",
    "not_above": "{value} must be more than {limit}.",
    "not_below": "{value} must be less than {limit}.",
    "empty": "This must not be empty.",
    "invalid": "{value} cannot be used here: {reason}.",
    "heads_do_not_divide": "The embedding dimension {embedding_dim} is not a multiple of the {num_heads} "
    "attention heads; {nearest} would be.",
    "warmup_too_long": "The warmup of {warmup_steps} steps is longer than the run of {max_steps} steps.",
    "min_lr_above_max_lr": "The final learning rate {min_lr} is above the peak {max_lr}.",
    "not_live": "This is fixed once training has started; fork or start a new run to change it.",
    "fixed_by_model": "The weights depend on this; only a new run can have another.",
    "max_steps_passed": "Step {step} has been reached already; choose that length, or a greater one.",
    "bad_override": "{text} is not of the form section.field=value.",
    "bad_toml": "{path} is not valid TOML: {reason}.",
    "preset_name_bad": "{name!r} cannot be the name of a preset: take letters, digits, spaces and . - + ( ), "
    "at most 60 of them.",
    "preset_built_in": "{name} is a built-in preset; choose another name.",
    "preset_exists": "There is a preset {name} already; choose another name.",
    "config_missing": "There is no preset and no file named {name}; the presets are {known}.",
    "faults": "{count} settings cannot be used.",
    # Text
    "text_missing": "There is no text at {path}; choose a file, a folder, or one of {known}.",
    "text_unreadable": "{path} cannot be read: {reason}.",
    "text_not_a_file": "{path} is neither a file nor a folder; choose one of these.",
    "text_empty": "{path} holds no text.",
    "text_no_files": "{path} holds no text files; of a folder, files that end in {known} are read.",
    "text_binary": "{path} is not a text that can be read: byte {offset} fits neither UTF-8 nor UTF-16, "
    "cp932 or EUC-JP; convert the file to UTF-8 or leave it out.",
    "text_ambiguous": "{path} may be in EUC-JP, but as well in Korean or Chinese; set data.encoding to "
    "euc-jp if it is Japanese, else convert the file to UTF-8 or leave it out.",
    "text_zero": "{path} is not a text that can be read: byte {offset} is zero, which stands in no text; "
    "convert the file to UTF-8 or leave it out.",
    "text_not_encoded": "{path} is not in {encoding} throughout: byte {offset} cannot be decoded; mend the "
    "file, or set data.encoding to what it is in.",
    "text_damaged": "{path} cannot be unpacked: {reason}; fetch or make it anew.",
    "text_malformed": "Line {line} of {path} cannot be used: {reason}.",
    "text_field_missing": "Line {line} of {path} has no column {column}; there are: {known}. Set data.column "
    "to the one that holds the text, or name the files to read with a pattern such as texts/*.md.",
    "text_differs": "The text {source} is no longer the one that this run was trained on; bring that back to "
    "train on, or start a new run.",
    "text_is_another": "The weights were trained on another text before: this one is gone through from its "
    "beginning, and its validation losses do not compare with theirs.",
    "tokenizer_differs": "{path} is not the tokenizer that this run was trained with; put that one back, or "
    "start a new run.",
    "run_toml_differs": "{path} was changed, but what it says of {fields} is fixed since training began: the "
    "checkpoint's values hold. Start a new run to change them.",
    "run_toml_not_read": "{path} was changed, but is read no more once training has begun: what held of "
    "{fields} goes on. Change it in the window, or with --set as the run is resumed.",
    "dataset_unreachable": "The data set {source} cannot be had: {reason}.",
    "package_missing": "This needs the package {package}; install it with: {command}",
    "tokens_missing": "The tokens of this run are not there: {path}; to train on, put its text {source} "
    "back, from which they are made again.",
    "tokens_damaged": "{path} does not hold the tokens of this run; to train on, move it away and put its "
    "text {source} in place, from which they are made again.",
    "tokens_unreadable": "{path} cannot be read now: {reason}; see to that and try again.",
    "tokens_unknown": "{share} of the text is not in the vocabulary of {tokenizer}, which is made for "
    "English; the model cannot learn it. Choose the tokenizer bpe for such a text.",
    "few_tokens_unknown": "{share} of the text is not in the vocabulary of {tokenizer} and becomes <unk>: "
    "{characters}.",
    "characters_unknown": "{share} of the text has no token and is left out: {characters}.",
    "bpe_suits": "The text has {count} different characters, most of them rare; the tokenizer bpe suits it "
    "better: choose it in data.tokenizer.",
    "documents_run_together": "The vocabulary of {tokenizer} has no token that ends a text, so nothing keeps "
    "the {documents} documents apart; any other tokenizer does.",
    "duplicates": "{count} of {documents} documents are the same as an earlier one; data.deduplicate drops "
    "them.",
    "text_gone": "The text {source} is not there any more; put it back to train on. The model can be "
    "prompted without it.",
    "text_not_prepared": "The text {source} is prepared when the training begins.",
    "text_changed": "{name} of {source} changed while it was being read; start again.",
    "text_too_short": "The training part of {source} has {tokens} tokens, and one window needs {needed}: "
    "choose a longer text, a shorter context length, or another validation fraction.",
    "validation_too_short": "The validation part of {source} has {tokens} tokens, and one window needs "
    "{needed}: choose a longer text, a shorter context length, or another validation fraction.",
    "corpus_damaged": "{path} does not hold what was written there; start a new run from its text.",
    # Tokenizer
    "tokenizer_damaged": "{path} is not a tokenizer that can be read: {reason}.",
    "tokenizer_missing": "{path} holds no files of a {kind} tokenizer; choose a folder that holds {known}.",
    "tokenizer_not_that_kind": "{path} is not a {kind} tokenizer that can be used: {reason}; choose another "
    "folder or another tokenizer.",
    "tokenizer_out_of_reach": "The {kind} tokenizer is not on this machine, and {repository} on the Hugging "
    "Face Hub cannot be reached ({reason}). Set data.tokenizer_path to a folder that holds {known}, or try "
    "again with a network.",
    "cleaning_missing": "The original cleaning needs {package}, which is not installed; run "
    "pip install 'gpt-workbench[original]', or set data.cleaning to transformers.",
    "vocab_size_differs": "The vocabulary is set to {asked}, but the tokenizer has {found} tokens; set it "
    "to 0 to take the tokenizer's.",
    # Run folder
    "run_exists": "{path} already holds a run; resume it, or choose another folder.",
    "run_not_empty": "{path} is not an empty folder; choose a new one for the run.",
    "run_missing": "{path} is not a run: it has no run.toml.",
    "run_gone": "The folder {path} was moved or deleted while its run was trained; put it back to go on, or "
    "resume the run where it is now.",
    "run_in_use": "{path} is in use by another process; stop that one first.",
    "run_not_writable": "{path} cannot be written: {reason}.",
    "run_finished": "{path} has reached its {max_steps} steps; to go on, raise train.max_steps in the "
    "window, or with --set as it is resumed.",
    "run_name_unfit": "A run cannot be called {name}; choose a name that a folder can have, without / or :.",
    "run_name_taken": "There is a run called {name} already; choose another name.",
    "run_not_trashed": "{path} could not be moved to the trash; to have it gone, delete the folder yourself.",
    "record_damaged": "{path} is not a record that can be read: {reason}. Move it elsewhere to go on with a "
    "new one; the curves so far are in the old one.",
    "disk_too_small": "{path} has {free} free and {needed} is needed; make room or choose another folder.",
    "disk_too_small_cache": "{path} has {free} free and {needed} is needed; make room there. What was "
    "prepared earlier takes up {held} of it, which gpt-core prepare --clear-cache deletes.",
    "no_room_to_write_cache": "The disk that holds {path} is full; make room and try again. What was "
    "prepared earlier takes up {held} of it, which gpt-core prepare --clear-cache deletes.",
    "disk_full": "The disk that holds {path} is full; make room, then resume from step {step}.",
    "no_room_to_write": "The disk that holds {path} is full; make room and try again.",
    "step_not_recorded": "The record has no figures of step {step}: choose one that is on the curve.",
    "batch_of_other_text": "Step {step} was made in another text, or another order of it: what it saw is not "
    "in this run; open the run that it was forked from.",
    # Checkpoints
    "no_checkpoint": "{path} has no checkpoint that can be used; start the run anew.",
    "checkpoints_gone": "The checkpoints of {path} are gone, of which the last was saved at step {step}; put "
    "its folder checkpoints back, or start a new run with the settings in its run.toml.",
    "begun_anew": "The run was ended at step {step} before it had a checkpoint, so it begins anew.",
    "no_such_checkpoint": "{path} has no checkpoint at step {step}; it has {known}.",
    "checkpoint_damaged": "The checkpoint {path} is damaged ({reason}); "
    "delete it to go on from the one before.",
    "only_checkpoint": "{path} is the only checkpoint of its run; without it the model would be lost.",
    "checkpoint_gone": "There is no checkpoint of step {step}; it may have been given up for newer ones. "
    "Choose another.",
    "checkpoint_too_large": "To load the model of step {step} takes {needed} of memory, and {free} are free; "
    "close what else uses it.",
    "checkpoint_of_other_model": "The checkpoint {path} does not fit the model of its run: {reason}.",
    # Models trained elsewhere
    "source_missing": "There is no file or folder {name}, and no model on the Hugging Face Hub is named so.",
    "model_out_of_reach": "{name} cannot be had from the Hugging Face Hub: {reason}. Check the name and the "
    "connection, or give a folder that holds its files.",
    "weights_unreadable": "{path} cannot be read as weights: {reason}.",
    "not_weights": "it is neither safetensors nor what torch.save writes",
    "weights_refused": "{path} is a pickle that holds more than tensors, and reading it could run what it "
    "brings; save the weights alone, torch.save(model.state_dict(), ...), and import that.",
    "weights_lack": "{path} has no tensor {name} of floating-point numbers, which such a model needs.",
    "weights_too_many": "{path} holds {name}, for which such a model has no place.",
    "weights_of_other_shape": "{name} in {path} has the shape {found} instead of {wanted}.",
    "weights_not_finite": "{name} in {path} holds numbers that are not finite; the model is of no use.",
    "heads_unknown": "The weights in {path} do not tell the number of attention heads, and their width "
    "{embedding_dim} is no multiple of 64; give it: --set model.num_heads=N.",
    "heads_assumed": "The weights do not tell the number of attention heads; {num_heads} are assumed. If "
    "they were trained with another, import them with --set model.num_heads=N.",
    "fixed_by_weights": "The weights in {path} were trained with {found}, so it cannot be {asked}.",
    "tokenizer_unknown": "The weights do not tell their tokenizer; name its folder: --tokenizer FOLDER.",
    "tokenizer_of_other_model": "The model in {path} knows {known} tokens and the tokenizer has {found}; "
    "name the folder of its own: --tokenizer FOLDER.",
    "foreign_config_unreadable": "{path} is not a configuration that can be read: {reason}.",
    "foreign_kind": "{path} is of the kind {kind}; those that can be imported are {known}.",
    "foreign_setting": "{path} has {name} = {value}, which this GPT cannot do; {known} can be imported.",
    "foreign_head": "{path} holds a {name} that is not the token embedding, although its configuration ties "
    "them.",
    "not_exportable": "{architecture} cannot have {name} = {value}, as this run does; only {known}.",
    "folder_not_empty": "{path} is not an empty folder; choose a new one.",
    # The system
    "path_refused": "{path} cannot be used: {reason}.",
    "system_failed": "Reading or writing failed: {reason}.",
    # Device
    "device_missing": "There is no device {device} here; choose auto or one of {known}.",
    "cuda_missing_in_torch": "There is an NVIDIA card, but this PyTorch ({version}) has no CUDA, so the CPU "
    "is used; install a CUDA build of torch (see pytorch.org, Get Started) to train on the card.",
    "cuda_driver_unfit": "There is an NVIDIA card, but its driver does not work with this PyTorch "
    "({version}, made for CUDA {cuda}), so the CPU is used; update the driver to train on the card.",
    "precision_unsupported": "{device} cannot compute in {precision}; choose auto or fp32.",
    "memory_too_small": "A batch of {batch_size} windows needs about {needed} of memory, and {free} are "
    "free; choose at most {fits}, and a larger train.accumulation to make up for it.",
    "gpu_memory_too_small": "By the forecast a batch of {batch_size} windows needs {needed} of the memory of "
    "{device}, and {free} are free; where it runs out or gets slow, choose at most {fits}, and a larger "
    "train.accumulation to make up for it.",
    "out_of_memory_before": "The memory ran out before the training could begin; close what else uses it, or "
    "choose a smaller model or a smaller batch.",
    "out_of_memory": "{device} ran out of memory with {batch_size} windows at once; choose a "
    "smaller train.batch_size and a larger train.accumulation, close what else uses it, then go on.",
    "out_of_memory_fits": "{device} ran out of memory with {batch_size} windows at once. By the "
    "forecast {fits} fit: set train.batch_size to {fits} and train.accumulation to {accumulation}, which "
    "keeps the windows of a step, then go on.",
    "out_of_memory_recompute": "{device} ran out of memory with {batch_size} windows at once. By "
    "the forecast {fits} fit if activations are recomputed: set train.activation_checkpointing to true, "
    "train.batch_size to {fits} and train.accumulation to {accumulation}, then go on.",
    "compile_failed": "torch.compile cannot compile here: {reason}. Fork the run, or start it anew, "
    "with train.compile = false.",
    "trial_killed": "The trial steps were ended for want of memory; choose a smaller train.batch_size and a "
    "larger train.accumulation.",
    "trial_failed": "The trial steps could not be run: {reason}.",
    "bad_memory": "{text} is not an amount of memory such as 8GiB or 8 GB.",
    # Training
    "optimizer_anew": "The optimizer {name} begins without the running means that {before} had gathered, as "
    "they mean something else there.",
    "not_finite_loss": "The loss of step {step} is not finite, so that step left the weights as they were; "
    "lower the learning rate, then resume.",
    "not_finite_gradient": "The gradient of step {step} is not finite, so that step left the weights as they "
    "were; lower the learning rate, then resume.",
    "unexpected": "{kind}: {reason}. The run's log has the details.",
    "unexpected_here": "{kind}: {reason}. The details tell where.",
    # Prompting
    "prompt_empty": "Write a prompt first: the model needs at least one token to go on from.",
    "prompt_unknown": "None of the prompt's characters is in the model's vocabulary: {characters}.",
    "prompt_characters_dropped": "Not in the vocabulary, so the model does not see them: {characters}.",
    "no_memory_to_answer": "{device} has too little memory left to answer; ask for fewer samples.",
    "answer_failed": "The checkpoint could not answer: {kind}: {reason}.",
    # Window
    "folder_missing": "There is no folder {path}; make it first.",
    "picture_not_saved": "{path} cannot be written as a picture; choose a name that ends in .png.",
    "queue_in_use": "Another window of the workbench has the queue; change it there, or close that window.",
    "queue_damaged": "The queue in {path} cannot be read ({reason}); it was kept as {kept}, and the queue is "
    "empty now.",
    "no_display": "There is no display to open the window on; set DISPLAY, or use the headless twin: {twin}.",
    "qt_library_missing": "Qt's window system needs libraries that are missing here: {packages}. "
    "Install them, or use the headless twin: {twin}.",
    "no_japanese_font": "This machine has no font with Japanese characters, so the window speaks English; "
    "install one (on Debian and Ubuntu the package fonts-noto-cjk or fonts-ipafont-gothic) and start anew.",
    "translation_not_compiled": "{path} cannot be compiled, so the window speaks English: {reason}.",
    # Reasons of ours, which are problems too and stand as a value in the sentences above
    "file_not_json": "it is not JSON, or not in UTF-8: {reason}",
    "vocabulary_without_token": "it has no token {token}",
    "vocabulary_not_text": "its tokens are not all text",
    "vocabulary_not_characters": "its tokens are not single characters",
    "vocabulary_without_words": "none of its tokens ends a word with {end}",
    "vocabulary_not_bytes": "its tokens are not made of the 256 bytes",
    "merges_do_not_fit": "its merges do not fit its vocabulary",
    "merge_not_a_pair": "number {number} of its merges is not a pair",
    "ids_not_in_order": "its ids do not run from 0 up",
    "token_added": "the token {token} was added to its vocabulary",
    "token_with_two_ids": "{token} has two ids",
    "tokenizer_of_another_kind": "it is of another kind",
    "tokenizer_part_other": "its {name} is that of another kind",
    "tokenizer_setting_other": "its {name} is {value}",
    "outside_its_folder": "it names files outside its folder",
    "data_set_without_name": "it has no name",
    "file_missing": "{name} is missing",
    "data_set_name_too_long": "owner/name:configuration:split is followed by {rest}",
    "file_unreadable": "{name} cannot be read: {reason}",
    "file_of_other_size": "{name} has {found} bytes instead of {size}",
    "file_of_other_hash": "{name} does not have the SHA-256 it was written with",
    "file_of_other_format": "{name} is of format {found}, and this program reads {known}",
    "file_altered": "{name} is not as it was written",
    "file_without_object": "{name} does not hold a JSON object",
    "no_such_file": "there is no such file",
    "not_a_record": "it is not a run's record",
    "record_of_other_format": "its format is {found}, and this program reads {known}",
    "nested_too_deeply": "nested too deeply",
    "part_lacking": "it lacks a part",
    "line_not_json": "it is not JSON, {reason}",
    "line_nested_too_deeply": "it is nested too deeply",
    "line_without_fields": 'it is not an object of fields such as {{"text": "..."}}',
    "cells_without_names": "it has {cells} cells and the header {names}; a text that holds {mark} must stand "
    "in quotes",
    "cells_lacking": "it has {cells} cells and the header {names}",
    "line_too_long": "it is longer than {limit} characters",
    "column_not_text": "its {column} is not text but {kind}",
}


class GPTCoreError(Exception):
    """A problem that the person can mend, told in one sentence: what is wrong, where, and what to do.

    `code` names the sentence in `MESSAGES`, `values` fill it, and `field` ("section.field") is the setting
    it concerns, where there is one.
    """

    def __init__(self, code: str, *, field: str | None = None, **values: Any) -> None:
        super().__init__(code, values)
        self.code = code
        self.field = field
        self.values = values

    def __str__(self) -> str:
        return MESSAGES[self.code].format(**self.values)


@dataclasses.dataclass(frozen=True)
class Fault:
    """One thing wrong with a configuration: the field ("section.field"), the code and its values."""

    field: str
    code: str
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.field}: {MESSAGES[self.code].format(**self.values)}"


class ConfigError(GPTCoreError):
    """A configuration with one or more faults, all of them in `faults`."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("faults", field=faults[0].field, count=len(faults))
        self.faults = list(faults)

    def __str__(self) -> str:
        return "\n".join(map(str, self.faults))


class CheckpointError(GPTCoreError):
    """A checkpoint that is missing, damaged or of another model; an older one may still do."""
