"""A time-stamp authority for the tests: a real one, made with openssl, under a root of its own."""

import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from tests.judges import judge

CONFIGURATION = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
other_policies = 1.3.6.1.4.1.99999.2
digests = sha256
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class Authority:
    """A root, a signing certificate under it, and answers to requests; with `chain`, answers carry the root too."""

    def __init__(
        self, folder: Path, *, days: int = 3000, purpose: str = "critical,timeStamping", chain: bool = False
    ) -> None:
        folder.mkdir(parents=True)
        self.folder, self.roots = folder, folder / "root.pem"
        more = f"certs = {folder}/root.pem\n" if chain else ""
        (folder / "tsa.cnf").write_text(CONFIGURATION.format(folder=folder) + more)
        (folder / "serial").write_text("01")
        (folder / "ext").write_text(
            f"extendedKeyUsage={purpose}\nkeyUsage=critical,digitalSignature\nbasicConstraints=CA:FALSE\n"
        )
        self._run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key", "-out", "root.pem",
                  "-days", "3650", "-subj", "/CN=Exercise root", "-addext", "basicConstraints=critical,CA:TRUE")  # fmt: skip
        self._run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr",
                  "-subj", "/CN=Exercise authority")  # fmt: skip
        self._run("x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial",
                  "-days", str(days), "-extfile", "ext", "-out", "tsa.pem")  # fmt: skip

    def answer(self, asked: Path, out: Path, *more: str) -> Path:
        """Answer a request as the authority does."""
        self._run("ts", "-reply", "-config", "tsa.cnf", "-queryfile", str(asked.absolute()),
                  "-out", str(out.absolute()), *more)  # fmt: skip
        return out

    def certify(self, first: int, last: int) -> None:
        """Give the signing key another certificate, good from day `first` to day `last` from today."""
        old = x509.load_pem_x509_certificate((self.folder / "tsa.pem").read_bytes())
        (self.folder / "tsa.pem").write_bytes(self._signed(old.subject, old.public_key(), first, last, old.extensions))

    def other_root(self, number: int) -> bytes:
        """Give the certificate (PEM) of another authority."""
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"Exercise authority {number}")])
        return self._signed(name, Ed25519PrivateKey.generate().public_key(), -1, 900, ())

    def _signed(self, subject: x509.Name, key: Any, first: int, last: int, extensions: Iterable[Any]) -> bytes:
        root = x509.load_pem_x509_certificate(self.roots.read_bytes())
        now = datetime.now(UTC)
        made = x509.CertificateBuilder(root.subject, subject, key, x509.random_serial_number())
        made = made.not_valid_before(now + timedelta(days=first)).not_valid_after(now + timedelta(days=last))
        for one in extensions:
            made = made.add_extension(one.value, critical=one.critical)
        private = load_pem_private_key((self.folder / "root.key").read_bytes(), None)
        return made.sign(private, SHA256()).public_bytes(Encoding.PEM)

    def _run(self, *arguments: str) -> None:
        subprocess.run([judge("openssl"), *arguments], cwd=self.folder, check=True, capture_output=True)


def seconds(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
