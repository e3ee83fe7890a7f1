"""Jobs as plain Ray tasks, which quick runs of a sweep share; handles live in this process."""

from sweeper.jobs.ray_simple.backend import RaySimpleJobBackend
from sweeper.jobs.ray_simple.handles import RaySimpleJob
from sweeper.jobs.ray_simple.session import import_ahead

__all__ = ["RaySimpleJob", "RaySimpleJobBackend", "import_ahead"]
