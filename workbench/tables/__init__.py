"""What the tables of the window hold: models without a widget."""
