"""One run from settings to a run folder: what the command and `recbole_opal.run` do."""

from recbole_opal.experiment.calls import resume, run, run_request
from recbole_opal.experiment.next_steps import next_steps
from recbole_opal.experiment.session import RunResult

__all__ = ["RunResult", "next_steps", "resume", "run", "run_request"]
