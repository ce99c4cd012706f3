"""The model against independent references: the notebook's own layers, transformers' GPT-2, arithmetic."""

import math

import pytest
import torch
from torch import nn

from gpt_core.attention import MaskedMultiheadAttention
from gpt_core.config import ModelConfig
from gpt_core.model import GPT

SMALL = ModelConfig(
    vocab_size=61, context_length=16, embedding_dim=24, ffn_dim=40, num_heads=3, num_layers=2, norm="post",
    embedding_dropout=0, attention_dropout=0, residual_dropout=0,
)  # fmt: skip


class NotebookLayer(nn.Module):
    """The notebook's decoder layer, written out with torch.nn."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        D = config.embedding_dim
        self.maskedmultiheadattention = nn.MultiheadAttention(D, config.num_heads, batch_first=True)
        self.dropout_selfattn = nn.Dropout(0.1)
        self.layernorm_selfattn = nn.LayerNorm(D)
        self.ffn = nn.Sequential(nn.Linear(D, config.ffn_dim), nn.GELU(), nn.Linear(config.ffn_dim, D))
        self.layernorm_ffn = nn.LayerNorm(D)
        self.dropout_ffn = nn.Dropout(0.1)

    def forward(self, x, mask):
        attended, _ = self.maskedmultiheadattention(x, x, x, attn_mask=mask)
        x = self.layernorm_selfattn(x + self.dropout_selfattn(attended))
        return self.layernorm_ffn(x + self.dropout_ffn(self.ffn(x)))


class Notebook(nn.Module):
    """The notebook's GPT: hidden states, no head."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.embedding_dim)
        self.positional_embedding = nn.Embedding(config.context_length, config.embedding_dim)
        self.decoder = nn.ModuleList([NotebookLayer(config) for _ in range(config.num_layers)])

    def forward(self, tokens):
        T = tokens.size(1)
        x = self.embedding(tokens) + self.positional_embedding(torch.arange(T))
        mask = torch.full((T, T), -math.inf).triu(1)
        for layer in self.decoder:
            x = layer(x, mask)
        return x


def test_the_notebooks_weights_load_strictly_and_give_its_numbers():
    torch.manual_seed(0)
    config = SMALL.model_copy(update={"activation": "gelu"})
    notebook = Notebook(config).eval()
    model = GPT(config).eval()
    model.load_state_dict(notebook.state_dict(), strict=True)
    tokens = torch.randint(config.vocab_size, (3, 16))
    torch.testing.assert_close(model.hidden(tokens), notebook(tokens), atol=1e-5, rtol=0)


def test_parameters_at_the_notebooks_configuration():
    config = ModelConfig(vocab_size=50257, context_length=1024)
    with torch.device("meta"):
        assert GPT(config).parameter_count() == 124_438_272
        assert sum(p.numel() for p in Notebook(config).parameters()) == 124_438_272


def test_an_untied_head_is_the_only_module_added():
    tied, untied = GPT(SMALL), GPT(SMALL.model_copy(update={"tied_head": False}))
    assert set(untied.state_dict()) - set(tied.state_dict()) == {"linear.weight", "linear.bias"}


@pytest.mark.parametrize("norm", ["post", "pre"])
@pytest.mark.parametrize("changed", [1, 7, 15])
def test_no_position_sees_a_later_token(norm, changed):
    torch.manual_seed(1)
    model = GPT(SMALL.model_copy(update={"norm": norm, "initialisation": "torch"})).eval()
    tokens = torch.randint(61, (2, 16))
    other = tokens.clone()
    other[:, changed] = (other[:, changed] + 1) % 61
    before, after = model(tokens), model(other)
    assert torch.equal(before[:, :changed], after[:, :changed])
    assert not torch.allclose(before[:, changed:], after[:, changed:])


def test_the_first_loss_is_that_of_knowing_nothing():
    """ln V + sigma^2 d / 2: hidden states of unit variance against embeddings from N(0, 0.02)."""
    torch.manual_seed(2)
    config = ModelConfig(vocab_size=8192, context_length=64, embedding_dim=768, num_heads=12, num_layers=12)
    model = GPT(config).eval()
    tokens, targets = torch.randint(8192, (2, 4, 64)).unbind(0)
    with torch.no_grad():
        loss = model(tokens, targets).item()
    assert loss == pytest.approx(math.log(8192) + 0.02**2 * 768 / 2, abs=0.1)


def test_gpt2s_weights_give_transformers_logits():
    """norm = "pre" with a final norm is GPT-2, from the embedding to the logits."""
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(3)
    reference = GPT2LMHeadModel(
        GPT2Config(vocab_size=61, n_positions=16, n_embd=24, n_layer=2, n_head=3, n_inner=40, attn_pdrop=0,
                   embd_pdrop=0, resid_pdrop=0, activation_function="gelu_new")
    ).eval()  # fmt: skip
    theirs = reference.transformer.state_dict()
    model = GPT(SMALL.model_copy(update={"norm": "pre", "activation": "gelu_tanh"})).eval()
    ours = {"embedding.weight": theirs["wte.weight"], "positional_embedding.weight": theirs["wpe.weight"]}
    for end in ("weight", "bias"):
        ours[f"layernorm_final.{end}"] = theirs[f"ln_f.{end}"]
        for layer in range(2):
            for our_name, their_name in {
                "maskedmultiheadattention.in_proj_": "attn.c_attn.",
                "maskedmultiheadattention.out_proj.": "attn.c_proj.",
                "layernorm_selfattn.": "ln_1.",
                "layernorm_ffn.": "ln_2.",
                "ffn.0.": "mlp.c_fc.",
                "ffn.2.": "mlp.c_proj.",
            }.items():
                value = theirs[f"h.{layer}.{their_name}{end}"]
                ours[f"decoder.{layer}.{our_name}{end}"] = value.T if value.dim() == 2 else value
    model.load_state_dict(ours, strict=True)
    tokens = torch.randint(61, (2, 16))
    torch.testing.assert_close(model(tokens), reference(tokens).logits, atol=1e-5, rtol=0)


@pytest.mark.parametrize("norm", ["post", "pre"])
def test_the_cache_gives_the_numbers_of_the_whole(norm):
    torch.manual_seed(4)
    model = GPT(SMALL.model_copy(update={"norm": norm, "initialisation": "torch"})).eval()
    tokens = torch.randint(61, (1, 16))
    whole = model.hidden(tokens)
    cache = model.new_cache()
    parts = [model.hidden(part, cache) for part in tokens.split([5, 1, 1, 6, 3], dim=1)]
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, atol=1e-5, rtol=1e-5)


def test_more_tokens_than_the_context_are_refused():
    with pytest.raises(ValueError, match="17 tokens do not fit the context length 16"):
        GPT(SMALL)(torch.zeros(1, 17, dtype=torch.long))


def test_initialisation():
    torch.manual_seed(5)
    model = GPT(ModelConfig(vocab_size=500, context_length=64, embedding_dim=96, num_heads=4, num_layers=3))
    for name, parameter in model.named_parameters():
        if parameter.dim() >= 2:
            assert parameter.std().item() == pytest.approx(0.02, rel=0.1), name
        else:
            wanted = 1.0 if "layernorm" in name and name.endswith("weight") else 0.0
            assert torch.all(parameter == wanted), name
    scaled = GPT(model.config.model_copy(update={"initialisation": "gpt2"}))
    layer = scaled.decoder[0]
    for matrix in (layer.ffn[2].weight, layer.maskedmultiheadattention.out_proj.weight):
        assert matrix.std().item() == pytest.approx(0.02 / math.sqrt(6), rel=0.1)


def test_the_mean_loss_is_the_cross_entropy_of_the_logits():
    torch.manual_seed(6)
    model = GPT(SMALL)
    tokens, targets = torch.randint(61, (2, 3, 16)).unbind(0)
    logits = model(tokens).double()
    picked = logits.log_softmax(-1).gather(-1, targets[..., None])
    assert model(tokens, targets).item() == pytest.approx(-picked.mean().item(), abs=1e-5)


def test_attention_in_bf16_on_the_cpu_is_that_in_float32():
    """Short windows in bf16 take a path of their own: same function and gradients, nothing of the future."""
    torch.manual_seed(7)
    attention = MaskedMultiheadAttention(48, 3)
    x = torch.randn(2, 40, 48, requires_grad=True)
    expected = attention(x)
    (wanted,) = torch.autograd.grad(expected.square().sum(), x)
    with torch.autocast("cpu", torch.bfloat16):
        found = attention(x)
        later = torch.cat([x[:, :25], x[:, 25:] + 1], dim=1)
        assert torch.equal(found[:, :25], attention(later)[:, :25])
    (gradient,) = torch.autograd.grad(found.float().square().sum(), x)
    torch.testing.assert_close(found.float(), expected, atol=0.02, rtol=0.02)
    torch.testing.assert_close(gradient, wanted, atol=0.05, rtol=0.05)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_attention_dropout_keeps_the_mean(precision):
    torch.manual_seed(8)
    attention = MaskedMultiheadAttention(48, 3, dropout=0.5)
    x = torch.randn(1, 24, 48)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
        mean = torch.stack([attention.train()(x) for _ in range(3000)]).float().mean(0)
        torch.testing.assert_close(mean, attention.eval()(x).float(), atol=0.06, rtol=0)
        assert not torch.equal(attention.train()(x), attention.train()(x))


class Drop:
    """Dropout whose masks are the same each time, in the order in which they are asked for."""

    def __init__(self) -> None:
        self.random = torch.Generator().manual_seed(10)

    def __call__(self, x, p=0.5, training=True, inplace=False):
        if not training or p == 0:
            return x
        kept = torch.rand(x.numel(), generator=self.random) >= p
        return x * kept.view(x.shape) / (1 - p)

    def attention(self, query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False):
        """Causal attention by its formula, in the place of the fused one."""
        assert attn_mask is None
        assert is_causal
        T = query.size(-2)
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))
        scores = scores.masked_fill(torch.ones(T, T, dtype=torch.bool).triu(1), -math.inf)
        return self(scores.softmax(-1), dropout_p) @ value


def written_out(model: GPT, tokens: torch.Tensor, drop: Drop) -> torch.Tensor:
    """Hidden states in float64, dropout where the paper has it: on the sum of embeddings, on the attention
    weights, and on each part's output before it is added to the residual stream."""
    config = model.config
    weights = {name: value.double() for name, value in model.state_dict().items()}

    def linear(x, name):
        return x @ weights[f"{name}weight"].T + weights[f"{name}bias"]

    def norm(x, name):
        x = (x - x.mean(-1, keepdim=True)) / (x.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt()
        return x * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def attend(x, name):
        B, T, D = x.shape
        heads = linear(x, f"{name}.in_proj_").view(B, T, 3, config.num_heads, -1)
        query, key, value = heads.permute(2, 0, 3, 1, 4)
        y = drop.attention(query, key, value, None, config.attention_dropout, is_causal=True)
        return linear(y.transpose(1, 2).reshape(B, T, D), f"{name}.out_proj.")

    def feed(x, name):
        x = linear(x, f"{name}.0.")
        return linear(x * (1 + torch.erf(x / math.sqrt(2))) / 2, f"{name}.2.")

    x = weights["embedding.weight"][tokens] + weights["positional_embedding.weight"][: tokens.size(1)]
    x = drop(x, config.embedding_dropout)
    for layer in (f"decoder.{number}" for number in range(config.num_layers)):
        for part, name, its_norm in (
            (attend, f"{layer}.maskedmultiheadattention", f"{layer}.layernorm_selfattn"),
            (feed, f"{layer}.ffn", f"{layer}.layernorm_ffn"),
        ):
            if config.norm == "pre":
                x = x + drop(part(norm(x, its_norm), name), config.residual_dropout)
            else:
                x = norm(x + drop(part(x, name), config.residual_dropout), its_norm)
    return norm(x, "layernorm_final") if config.norm == "pre" else x


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("norm", ["post", "pre"])
def test_each_dropout_is_where_the_paper_has_it(norm, precision, monkeypatch):
    """With three rates, so that none is taken for another; and none where nothing is trained."""
    torch.manual_seed(11)
    rates = {"embedding_dropout": 0.2, "attention_dropout": 0.3, "residual_dropout": 0.4}
    model = GPT(SMALL.model_copy(update={"norm": norm, "activation": "gelu", **rates}))
    tokens = torch.randint(61, (2, 16))
    close = {"atol": 1e-4, "rtol": 1e-4} if precision == "fp32" else {"atol": 0.1, "rtol": 0.1}
    for training in (True, False):
        mine, reference = Drop(), Drop()
        monkeypatch.setattr("torch.nn.functional.dropout", mine)
        monkeypatch.setattr("torch.nn.functional.scaled_dot_product_attention", mine.attention)
        model.train(training)
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            found = model.hidden(tokens)
        if not training:
            model.config = model.config.model_copy(update=dict.fromkeys(rates, 0.0))
        torch.testing.assert_close(found.double(), written_out(model, tokens, reference), **close)
        assert torch.equal(mine.random.get_state(), reference.random.get_state())  # as many masks


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("norm", ["post", "pre"])
def test_recomputed_gradients_are_the_same_bits_for_less_memory(norm, precision):
    model = GPT(SMALL.model_copy(update={
        "norm": norm, "embedding_dropout": 0.1, "attention_dropout": 0.1, "residual_dropout": 0.1}
    )).train()  # fmt: skip
    tokens, targets = torch.randint(61, (2, 4, 16)).unbind(0)
    found = []
    for recompute in (False, True):
        model.recompute = recompute
        model.zero_grad()
        torch.manual_seed(9)
        kept: list[int] = []

        def keep(tensor, sizes=kept):
            sizes.append(tensor.numel())
            return tensor

        with (
            torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
            torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"),
        ):
            loss = model(tokens, targets)
        loss.backward()
        gradients = [parameter.grad.clone() for parameter in model.parameters()]
        found.append((loss, gradients, torch.rand(1), sum(kept)))
    (loss, gradients, after, kept), (same_loss, same_gradients, same_after, fewer) = found
    assert torch.equal(loss, same_loss)
    assert all(torch.equal(one, other) for one, other in zip(gradients, same_gradients, strict=True))
    assert torch.equal(after, same_after)  # what comes next meets the same random state
    assert fewer < kept / 2


def test_nothing_is_recomputed_where_nothing_is_trained(monkeypatch):
    monkeypatch.setattr("gpt_core.model.checkpoint", None)  # would fail
    model = GPT(SMALL).eval()
    model.recompute = True
    tokens = torch.randint(61, (1, 16))
    whole = model.hidden(tokens)
    model.train()
    torch.testing.assert_close(model.hidden(tokens, model.new_cache()), whole, atol=1e-5, rtol=1e-5)
