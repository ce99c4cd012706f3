"""Devices and precision by name, and what is told of a card that cannot be used."""

import pytest
import torch

from gpt_core import hardware
from gpt_core.errors import GPTCoreError

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


def test_precision():
    assert hardware.resolve_precision("fp32", CPU) == "fp32"
    assert hardware.resolve_precision("bf16", CPU) == "bf16"
    assert hardware.resolve_precision("auto", CPU) in ("fp32", "bf16")
    with hardware.autocast(CPU, "bf16"):
        assert torch.is_autocast_enabled("cpu")
    with hardware.autocast(CPU, "fp32"):
        assert not torch.is_autocast_enabled("cpu")


def test_seeding_is_that_of_torch():
    torch.manual_seed(5)
    expected = torch.rand(3)
    hardware.seed(5, CPU)
    assert torch.equal(torch.rand(3), expected)


def test_what_is_set_for_one_run_does_not_stay_for_the_next():
    hardware.prepare(CPU, deterministic=True)
    assert torch.are_deterministic_algorithms_enabled()
    hardware.prepare(CPU, deterministic=False)
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.get_float32_matmul_precision() == "highest"
