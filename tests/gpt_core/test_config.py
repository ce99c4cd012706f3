"""The configuration: all faults at once, only told errors from any input, files that come back equal."""

from __future__ import annotations

import copy
import datetime
import json
import random
import subprocess
import sys
import tomllib

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gpt_core import resources
from gpt_core.config import (
    Config,
    ModelConfig,
    faults,
    from_toml,
    from_values,
    override,
    parse,
    settings,
    to_toml,
)
from gpt_core.errors import MESSAGES, ConfigError, GPTCoreError


def check_told(error: GPTCoreError) -> None:
    """Every problem has a sentence that its values fill."""
    assert str(error)
    assert all(fault.code in MESSAGES for fault in getattr(error, "faults", [error]))


def fields_and_codes(values):
    return {(fault.field, fault.code) for fault in faults(values)}


# ------------------------------------------------------------------------------------------ What is known


def test_every_setting_has_its_words_and_a_default_within_its_limits():
    assert faults(Config()) == []
    for field, what in settings().items():
        assert what.field == field
        assert what.title
        assert what.description.endswith(".")
        if what.kind in ("int", "float"):
            assert what.minimum is not None
            assert what.maximum is not None
        if what.kind == "choice":
            assert what.default in what.choices


def test_the_defaults_are_the_papers_where_it_says():
    for name in ("context_length", "embedding_dim", "num_layers", "norm", "activation", "residual_dropout"):
        what = settings()[f"model.{name}"]
        assert what.in_gpt1
        assert what.default == what.gpt1 == getattr(ModelConfig(), name)
    assert settings()["schedule.max_lr"].gpt1 == 2.5e-4
    assert not settings()["data.source"].in_gpt1


def test_the_first_rooms_need_no_torch_and_no_qt():
    code = (
        "import sys, gpt_core.config, gpt_core.schedule, gpt_core.resources\n"
        "assert not {'torch', 'PySide6', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("path", resources.presets().values(), ids=lambda path: path.stem)
def test_every_preset_stands_and_comes_back_equal_from_toml(path):
    config = from_values(from_toml(path))
    assert config.description
    assert from_values(tomllib.loads(to_toml(config))) == config


def test_gpt1_and_its_form_for_a_small_card_keep_to_the_paper():
    own_choice = {"model.vocab_size", "data.vocab_size", "data.cleaning", "train.precision"}
    for name in ("gpt1", "gpt1-8gb"):
        config = from_values(from_toml(resources.presets()[name]))
        departs = {what.field for what in settings().values() if what.in_gpt1} - own_choice
        departs = {field for field in departs if config.get(field) != settings()[field].gpt1}
        assert departs == ({"train.batch_size"} if name == "gpt1-8gb" else set())
        assert config.train.batch_size * config.train.accumulation == 64


def test_the_notebooks_preset_is_the_notebooks_model():
    config = from_values(from_toml(resources.presets()["notebook"]))
    model, V, D = config.model, 50257, 768
    layer = 4 * D * D + 4 * D + 2 * D * model.ffn_dim + model.ffn_dim + D + 4 * D
    assert V * D + model.context_length * D + model.num_layers * layer == 124_438_272
    assert (model.norm, model.activation, model.residual_dropout) == ("post", "gelu", 0.1)
    assert (config.optimizer.name, config.schedule.max_lr, config.schedule.warmup_steps) == (
        "adam",
        2.5e-4,
        2000,
    )


def test_nanogpts_recipes_are_there():
    gpu = from_values(from_toml(resources.presets()["shakespeare-char-gpu"]))
    cpu = from_values(from_toml(resources.presets()["shakespeare-char-cpu"]))
    for config in (gpu, cpu):
        assert config.model.norm == "pre"
        assert config.model.ffn_dim == 4 * config.model.embedding_dim
        assert (config.schedule.max_lr, config.schedule.min_lr, config.schedule.warmup_steps) == (
            1e-3,
            1e-4,
            100,
        )
        assert (config.optimizer.name, config.optimizer.beta2) == ("adamw", 0.99)
    assert (gpu.model.num_layers, gpu.model.num_heads, gpu.model.context_length) == (6, 6, 256)
    assert (gpu.train.batch_size, gpu.train.max_steps, gpu.model.residual_dropout) == (64, 5000, 0.2)
    assert (cpu.model.num_layers, cpu.model.embedding_dim, cpu.model.context_length) == (4, 128, 64)
    assert (cpu.train.batch_size, cpu.train.max_steps, cpu.model.residual_dropout) == (12, 2000, 0.0)


# ---------------------------------------------------------------------------------------- Faults, all of them


def test_all_faults_at_once_each_beside_its_field():
    values = {
        "description": 3,
        "modle": {},
        "model": {"num_heads": 7, "num_layers": 0, "attention_dropout": 1.0, "wdith": 4, "tied_head": 1},
        "data": {"source": "", "tokenizer": "words", "validation_fraction": 0.0},
        "schedule": {"max_lr": 1e-4, "min_lr": 1e-3, "warmup_steps": 50},
        "optimizer": {"eps": float("nan"), "beta1": float("inf"), "weight_decay": "much"},
        "train": {"max_steps": 40, "batch_size": 2.5, "seed": 2**32, "device": 0, "keep": True},
        "sampling": 7,
    }
    assert fields_and_codes(values) == {
        ("description", "not_text"),
        ("modle", "unknown_section"),
        ("model.wdith", "unknown_field"),
        ("model.num_layers", "below_minimum"),
        ("model.attention_dropout", "not_below"),
        ("model.tied_head", "not_a_bool"),
        ("model.embedding_dim", "heads_do_not_divide"),
        ("data.source", "empty"),
        ("data.tokenizer", "not_one_of"),
        ("data.validation_fraction", "not_above"),
        ("schedule.min_lr", "min_lr_above_max_lr"),
        ("schedule.warmup_steps", "warmup_too_long"),
        ("optimizer.eps", "not_finite"),
        ("optimizer.beta1", "not_finite"),
        ("optimizer.weight_decay", "not_a_number"),
        ("train.batch_size", "not_an_integer"),
        ("train.seed", "above_maximum"),
        ("train.device", "not_text"),
        ("train.keep", "not_a_number"),
        ("sampling", "not_a_table"),
    }
    with pytest.raises(ConfigError) as caught:
        from_values(values)
    assert len(caught.value.faults) == str(caught.value).count("\n") + 1 == 20


def test_what_lies_between_fields_is_told_only_where_each_is_right_by_itself():
    assert fields_and_codes({"model": {"num_heads": 0, "embedding_dim": 7}}) == {
        ("model.num_heads", "below_minimum")
    }
    assert fields_and_codes({"schedule": {"min_lr": 1e-3, "max_lr": "high"}}) == {
        ("schedule.max_lr", "not_a_number")
    }


def test_a_number_in_quotes_is_not_a_number():
    """pydantic by itself would take it, and the check between fields would then divide by text."""
    assert fields_and_codes({"model": {"num_heads": "12"}, "schedule": {"min_lr": "0.1"}}) == {
        ("model.num_heads", "not_an_integer"),
        ("schedule.min_lr", "not_a_number"),
    }


@pytest.mark.parametrize("device", ["auto", "cpu", "mps", "cuda", "cuda:0", "cuda:12"])
def test_what_may_be_a_device_somewhere_is_taken(device):
    assert from_values({"train": {"device": device}}).train.device == device


@pytest.mark.parametrize(
    "device", ["exts/english.txt", "tpu", "gpu", "CUDA", "cuda:", "cuda:x", "cpu:0", "", "cpu\n"]
)
def test_what_can_be_no_device_is_told_with_those_that_can(device):
    [fault] = faults({"train": {"device": device}})
    assert str(fault) == f"train.device: {device!r} is not one of auto, cpu, mps, cuda, cuda:N."


def test_a_run_may_pin_some_prompts_none_of_them_empty():
    def told(pinned) -> list[str]:
        return [str(fault) for fault in faults({"sampling": {"pinned": pinned}})]

    assert told([]) == told(["a\n", "b"]) == told(["a"] * 8) == []
    assert told(["a"] * 9) == ["sampling.pinned: 9 are too many; at most 8 are allowed."]
    for wrong in (["a", ""], "a", [1], [["a"]]):
        assert [fault.code for fault in faults({"sampling": {"pinned": wrong}})] == ["not_texts"]
    assert Config().sampling.prompts == ("\n",)
    pinned = Config().replace({"sampling.prompt": "b", "sampling.pinned": ["a", "b", "a"]})
    assert pinned.sampling.prompts == ("b", "a")


def test_the_nearest_multiple_of_the_heads_is_one_that_works():
    for width in range(1, 60):
        for fault in faults({"model": {"embedding_dim": width, "num_heads": 7}}):
            assert fault.values["nearest"] % 7 == 0
            assert abs(fault.values["nearest"] - width) <= 7


def test_the_edges_of_the_limits_belong_or_do_not():
    for field, what in settings().items():
        if what.kind not in ("int", "float"):
            continue
        section, name = field.split(".")
        for limit, strict in ((what.minimum, what.above), (what.maximum, what.below)):
            value = limit if what.kind == "float" else int(limit)
            told = {fault.code for fault in faults({section: {name: value}}) if fault.field == field}
            alone = told & {"below_minimum", "above_maximum", "not_above", "not_below"}
            assert bool(alone) == strict, (field, value, told)


@given(st.text(max_size=12), st.text(max_size=12))
def test_an_unknown_name_is_told_with_one_that_exists(section, name):
    if f"{section}.{name}" in settings():
        return
    for fault in faults({section: {name: 1}}):
        assert str(fault)
        if fault.code == "unknown_field":
            assert fault.values["suggestion"] in settings()


def test_a_value_of_any_length_is_told_in_a_line():
    for value in (1 << 20_000, 10**400, "9" * 10_000, [1] * 10_000, {"a": "b" * 1000}):
        for fault in faults({"train": {"max_steps": value}}):
            assert fault.field in ("train.max_steps", "schedule.warmup_steps")
            assert len(str(fault)) < 200


# ------------------------------------------------------------------------ Nothing but told errors, ever


def junk(chance: random.Random):
    return chance.choice(
        [
            chance.randint(-5, 5000),
            chance.uniform(-2, 2),
            10.0 ** chance.randint(-320, 308),
            float("nan"),
            float("-inf"),
            -(2**63),
            1 << chance.randint(0, 20_000),
            True,
            False,
            "",
            "auto",
            "\ud800",
            "\n\x00'\"\\",
            str(chance.random()),
            [],
            [chance.random(), {"a": 1 << 20_000}],
            {},
            {"num_layers": -1, "": 2},
            datetime.date(2018, 6, 11),
            datetime.time(1, 2),
        ]
    )


def stands_or_is_told(values, promptly) -> bool:
    with promptly():
        try:
            config = from_values(values)
        except ConfigError as error:
            check_told(error)
            return False
        assert from_values(config.model_dump()) == config
        return True


def test_ten_thousand_mutated_configurations_stand_or_are_told(promptly):
    chance = random.Random(2018)
    presets = [from_toml(path) for path in resources.presets().values()]
    stood = 0
    for _ in range(10_000):
        values = copy.deepcopy(chance.choice(presets))
        for _ in range(chance.randint(1, 3)):
            section, _, name = chance.choice(list(settings())).partition(".")
            match chance.randint(0, 9):
                case 0:
                    values[section] = junk(chance)
                case 1:
                    values[chance.choice(["description", "", "modell", section.upper()])] = junk(chance)
                case _:
                    name = name if chance.random() < 0.95 else name[1:]
                    if isinstance(values.get(section), dict):
                        values[section][name] = junk(chance)
        stood += stands_or_is_told(values, promptly)
    assert 100 < stood < 9900  # both sides were tried


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.dates() | st.times(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@hypothesis_settings(deadline=None)
@given(
    st.sampled_from(sorted(resources.presets())),
    st.lists(st.tuples(st.sampled_from(sorted(settings())), anything), max_size=4),
    st.dictionaries(st.sampled_from(["model", "train", "description", "modell"]), anything, max_size=1),
)
def test_a_preset_with_any_values_in_it_stands_or_is_told(promptly, preset, changed, sections):
    values = copy.deepcopy(from_toml(resources.presets()[preset]))
    for field, value in changed:
        section, name = field.split(".")
        values.setdefault(section, {})[name] = value
    stands_or_is_told(values | sections, promptly)


def file_is_values_or_told(path, promptly) -> None:
    with promptly():
        try:
            from_values(from_toml(path))
        except GPTCoreError as error:
            check_told(error)


@hypothesis_settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_as_a_file_are_values_or_one_told_error(tmp_path_factory, promptly, content):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(content)
    file_is_values_or_told(path, promptly)


@hypothesis_settings(deadline=None)
@given(st.data())
def test_a_damaged_preset_is_values_or_one_told_error(tmp_path_factory, promptly, data):
    content = bytearray(resources.presets()["quickstart"].read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    path = tmp_path_factory.getbasetemp() / "damaged.toml"
    path.write_bytes(content)
    file_is_values_or_told(path, promptly)


@pytest.mark.parametrize("content", ["a = 1" + "0" * 5000, "a = " + "[" * 100_000, "[model\n"])
def test_a_file_that_is_not_toml_is_told_with_its_name(tmp_path, content):
    path = tmp_path / "odd.toml"
    path.write_text(content)
    with pytest.raises(GPTCoreError, match=r"odd\.toml is not valid TOML") as caught:
        from_toml(path)
    assert caught.value.code == "bad_toml"


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(GPTCoreError, match="cannot be read"):
        from_toml(tmp_path / "none.toml")


# ------------------------------------------------------------------------------------- Typing and writing

NUMBERS = {
    "int": lambda what: st.integers(int(what.minimum), int(what.maximum)),
    "float": lambda what: st.floats(
        what.minimum, what.maximum, exclude_min=what.above, exclude_max=what.below
    ),
}


def value_of(what):
    if what.kind in NUMBERS:
        return NUMBERS[what.kind](what)
    if what.field == "train.device":
        return st.sampled_from(["auto", "cpu", "mps", "cuda"]) | st.integers(0, 99).map("cuda:{}".format)
    if what.kind == "choice":
        return st.sampled_from(what.choices)
    if what.kind == "texts":
        return st.lists(st.text(min_size=1, max_size=30), max_size=3).map(tuple)
    return st.booleans() if what.kind == "bool" else st.text(min_size=1, max_size=30)


@st.composite
def configurations(draw):
    values: dict = {"description": draw(st.text(max_size=30))}
    for field, what in settings().items():
        section, name = field.split(".")
        values.setdefault(section, {})[name] = draw(value_of(what))
    heads = values["model"]["num_heads"]
    values["model"]["embedding_dim"] = heads * draw(st.integers(1, 16384 // heads))
    rates, train = values["schedule"], values["train"]
    rates["min_lr"], rates["max_lr"] = sorted((rates["min_lr"], rates["max_lr"]))
    train["max_steps"] = max(train["max_steps"], rates["warmup_steps"])
    return from_values(values)


@hypothesis_settings(max_examples=60, deadline=None)
@given(configurations())
def test_any_configuration_comes_back_equal_from_its_file(tmp_path_factory, config):
    path = tmp_path_factory.getbasetemp() / "run.toml"
    path.write_bytes(to_toml(config).encode())
    assert from_values(from_toml(path)) == config


@given(st.data())
def test_what_is_typed_is_what_is_set(data):
    field = data.draw(st.sampled_from(sorted(settings())))
    value = data.draw(value_of(settings()[field]))
    if isinstance(value, tuple):
        value = list(value)
    typed = json.dumps(value) if isinstance(value, bool | list) else str(value)
    assert parse(field, typed) == value
    section, name = field.split(".")
    assert override({}, [f"{field}={typed}"]) == {section: {name: value}}


@given(st.sampled_from(sorted(settings())), st.text(max_size=20))
def test_anything_typed_is_a_value_or_told_beside_its_field(field, typed):
    section, name = field.split(".")
    try:
        from_values({section: {name: parse(field, typed)}})
    except ConfigError as error:
        check_told(error)


@pytest.mark.parametrize(
    ("field", "typed", "value"),
    [
        ("train.max_steps", "1e6", 1_000_000),
        ("train.max_steps", " 10_000 ", 10_000),
        ("train.max_steps", "2.5", 2.5),
        ("train.max_steps", "many", "many"),
        ("sampling.stop", '["END", "\\n"]', ["END", "\n"]),
        ("sampling.stop", "END", ["END"]),
        ("sampling.stop", "", []),
        ("schedule.max_lr", "2.5e-4", 2.5e-4),
        ("schedule.max_lr", ".001", 1e-3),
        ("model.bias", "False", False),
        ("model.bias", "no", "no"),
        ("data.tokenizer", " bpe ", "bpe"),
        ("sampling.prompt", " The ", " The "),
        ("sampling.pinned", '["a b", "\\n"]', ["a b", "\n"]),
    ],
)
def test_typing_is_read_as_the_field_wants_it(field, typed, value):
    read = parse(field, typed)
    assert read == value
    assert type(read) is type(value)


def test_an_override_leaves_what_it_was_given_and_tells_what_it_cannot_read():
    values = {"model": {"num_layers": 2}}
    assert override(values, ["model.num_layers=4"])["model"]["num_layers"] == 4
    assert values == {"model": {"num_layers": 2}}
    for assignment in ("model.num_layers", "=4", "a.b.c=4", ""):
        with pytest.raises(GPTCoreError, match="not of the form"):
            override({}, [assignment])
    with pytest.raises(ConfigError, match=r"did you mean model\.num_layers"):
        override({}, ["model.num_layer=4"])
    with pytest.raises(ConfigError, match=r"\[model\] must hold settings"):
        override({"model": 5}, ["model.num_layers=4"])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("lr", "schedule.max_lr"),
        ("schedule.lr", "schedule.max_lr"),
        ("train.learning_rate", "schedule.max_lr"),
        ("steps", "train.max_steps"),
        ("model.heads", "model.num_heads"),
        ("model.width", "model.embedding_dim"),
        ("num_layer", "model.num_layers"),
        ("optimizer.max_lr", "schedule.max_lr"),
    ],
)
def test_a_wrong_name_is_told_with_the_one_that_was_meant(typed, meant):
    with pytest.raises(ConfigError) as told:
        override({}, [f"{typed}=1e-3"])
    assert str(told.value) == f"{typed}: There is no setting {typed}; did you mean {meant}?"


def test_replacing_fields_checks_the_whole():
    config = Config()
    assert config.replace({"schedule.max_lr": 1e-3}).schedule.max_lr == 1e-3
    assert config.schedule.max_lr == 2.5e-4
    with pytest.raises(ConfigError) as caught:
        config.replace({"train.max_steps": 100})
    assert [fault.code for fault in caught.value.faults] == ["warmup_too_long"]
    with pytest.raises(ConfigError, match="There is no setting"):
        config.replace({"train.steps": 100})
