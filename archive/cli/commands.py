"""The table of commands: where each lies, and its one line in the root help.

The lines stand here so that the root help loads no command; a test holds them
equal to what each command says of itself.
"""

from __future__ import annotations

# name -> (module, the first sentence of its help)
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("demo", "Build an invented case in a folder and run it through everything."),
    "init": ("init", "Make a new archive with its first operator."),
    "new": ("new", "Look through a folder of files and write a case.xlsx ready to be filled in."),
    "read": ("read", "Show digests and facts of files; registers nothing."),
    "intake": ("intake", "Take folders of evidence in, each whole or not at all."),
    "case": ("case", "List the cases, show one, amend what it claims, or merge two that were one attack."),
    "item": ("item", "Show one item with its reading, links and custody; add or withdraw one."),
    "link": ("link", "Add or withdraw a link from an item to what the case claims."),
    "relation": ("relation", "Add or withdraw a relation between items."),
    "contradiction": ("contradiction", "Resolve a contradiction in writing."),
    "check": ("check", "Weigh cases against a corroboration standard, with reasons."),
    "waive": ("waive", "Set a rule aside for one case, by two persons, with a reason and an end."),
    "alike": ("alike", "Suggest which pictures and texts may be one, where nobody has said so yet."),
    "match": ("match", "Find flights that were near a case's place at its time."),
    "timeline": ("timeline", "Show every clock of a case on one axis: claim, statements, images, flights, radio."),
    "verify": ("verify", "Read the stored evidence again and compare it with what was taken in."),
    "audit": ("audit", "Check every entry, signature, record and object; change nothing."),
    "archive": ("archive", "Write the whole archive as one bag of plain files."),
    "objects": ("objects", "List the objects that nobody names, and remove them."),
    "exhibit": ("exhibit", "Enter a court's own exhibit numbers beside ours."),
    "redact": ("redact", "Cover parts of an item for an audience, or take a copy in which they are covered."),
    "custody": ("custody", "Show who held an item, from its capture to today."),
    "checkpoint": ("checkpoint", "Show the newest signed checkpoint of the ledger."),
    "prove": ("prove", "Give the proof that an item's newest record stands in the ledger."),
    "compare": ("compare", "Tell whether two kept checkpoints are one history of this archive."),
    "publish": ("publish", "Write the ledger as static files that anyone can mirror and check."),
    "dossier": ("dossier", "Write a case as a dossier for an audience, or verify one."),
    "cosign": ("cosign", "Ask witnesses to cosign the newest checkpoint, and keep what they sign."),
    "consent": ("consent", "Record an answer on who may see an item, or withdraw it."),
    "seal": ("seal", "Seal an identity so that only the archive's guardians can open it."),
    "unseal": ("unseal", "Open a sealed identity; the ledger says who did so, when and why."),
    "erase": ("erase", "Erase what the archive knows of a record, by order of a guardian and the root."),
    "source": ("source", "Show one person or body over all cases."),
    "anchor": ("anchor", "Ask an outside authority for a time-stamp over the ledger, and keep its answer."),
    "copy": ("copy", "Copy the whole archive to another place, and check the copy."),
    "restore": ("restore", "Let a copy take the place of an archive that is lost."),
    "health": ("health", "Show on one page what was last verified, anchored and copied, and what waits."),
    "operator": ("operator", "Add, list and revoke operators, and give them roles."),
    "key": ("key", "Replace the log's key; keep the home of keys, and bring it back."),
    "policy": ("policy", "Set what the root decides for the archive."),
    "standard": ("standard", "List, show or check corroboration standards."),
}
