"""``python -m guardrank.train``, for launchers such as ``accelerate launch -m guardrank.train``."""

from guardrank.train.cli import main
from guardrank.train.processes import end_process

try:
    main()
except SystemExit as error:
    end_process(error)
