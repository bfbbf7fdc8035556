"""The processes of a run meet and part."""

import time

from recbole_opal.distributed import group
from recbole_opal.distributed.launch import launched


def meet_and_leave():
    """Let the first process come last, and the others hear of it late."""
    group._PAUSE = 1.0  # of this process, which ends with it
    with group.process_group():
        if launched().rank == 0:
            time.sleep(0.5)
        group.meet()
    return 0


def test_the_process_that_holds_the_store_leaves_last(start_processes):
    for process in start_processes(2, meet_and_leave):
        assert process.wait() == 0, process.said()
