"""The root help as Typer writes it, kept as text so that it is shown at once; a test holds the two equal."""

ROOT_HELP = """\
Usage: sijill [OPTIONS] COMMAND ...

  Sijill keeps evidence as it came, weighs each case, and lets a stranger check
  all of it.

Options:
  --json                One JSON document on stdout; before or after the
                        command.
  --archive DIR         The archive; else $SIJILL_ARCHIVE, else the nearest
                        folder upward.
  --as NAME             Who acts; again for a second signature. Else
                        $SIJILL_OPERATOR.
  --version             Show the version.
  --install-completion  Install completion for the current shell.
  --show-completion     Show completion for the current shell, to copy it or
                        customize the installation.
  -h, --help            Show this message and exit.

Commands:
  demo           Build an invented case in a folder and run it through
                 everything.
  init           Make a new archive with its first operator.
  new            Look through a folder of files and write a case.xlsx ready to
                 be filled in.
  read           Show digests and facts of files; registers nothing.
  intake         Take folders of evidence in, each whole or not at all.
  case           List the cases, show one, amend what it claims, or merge two
                 that were one attack.
  item           Show one item with its reading, links and custody; add or
                 withdraw one.
  link           Add or withdraw a link from an item to what the case claims.
  relation       Add or withdraw a relation between items.
  contradiction  Resolve a contradiction in writing.
  check          Weigh cases against a corroboration standard, with reasons.
  waive          Set a rule aside for one case, by two persons, with a reason
                 and an end.
  alike          Suggest which pictures and texts may be one, where nobody has
                 said so yet.
  match          Find flights that were near a case's place at its time.
  timeline       Show every clock of a case on one axis: claim, statements,
                 images, flights, radio.
  verify         Read the stored evidence again and compare it with what was
                 taken in.
  audit          Check every entry, signature, record and object; change
                 nothing.
  archive        Write the whole archive as one bag of plain files.
  objects        List the objects that nobody names, and remove them.
  exhibit        Enter a court's own exhibit numbers beside ours.
  redact         Cover parts of an item for an audience, or take a copy in which
                 they are covered.
  custody        Show who held an item, from its capture to today.
  checkpoint     Show the newest signed checkpoint of the ledger.
  prove          Give the proof that an item's newest record stands in the
                 ledger.
  compare        Tell whether two kept checkpoints are one history of this
                 archive.
  publish        Write the ledger as static files that anyone can mirror and
                 check.
  dossier        Write a case as a dossier for an audience, or verify one.
  cosign         Ask witnesses to cosign the newest checkpoint, and keep what
                 they sign.
  consent        Record an answer on who may see an item, or withdraw it.
  seal           Seal an identity so that only the archive's guardians can open
                 it.
  unseal         Open a sealed identity; the ledger says who did so, when and
                 why.
  erase          Erase what the archive knows of a record, by order of a
                 guardian and the root.
  source         Show one person or body over all cases.
  anchor         Ask an outside authority for a time-stamp over the ledger, and
                 keep its answer.
  copy           Copy the whole archive to another place, and check the copy.
  restore        Let a copy take the place of an archive that is lost.
  health         Show on one page what was last verified, anchored and copied,
                 and what waits.
  operator       Add, list and revoke operators, and give them roles.
  key            Replace the log's key; keep the home of keys, and bring it
                 back.
  policy         Set what the root decides for the archive.
  standard       List, show or check corroboration standards.

  Exit status of every command:
    0  done; all holds
    1  a finding: a case does not meet the standard, or something is damaged,
       missing or unproved
    2  the input or the call is wrong; nothing was recorded
    3  could not look at all of it
    4  refused: the role, the consent or the key does not allow it

  Example:
    sijill demo ./demo
"""
