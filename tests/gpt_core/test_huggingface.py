"""Models from elsewhere and for elsewhere: the notebook's weights, transformers' GPT-1 and GPT-2."""

import json
import pickle
import string
from pathlib import Path

import pytest
import torch
import transformers
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.activations import ACT2FN
from transformers.models.openai.modeling_openai import ACT_FNS

from gpt_core import checkpoint, huggingface, notebook
from gpt_core.cli import main
from gpt_core.config import SamplingConfig
from gpt_core.control import Change, Control
from gpt_core.errors import GPTCoreError
from gpt_core.events import Ready, StepDone
from gpt_core.model import GPT
from gpt_core.run import Run, create, open_run
from gpt_core.sampling import generate
from gpt_core.tokenizer import Tokenizer
from gpt_core.worker import Worker

PROMPT = "the cat sat on a mat"
NO_DROPOUT = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}


@pytest.fixture(autouse=True)
def one_thread():
    """On a busy machine two threads take many times as long for models as small as these."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def core(*arguments: object) -> str:
    """What a command writes to standard output; it must go well."""
    done = CliRunner().invoke(main, list(map(str, arguments)))
    assert done.exit_code == 0, done.output + repr(done.exception)
    return done.stdout


def refused(*arguments: object) -> str:
    """The sentence with which a command refuses."""
    done = CliRunner().invoke(main, list(map(str, arguments)))
    assert (done.exit_code, done.stdout) == (2, ""), done.output + repr(done.exception)
    assert done.stderr.count("\n") == 1
    return done.stderr


def model_of(run: Run) -> GPT:
    """The model of a run's newest checkpoint."""
    saved = checkpoint.checkpoints(run.checkpoints_folder)[-1]
    saved.verify()
    model = GPT(open_run(run.folder).config.model)
    model.load(saved.model(), saved.path)
    return model.eval()


def gpt1_files(folder: Path) -> None:
    """A small tokenizer of GPT-1's kind: letters, within a word and at its end."""
    letters = [*string.ascii_lowercase, *(f"{letter}</w>" for letter in string.ascii_lowercase)]
    merges = [("t", "h"), ("th", "e</w>"), ("a", "t</w>"), ("c", "at</w>")]
    tokens = ["<unk>", *letters, *(left + right for left, right in merges)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({token: id for id, token in enumerate(tokens)}))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(map(" ".join, merges)) + "\n")


def bpe(text: Path) -> Tokenizer:
    return Tokenizer.train("bpe", [text.read_text()], 290)


CASES = {
    "gpt1": ("openai-gpt", {}),
    "gpt2": ("gpt2", {}),
    "gpt2 with an inner width": ("gpt2", {"n_inner": 40}),
    "gpt2 with exact GELU": ("gpt2", {"activation_function": "gelu"}),
    "gpt1 untied": ("openai-gpt", {"tie_word_embeddings": False}),
    "gpt2 untied": ("gpt2", {"tie_word_embeddings": False}),
}


def theirs(case: str, text: Path, folder: Path) -> transformers.PreTrainedModel:
    """A randomly initialised model of transformers, saved with its tokenizer."""
    kind, extra = CASES[case]
    if kind == "openai-gpt":
        gpt1_files(folder)
        size = 57
    else:
        tokenizer = bpe(text)
        size = tokenizer.vocab_size
        tokenizer.save(folder)
        (folder / "tokenizer_config.json").unlink()  # as of someone else
    configuration = transformers.AutoConfig.for_model(
        kind, vocab_size=size, n_positions=256, n_embd=32, n_layer=3, n_head=4, layer_norm_epsilon=3e-3,
        bos_token_id=None, eos_token_id=None, **NO_DROPOUT, **extra,
    )  # fmt: skip
    torch.manual_seed(3)
    model = AutoModelForCausalLM.from_config(configuration).eval()
    for name, parameter in model.named_parameters():
        ones = ".ln_" in name and name.endswith("weight")
        nn.init.normal_(parameter, mean=1.0 if ones else 0.0, std=0.3)
    model.save_pretrained(folder)
    return model


@pytest.fixture(params=CASES)
def case(request, text, tmp_path):
    """A model of transformers, the folder that it was saved to, and the run that it was imported to."""
    folder = tmp_path / "theirs"
    model = theirs(request.param, text, folder)
    assigned = ["--set", f"data.source={text}", "--set", "train.threads=1"]
    core("import", folder, "--run", tmp_path / "run", *assigned)
    return model, folder, open_run(tmp_path / "run")


def test_an_imported_model_gives_transformers_numbers(case):
    model, _, run = case
    ours = model_of(run)
    tokens = torch.randint(model.config.vocab_size, (3, 256))
    with torch.no_grad():
        expected = model(tokens).logits
        torch.testing.assert_close(ours(tokens), expected, atol=1e-4, rtol=0)
        assert expected.std() > 0.5  # or the tolerance would say nothing
        exact = model.double()(tokens).logits
        torch.testing.assert_close(ours.double()(tokens), exact, atol=1e-9, rtol=0)


def test_two_hundred_greedy_tokens_are_transformers(case):
    model, _, run = case
    tokenizer = Tokenizer.load(run.tokenizer_folder)
    prompt = tokenizer.encode(PROMPT).tolist()
    greedy = SamplingConfig(temperature=0, max_tokens=200)
    found = [token.id for token in generate(model_of(run), prompt, greedy, None)]
    expected = model.generate(
        torch.tensor([prompt]), max_new_tokens=200, do_sample=False, eos_token_id=None, pad_token_id=0
    )
    assert found == expected[0, len(prompt) :].tolist()
    assert len(found) == 200
    assert len(set(found)) > 3


def test_there_and_back_again_is_bit_equal(case, tmp_path):
    model, _, run = case
    core("export", run.folder, "--to", tmp_path / "back")
    back = AutoModelForCausalLM.from_pretrained(tmp_path / "back")
    assert type(back) is type(model)
    assert back.state_dict().keys() == model.state_dict().keys()
    for name, tensor in model.state_dict().items():
        assert torch.equal(back.state_dict()[name], tensor), name
    before, after = model.config.to_dict(), back.config.to_dict()
    changed = {key for key in before if before[key] != after.get(key)}
    assert changed <= {"_name_or_path", "bos_token_id", "eos_token_id"}  # now as the tokenizer has them
    assert (tmp_path / "back" / "generation_config.json").is_file()
    text = 'The <unk> mat,\n  "saw" Ünïcode 猫 a cat<|endoftext|>.'
    ids = Tokenizer.load(run.tokenizer_folder).encode(text).tolist()
    assert AutoTokenizer.from_pretrained(tmp_path / "back").encode(text) == ids
    core("import", tmp_path / "back", "--run", tmp_path / "again")
    for name, tensor in model_of(open_run(tmp_path / "again")).state_dict().items():
        assert torch.equal(model_of(run).state_dict()[name], tensor), name


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    ("norm", "tokenizer", "ffn_dim"), [("pre", "characters", 48), ("pre", "bpe", 64), ("post", "bpe", 64)]
)
def test_a_run_of_ours_is_exported_and_comes_back(config, tmp_path, bias, norm, tokenizer, ffn_dim):
    config = config.replace(
        {"model.bias": bias, "model.norm": norm, "model.ffn_dim": ffn_dim, "model.layer_norm_eps": 1e-3,
         "data.tokenizer": tokenizer, "data.vocab_size": 290, "train.max_steps": 12},
    )  # fmt: skip
    run = create(config, tmp_path / "run")
    Worker(run, Control(), lambda report: None).work()
    saved = checkpoint.checkpoints(run.checkpoints_folder)[-1]
    ours_tokenizer = Tokenizer.load(run.tokenizer_folder)
    ours = GPT(config.model.model_copy(update={"vocab_size": ours_tokenizer.vocab_size})).eval()
    ours.load(saved.model(), saved.path)
    core("export", run.folder, "--to", tmp_path / "theirs")
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path / "theirs").eval()
    tokens = torch.randint(ours_tokenizer.vocab_size, (2, 16))
    with torch.no_grad():
        torch.testing.assert_close(theirs(tokens).logits, ours(tokens), atol=1e-4, rtol=0)
    auto = AutoTokenizer.from_pretrained(tmp_path / "theirs")
    assert auto.encode(PROMPT) == ours_tokenizer.encode(PROMPT).tolist()
    assert auto.decode(auto.encode(PROMPT)) == PROMPT
    assert theirs.config.eos_token_id == theirs.generation_config.eos_token_id == ours_tokenizer.end_of_text

    core("import", tmp_path / "theirs", "--run", tmp_path / "back")
    back = model_of(open_run(tmp_path / "back")).state_dict()
    for name, tensor in ours.state_dict().items():
        assert torch.equal(back.pop(name), tensor), name
    assert bias == (not back)  # what else there is are the zeros for the biases that were not there
    assert not any(tensor.any() for tensor in back.values())
    changed = {"initialisation": "gpt2" if norm == "pre" else "gpt1", "bias": True, "vocab_size": 0}
    imported = open_run(tmp_path / "back").config
    assert imported.model.model_copy(update=changed) == config.model.model_copy(update=changed)
    assert imported.data.tokenizer == tokenizer


@pytest.mark.parametrize("form", ["pickle without the prefix", "shards", "half precision"])
def test_other_forms_of_the_same_weights(text, tmp_path, form):
    folder = tmp_path / "theirs"
    model = theirs("gpt2", text, folder)
    weights = load_file(folder / "model.safetensors")
    if form == "shards":
        (folder / "model.safetensors").unlink()
        model.save_pretrained(folder, max_shard_size="40KB")
        assert len(list(folder.glob("model-*.safetensors"))) > 1
    elif form == "half precision":
        weights = {name: tensor.bfloat16() for name, tensor in weights.items()}
        save_file(weights, folder / "model.safetensors")
    else:  # as the files of 2019: masks among the weights, and the head once more
        (folder / "model.safetensors").unlink()
        old = {name.removeprefix("transformer."): tensor for name, tensor in weights.items()}
        for layer in range(3):
            old[f"h.{layer}.attn.bias"] = torch.ones(256, 256).tril()[None, None]
            old[f"h.{layer}.attn.masked_bias"] = torch.tensor(-1e4)
        old["lm_head.weight"] = old["wte.weight"]
        torch.save(old, folder / "pytorch_model.bin")
    core("import", folder, "--run", tmp_path / "run")
    found = model_of(open_run(tmp_path / "run")).state_dict()
    assert torch.equal(found["embedding.weight"], weights["transformer.wte.weight"].float())
    expected = weights["transformer.h.2.attn.c_attn.weight"].float().T
    assert torch.equal(found["decoder.2.maskedmultiheadattention.in_proj_weight"], expected)


def test_activations_are_what_their_names_mean():
    """Whatever name is accepted computes what ours does; others are not in the table."""
    x = torch.linspace(-12, 12, 1001, dtype=torch.float64)
    forms = {"gelu": nn.GELU(), "gelu_tanh": nn.GELU(approximate="tanh")}
    for family, functions in ((huggingface.GPT1, ACT_FNS), (huggingface.GPT2, ACT2FN)):
        for name in functions:
            activation = functions[name]
            if isinstance(activation, type):
                activation = activation()
            try:
                y = activation(x)
            except Exception:  # those that want parameters or a GPU
                assert name not in family.activations
                continue
            same = [ours for ours, form in forms.items() if torch.allclose(form(x), y, atol=1e-9, rtol=0)]
            assert family.activations.get(name) == (same[0] if same else None), name


def test_a_run_can_be_prompted_and_trained_after_import(case, text):
    _, _, run = case
    tokenizer_before = (run.tokenizer_folder / "tokenizer.json").read_bytes()
    assert not run.tokens_folder.exists()
    sampled = core("sample", run.folder, "--prompt", PROMPT, "--max-tokens", 5, "--temperature", 0)
    assert sampled.strip()
    reports, control = [], Control()
    steps = {"train.max_steps": 3, "train.batch_size": 2, "schedule.warmup_steps": 1}
    control.ask(Change({"train.eval_interval": 0, "train.eval_windows": 2} | steps))
    text.write_text(text.read_text() * 4)
    Worker(run, control, reports.append).work()
    assert reports[-1].error is None, reports[-1]
    assert [report.step for report in reports if isinstance(report, StepDone)] == [1, 2, 3]
    assert next(report for report in reports if isinstance(report, Ready)).train_tokens > 0
    assert checkpoint.checkpoints(run.checkpoints_folder)[-1].step == 3
    assert (run.tokenizer_folder / "tokenizer.json").read_bytes() == tokenizer_before
    rates = [report.rate for report in reports if isinstance(report, StepDone)]
    assert rates[0] == 2.5e-4


# ------------------------------------------------------------------------------------------- The notebook


class NotebookLayer(nn.Module):
    """The notebook's decoder layer."""

    def __init__(self, D: int, F: int, H: int) -> None:
        super().__init__()
        self.maskedmultiheadattention = nn.MultiheadAttention(D, H, batch_first=True)
        self.layernorm_selfattn = nn.LayerNorm(D)
        self.ffn = nn.Sequential(nn.Linear(D, F), nn.GELU(), nn.Linear(F, D))
        self.layernorm_ffn = nn.LayerNorm(D)

    def forward(self, x, mask):
        x = self.layernorm_selfattn(x + self.maskedmultiheadattention(x, x, x, attn_mask=mask)[0])
        return self.layernorm_ffn(x + self.ffn(x))


class Notebook(nn.Module):
    """The notebook's GPT, with its later head where that is asked for."""

    def __init__(
        self, V: int, D: int = 128, F: int = 96, H: int = 2, T: int = 24, N: int = 2, head=False
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(V, D)
        self.positional_embedding = nn.Embedding(T, D)
        self.decoder = nn.ModuleList([NotebookLayer(D, F, H) for _ in range(N)])
        if head:
            self.linear = nn.Linear(D, V)

    def forward(self, tokens):
        T = tokens.size(1)
        x = self.embedding(tokens) + self.positional_embedding(torch.arange(T))
        for layer in self.decoder:
            x = layer(x, torch.full((T, T), -torch.inf).triu(1))
        return self.linear(x) if hasattr(self, "linear") else x @ self.embedding.weight.T


@pytest.fixture
def tokenizer_folder(text, tmp_path):
    bpe(text).save(tmp_path / "tokenizer")
    return tmp_path / "tokenizer"


def wrapped(form: str, weights: dict[str, torch.Tensor]) -> dict:
    match form:
        case "compiled":
            return {f"_orig_mod.{name}": tensor for name, tensor in weights.items()}
        case "parallel and compiled":
            return {f"module._orig_mod.{name}": tensor for name, tensor in weights.items()}
        case "plain" | "safetensors":
            return weights
    return {form: weights, "epoch": 3, "optimizer": {"state": {}}}


@pytest.mark.parametrize("head", [False, True])
@pytest.mark.parametrize(
    "form",
    ["plain", "safetensors", "compiled", "parallel and compiled", "model", "model_state_dict", "state_dict"],
)
def test_the_notebooks_weights_become_a_run(text, tokenizer_folder, tmp_path, form, head):
    torch.manual_seed(0)
    V = Tokenizer.load(tokenizer_folder).vocab_size
    reference = Notebook(V, head=head).eval()
    path = tmp_path / ("gpt.safetensors" if form == "safetensors" else "gpt.pth")
    save = save_file if form == "safetensors" else torch.save
    save(wrapped(form, dict(reference.state_dict())), path)
    told = CliRunner().invoke(
        main, ["import", str(path), "--run", str(tmp_path / "run"), "--tokenizer", str(tokenizer_folder)]
    )
    assert told.exit_code == 0, told.output
    assert "2 are assumed" in told.stderr
    run = open_run(tmp_path / "run")
    model = run.config.model
    assert (model.norm, model.activation, model.layer_norm_eps) == ("post", "gelu", 1e-5)
    assert (model.residual_dropout, model.attention_dropout, model.embedding_dropout) == (0.1, 0.0, 0.0)
    assert model.tied_head is not head
    tokens = torch.randint(V, (2, 24))
    with torch.no_grad():
        torch.testing.assert_close(model_of(run)(tokens), reference(tokens), atol=1e-4, rtol=0)
    assert core("sample", run.folder, "--prompt", PROMPT, "--max-tokens", 3, "--temperature", 0)


def test_the_notebooks_heads_can_be_given(text, tokenizer_folder, tmp_path):
    V = Tokenizer.load(tokenizer_folder).vocab_size
    path = tmp_path / "gpt.pth"
    reference = Notebook(V, D=96, H=3).eval()
    torch.save(reference.state_dict(), path)
    asked = ["import", path, "--run", tmp_path / "run", "--tokenizer", tokenizer_folder]
    assert "--set model.num_heads=N" in refused(*asked)
    assert not (tmp_path / "run").exists()
    assert "model.embedding_dim: The embedding dimension 96" in refused(*asked, "--set", "model.num_heads=5")
    assert "'many' is not a whole number" in refused(*asked, "--set", "model.num_heads=many")
    core(*asked, "--set", "model.num_heads=3", "--set", "model.residual_dropout=0", "--set", "train.seed=4")
    run = open_run(tmp_path / "run")
    assert (run.config.model.residual_dropout, run.config.train.seed) == (0, 4)
    tokens = torch.randint(V, (2, 24))
    with torch.no_grad():
        torch.testing.assert_close(model_of(run)(tokens), reference(tokens), atol=1e-4, rtol=0)


def test_the_notebooks_own_size_is_read_from_its_tensors(tmp_path):
    """768 wide, 12 heads, GPT-2's vocabulary; a single layer, and the tensors' values do not matter."""
    path = tmp_path / "gpt.safetensors"
    save_file(Notebook(50257, D=768, F=3072, H=12, T=32, N=1).state_dict(), path)
    found = notebook.read(path)
    assert (found.model["num_heads"], found.model["ffn_dim"], found.tokenizer) == (12, 3072, "gpt2")


class Bad:
    """Pickled, it would run something when read."""

    def __reduce__(self):
        return print, ("run",)


def test_what_is_not_the_notebooks_is_refused_by_name(text, tokenizer_folder, tmp_path, capsys):
    V = Tokenizer.load(tokenizer_folder).vocab_size
    good = dict(Notebook(V).state_dict())
    infinite = good | {"decoder.1.ffn.2.bias": torch.full((128,), torch.nan)}
    wrong = {
        "decoder.1.ffn.2.bias in": infinite,
        "no tensor embedding.weight": {"x": torch.zeros(2)},
        "holds pos_enc,": good | {"pos_enc": torch.zeros(2)},
        "has the shape [7] instead of [128]": good | {"decoder.1.layernorm_ffn.bias": torch.zeros(7)},
        "no tensor decoder.1.ffn.0.weight": {n: t for n, t in good.items() if n != "decoder.1.ffn.0.weight"},
        "of floating-point numbers": good | {"decoder.0.ffn.0.bias": torch.zeros(96, dtype=torch.int32)},
        "model.context_length: 70000 is above": good
        | {"positional_embedding.weight": torch.zeros(70000, 128)},
        "cannot be read as weights: list": [1, 2],
        "is a pickle that holds more than tensors": Notebook(V),
        "more than tensors": good | {"note": Bad()},
    }
    for sentence, content in wrong.items():
        path = tmp_path / "gpt.pth"
        torch.save(content, path)
        told = refused("import", path, "--run", tmp_path / "run", "--tokenizer", tokenizer_folder)
        assert sentence in told, (sentence, told)
        assert not (tmp_path / "run").exists()
    assert capsys.readouterr().out == ""
    torch.save(good, path)
    few = Tokenizer.train("characters", ["abc"])
    few.save(tmp_path / "few")
    asked = ["import", path, "--run", tmp_path / "run", "--tokenizer"]
    assert "knows 290 tokens and the tokenizer has 4" in refused(*asked, tmp_path / "few")
    assert "is not a tokenizer that can be read" in refused(*asked, tmp_path / "none")
    assert "name its folder: --tokenizer" in refused(*asked[:-1])
    fixed = refused(*asked, tokenizer_folder, "--set", "model.context_length=12")
    assert "model.context_length: The weights in" in fixed
    assert "with 24, so it cannot be 12" in fixed
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine.txt").write_text("mine")
    assert "is not an empty folder" in refused(*asked, tokenizer_folder)
    core("import", path, "--run", tmp_path / "good", "--tokenizer", tokenizer_folder)
    assert "already holds a run" in refused(
        "import", path, "--run", tmp_path / "good", "--tokenizer", tokenizer_folder
    )


@pytest.mark.parametrize("name", ["embedding.weight", "decoder.1.ffn.0.weight"])
@pytest.mark.parametrize("form", ["sparse", "meta", "float8", "complex"])
def test_tensors_that_cannot_be_computed_with_are_refused(tokenizer_folder, tmp_path, name, form):
    good = dict(Notebook(Tokenizer.load(tokenizer_folder).vocab_size).state_dict())
    odd = {
        "sparse": lambda tensor: tensor.to_sparse(),
        "meta": lambda tensor: tensor.to("meta"),
        "float8": lambda tensor: tensor.to(torch.float8_e4m3fn),
        "complex": lambda tensor: tensor.to(torch.complex64),
    }
    torch.save(good | {name: odd[form](good[name])}, tmp_path / "gpt.pth")
    asked = ["--run", tmp_path / "run", "--tokenizer", tokenizer_folder]
    assert f"no tensor {name} of floating" in refused("import", tmp_path / "gpt.pth", *asked)


def test_a_pickle_of_transformers_with_odd_things_in_it_is_refused(text, tmp_path):
    folder = tmp_path / "theirs"
    theirs("gpt2", text, folder)
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    head = weights["transformer.wte.weight"]
    odd = {
        "no tensor lm_head.weight": {"lm_head.weight": [1, 2]},
        "has no tensor lm_head.weight": {"lm_head.weight": head.to_sparse()},
        "holds transformer.7,": {7: head},
        "lm_head.weight that is not the token embedding": {"lm_head.weight": head + 1},
    }
    for sentence, more in odd.items():
        torch.save(weights | more, folder / "pytorch_model.bin")
        assert sentence in refused("import", folder, "--run", tmp_path / "run"), sentence
    torch.save(weights | {"lm_head.weight": head.double()}, folder / "pytorch_model.bin")
    core("import", folder, "--run", tmp_path / "run")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200), place=st.integers(0, 5000), protocol=st.sampled_from([0, 2, 4, None]))
@example(data=b"", place=0, protocol=None)
def test_files_of_any_content_are_told_plainly(tmp_path, data, place, protocol):
    """Noise, and pickles and torch's files with noise in them."""
    path = tmp_path / "gpt.pth"
    if protocol is None:
        torch.save({"embedding.weight": torch.zeros(3, 2), "x": {"y": 1}}, path)
        whole = path.read_bytes()
    else:
        whole = pickle.dumps({"embedding.weight": [1, 2.5, {"x": (1, "y")}]}, protocol)
    place %= len(whole) + 1
    path.write_bytes(whole[:place] + data + whole[place + len(data) :])
    with pytest.raises(GPTCoreError) as caught:
        notebook.read(path)
    assert str(caught.value).count("\n") == 0


# ----------------------------------------------------------------------------------------------- Refusals


@pytest.mark.parametrize(
    ("case", "change", "sentence"),
    [
        ("gpt2", {"activation_function": "relu"}, "activation_function = relu, which"),
        ("gpt1", {"afn": "relu"}, "afn = relu, which"),
        ("gpt1", {"afn": "gelu_new"}, "afn = gelu_new, which"),
        ("gpt2", {"scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx = True, which"),
        ("gpt2", {"scale_attn_weights": False}, "scale_attn_weights = False, which"),
        ("gpt2", {"reorder_and_upcast_attn": True}, "reorder_and_upcast_attn = True, which"),
        ("gpt2", {"add_cross_attention": True}, "add_cross_attention = True, which"),
        ("gpt2", {"model_type": "llama"}, "is of the kind llama; those that can"),
        ("gpt2", {"n_positions": 128}, "transformer.wpe.weight in"),
        ("gpt2", {"vocab_size": 100}, "transformer.wte.weight in"),
        ("gpt2", {"n_layer": 2}, "holds transformer.h.2."),
        ("gpt2", {"n_layer": 4}, "has no tensor transformer.h.3."),
        ("gpt2", {"n_head": 3}, "is not a multiple of the 3"),
        ("gpt2", {"n_embd": "wide"}, "config.json is not a configuration that can be read"),
        ("gpt2", {"attn_pdrop": 1.0}, "model.attention_dropout: 1.0 must be less than 1"),
        ("gpt2", {"tie_word_embeddings": False}, "has no tensor lm_head.weight"),
        ("gpt2 untied", {"tie_word_embeddings": True}, "lm_head.weight that is not the token embedding"),
    ],
)  # fmt: skip
def test_what_cannot_be_represented_is_refused_by_name_and_value(text, tmp_path, case, change, sentence):
    theirs(case, text, tmp_path / "theirs")
    path = tmp_path / "theirs" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert sentence in refused("import", tmp_path / "theirs", "--run", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_sources_that_are_none_are_told(text, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    asked = ["--run", tmp_path / "run"]
    assert "config.json is not a configuration" in refused("import", empty, *asked)
    assert "There is no file or folder" in refused("import", tmp_path / "none.pth", *asked)
    for written in ("", "all the words of a text\n" * 10, "101"):
        (tmp_path / "text.pth").write_text(written)
        assert "neither safetensors nor what torch.save" in refused("import", tmp_path / "text.pth", *asked)
    assert "There is no file or folder gpt.pth" in refused("import", "gpt.pth", *asked)
    (empty / "config.json").write_text("[" * 100_000)
    assert "config.json is not a configuration" in refused("import", empty, *asked)
    theirs("gpt2", text, tmp_path / "theirs")
    (tmp_path / "theirs" / "tokenizer.json").unlink()
    assert "tokenizer" in refused("import", tmp_path / "theirs", *asked)
    (tmp_path / "theirs" / "model.safetensors").write_bytes(b"nothing")
    assert "model.safetensors cannot be read as weights" in refused("import", tmp_path / "theirs", *asked)
    index = tmp_path / "theirs" / "model.safetensors.index.json"
    (tmp_path / "theirs" / "model.safetensors").unlink()
    index.write_text('{"weight_map": {"x": "../model.safetensors"}}')
    assert "outside its folder" in refused("import", tmp_path / "theirs", *asked)
    assert not (tmp_path / "run").exists()


def test_without_a_network_the_hub_is_told_to_be_out_of_reach(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    told = refused("import", "nobody/no-such-model", "--run", tmp_path / "run")
    assert "nobody/no-such-model cannot be had from the Hugging Face Hub" in told
    assert "give a folder" in told


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"model.activation": "gelu"}, "OpenAIGPTLMHeadModel cannot have model.activation = gelu"),
        ({"model.ffn_dim": 32}, "cannot have model.ffn_dim = 32, as this run does; only 64"),
        ({"model.tied_head": False, "model.ffn_dim": 64}, "cannot have linear.bias = not zero"),
    ],
)
def test_what_transformers_cannot_hold_is_not_exported(config, tmp_path, changes, sentence):
    run = create(config.replace({"train.max_steps": 5} | changes), tmp_path / "run")
    Worker(run, Control(), lambda report: None).work()
    assert sentence in refused("export", run.folder, "--to", tmp_path / "theirs")
    assert {path.name for path in tmp_path.iterdir()} == {"text.txt", "run"}


def test_a_run_whose_text_was_cleaned_as_transformers_cannot_is_not_exported(config, tmp_path, monkeypatch):
    """There the same text would get other tokens, and the model answer to what no one said."""

    class Words:
        versions = ("made up",)

        def words(self, text: str, begun: object = None) -> list[str]:
            return text.lower().split(" ")

    monkeypatch.setattr("gpt_core.tokenizer.OriginalCleaning", Words)  # its packages are an extra
    gpt1_files(tmp_path / "gpt1")
    tokenizer = {"data.tokenizer": "gpt1", "data.tokenizer_path": str(tmp_path / "gpt1")}
    config = config.replace({"model.ffn_dim": 64, "train.max_steps": 5} | tokenizer)
    for cleaning in ("original", "transformers"):
        run = create(config.replace({"data.cleaning": cleaning}), tmp_path / cleaning)
        Worker(run, Control(), lambda report: None).work()
    told = refused("export", tmp_path / "original", "--to", tmp_path / "theirs")
    assert "cannot have data.cleaning = original, as this run does; only transformers" in told
    assert not (tmp_path / "theirs").exists()
    core("export", tmp_path / "transformers", "--to", tmp_path / "theirs")


def test_exporting_is_careful_with_folders_and_checkpoints(config, tmp_path):
    config = config.replace({"model.norm": "pre", "train.max_steps": 30})
    run = create(config, tmp_path / "run")
    Worker(run, Control(), lambda report: None).work()
    (tmp_path / "empty").mkdir()
    core("export", run.folder, "--to", tmp_path / "empty", "--checkpoint", 20)
    exported = load_file(tmp_path / "empty" / "model.safetensors")["transformer.wte.weight"]
    saved = checkpoint.find(run.checkpoints_folder, 20).model()["embedding.weight"]
    assert torch.equal(exported, saved)
    assert "is not an empty folder" in refused("export", run.folder, "--to", tmp_path / "empty")
    assert "no checkpoint at step 7" in refused(
        "export", run.folder, "--to", tmp_path / "x", "--checkpoint", 7
    )
    assert "is not a run" in refused("export", tmp_path / "none", "--to", tmp_path / "x")
    assert not list(tmp_path.glob(".*"))


def test_a_failed_import_leaves_nothing(text, tmp_path, monkeypatch):
    theirs("gpt2", text, tmp_path / "theirs")

    def fail(*_: object) -> None:
        raise GPTCoreError("disk_full", path=tmp_path, step=0)

    monkeypatch.setattr(checkpoint, "save", fail)
    assert "is full" in refused("import", tmp_path / "theirs", "--run", tmp_path / "run")
    assert not (tmp_path / "run").exists()
