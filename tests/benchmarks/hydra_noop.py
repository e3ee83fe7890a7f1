"""A Hydra application whose job does nothing: what is left is the cost of a job."""

from __future__ import annotations

import hydra
from omegaconf import DictConfig


@hydra.main(config_path=None, config_name="one", version_base="1.3")
def main(cfg: DictConfig) -> None:
    """Nothing."""


if __name__ == "__main__":
    main()
