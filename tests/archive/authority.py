"""A time-stamp authority for the tests: a real one, made with openssl, under a root of its own."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

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
digests = sha256
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class Authority:
    """A root, a signing certificate under it, and answers to requests."""

    def __init__(self, folder: Path, *, days: int = 3000, purpose: str = "critical,timeStamping") -> None:
        folder.mkdir(parents=True)
        self.folder, self.roots = folder, folder / "root.pem"
        (folder / "tsa.cnf").write_text(CONFIGURATION.format(folder=folder))
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

    def _run(self, *arguments: str) -> None:
        subprocess.run([judge("openssl"), *arguments], cwd=self.folder, check=True, capture_output=True)


def seconds(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
