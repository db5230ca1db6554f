"""Fetches a checkpoint from the Hugging Face hub, where there is network."""

from __future__ import annotations

from pathlib import Path

from moderation.errors import InvalidConfiguration


def fetch(repository: str, file: str, *, revision: str | None) -> Path:
    """Download a file of OWNER/NAME, and GenD's config.json beside it where there is one.

    Raises:
        InvalidConfiguration: the hub cannot be reached, or has no such file.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, HFValidationError

    try:
        found = Path(hf_hub_download(repository, file, revision=revision))
    except (HfHubHTTPError, HFValidationError, OSError, ValueError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InvalidConfiguration(f"{repository}/{file} cannot be fetched: {reason}") from error
    try:
        hf_hub_download(repository, "config.json", revision=revision)
    except (EntryNotFoundError, HfHubHTTPError, OSError):
        return found  # most have none, and it only tells what kind of head a CLIP has
    return found
