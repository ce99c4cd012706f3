"""Masked multi-head self-attention, causal by construction.

Scaled dot products in several heads, as in "Attention Is All You Need" (Vaswani et al., 2017). The parameters
carry the names and shapes of `torch.nn.MultiheadAttention`, which the notebook uses, so its weights load
here; the computation is `scaled_dot_product_attention`, and no mask is the caller's duty.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SHORT = 256  # tokens; up to here attention written out is faster than the CPU's fused kernel in bf16


class KeyValueCache:
    """The keys and values of the tokens a layer has seen, so that sampling computes each token once.

    Room for `capacity` tokens is taken at once; `length` of it is filled.
    """

    def __init__(self, batch: int, heads: int, capacity: int, head_dim: int, like: Tensor) -> None:
        self.keys = like.new_empty(batch, heads, capacity, head_dim)
        self.values = like.new_empty(batch, heads, capacity, head_dim)
        self.length = 0

    def extend(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Add the keys and values (B, H, n, D/H) of n more tokens and return those of all tokens so far."""
        end = self.length + keys.size(2)
        self.keys[:, :, self.length : end] = keys
        self.values[:, :, self.length : end] = values
        self.length = end
        return self.keys[:, :, :end], self.values[:, :, :end]


def _written_out(query: Tensor, key: Tensor, value: Tensor, dropout: float) -> Tensor:
    """Causal attention as the formula has it, over (B, H, T, D/H), with the softmax in float32, of scores in
    the precision of the queries: in bf16 they are rounded to 8 bits first.

    The CPU's fused kernel loses its time in the backward pass where windows are short: at B 12, H 4, T 128,
    D/H 48 in bf16, forward and backward took 8.8 ms, and this takes 2.8. From T = 512 on it is no faster.
    """
    B, H, T, d = query.shape
    mask = torch.full((T, T), -torch.inf, dtype=query.dtype, device=query.device).triu(1)
    keys = key.reshape(B * H, T, d).transpose(1, 2)
    scores = torch.baddbmm(mask, query.reshape(B * H, T, d), keys, alpha=d**-0.5)  # (B H, T, T)
    weights = F.dropout(torch.softmax(scores, dim=-1, dtype=torch.float32), dropout)
    return (weights.to(value.dtype) @ value.reshape(B * H, T, d)).view(B, H, T, d)


class MaskedMultiheadAttention(nn.Module):
    """Self-attention in which each position sees itself and what came before, never what comes after."""

    def __init__(
        self, embedding_dim: int, num_heads: int, *, dropout: float = 0.0, bias: bool = True
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.dropout = dropout
        self.in_proj_weight = nn.Parameter(torch.empty(3 * embedding_dim, embedding_dim))  # query, key, value
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * embedding_dim)) if bias else None
        self.out_proj = nn.Linear(embedding_dim, embedding_dim, bias=bias)
        nn.init.xavier_uniform_(self.in_proj_weight)  # as nn.MultiheadAttention does
        if bias:
            nn.init.zeros_(self.out_proj.bias)

    def forward(self, x: Tensor, cache: KeyValueCache | None = None) -> Tensor:
        """Attend over x (B, T, D), and over the tokens in `cache` before it; returns (B, T, D)."""
        B, T, D = x.shape
        qkv = F.linear(x, self.in_proj_weight, self.in_proj_bias)  # (B, T, 3 D)
        query, key, value = (
            part.transpose(1, 2) for part in qkv.view(B, T, 3, self.num_heads, -1).unbind(2)
        )  # 3 x (B, H, T, D/H)
        dropout = self.dropout if self.training else 0.0
        if cache is None and x.device.type == "cpu" and query.dtype == torch.bfloat16 and T <= SHORT:
            y = _written_out(query, key, value, dropout)  # (B, H, T, D/H)
            return self.out_proj(y.transpose(1, 2).reshape(B, T, D))
        mask = None
        if cache is not None:
            past = cache.length
            key, value = cache.extend(key, value)  # (B, H, past + T, D/H)
            if past and T > 1:  # is_causal would align the mask with the first key, not with the last
                mask = torch.ones(T, past + T, dtype=torch.bool, device=x.device).tril(past)
        y = F.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=mask,
            dropout_p=dropout,
            is_causal=T > 1 and mask is None,  # one token after the cached ones sees them all
        )  # (B, H, T, D/H)
        return self.out_proj(y.transpose(1, 2).reshape(B, T, D))
