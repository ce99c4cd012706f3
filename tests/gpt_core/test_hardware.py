"""Devices and precision by name, and what is told of a card that cannot be used."""

import gc
import weakref

import psutil
import pytest
import torch

from gpt_core import hardware
from gpt_core.config import Config
from gpt_core.errors import GPTCoreError
from gpt_core.preparation import _resolve

CPU = torch.device("cpu")


def test_devices_by_name():
    assert hardware.devices()[-1] == "cpu"
    assert hardware.resolve_device("cpu") == CPU
    assert str(hardware.resolve_device("auto")) == hardware.devices()[0]
    with pytest.raises(GPTCoreError, match=r"There is no device tpu here; choose auto or one of .*cpu"):
        hardware.resolve_device("tpu")


@pytest.mark.skipif(torch.version.cuda is not None, reason="this torch can use a card")
def test_a_card_that_torch_cannot_use_is_told_with_the_remedy(monkeypatch):
    monkeypatch.setattr(hardware.shutil, "which", lambda name: None)
    monkeypatch.setattr(hardware.os.path, "exists", lambda path: False)
    assert hardware.unused_card() is None
    monkeypatch.setattr(hardware.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(hardware.sys, "platform", "linux")
    told = hardware.unused_card()
    assert told is not None
    assert "no CUDA" in str(told)
    assert "install a CUDA build of torch" in str(told)
    with pytest.raises(GPTCoreError, match="install a CUDA build of torch"):
        hardware.resolve_device("cuda")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this torch can use a card")
def test_a_driver_that_does_not_do_is_told_with_the_remedy(monkeypatch):
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.version, "hip", None)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)  # as the driver counts them
    monkeypatch.setattr(hardware.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(hardware.sys, "platform", "linux")
    assert "cuda:0" not in hardware.devices()
    assert hardware.resolve_device("auto").type != "cuda"
    with pytest.raises(GPTCoreError, match=r"made for CUDA 13\.0.*update the driver"):
        hardware.resolve_device("cuda")


def test_memory_that_is_free_and_that_a_process_can_have():
    free, room = hardware.free_memory(CPU), hardware.room(CPU)
    assert 0 < free < psutil.virtual_memory().total
    assert room > 0
    hardware.give_back(CPU)


def test_precision_on_a_cpu():
    assert hardware.resolve_precision("fp32", CPU) == "fp32"
    assert hardware.resolve_precision("bf16", CPU) == "bf16"
    assert hardware.resolve_precision("fp16", CPU) == "fp16"
    assert hardware.resolve_precision("auto", CPU) in ("fp32", "bf16")
    with pytest.raises(GPTCoreError, match="CPU cannot compute in tf32; choose auto or fp32"):
        hardware.resolve_precision("tf32", CPU)
    for precision, dtype in {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}.items():
        with hardware.autocast(CPU, precision):
            assert torch.mm(torch.ones(2, 2), torch.ones(2, 2)).dtype == dtype


@pytest.mark.parametrize(
    ("capability", "auto", "refused"),
    [
        ((9, 0), "bf16", ()),
        ((8, 6), "bf16", ()),
        ((8, 0), "bf16", ()),
        ((7, 5), "fp16", ("bf16", "tf32")),
        ((7, 0), "fp16", ("bf16", "tf32")),
        ((6, 1), "fp32", ("bf16", "tf32")),
    ],
)
def test_precision_by_the_generation_of_the_card(monkeypatch, capability, auto, refused):
    card = torch.device("cuda:0")
    monkeypatch.setattr(torch.version, "hip", None)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Some Card")
    assert hardware.resolve_precision("auto", card) == auto
    for wanted in ("fp32", "tf32", "bf16", "fp16"):
        if wanted in refused:
            with pytest.raises(GPTCoreError, match=f"Some Card cannot compute in {wanted}"):
                hardware.resolve_precision(wanted, card)
        else:
            assert hardware.resolve_precision(wanted, card) == wanted


@pytest.mark.parametrize(
    ("asked", "saved", "here", "found"),
    [
        ("fp32", ("cuda:0", "fp32"), "cpu", "fp32"),  # what was asked for, wherever it goes on
        ("fp16", ("cuda:0", "fp16"), "cpu", "fp16"),
        ("auto", ("cuda:0", "fp16"), "cpu", "bf16"),
        ("tf32", ("cuda:0", "tf32"), "cpu", "bf16"),  # which no CPU has
        ("fp32", ("cpu", "fp32"), (7, 5), "fp32"),  # a CPU is everywhere
        ("bf16", ("cuda:1", "bf16"), (7, 5), "fp16"),
        ("auto", ("cuda:0", "bf16"), (7, 5), "fp16"),  # another card of that name
        ("tf32", ("cuda:0", "tf32"), (7, 5), "fp16"),
        ("bf16", ("cuda:0", "bf16"), (8, 0), "bf16"),
        ("auto", ("cuda:0", "fp16"), (8, 0), "fp16"),
    ],
)
def test_the_precision_of_a_run_that_moved(monkeypatch, asked, saved, here, found):
    monkeypatch.setattr(hardware, "devices", lambda: ["cpu"] if here == "cpu" else ["cuda:0", "cpu"])
    monkeypatch.setattr(hardware, "_cpu_gains_from_bf16", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: here)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Some Card")
    before = {"device": saved[0], "precision": saved[1], "threads": 1, "compile": False, "vocab_size": 9}
    config = Config().replace({"train.precision": asked})
    assert _resolve(config, before).precision == found


def test_a_precision_that_a_new_run_cannot_have_is_refused(monkeypatch):
    monkeypatch.setattr(hardware, "devices", lambda: ["cpu"])
    with pytest.raises(GPTCoreError, match="cannot compute in tf32"):
        _resolve(Config().replace({"train.precision": "tf32"}), None)


def test_precision_on_apples_gpu_is_float32_unless_asked():
    apple = torch.device("mps")
    assert hardware.resolve_precision("auto", apple) == "fp32"
    with pytest.raises(GPTCoreError, match="Apple GPU cannot compute in tf32"):
        hardware.resolve_precision("tf32", apple)


def test_float32_is_rounded_for_tf32_alone():
    for precision, wanted in {"tf32": "high", "fp32": "highest", "bf16": "highest"}.items():
        hardware.prepare(CPU, precision, deterministic=False)
        assert torch.get_float32_matmul_precision() == wanted
    hardware.prepare(CPU, "fp32", deterministic=False)


def test_seeding_is_that_of_torch():
    torch.manual_seed(5)
    expected = torch.rand(3)
    hardware.seed(5, CPU)
    assert torch.equal(torch.rand(3), expected)


def test_what_is_set_for_one_run_does_not_stay_for_the_next():
    hardware.prepare(CPU, "fp32", deterministic=True)
    assert torch.are_deterministic_algorithms_enabled()
    hardware.prepare(CPU, "fp32", deterministic=False)
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.get_float32_matmul_precision() == "highest"


def test_garbage_is_left_to_whoever_disabled_its_collection():
    """Window parts that a training's thread freed, once its memory had run out, would crash the program."""

    class Part:
        def __init__(self) -> None:
            self.whole = self

    part = weakref.ref(Part())
    gc.disable()
    try:
        hardware.give_back(CPU)
        assert part() is not None
    finally:
        gc.enable()
    hardware.give_back(CPU)
    assert part() is None
