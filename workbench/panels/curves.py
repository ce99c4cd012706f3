"""Loss over learning rate, filled from the run's record and then from its reports."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from gpt_core.config import Config, from_values, settings
from gpt_core.events import Changed, CheckpointSaved, EvaluationDone, Ready, StepDone
from gpt_core.schedule import learning_rate
from workbench import i18n
from workbench.draft import Draft
from workbench.plots.loss_and_rate import LossAndRatePlot
from workbench.session import Session
from workbench.workspace import Workspace


class CurvesPanel(QWidget):
    """The live plots of the open run; before one, the schedule that the draft would follow."""

    def __init__(self, draft: Draft, workspace: Workspace) -> None:
        super().__init__()
        self._draft = draft
        self._workspace = workspace
        self.plot = LossAndRatePlot()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.plot)
        workspace.sessionChanged.connect(self._session_changed)
        draft.faultsChanged.connect(self._plan_of_draft)
        self._plan_of_draft()

    def _session_changed(self) -> None:
        self.plot.clear()
        session = self._workspace.session
        if session is None:
            self._plan_of_draft()
        else:
            self._fill(session)
            self._plan(session.config)
            session.stepped.connect(self._stepped)
            session.reported.connect(self._reported)
        self.plot.redraw()

    def _fill(self, session: Session) -> None:
        """What the record holds of earlier sittings."""
        for name in ("loss", "rate", "validation"):
            self.plot.append(name, *session.history.series[name])
        for event in session.history.events:
            if event.kind == "checkpoint":
                self._mark_checkpoint(event.step)
            elif event.kind == "change":
                self._mark_change(event.step, event.values)

    def _stepped(self, steps: list[StepDone]) -> None:
        numbers = [step.step for step in steps]
        self.plot.append("loss", numbers, [step.loss for step in steps])
        self.plot.append("rate", numbers, [step.rate for step in steps])
        self.plot.redraw()

    def _reported(self, report: object) -> None:
        session = self._workspace.session
        match report:
            case Ready(step=step) if session is not None:
                self.plot.rewind(step)  # what a record holds beyond the checkpoint is trained anew
                if step:
                    self.plot.mark("resume", step, self.tr("opened at step {step}").format(step=f"{step:,}"))
                self._plan(session.config)
            case EvaluationDone(step=step, evaluation=evaluation):
                self.plot.append("validation", [step], [evaluation.loss])
            case CheckpointSaved(step=step):
                self._mark_checkpoint(step)
            case Changed(step=step, changes=changes) if session is not None:
                self._mark_change(step, dict(changes))
                self._plan(session.config)
            case _:
                return
        self.plot.redraw()

    def _plan_of_draft(self) -> None:
        """Before a run: the schedule as the forms have it, while it can be."""
        if self._workspace.session is None and not self._draft.faults:
            self._plan(from_values(self._draft.tables()))
            self.plot.redraw()

    def _plan(self, config: Config) -> None:
        characters = config.data.tokenizer == "characters"
        self.plot.set_unit(self.tr("nats per character") if characters else self.tr("nats per token"))
        schedule, max_steps = config.schedule, config.train.max_steps
        self.plot.set_plan(lambda step: learning_rate(step, schedule, max_steps), max_steps)

    def _mark_checkpoint(self, step: int) -> None:
        self.plot.mark("checkpoint", step, self.tr("checkpoint at step {step}").format(step=f"{step:,}"))

    def _mark_change(self, step: int, changes: dict[str, object]) -> None:
        for field, value in changes.items():
            what = settings()[field]
            text = self.tr("{setting} set to {value}")
            text = text.format(setting=i18n.title(what), value=i18n.shown(what, value))
            self.plot.mark("change", step, text)
