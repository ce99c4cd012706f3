"""The draft: what it holds, what is wrong with it, the way back, and what a run that goes on is told."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PySide6.QtCore import QCoreApplication, QTranslator

from gpt_core import resources
from gpt_core.config import Config, faults, from_toml, from_values, parse, settings
from gpt_core.errors import MESSAGES, ConfigError, Fault, GPTCoreError
from workbench import i18n
from workbench.draft import Draft, flat

QUICKSTART = from_toml(resources.presets()["quickstart"])
LIVE = sorted(field for field, what in settings().items() if what.live and what.kind in ("int", "float"))
quick = hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def draft(qapp):
    draft = Draft()
    draft.load(QUICKSTART, "quickstart")
    return draft


def heard(signal):
    """A list that grows by what a signal carries."""
    calls = []
    signal.connect(lambda *values: calls.append(values if len(values) != 1 else values[0]))
    return calls


def steps(draft):
    """How many steps can be undone."""
    count = 0
    while draft.can_undo:
        draft.undo()
        count += 1
    for _ in range(count):
        draft.redo()
    return count


# ------------------------------------------------------------------------------------------- Values, faults


def test_a_new_draft_is_the_default_configuration(qapp):
    draft = Draft()
    assert draft.values == flat(Config())
    assert draft.faults == {}
    assert draft.preset == ""
    assert not any(draft.differs_from_preset(field) for field in settings())


def test_a_preset_is_taken_up_and_departures_are_known(draft):
    assert draft.preset == "quickstart"
    assert draft.config() == from_values(QUICKSTART)
    assert draft.differs_from_gpt1("model.num_layers")
    assert not draft.differs_from_gpt1("model.tied_head")
    assert not draft.differs_from_gpt1("data.source")  # the paper has none of it
    assert not draft.differs_from_preset("model.num_layers")
    draft.set("model.num_layers", 12)
    assert draft.differs_from_preset("model.num_layers")
    assert not draft.differs_from_gpt1("model.num_layers")


def test_a_change_is_told_with_its_faults(draft):
    changed = heard(draft.changed)
    draft.set("model.num_heads", 5)
    assert changed == ["model.num_heads"]
    assert draft.faults["model.embedding_dim"].code == "heads_do_not_divide"
    with pytest.raises(ConfigError, match="not a multiple"):
        draft.config()
    draft.set("model.num_heads", 4)
    assert draft.faults == {}


def test_several_fields_are_given_their_values_in_one_step(draft):
    changed = heard(draft.changed)
    draft.set_together({"train.batch_size": 4, "train.accumulation": 3})
    assert changed == ["train.batch_size", "train.accumulation"]
    draft.set_together({"train.batch_size": 6, "train.accumulation": 2})  # joins, as in a drag
    assert steps(draft) == 1
    draft.undo()
    assert (draft.values["train.batch_size"], draft.values["train.accumulation"]) == (12, 1)
    draft.redo()
    draft.settle()
    draft.set_together({"train.batch_size": 6, "train.accumulation": 4})
    assert changed[-1] == "train.accumulation"  # the other one stayed
    draft.set_together({"train.batch_size": 6, "train.accumulation": 2})  # back to where it was
    assert steps(draft) == 1
    draft.running = True
    with pytest.raises(GPTCoreError, match="fixed once training has started") as told:
        draft.set_together({"train.batch_size": 1, "model.bias": True})
    assert told.value.field == "model.bias"
    assert draft.values["train.batch_size"] == 6


def test_texts_are_the_same_as_a_list_and_as_a_tuple(draft):
    draft.load({"sampling": {"stop": ["END"]}}, "mine")
    draft.set("sampling.stop", ("END",))
    assert not draft.differs_from_preset("sampling.stop")
    assert steps(draft) == 1


def test_the_same_value_again_is_no_change(draft):
    changed = heard(draft.changed)
    draft.set("schedule.min_lr", 2e-4)
    draft.set("train.max_steps", 3000.0)
    assert changed == []
    assert not draft.can_undo
    draft.set("model.num_heads", True)  # true is not 1, nor 4
    assert draft.faults["model.num_heads"].code == "not_a_number"


def test_what_has_no_field_to_be_shown_in_is_refused_and_nothing_changes(draft):
    before = dict(draft.values)
    for values in ({"modle": {}}, {"model": {"layers": 3}}, {"train": 5}, {"description": 5}):
        with pytest.raises(ConfigError):
            draft.load(values, "bad")
    assert draft.values == before
    assert draft.preset == "quickstart"


def test_a_wrong_value_is_taken_up_with_its_fault(draft):
    draft.load({"train": {"batch_size": 0}}, "mine")
    assert draft.values["train.batch_size"] == 0
    assert draft.faults["train.batch_size"].code == "below_minimum"


def test_the_text_is_looked_for_when_the_typing_is_done(draft, tmp_path):
    path = tmp_path / "text.txt"
    draft.set("data.source", str(path))
    assert draft.faults == {}  # still typing, for all one knows
    draft.settle()
    assert draft.faults["data.source"].code == "text_missing"
    path.write_text("Words, words, words.")
    assert draft.config().data.source == str(path)  # looked at again
    assert draft.faults == {}
    path.write_bytes(b"\x00\x01\x02 words")
    with pytest.raises(ConfigError, match="byte 0"):
        draft.config()
    path.unlink()
    draft.running = True  # which has its tokens
    assert draft.faults == {}


def test_what_a_start_told_stands_beside_its_field_until_the_next_change(draft):
    draft.tell(GPTCoreError("device_missing", field="train.device", device="cuda", known="cpu"))
    told = draft.fault("train.device")
    assert told is not None
    assert told.code == "device_missing"
    assert draft.faults == {}  # so another start may be tried
    draft.set("train.device", "cpu")
    assert draft.fault("train.device") is None
    draft.tell(GPTCoreError("disk_full", path="/", step=3))  # of no field: nothing to show here
    assert not any(draft.fault(field) for field in settings())


# ------------------------------------------------------------------------------------------------- Undo


def test_typing_in_one_field_is_one_step(draft):
    for typed in ("1", "16", "160"):
        draft.set("model.embedding_dim", parse("model.embedding_dim", typed))
    draft.settle()
    draft.set("model.embedding_dim", 320)
    draft.settle()
    assert steps(draft) == 2
    draft.undo()
    assert draft.values["model.embedding_dim"] == 160
    draft.undo()
    assert draft.values["model.embedding_dim"] == 128
    draft.redo()
    assert draft.values["model.embedding_dim"] == 160


def test_typing_in_two_fields_is_two_steps(draft):
    draft.set("model.num_layers", 5)
    draft.set("model.num_heads", 6)
    draft.set("model.num_layers", 7)
    assert steps(draft) == 3


def test_typed_back_to_where_it_was_is_no_step(draft):
    draft.set("model.num_layers", 40)
    draft.set("model.num_layers", 4)
    assert steps(draft) == 0
    assert draft.values["model.num_layers"] == 4


def test_a_preset_taken_up_by_mistake_loses_nothing(draft):
    draft.set("model.num_layers", 9)
    resets = heard(draft.reset)
    draft.load(from_toml(resources.presets()["shakespeare-char-cpu"]), "shakespeare-char-cpu")
    assert draft.values["model.activation"] == "gelu"
    draft.undo()
    assert draft.preset == "quickstart"
    assert draft.values["model.num_layers"] == 9
    assert len(resets) == 2


TYPED = st.one_of(st.integers(-5, 3000), st.floats(-1, 20), st.sampled_from(["", "abc", "1e", "nan"]))
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.sampled_from(LIVE), TYPED),
        st.sampled_from([("settle",), ("undo",), ("redo",), ("load",)]),
    ),
    max_size=12,
)


def act(draft, name, *values):
    if name == "set":
        draft.set(*values)
    elif name == "load":
        draft.load({"train": {"max_steps": 50}}, "other")
    else:
        getattr(draft, name)()


@quick
@given(ACTS)
def test_every_way_there_leads_back(qapp, acts):
    draft = Draft()
    draft.load(QUICKSTART, "quickstart")
    start = dict(draft.values)
    for name, *values in acts:
        act(draft, name, *values)
        assert draft.faults == {fault.field: fault for fault in faults(draft.tables())}
    end = dict(draft.values)
    undone = 0
    while draft.can_undo:
        draft.undo()
        undone += 1
    assert draft.values == start
    for _ in range(undone):
        draft.redo()
    assert draft.values == end


# ---------------------------------------------------------------------------------- While a run goes on


def test_what_is_fixed_is_locked_and_what_is_not_is_passed_on(draft):
    told = heard(draft.liveChange)
    draft.set("schedule.max_lr", 1e-3)
    draft.settle()
    assert told == []  # nothing goes on yet
    draft.running = True
    assert draft.locked("model.num_layers")
    assert not draft.locked("schedule.max_lr")
    with pytest.raises(GPTCoreError, match="fixed once training has started"):
        draft.set("model.num_layers", 5)
    draft.set("schedule.max_lr", 5e-3)
    assert told == []  # still typing
    draft.settle()
    assert told == [("schedule.max_lr", 5e-3)]
    draft.undo()
    assert told[1:] == [("schedule.max_lr", 1e-3)]
    draft.running = False
    assert not draft.locked("model.num_layers")


def test_a_change_with_a_fault_waits_until_the_whole_is_right(draft):
    told = heard(draft.liveChange)
    draft.running = True
    draft.set("schedule.min_lr", 1e-2)  # above the peak
    draft.settle()
    assert told == []
    draft.set("schedule.max_lr", 2e-2)
    draft.settle()
    assert told == [("schedule.max_lr", 2e-2), ("schedule.min_lr", 1e-2)]  # each is right when it arrives


def test_a_step_back_across_the_start_is_not_possible(draft):
    draft.set("model.num_layers", 5)
    draft.running = True
    draft.undo()
    assert draft.values["model.num_layers"] == 5


@quick
@given(st.lists(st.tuples(st.sampled_from(LIVE), TYPED, st.booleans()), max_size=10))
def test_each_change_passed_on_is_right_by_itself_and_all_arrive(qapp, edits):
    draft = Draft()
    draft.load(QUICKSTART, "quickstart")
    draft.running = True
    run = [draft.config()]
    draft.liveChange.connect(lambda field, value: run.append(run[-1].replace({field: value})))
    for field, value, settles in edits:
        draft.set(field, value)
        if settles:
            draft.settle()
    draft.settle()
    if not draft.faults:
        assert run[-1] == draft.config()


# ------------------------------------------------------------------------------------------- In any language


class Shouting(QTranslator):
    """A language in which everything is loud, and known only as whole sentences."""

    def translate(self, context, source, disambiguation=None, n=-1):
        return source.upper().replace("{VALUE}", "{value}").replace("{LIMIT}", "{limit}")

    def isEmpty(self):
        return False


def test_problems_and_settings_are_worded_in_the_language_set_now(qapp):
    fault = Fault("train.keep", "below_minimum", {"value": 0, "limit": 1})
    what = settings()["train.batch_size"]
    assert i18n.of_fault(fault) == "0 is below 1, the smallest value allowed."
    translator = Shouting()
    QCoreApplication.installTranslator(translator)
    try:
        assert i18n.of_fault(fault) == "0 IS BELOW 1, THE SMALLEST VALUE ALLOWED."
        assert (i18n.title(what), i18n.unit(what)) == ("BATCH", "WINDOWS")
        assert i18n.description(what).startswith("WINDOWS THAT PASS")
    finally:
        QCoreApplication.removeTranslator(translator)
    assert i18n.title(what) == "Batch"


def test_errors_are_told_as_on_the_command_line():
    error = GPTCoreError("run_missing", path="/runs/one")
    assert i18n.of_error(error) == str(error)
    faulty = ConfigError(faults({"model": {"num_heads": 0}, "train": {"keep": -1}}))
    assert i18n.of_error(faulty) == str(faulty)
    assert set(MESSAGES) >= {fault.code for fault in faulty.faults}


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_shown_compactly_and_reads_back_as_the_same(number):
    shown = i18n.compact(number)
    assert float(shown) == number
    assert len(shown) <= len(repr(number))


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (2.5e-4, "2.5e-4"),
        (0.0025, "2.5e-3"),
        (0.1, "0.1"),
        (1.0, "1"),
        (0.0, "0"),
        (1e6, "1e6"),
        (0.01, "0.01"),
    ],
)
def test_numbers_look_as_in_papers(number, shown):
    assert i18n.compact(number) == shown


def test_limits_are_whole_sentences():
    assert i18n.limits(settings()["train.batch_size"]) == "From 1 to 65,536."
    assert i18n.limits(settings()["schedule.max_lr"]) == "More than 0, at most 10."
    assert i18n.limits(settings()["model.residual_dropout"]) == "At least 0, less than 1."
    assert i18n.limits(settings()["data.validation_fraction"]) == "More than 0 and less than 1."
    assert i18n.limits(settings()["data.source"]) == ""
    assert i18n.gpt1(settings()["model.tied_head"]) == "GPT-1: on."
    assert i18n.gpt1(settings()["data.source"]) == ""
