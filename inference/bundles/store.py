"""The bundles of an installation: the packaged one, and those imported, as NAME/VERSION folders."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from inference.bundles.archives import LARGEST_BUNDLE, pack, strange_code, unpack
from inference.bundles.bundle import PACKAGED, Bundle, files_of, open_bundle, read_bundle
from inference.bundles.files import sync
from inference.bundles.manifest_file import FILE_NAME
from inference.bundles.promotions import Promotion, read_log, standing, write_log
from moderation.errors import InvalidConfiguration

_INCOMING = ".incoming-"  # what an import that was cut off leaves, and the next one removes
_REPLACED = ".replaced"  # what such a folder's name ends with where it held a damaged bundle


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A bundle that is there; `bundle` is None where `fault` says why it cannot be opened."""

    title: str
    folder: Path
    bundle: Bundle | None
    fault: str | None = None


class BundleStore:
    """The packaged bundle and those in `folder`, which is made when something is first imported.

    A bundle that was installed never changes: another content needs another version.
    Imports and promotions of several processes wait for one another.
    """

    def __init__(self, folder: Path, *, packaged: Path = PACKAGED) -> None:
        self.folder = folder
        self._packaged = packaged

    def entries(self) -> list[Entry]:
        """All that is there, the packaged bundle first; verified it is by `read_bundle`."""
        packaged = open_bundle(self._packaged)
        first = Entry(title=packaged.manifest.title, folder=self._packaged, bundle=packaged)
        imported = sorted(self.folder.glob(f"[!.]*/[!.]*/{FILE_NAME}"))
        return [first, *(_entry(path.parent) for path in imported)]

    def find(self, title: str) -> Bundle:
        """Open the bundle NAME:VERSION; an imported one goes before a packaged one of its name.

        Raises:
            InvalidConfiguration: there is none, or it cannot be opened.
        """
        entries = self.entries()
        for entry in reversed(entries):
            if entry.title == title:
                if entry.bundle is None:
                    raise InvalidConfiguration(f"bundle {title}: {entry.fault}")
                return entry.bundle
        known = ", ".join(entry.title for entry in entries)
        raise InvalidConfiguration(f"no bundle {title}: there are {known}")

    def serving(self) -> Bundle:
        """Open the bundle that was promoted last, or the packaged one.

        Raises:
            InvalidConfiguration: it is gone, or other than when it was promoted.
        """
        promoted = standing(self.history())
        if not promoted:
            return open_bundle(self._packaged)
        bundle = self.find(promoted[-1].bundle)
        if bundle.identity.sha256 != promoted[-1].sha256:
            raise InvalidConfiguration(
                f"{bundle.folder} is another bundle than the {promoted[-1].bundle} that was "
                "promoted: import and promote it again"
            )
        return bundle

    def history(self) -> tuple[Promotion, ...]:
        """Raises: InvalidConfiguration, when the log is damaged."""
        return read_log(self.folder)

    def install(
        self,
        source: Path,
        *,
        trust_code: bool = False,
        largest: int = LARGEST_BUNDLE,
        say: Callable[[str], None] = lambda step: None,
    ) -> Bundle:
        """Import a bundle from a folder or a ZIP; it is there whole or not at all.

        The same bundle is installed anew where files of it are damaged or missing, and
        left alone where it is whole. `say` is told of each step. Code of others is
        refused unless `trust_code`.

        Raises:
            InvalidConfiguration: it is no whole bundle, brings code, or is another one than
                what is installed under its name and version.
        """
        with self._writing() as folder, _place_in(folder) as place:
            say(f"unpacking {source}")
            unpack(source, place, largest=largest)
            say("verifying")
            bundle = read_bundle(place)
            strange = strange_code(bundle)
            if strange and not trust_code:
                raise InvalidConfiguration(
                    f"{source}: {strange[0]} might be run, and is no program of Veriscope's; "
                    "import it with --trust-code if you trust who made it"
                )
            installed = self._same(bundle)
            if installed is not None:
                say(f"{bundle.manifest.title} is there already, every file as pinned")
                return installed
            _sync(bundle)
            target = folder / bundle.manifest.name / bundle.manifest.version
            target.parent.mkdir(exist_ok=True)
            if target.exists():
                say(f"putting it in the place of {target}, which is not whole")
                target.rename(place.with_name(f"{place.name}{_REPLACED}"))
            say(f"installing as {bundle.manifest.title}")
            place.rename(target)
            sync(target.parent)
            return open_bundle(target)

    def export(self, title: str, path: Path) -> None:
        """Write a bundle as a ZIP that must not exist yet.

        Raises:
            InvalidConfiguration: there is no such bundle, or the file cannot be written.
        """
        pack(self.find(title), path)

    def promote(self, title: str, *, at: datetime) -> Bundle:
        """Let a bundle serve from the next start of a worker on, after verifying it.

        Raises:
            InvalidConfiguration: there is none, or it is not whole.
        """
        with self._writing() as folder:
            bundle = read_bundle(self.find(title).folder)
            entry = Promotion(did="promote", bundle=title, sha256=bundle.identity.sha256, at=at)
            write_log(folder, [*self.history(), entry])
            return bundle

    def rollback(self, *, at: datetime) -> Bundle:
        """Take the last promotion back; what served before serves again.

        Raises:
            InvalidConfiguration: nothing was promoted, or what served before is not whole.
        """
        with self._writing() as folder:
            log = self.history()
            promoted = standing(log)
            if not promoted:
                raise InvalidConfiguration("no bundle was promoted: the packaged one serves")
            taken, before = promoted[-1], promoted[:-1]
            back = self.find(before[-1].bundle).folder if before else self._packaged
            bundle = read_bundle(back)
            entry = Promotion(did="rollback", bundle=taken.bundle, sha256=taken.sha256, at=at)
            write_log(folder, [*log, entry])
            return bundle

    def _same(self, bundle: Bundle) -> Bundle | None:
        """What is there under a bundle's name and version, when it is the same and whole.

        Raises:
            InvalidConfiguration: another bundle is there.
        """
        for entry in self.entries():
            if entry.title != bundle.manifest.title:
                continue
            there = _or_none(open_bundle, entry.folder)
            if there is not None and there.identity != bundle.identity:
                raise InvalidConfiguration(
                    f"another {entry.title} is at {entry.folder}: give this one another version"
                )
            whole = _or_none(read_bundle, entry.folder)
            if whole is not None:
                return whole
        return None

    @contextmanager
    def _writing(self) -> Iterator[Path]:
        """Hold the store for writing; the lock is the system's, and goes with the process."""
        try:
            # The state folder, if this is its first use: as private as `veriscope up` makes it.
            self.folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.folder.mkdir(exist_ok=True)
            with (self.folder / ".lock").open("ab") as held:
                fcntl.flock(held, fcntl.LOCK_EX)
                yield self.folder
        except OSError as error:
            raise InvalidConfiguration(f"{self.folder}: {error.strerror}") from error


def _or_none(read: Callable[[Path], Bundle], folder: Path) -> Bundle | None:
    try:
        return read(folder)
    except InvalidConfiguration:
        return None


def _entry(folder: Path) -> Entry:
    title = f"{folder.parent.name}:{folder.name}"
    try:
        bundle = open_bundle(folder)
    except InvalidConfiguration as error:
        return Entry(title=title, folder=folder, bundle=None, fault=str(error))
    if bundle.manifest.title != title:
        fault = f"{folder} holds {bundle.manifest.title}: import it instead of moving it"
        return Entry(title=title, folder=folder, bundle=None, fault=fault)
    return Entry(title=title, folder=folder, bundle=bundle)


@contextmanager
def _place_in(store: Path) -> Iterator[Path]:
    """A new folder to make a bundle in, on the store's own disk; gone if it was not moved."""
    _remove_remains(store)
    place = Path(tempfile.mkdtemp(prefix=_INCOMING, dir=store))
    place.chmod(0o755)  # Triton may run as another user
    try:
        yield place
    finally:
        _remove_remains(store)


def _remove_remains(store: Path) -> None:
    for left in store.glob(f"{_INCOMING}*"):
        shutil.rmtree(left, ignore_errors=True)


def _sync(bundle: Bundle) -> None:
    """Let the disk have a bundle before its name says that it is there."""
    paths = [path for _, path in files_of(bundle.folder)] + [bundle.folder / FILE_NAME]
    for path in [*paths, *{path.parent for path in paths}]:
        sync(path)
