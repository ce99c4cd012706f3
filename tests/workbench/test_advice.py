"""A small model and too little text: it is said once that the text is learnt by heart, and what helps."""

from __future__ import annotations

WAIT = 120_000  # milliseconds, for a busy machine


def test_a_text_that_is_learnt_by_heart_is_told_once(qtbot, window, text) -> None:
    text.write_text(text.read_text()[:900])
    for field, value in {
        "data.validation_fraction": 0.2,
        "model.context_length": 32,
        "model.embedding_dim": 96,
        "model.ffn_dim": 384,
        "model.norm": "pre",
        "model.embedding_dropout": 0.0,
        "model.attention_dropout": 0.0,
        "model.residual_dropout": 0.0,
        "schedule.max_lr": 3e-3,
        "schedule.min_lr": 3e-3,
        "train.accumulation": 1,
        "train.batch_size": 8,
        "train.eval_interval": 10,
        "train.eval_windows": 0,
        "train.sample_interval": 0,
        "train.max_steps": 1000,
    }.items():
        window.draft.set(field, value)
    window.draft.settle()
    said = []
    window.advice.said.connect(said.append)
    window.start()
    session = window.workspace.session
    qtbot.waitUntil(lambda: bool(said), timeout=WAIT)
    told = window.notices.texts()
    assert len(told) == 1
    assert told[0].startswith("Validation was best at step ")
    best = int(told[0].split()[5].strip(",").replace(",", ""))
    assert best % 10 == 0
    assert session.run.checkpoints_folder.joinpath(f"step-{best:08d}").is_dir()  # as it says
    at = session.step
    qtbot.waitUntil(lambda: session.step >= min(1000, at + 100), timeout=WAIT)
    assert len(said) == 1
