"""Jobs as plain Ray tasks: one task per capability run, handles that live in this process."""

from sweeper.jobs.ray_simple.backend import RaySimpleJobBackend
from sweeper.jobs.ray_simple.handles import RaySimpleJob
from sweeper.jobs.ray_simple.session import import_ahead

__all__ = ["RaySimpleJob", "RaySimpleJobBackend", "import_ahead"]
