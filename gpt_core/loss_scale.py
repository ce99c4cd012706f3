"""Loss scaling, for fp16: gradients too small for its range are lifted into it, and put back afterwards.

Follows "Mixed Precision Training" (Micikevicius et al., 2018), section 3.2, with the numbers of
`torch.amp.GradScaler`; unlike that one it ends somewhere below, so that a gradient that is not finite for
another reason comes to light. All of it stays on the device: nothing waits for a number.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

FIRST = 2.0**16
SMALLEST = 1.0
LARGEST = 2.0**24
INTERVAL = 2000  # finite steps, one after the other, until a larger scale is tried


class LossScale:
    """What the loss is multiplied by before the backward pass: a power of two, so that nothing is rounded.

    It is halved by a gradient that is not finite and doubled after INTERVAL steps without one.
    """

    def __init__(self, device: torch.device) -> None:
        self.scale = torch.tensor(FIRST, device=device)
        self.finite_steps = torch.tensor(0, device=device)  # since the scale last changed

    def unscale(self, parameters: Iterable[nn.Parameter]) -> None:
        """Take the scale out of the gradients again, in place."""
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        torch._foreach_div_(gradients, self.scale)

    def update(self, finite: Tensor) -> None:
        """Choose the next step's scale; `finite` (a boolean scalar on the device) tells of this step's
        gradient."""
        steps = torch.where(finite, self.finite_steps + 1, 0)
        grown = torch.where(steps >= INTERVAL, self.scale * 2, self.scale)
        self.scale = torch.where(finite, grown, self.scale / 2).clamp(SMALLEST, LARGEST)
        self.finite_steps = torch.where(steps >= INTERVAL, 0, steps)

    def state(self) -> dict[str, float]:
        """What a checkpoint keeps of it."""
        return {"scale": self.scale.item(), "finite_steps": self.finite_steps.item()}

    def load(self, state: dict[str, float]) -> None:
        """Put back what `state` gave."""
        self.scale.fill_(state["scale"])
        self.finite_steps.fill_(state["finite_steps"])
