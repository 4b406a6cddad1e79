"""``python -m guardrank.train``, for launchers such as ``accelerate launch -m guardrank.train``."""

from guardrank.train.cli import main

main()
