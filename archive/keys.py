"""The home of keys, outside every archive: operators, log keys, age identities, and pins.

    home/
      operators/NAME/key.pub    the public line; always
      operators/NAME/key        the private key, OpenSSH form, if it was made here
      operators/NAME/held       else where it is: a path, or the word `agent`
      operators/NAME/age        the age identity, if it was made here
      logs/HASH/key, vkey       the key that signs an archive's checkpoints
      pins/HASH.json            the largest head seen of an archive

HASH is of the origin. New keys are encrypted with a passphrase unless that was
waived. A private key that lies elsewhere is never copied. A pin is replaced by
rename: a crash leaves the old one. Nothing here goes into an archive.

Follows age-encryption.org/v1; keys of operators are OpenSSH's (`signer`).
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from archive import durable, note, sshsig
from archive.home_folder import home_folder
from archive.signer import AgentSigner, KeySigner, opened, written, wrong_passphrase
from schemas.errors import InputError, RefusedError, SijillError, UnreachableError
from schemas.text import visible

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from archive.ledger import Signer

AGENT = "agent"
_NAME = re.compile(r"[^\W_][\w .@-]{0,63}\Z")


@dataclass(frozen=True)
class Pin:
    """The largest head of a log that this computer has seen."""

    size: int
    root: bytes


class Home:
    """A person's keys and pins: `$SIJILL_HOME`, else the folder for configuration of this user."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = home_folder() if folder is None else folder.absolute()
        self._passphrase: str | None = None

    # --- operators

    def operators(self) -> list[str]:
        """Give the names of the operators that this home knows."""
        try:
            return sorted(p.name for p in (self.folder / "operators").iterdir() if (p / "key.pub").is_file())
        except OSError:
            return []

    def in_agent(self, name: str) -> bool:
        """Tell whether an operator's private key is not on this disk: an agent or a token holds it.

        Raises InputError, RefusedError.
        """
        path = self._operator(name) / "held"
        return path.is_file() and self._read(path).decode(errors="replace").strip() == AGENT

    def signer(self, name: str) -> Signer:
        """Give an operator, ready to sign. Raises InputError, RefusedError."""
        folder = self._operator(name)
        if not (folder / "key.pub").is_file():
            raise RefusedError(
                f"no key of an operator named {visible(name)}",
                code="key",
                where=str(folder.parent),
                hint="known here: " + (", ".join(map(visible, self.operators())) or "nobody"),
            )
        line = self._read(folder / "key.pub").decode(errors="replace").strip()
        fingerprint = sshsig.fingerprint(sshsig.parse_public_line(line))
        held = self._read(folder / "held").decode().strip() if (folder / "held").is_file() else ""
        if held == AGENT:
            return AgentSigner(name, line, fingerprint, folder / "key.pub")
        signer = self.signer_from_file(name, Path(held) if held else folder / "key")
        if signer.fingerprint != fingerprint:
            raise RefusedError(f"the key of {name} is not the one that was registered", code="key", where=str(folder))
        return signer

    def signer_from_file(self, name: str, path: Path) -> KeySigner:
        """Give a signer from an OpenSSH private key that stays where it is. Raises RefusedError, FormatError."""
        return KeySigner.of(name, self._load(path))

    def first_signer(self, operator: str, key: Path | None, passphrase: str | None) -> Signer:
        """Give the operator of a new archive: the key file named, the key known under this name, or a new one.

        Raises InputError, FormatError, RefusedError, UnreachableError.
        """
        if key is not None:
            signer = self.signer_from_file(operator, key)
            self.remember(operator, signer.public_line, str(key.absolute()))
            return signer
        return self.signer(operator) if operator in self.operators() else self.make_operator(operator, passphrase)

    def remember(self, name: str, line: str, held: str) -> None:
        """Note where an operator's private key is (a path, or `agent`).

        Raises InputError, UnreachableError, and RefusedError for a name in use.
        """
        folder = self.check_free(name, line)
        if (folder / "key").is_file():
            return
        self.write(folder / "key.pub", (line + "\n").encode())
        self.write(folder / "held", (held + "\n").encode())

    def check_free(self, name: str, line: str) -> Path:
        """Give the folder of an operator's key.

        Raises InputError, RefusedError where another key bears the name in this home.
        """
        folder = self._operator(name)
        if (folder / "key.pub").is_file() and self._read(folder / "key.pub").decode(errors="replace").strip() != line:
            raise RefusedError(
                f"{visible(name)} has another key in this home", code="key", where=str(folder),
                hint="choose another name, or name another home with $SIJILL_HOME",
            )  # fmt: skip
        return folder

    def make_operator(self, name: str, passphrase: str | None) -> KeySigner:
        """Make an operator's key. Raises InputError, UnreachableError."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        signer = KeySigner.of(name, Ed25519PrivateKey.generate())
        folder = self._operator(name)
        self.write(folder / "key", written(signer.key, passphrase))
        self.write(folder / "key.pub", (signer.public_line + "\n").encode())
        return signer

    # --- age identities

    def age_recipient(self, operator: str, passphrase: str | None) -> str:
        """Give the age recipient of an operator, whose identity is made if there is none.

        Raises InputError, UnreachableError, RefusedError.
        """
        import pyrage

        path = self._operator(operator) / "age"
        if path.is_file():
            return str(pyrage.x25519.Identity.from_str(self.age_identity(operator)).to_public())
        identity = pyrage.x25519.Identity.generate()
        data = (str(identity) + "\n").encode()
        self.write(path, pyrage.passphrase.encrypt(data, passphrase) if passphrase else data)
        return str(identity.to_public())

    def age_identity(self, operator: str) -> str:
        """Give an operator's age identity, `AGE-SECRET-KEY-1…`. Raises InputError, RefusedError."""
        import pyrage

        path = self._operator(operator) / "age"
        if not path.is_file():
            raise RefusedError(
                f"this computer holds no age identity of {visible(operator)}", code="key", where=str(path),
                hint="a guardian's computer opens what is sealed",
            )  # fmt: skip
        data = self._read(path)
        if data.startswith(b"age-encryption.org/"):
            try:
                data = bytes(pyrage.passphrase.decrypt(data, self.passphrase(path)))
            except pyrage.DecryptError:
                raise wrong_passphrase(path) from None
        return data.decode().strip()

    # --- log keys

    def make_log_key(self, origin: str, passphrase: str | None) -> str:
        """Make the key that signs checkpoints of `origin`; gives its C2SP verifier key.

        Raises UnreachableError, RefusedError.
        """
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        folder = self.folder / "logs" / _hash(origin)
        if (folder / "key").exists() and self.pin(origin) is not None:
            raise RefusedError(
                f"this computer holds a log key of {visible(origin)} already: an archive of that name was made here",
                code="key", where=str(folder), hint="choose another --origin",
            )  # fmt: skip
        key = Ed25519PrivateKey.generate()
        vkey = note.vkey_of(origin, key)
        note.Verifier.parse(vkey)
        self.write(folder / "key", written(key, passphrase))
        self.write(folder / "vkey", (vkey + "\n").encode())
        return vkey

    def log_keys(self, origin: str) -> list[Ed25519PrivateKey]:
        """Give the private log keys of `origin`: the present one and, of a rotation cut short, the next.

        Raises FormatError, RefusedError where this computer holds none.
        """
        folder = self.folder / "logs" / _hash(origin)
        paths = [folder / name for name in ("key", "next") if (folder / name).is_file()]
        if not paths:
            raise RefusedError(
                f"this computer does not hold the log key of {visible(origin)}, so it cannot write here",
                code="key", where=str(folder / "key"),
                hint="write on the computer that made the archive; here you can read and check. The root replaces one"
                " that is lost: sijill key rotate-log --lost",
            )  # fmt: skip
        return [self._load(path) for path in paths]

    def make_next_log_key(self, origin: str, passphrase: str | None) -> Ed25519PrivateKey:
        """Make the log key that will follow; it lies beside the present one until `take_next_log_key`.

        Raises UnreachableError.
        """
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        key = Ed25519PrivateKey.generate()
        note.Verifier.parse(note.vkey_of(origin, key))
        self.write(self.folder / "logs" / _hash(origin) / "next", written(key, passphrase))
        return key

    def take_next_log_key(self, origin: str, vkey: str) -> None:
        """Let the next log key, by now named in the ledger, be the present one. Raises UnreachableError."""
        folder = self.folder / "logs" / _hash(origin)
        self.write(folder / "vkey", (vkey + "\n").encode())
        os.replace(folder / "next", folder / "key")

    # --- pins

    def pin(self, origin: str) -> Pin | None:
        """Give the largest head seen of `origin`, or None. Raises RefusedError for an unreadable pin."""
        path = self._pin(origin)
        try:
            value = json.loads(path.read_bytes())
            root = sshsig.base64_strict(value["root"])
            if value["origin"] != origin or type(value["size"]) is not int or len(root) != 32:
                raise ValueError
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, SijillError):
            raise RefusedError(
                "this computer's pin of the archive cannot be read", code="pin", where=str(path),
                hint="it is the proof against a cut-off log; look why it changed before moving it away",
            ) from None  # fmt: skip
        return Pin(value["size"], root)

    def set_pin(self, origin: str, size: int, root: bytes) -> None:
        """Keep a head as seen, unless a larger one was seen already. Raises UnreachableError, RefusedError."""
        known = self.pin(origin)
        if known is None or known.size < size:
            value = {"origin": origin, "root": base64.b64encode(root).decode(), "size": size}
            self.write(self._pin(origin), (json.dumps(value) + "\n").encode())

    # --- passphrases

    def new_passphrase(self, waived: bool) -> str | None:
        """Give the passphrase for new keys: None if waived, else `$SIJILL_PASSPHRASE` or asked twice.

        Raises RefusedError where nobody can be asked, InputError for two that differ or an empty one.
        """
        if waived:
            return None
        given = os.environ.get("SIJILL_PASSPHRASE")
        if not given:
            given = _ask("A passphrase for the new keys: ", self.folder)
            if _ask("The same again: ", self.folder) != given:
                raise InputError("the two passphrases differ", hint="nothing was made; run the command again")
        if not given:
            raise InputError("an empty passphrase protects nothing", hint="say --no-passphrase if that is meant")
        self._passphrase = given
        return given

    def passphrase(self, path: Path) -> str:
        """Give the passphrase of a key of this home, asked once a command. Raises RefusedError."""
        if self._passphrase is None:
            self._passphrase = os.environ.get("SIJILL_PASSPHRASE") or _ask(f"Passphrase of {path}: ", path)
        return self._passphrase

    # --- files

    def _operator(self, name: str) -> Path:
        if not _NAME.match(name):
            raise InputError(
                f"{visible(name)} cannot be an operator's name",
                hint="use letters, digits, blanks and . @ - _; it begins with a letter or digit",
            )
        return self.folder / "operators" / name

    def _pin(self, origin: str) -> Path:
        return self.folder / "pins" / f"{_hash(origin)}.json"

    def _read(self, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as error:
            raise RefusedError(f"a key cannot be read ({error.strerror})", code="key", where=str(path)) from error

    def write(self, path: Path, data: bytes) -> None:
        """Write a file for this user alone, whole or not at all. Raises UnreachableError."""
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(temporary, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
            for folder in (path.parent, path.parent.parent):  # or a new name may be gone after a power cut
                durable.sync_folder(str(folder))
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise UnreachableError(
                f"the home of keys cannot be written ({error.strerror})", where=str(path),
                hint="name another folder with $SIJILL_HOME",
            ) from error  # fmt: skip

    def _load(self, path: Path) -> Ed25519PrivateKey:
        return opened(self._read(path), path, lambda: self.passphrase(path))


def acting(names: Sequence[str] | None, home: Home) -> list[Signer]:
    """Give who signs: the names said, else `$SIJILL_OPERATOR` (with commas), else the only operator of the home.

    Raises RefusedError, naming where it looked.
    """
    wanted = list(names or ()) or [n.strip() for n in os.environ.get("SIJILL_OPERATOR", "").split(",") if n.strip()]
    if not wanted:
        known = home.operators()
        wanted = [name for name in known if not home.in_agent(name)] or known
        if len(wanted) != 1:
            found = ", ".join(map(visible, wanted))
            raise RefusedError(
                f"several operators are known here: {found}" if wanted else "no operator's key is here",
                code="key",
                where=str(home.folder / "operators"),
                hint="name who acts with --as NAME or $SIJILL_OPERATOR; $SIJILL_HOME is the folder with the keys",
            )
    return [home.signer(name) for name in dict.fromkeys(wanted)]


def _hash(origin: str) -> str:
    return hashlib.sha256(origin.encode()).hexdigest()[:16]


def _ask(question: str, where: Path) -> str:
    if not sys.stdin.isatty():
        raise RefusedError(
            "a passphrase is needed and nobody can be asked for it", code="key", where=str(where),
            hint="run it on a terminal, set $SIJILL_PASSPHRASE, or say --no-passphrase for new keys",
        )  # fmt: skip
    import getpass

    return getpass.getpass(question)
