"""Which forgeries are held against which reals, and how they are made comparable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter, ValidationError
from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped]

from benchmarks.sample import Sample
from benchmarks.table import ScoreTable
from moderation.errors import InvalidConfiguration

PACKAGED = Path(__file__).with_name("comparisons.yaml")

# Sizes of a matched pair differ by at most this factor; propensity matching usually asks for
# calipers of a fifth of the standard deviation (Austin, 2011), which is about this for face sizes.
CALIPER = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Forged clips of these methods against real ones of those.

    `equalise` as in `benchmarks.equalising.Equalise`: the table must have been scored with it.
    `match`: a trivial score in which each forged clip and its real partner hardly differ.
    `at_least`: the AUC that is asked for; `over_trivial`: by how much it must exceed that of the
    best single trivial score. `data_set`: clips of that one alone.
    """

    name: str
    forged: tuple[str, ...]
    real: tuple[str, ...]
    equalise: str = ""
    match: str = ""
    data_set: str = ""
    at_least: float | None = None
    over_trivial: float | None = None

    def choose(self, table: ScoreTable) -> Sample:
        """The clips that take part, matched if that is asked for.

        Raises:
            InvalidConfiguration: no such trivial score to match on.
        """
        methods, labels = table.texts("method"), table.texts("label")
        chosen = (np.isin(methods, self.forged) & (labels == "fake")) | (
            np.isin(methods, self.real) & (labels == "real")
        )
        if self.data_set:
            chosen &= table.texts("data_set") == self.data_set
        sample = Sample.of(table.where(chosen))
        if not self.match:
            return sample
        if self.match not in sample.trivial:
            raise InvalidConfiguration(f"comparison {self.name}: no score is called {self.match}")
        return sample.at(matched(sample.trivial[self.match], sample.forged))

    @property
    def asked(self) -> str:
        """What is asked of the AUC, in words; empty when nothing is."""
        if self.at_least is not None:
            return f"AUC at least {self.at_least:.2f}"
        if self.over_trivial is not None:
            return f"AUC {self.over_trivial:.2f} above the best trivial score"
        return ""


_LIST: TypeAdapter[tuple[Comparison, ...]] = TypeAdapter(
    tuple[Comparison, ...], config=ConfigDict(extra="forbid")
)


def load_comparisons(file: Path = PACKAGED) -> tuple[Comparison, ...]:
    """Raises: InvalidConfiguration, when the file is none of comparisons."""
    try:
        return _LIST.validate_python(yaml.safe_load(file.read_bytes()))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise InvalidConfiguration(f"{file}: {place}: {fault['msg']}") from error
    except (OSError, yaml.YAMLError) as error:
        raise InvalidConfiguration(f"{file}: {' '.join(str(error).split())}") from error


def each_method(table: ScoreTable) -> tuple[Comparison, ...]:
    """Every forged method against the reals of its data sets, or against all if they have none."""
    labels, methods = table.texts("label"), table.texts("method")
    data_sets = table.texts("data_set")
    found = []
    for method in _sorted(methods[labels == "fake"]):
        of_method = data_sets[(methods == method) & (labels == "fake")]
        beside = methods[(labels == "real") & np.isin(data_sets, of_method)]
        real = _sorted(beside) or _sorted(methods[labels == "real"])
        found.append(Comparison(name=method, forged=(method,), real=real))
    return tuple(found)


def each_data_set(table: ScoreTable) -> tuple[Comparison, ...]:
    """All forgeries of a data set against all its reals."""
    labels, methods = table.texts("label"), table.texts("method")
    data_sets = table.texts("data_set")
    return tuple(
        Comparison(
            name=name,
            forged=_sorted(methods[(data_sets == name) & (labels == "fake")]),
            real=_sorted(methods[(data_sets == name) & (labels == "real")]),
            data_set=name,
        )
        for name in _sorted(data_sets[labels == "fake"])
    )


def matched(
    values: NDArray[np.float64], forged: NDArray[np.bool_], *, caliper: float = CALIPER
) -> NDArray[np.int64]:
    """Places of as many pairs as there are, one forged and one real, whose values hardly differ.

    The pairing that keeps most pairs and among those has the least distance; it needs no luck.
    """
    usable = np.isfinite(values) & (values > 0)
    fakes, reals = np.flatnonzero(forged & usable), np.flatnonzero(~forged & usable)
    logs = np.log(np.where(usable, values, 1.0))
    distance = np.abs(logs[fakes][:, None] - logs[reals][None])  # forged, real
    allowed = distance <= np.log(caliper)
    # One pair more must be worth more than all distances together.
    rows, columns = linear_sum_assignment(np.where(allowed, distance, 1.0 + distance.size))
    kept = allowed[rows, columns]
    return np.sort(np.concatenate([fakes[rows[kept]], reals[columns[kept]]]))


def _sorted(names: NDArray[np.str_] | Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({str(name) for name in names}))
