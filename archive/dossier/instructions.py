"""VERIFY.txt: how a stranger checks the dossier with what every computer has.

Plain ASCII, one command a line, so that each can be pasted into a Terminal,
bash or PowerShell as it stands.
"""

from __future__ import annotations

from importlib import resources

from archive.handed_over import Dossier

MACOS = "; ".join(
    f"shasum -a 256 -c {name} | grep -v ': OK$'" for name in ("tagmanifest-sha256.txt", "manifest-sha256.txt")
)
POWERSHELL = (  # 5.1 as well as 7: no `&&`; a file that is not there has no hash, so it is CHANGED too
    "$n = 0; foreach ($m in 'tagmanifest-sha256.txt','manifest-sha256.txt') { Get-Content $m | ForEach-Object { $n++;"
    " $h,$f = $_ -split '  ',2; if ((Get-FileHash -Algorithm SHA256 $f).Hash -ne $h) { \"CHANGED $f\" } } };"
    ' "$n files looked at"'
)


def namespace(origin: str) -> str:
    """Give the purpose that the tag manifest is signed for: `sijill-dossier@` and the host part of the origin."""
    return "sijill-dossier@" + origin.split("/", maxsplit=1)[0]


def verify_txt(dossier: Dossier, signer: str) -> str:
    """Give VERIFY.txt; `signer` is the fingerprint of the key that signs the tag manifest."""
    from jinja2 import Environment

    purpose = namespace(dossier.proof.origin)
    signed = (
        f"ssh-keygen -Y verify -f data/proof/allowed_signers -I {signer} -n {purpose}"
        " -s tagmanifest-sha256.txt.sig < tagmanifest-sha256.txt"
    )
    text = (resources.files("archive.dossier") / "VERIFY.txt.j2").read_text("utf-8")
    template = Environment(trim_blocks=True, keep_trailing_newline=True, autoescape=False).from_string(text)  # noqa: S701
    return template.render(
        d=dossier, signer=signer, namespace=purpose, signed=signed, macos=MACOS, powershell=POWERSHELL
    )
