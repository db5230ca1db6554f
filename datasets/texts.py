"""Small JSON, YAML and CSV files written by others, read with limits and one-line errors."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from datasets.errors import DataSetRefused

LARGEST_JSON = 2 << 30  # bytes; DF40's lists of a million frames take some hundred megabytes
LARGEST_YAML = 4 << 20


def read_json(path: Path) -> Any:
    """
    Raises:
        DataSetRefused: it is missing, too large, or no JSON.
    """
    try:
        if path.stat().st_size > LARGEST_JSON:
            raise DataSetRefused(f"{path} is larger than {LARGEST_JSON >> 20} MiB")
        return json.loads(path.read_bytes())
    except OSError as error:
        raise DataSetRefused(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise DataSetRefused(f"{path} is no JSON: {error}") from error


def read_json_object(path: Path) -> dict[str, Any]:
    """As `read_json`, for a file that holds an object."""
    found = read_json(path)
    if not isinstance(found, dict):
        raise DataSetRefused(f"{path} does not hold a JSON object")
    return found


def read_yaml(path: Path) -> dict[str, Any]:
    """
    Raises:
        DataSetRefused: it is missing, too large, or no YAML mapping.
    """
    try:
        if path.stat().st_size > LARGEST_YAML:
            raise DataSetRefused(f"{path} is larger than {LARGEST_YAML >> 20} MiB")
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataSetRefused(f"{path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f": line {mark.line + 1}" if mark is not None else ""
        raise DataSetRefused(f"{path} is no YAML{where}") from error
    if not isinstance(found, dict):
        raise DataSetRefused(f"{path} is no YAML mapping")
    return found


def read_csv(path: Path, needed: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """Rows by column name, stripped; a cell that is missing is empty.

    Raises:
        DataSetRefused: it cannot be read, or has not the columns that are needed.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [name for name in needed if name not in (reader.fieldnames or [])]
            if missing:
                raise DataSetRefused(f"{path} has no column {', '.join(missing)}")
            for row in reader:
                yield {key: (value or "").strip() for key, value in row.items() if key}
    except OSError as error:
        raise DataSetRefused(f"{path} cannot be read: {error.strerror}") from error
    except (csv.Error, UnicodeDecodeError, AttributeError) as error:
        raise DataSetRefused(f"{path} is no CSV in UTF-8: {error}") from error
