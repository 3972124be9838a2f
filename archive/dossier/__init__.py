"""The dossier: what leaves an archive, in formats that a stranger can read and check.

Every writer here takes a `Dossier` that `archive.release` made, and nothing
wider; none asks the archive for more.
"""
