"""`python -m runtime.documents FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from runtime.documents import write_documents


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m runtime.documents FOLDER")
    for file in write_documents(Path(sys.argv[1])):
        print(file)


if __name__ == "__main__":
    main()
