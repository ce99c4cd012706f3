"""The settings, section by section: each typed once, with its words, unit and limits.

A new setting is a line here, and nowhere else: the forms of the window, `--set section.field=value` and the
TOML files come from these models (see `gpt_core.config`).
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

NOT_IN_PAPER = object()
# What float32 can do, in which the weights are: an epsilon that is not 0 there and divides what is smaller
# still, and a running mean that moves.
SMALLEST, SLOWEST = 1e-20, 0.999999
DEVICES = ("auto", "cpu", "mps", "cuda", "cuda:N")  # N: the number of a card
MOST_PINNED = 8  # prompts; the training waits for each


def setting(
    default: Any,
    title: str,
    description: str,
    *,
    unit: str = "",
    live: bool = False,
    gpt1: Any = NOT_IN_PAPER,
    **limits: Any,
) -> Any:
    """A field of a section: its words, its unit, whether it may change while training runs (`live`) and what
    GPT-1's paper or released code used."""
    extra: dict[str, Any] = {"unit": unit, "live": live} | ({} if gpt1 is NOT_IN_PAPER else {"gpt1": gpt1})
    return Field(default, title=title, description=description, json_schema_extra=extra, **limits)


class Section(BaseModel):
    """One table of the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ModelConfig(Section):
    """The shape of the GPT. GPT-1 is the default; `norm = "pre"` with a final norm is GPT-2's."""

    vocab_size: int = setting(
        0, "Vocabulary", "Number of different tokens; 0 takes it from the tokenizer.", unit="tokens", ge=0,
        le=1_000_000, gpt1=40478,
    )  # fmt: skip
    context_length: int = setting(
        512,
        "Context length",
        "How many tokens the model sees at once.",
        unit="tokens",
        ge=1,
        le=65536,
        gpt1=512,
    )
    embedding_dim: int = setting(
        768, "Embedding dimension",
        "Width of the vector that stands for each token; a multiple of the heads.", ge=1, le=16384, gpt1=768,
    )  # fmt: skip
    ffn_dim: int = setting(
        3072, "FFN dimension", "Width of the hidden layer in each feed-forward network; often four times the "
        "embedding dimension.", ge=1, le=65536, gpt1=3072,
    )  # fmt: skip
    num_heads: int = setting(12, "Attention heads", "Attention heads in each layer.", ge=1, le=256, gpt1=12)
    num_layers: int = setting(12, "Layers", "Decoder layers, one upon the other.", ge=1, le=256, gpt1=12)
    norm: Literal["post", "pre"] = setting(
        "post", "Layer norm", "post: after each sum, as in GPT-1. pre: before each part and once at the "
        "end, as in GPT-2, which trains more easily.", gpt1="post",
    )  # fmt: skip
    activation: Literal["gelu", "gelu_tanh"] = setting(
        "gelu_tanh", "Activation", "gelu: exact. gelu_tanh: the approximation in GPT-1's and GPT-2's code.",
        gpt1="gelu_tanh",
    )  # fmt: skip
    tied_head: bool = setting(
        True, "Tied head", "Use the token embedding as the output layer too, as GPT-1 does.", gpt1=True
    )
    bias: bool = setting(True, "Biases", "Biases in linear layers and layer norms.", gpt1=True)
    embedding_dropout: float = setting(
        0.1, "Embedding dropout", "Share of the embedding's values dropped in training.", ge=0, lt=1,
        gpt1=0.1, live=True,
    )  # fmt: skip
    attention_dropout: float = setting(
        0.1, "Attention dropout", "Share of attention weights dropped in training; slow on a CPU.", ge=0,
        lt=1, gpt1=0.1, live=True,
    )  # fmt: skip
    residual_dropout: float = setting(
        0.1, "Residual dropout", "Share of each part's output dropped before it is added.", ge=0, lt=1,
        gpt1=0.1, live=True,
    )  # fmt: skip
    layer_norm_eps: float = setting(
        1e-5, "Layer norm epsilon", "Added to the variance in each layer norm.", ge=SMALLEST, le=1,
        gpt1=1e-5,
    )  # fmt: skip
    initialisation: Literal["gpt1", "gpt2", "torch"] = setting(
        "gpt1", "Initialisation", "gpt1: N(0, 0.02), zero biases. gpt2: the same, with the layers' outputs "
        "scaled by 1/sqrt(2 layers). torch: PyTorch's defaults, as in the notebook.", gpt1="gpt1",
    )  # fmt: skip


class DataConfig(Section):
    """The text and how it becomes tokens."""

    source: str = setting(
        "builtin:python-reference", "Text", "A file, a folder, a pattern such as texts/*.md, several of "
        "these with ; between them, a data set of the Hugging Face Hub (hub:owner/name[:config[:split]]), or "
        "a built-in text: builtin:python-reference, builtin:python-stdlib.", min_length=1,
    )  # fmt: skip
    column: str = setting(
        "text", "Column", "Which field of JSON lines, column of Parquet or CSV files, or of a data set, "
        "holds the text.", min_length=1,
    )  # fmt: skip
    encoding: Literal["auto", "utf-8", "utf-16", "cp932", "euc-jp"] = setting(
        "auto", "Encoding", "How the files' bytes stand for characters; auto finds out file by file."
    )
    deduplicate: bool = setting(
        False, "Drop duplicates", "Keep only the first of documents that are the same."
    )
    tokenizer: Literal["characters", "bpe", "gpt2", "gpt1"] = setting(
        "characters", "Tokenizer", "characters: one token a character. bpe: byte-level byte-pair encoding, "
        "trained on the text. gpt2, gpt1: those models' own, made for English.", gpt1="gpt1",
    )  # fmt: skip
    tokenizer_path: str = setting(
        "", "Tokenizer files", "A folder that holds the files of gpt2 or gpt1; empty takes them from the "
        "Hugging Face Hub.",
    )  # fmt: skip
    cleaning: Literal["transformers", "original"] = setting(
        "transformers", "Cleaning", "How gpt1 prepares a text. transformers: in lower case, as that library "
        "does. original: ftfy and spaCy, as GPT-1 was trained; slow, and they must be installed.",
        gpt1="original",
    )  # fmt: skip
    vocab_size: int = setting(
        4096, "BPE vocabulary", "Size of the vocabulary that bpe learns.", unit="tokens", ge=257,
        le=1_000_000, gpt1=40478,
    )  # fmt: skip
    validation_fraction: float = setting(
        0.1, "Validation part", "Share of the text kept for validation and never trained on.", gt=0, lt=1
    )


class ScheduleConfig(Section):
    """The learning rate over the run; see `gpt_core.schedule`."""

    form: Literal["cosine", "gpt1"] = setting(
        "cosine", "Form", "cosine: after the warmup, half a cosine down to the floor. gpt1: as in the code "
        "released with GPT-1, down to zero.", live=True, gpt1="gpt1",
    )  # fmt: skip
    max_lr: float = setting(
        2.5e-4,
        "Peak rate",
        "The learning rate at the end of the warmup.",
        gt=0,
        le=10,
        live=True,
        gpt1=2.5e-4,
    )
    min_lr: float = setting(
        0.0, "Floor", "The learning rate at the last step (form cosine).", ge=0, le=10, live=True, gpt1=0.0
    )
    warmup_steps: int = setting(
        2000, "Warmup", "Steps over which the rate rises to its peak.", unit="steps", ge=0, le=10**9,
        live=True, gpt1=2000,
    )  # fmt: skip


class OptimizerConfig(Section):
    """How gradients change the weights."""

    name: Literal["adam", "adamw", "gpt1-adam"] = setting(
        "adamw", "Optimizer", "adam: weight decay joins the gradient. adamw: decay is applied to the weights "
        "themselves. gpt1-adam: the same, with epsilon as in the code released with GPT-1.", gpt1="gpt1-adam",
    )  # fmt: skip
    beta1: float = setting(
        0.9, "Beta 1", "Decay of the gradient's running mean.", ge=0, le=SLOWEST, live=True, gpt1=0.9
    )
    beta2: float = setting(
        0.999, "Beta 2", "Decay of the squared gradient's running mean.", ge=0, le=SLOWEST, live=True,
        gpt1=0.999,
    )  # fmt: skip
    eps: float = setting(
        1e-8, "Epsilon", "Keeps the division by the gradient's size finite.", ge=SMALLEST, le=1, live=True,
        gpt1=1e-8,
    )  # fmt: skip
    weight_decay: float = setting(
        0.01, "Weight decay", "Pull of the matrices, embeddings included, towards zero; biases and norms are "
        "left alone.", ge=0, le=10, live=True, gpt1=0.01,
    )  # fmt: skip
    grad_clip: float = setting(
        1.0, "Gradient clipping", "Largest norm of the gradient; 0 leaves it as it is.", ge=0, le=1e6,
        live=True, gpt1=1.0,
    )  # fmt: skip


class TrainConfig(Section):
    """How long, on what, and what happens along the way."""

    batch_size: int = setting(
        64, "Batch", "Windows that pass through the model at once.", unit="windows", ge=1, le=65536,
        live=True, gpt1=64,
    )  # fmt: skip
    accumulation: int = setting(
        1, "Accumulation", "Batches whose gradients are summed before each step; a larger batch for the same "
        "memory.", unit="batches", ge=1, le=65536, live=True,
    )  # fmt: skip
    max_steps: int = setting(
        10_000, "Steps", "Updates of the weights in the whole run.", unit="steps", ge=1, le=10**9, live=True
    )
    device: str = setting(
        "auto", "Device", "auto, cpu, cuda, cuda:1, mps: where the model trains.",
        pattern="^(auto|cpu|mps|cuda(:[0-9]{1,3})?)$",
    )  # fmt: skip
    precision: Literal["auto", "fp32", "tf32", "bf16", "fp16"] = setting(
        "auto", "Precision", "auto: the fastest that is safe here: bf16, else fp16 on an older GPU, else "
        "fp32. tf32: float32 whose products a GPU rounds to 10 bits. fp16 scales the loss.", gpt1="fp32",
    )  # fmt: skip
    activation_checkpointing: bool = setting(
        False, "Recompute", "Keep only each layer's input for the backward pass and compute the rest again: "
        "activation checkpointing, a third slower for far less memory.", live=True,
    )  # fmt: skip
    compile: bool = setting(
        False, "Compile", "Compile the model with torch.compile: a slow start, often faster on a GPU."
    )
    threads: int = setting(
        0, "Threads", "CPU threads; 0 tries a few numbers on this machine and takes the fastest. Fewer do "
        "better where other programs keep the cores busy.", ge=0, le=1024, live=True,
    )  # fmt: skip
    seed: int = setting(
        1,
        "Seed",
        "Sets the first weights, which part is kept for validation, the order of the text and the dropout.",
        ge=0,
        le=2**32 - 1,
    )
    deterministic: bool = setting(
        False, "Deterministic", "Same seed, same weights, bit for bit on a GPU too; slower there."
    )
    eval_interval: int = setting(
        250, "Evaluate every", "Steps from one validation to the next; 0 only at the end.", unit="steps",
        ge=0, le=10**9, live=True,
    )  # fmt: skip
    eval_windows: int = setting(
        256, "Evaluation windows", "Validation windows, the same each time; 0 takes the whole validation "
        "part.", unit="windows", ge=0, le=10**9, live=True,
    )  # fmt: skip
    sample_interval: int = setting(
        500, "Sample every", "Steps from one sample to the next; 0 never.", unit="steps", ge=0, le=10**9,
        live=True,
    )  # fmt: skip
    checkpoint_interval: int = setting(
        1000, "Checkpoint every", "Steps from one checkpoint to the next; 0 only at the end.", unit="steps",
        ge=0, le=10**9, live=True,
    )  # fmt: skip
    keep: int = setting(
        3, "Checkpoints kept", "How many of the latest checkpoints are kept, besides the best one.", ge=1,
        le=10**6, live=True,
    )  # fmt: skip
    keep_every: int = setting(
        0, "Kept for good", "A checkpoint whose step is a multiple of this is never given up; 0 none.",
        unit="steps", ge=0, le=10**9, live=True,
    )  # fmt: skip


class SamplingConfig(Section):
    """How the model is asked to go on from a prompt."""

    prompt: str = setting(
        "\n", "Prompt", "What the samples along the way begin with.", min_length=1, live=True
    )
    pinned: tuple[str, ...] = setting(
        (), "Pinned prompts", "Further prompts that the samples along the way are made of, each time with "
        "the same seed.", live=True, max_length=MOST_PINNED,
    )  # fmt: skip
    max_tokens: int = setting(
        200, "Length", "Tokens to sample at most.", unit="tokens", ge=1, le=10**6, live=True
    )
    temperature: float = setting(
        0.8, "Temperature", "Below 1 safer, above 1 bolder; 0 always takes the likeliest token.", ge=0,
        le=100, live=True,
    )  # fmt: skip
    top_k: int = setting(
        0, "Top-k", "Choose among this many of the likeliest tokens; 0 among all.", ge=0, le=10**6, live=True
    )
    top_p: float = setting(
        1.0, "Top-p", "Choose among the likeliest tokens that together hold this probability.", gt=0, le=1,
        live=True,
    )  # fmt: skip
    repetition_penalty: float = setting(
        1.0, "Repetition penalty", "Above 1, tokens that stand in the text already become less likely.",
        gt=0, le=100, live=True,
    )  # fmt: skip
    stop: tuple[str, ...] = setting((), "Stop at", "Texts at which the answer ends, before them.", live=True)
    samples: int = setting(
        1, "Samples", "Different answers to one prompt, made at once.", ge=1, le=64, live=True
    )
    seed: int = setting(1, "Seed", "Same seed, same text.", ge=0, le=2**32 - 1, live=True)

    @property
    def prompts(self) -> tuple[str, ...]:
        """What the samples along the way are made of: the prompt, then the pinned ones, each once."""
        return tuple(dict.fromkeys((self.prompt, *self.pinned)))
