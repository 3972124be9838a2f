"""What the whole product costs beside named peers on the same work: ratios, processor time, memory, growth.

Outside the ordinary tests, since it takes a quiet machine and many minutes:

    .venv/bin/python -m tests.benchmarks [ROW…] [--rounds N] [--scale small|full] [--out FILE.md]

A subject is a module here with `rows(place)`, `growths(place)` or both; see `contract`.
"""
