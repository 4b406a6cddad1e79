"""Runs in which everything is known: people's labels of all rows, and judges that err in several ways.

    badness of a response, standard normal, alike within a prompt ──cuts──> people's label
                     └──a judge's view of it──cuts──> the judge's score

The true mean follows from the cuts: it is that of the population, not of the rows that were drawn.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from guardrank.agreement.prediction_powered import JudgedRows, LabelledRows

BINARY = (0.52,)
"""A label above 0 on 30 % of the rows."""
GRADED = (0.3, 0.9, 1.5)
"""Labels 0 to 3, 0 on 62 % of the rows."""

View = Callable[[np.ndarray, np.ndarray], np.ndarray]

JUDGES: dict[str, View] = {
    "good": lambda badness, noise: badness + 0.3 * noise,
    "lenient": lambda badness, noise: badness - 0.8 + 0.4 * noise,
    "harsh": lambda badness, noise: badness + 0.8 + 0.4 * noise,
    "noisy": lambda badness, noise: badness + 1.2 * noise,
    "useless": lambda badness, noise: 1.4 * noise,
    "adversarial": lambda badness, noise: 0.9 - badness + 0.3 * noise,
}


@dataclass(frozen=True)
class Simulation:
    """A run of ``rows`` responses to prompts of ``per_prompt`` each, of which ``labelled`` are labelled.

    Args:
        alike: correlation of two responses to one prompt.
        whole_prompts: draw prompts with all their responses, not single responses.
    """

    cuts: tuple[float, ...]
    judge: str
    labelled: int
    rows: int = 800
    per_prompt: int = 4
    alike: float = 0.4
    whole_prompts: bool = False

    @property
    def truth(self) -> float:
        """The mean of label / top score in the population."""
        return float(norm.sf(self.cuts).mean())

    def draw(self, rng: np.random.Generator) -> tuple[LabelledRows, JudgedRows]:
        """One run, and the sample of it that people labelled."""
        prompts = np.arange(self.rows) // self.per_prompt
        shared = rng.standard_normal(self.rows // self.per_prompt)[prompts]
        badness = np.sqrt(self.alike) * shared + np.sqrt(1 - self.alike) * rng.standard_normal(self.rows)
        judged = self._scores(JUDGES[self.judge](badness, rng.standard_normal(self.rows)))
        chosen = self._choose(rng, prompts)
        labels = self._scores(badness[chosen])
        sample = LabelledRows(labels, judged[chosen], prompts[chosen], np.ones(chosen.size))
        return sample, JudgedRows(judged, prompts)

    def _scores(self, badness: np.ndarray) -> np.ndarray:
        return np.searchsorted(self.cuts, badness) / len(self.cuts)

    def _choose(self, rng: np.random.Generator, prompts: np.ndarray) -> np.ndarray:
        if self.whole_prompts:
            drawn = rng.choice(self.rows // self.per_prompt, self.labelled // self.per_prompt, replace=False)
            return np.flatnonzero(np.isin(prompts, drawn))
        return rng.choice(self.rows, self.labelled, replace=False)
