"""Arrow's compute functions; they are made when pyarrow is imported, which no type checker sees."""

from typing import Any

import pyarrow.compute

pc: Any = pyarrow.compute
