"""Settings of all tests: a slow machine is no failure of a property, and a suite in the background hears a Ctrl-C.

A shell lets what it starts in the background ignore Ctrl-C, and so would every command that a test stops with one.
"""

import signal
import threading

from hypothesis import settings

settings.register_profile("calm", deadline=None)
settings.load_profile("calm")
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)
