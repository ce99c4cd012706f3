"""What opens over the window: the command palette, the list of shortcuts, About."""
