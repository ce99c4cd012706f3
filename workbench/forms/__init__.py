"""A widget for each kind of field, and the row that holds it.

Every control keeps to one shape (`control.Control`): it shows a value, sends out `edited` with what the
person chose or typed as they go, and `settled` when they are done with it.
"""
