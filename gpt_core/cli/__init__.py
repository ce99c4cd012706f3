"""The command line: everything the window does, without a window.

Standard output carries what was asked for and nothing else; progress and messages go to standard error. What
a person got wrong is told in one sentence a fault, with exit code 2.
"""

from __future__ import annotations

import click

from gpt_core import resources
from gpt_core.cli.common import let_messages_fail, print_any_text, told_plainly
from gpt_core.cli.data import inspect_data, prepare
from gpt_core.cli.models import export, import_
from gpt_core.cli.plan import plan
from gpt_core.cli.sampling import batch, evaluate, sample
from gpt_core.cli.training import fork, resume, train
from gpt_core.config import from_toml


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gpt-workbench")
def main() -> None:
    """Train a GPT of your own, and prompt it."""
    print_any_text()
    let_messages_fail()


@main.command()
@told_plainly
def presets() -> None:
    """List the built-in presets."""
    for name, path in resources.presets().items():
        click.echo(f"{name:24} {from_toml(path).get('description', '')}")


for command in (train, resume, fork, sample, evaluate, batch, import_, export, prepare, inspect_data, plan):
    main.add_command(command)
