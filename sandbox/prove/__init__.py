"""What tools try against the walls, and what honest tools need: cases as data, with a reader.

`catalogue.py` reads both; tests and the "Prove my sandbox" page run them.
"""
