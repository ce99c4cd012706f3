"""python -m gpt_core.cli"""

from gpt_core.cli import main

main()
