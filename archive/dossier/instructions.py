"""VERIFY.txt: how a stranger checks the dossier with what every computer has.

Plain ASCII, one command a line, so that each can be pasted into a Terminal,
bash or PowerShell as it stands.
"""

from __future__ import annotations

from archive.handed_over import Dossier

EXERCISE = "\nTHIS IS AN EXERCISE: an invented case. No person, place or event in it is real.\n"
MACOS = "; ".join(
    f"shasum -a 256 -c {name} | grep -v ': OK$'" for name in ("tagmanifest-sha256.txt", "manifest-sha256.txt")
)
POWERSHELL = (
    "foreach ($m in 'tagmanifest-sha256.txt','manifest-sha256.txt') { Get-Content $m | ForEach-Object {"
    " $h,$f = $_ -split '  ',2; if ((Get-FileHash -Algorithm SHA256 $f).Hash -ne $h) { \"CHANGED $f\" } } }"
)


def namespace(origin: str) -> str:
    """Give the purpose that the tag manifest is signed for: `sijill-dossier@` and the host part of the origin."""
    return "sijill-dossier@" + origin.split("/", maxsplit=1)[0]


def verify_txt(dossier: Dossier, signer: str) -> str:
    """Give VERIFY.txt; `signer` is the fingerprint of the key that signs the tag manifest."""
    proof = dossier.proof
    signed = (
        f"ssh-keygen -Y verify -f data/proof/allowed_signers -I {signer} -n {namespace(proof.origin)}"
        " -s tagmanifest-sha256.txt.sig < tagmanifest-sha256.txt"
    )
    exercise = EXERCISE if dossier.exercise else ""
    return f"""How to verify the dossier {dossier.id}
{"=" * (32 + len(dossier.id))}
{exercise}
Open a terminal IN THIS FOLDER and run one of these. None needs a network;
none changes anything.

1. Everything at once (needs Python 3.9 or later)

   Linux, macOS:   python3 -I verify.py
   Windows:        py -I verify.py

   It ends with "Everything that was checked holds." and exit status 0.
   1 means that something was changed, 3 that it could not look.

2. The files alone, with tools that come with the system

   Linux:

sha256sum --quiet --strict -c tagmanifest-sha256.txt && sha256sum --quiet --strict -c manifest-sha256.txt && echo same

   macOS:

{MACOS}; echo done

   Windows PowerShell:

{POWERSHELL}

   One file on Windows without PowerShell:  certutil -hashfile FILE SHA256

   BLAKE3, where b3sum is installed:

b3sum --quiet --check manifest-blake3.txt && echo same

   As a BagIt folder (pip install bagit):

bagit.py --validate .

3. The signature over all of it (OpenSSH 8.1 or later)

   Linux, macOS, Windows cmd:

{signed}

   Windows PowerShell:

cmd /c "{signed}"

   It must say: Good "{namespace(proof.origin)}" signature for {signer}

4. What no file can tell you

   Compare these with the people of the archive, by telephone or from a court
   file, NOT from this dossier:

   signing key          {signer}
   leaf hash, entry 0   {proof.genesis.hex()}
   key of the log       {proof.log_vkey}

   With them:

python3 -I verify.py --log-vkey "{proof.log_vkey}" --genesis {proof.genesis.hex()}

   There is no outside time-stamp in this dossier: when its entries were made
   rests on the archive's own clock.
"""
