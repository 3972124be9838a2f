"""How evidence is kept: ledger, keys, objects, database, and the commands that use them."""
