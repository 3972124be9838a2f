"""Attacks with stolen keys: an operator's (a registrar's, unless one says more), and where it says so the log's too.

The entries are written as the real writer would write them, signed and with a
checkpoint, and break one rule each.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path

from archive import ledger, sshsig
from archive.founding import KEY_NAMESPACE, possession_text
from archive.keys import Home
from archive.registry import LOGKEY_NAMESPACE, rotation_text
from archive.signer import KeySigner
from tests.casebook import OPERATOR, ORIGIN
from tests.judges import judge
from tests.tamper import honest as making
from tests.tamper.attacker import KEPT, PIN, Attacker, attack

CASE = {"t": "record.add", "body": {"kind": "case"}}
FIELDS = {"code": "EX-9999", "title.en": "An invented case more"}


def _new(**more: object) -> dict[str, object]:
    return {**CASE, "sub": ledger.subject(), **more}


def _known(a: Attacker, name: str) -> str:
    """Give the fingerprint of an operator."""
    return a.home.signer(name).fingerprint


def _stranger(a: Attacker) -> KeySigner:
    """Give a new key that no archive knows."""
    path = a.folder.parent / "strangers-key"
    subprocess.run([judge("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)], check=True)
    return a.home.signer_from_file("stranger", path)


@attack("checkpoint-missing", "a commit without its checkpoint", "has no checkpoint")
def record_added_without_the_log_key(a: Attacker) -> None:
    """With the operator's key alone, add a case: nobody can make the log say so."""
    a.append([_new()], a.thief(), log=False, fields=[FIELDS])


@attack("checkpoint-wrong", "it is for another origin or another size", "it is not for the entries that are here")
def record_added_under_an_old_checkpoint(a: Attacker) -> None:
    """With the operator's key alone, add a case and copy the newest checkpoint to its size."""
    size = a.size
    a.append([_new()], a.thief(), log=False, fields=[FIELDS])
    a.sql(f"INSERT INTO checkpoint SELECT {a.size}, note FROM checkpoint WHERE size = {size}")


@attack("role", "role.grant needs the role root", "role.grant is signed by nobody who may write it")
def registrar_makes_himself_root(a: Attacker) -> None:
    """Grant the stolen key the role of root."""
    a.append([{"t": "role.grant", "body": {"fingerprint": _known(a, making.THIEF), "role": "root"}}], a.thief())


@attack("role", "custody.transfer needs the role custodian", "custody.transfer is signed by nobody who may write it")
def registrar_gives_custody(a: Attacker) -> None:
    """Let an item change hands, which takes a custodian."""
    sub, last = a.rows("SELECT sub, last FROM record WHERE id = 'V1'")[0]
    a.append([{"t": "custody.transfer", "sub": sub, "prev": last}], a.thief(), fields=[{"to": "nobody"}])


@attack("role", "consent.set needs the role guardian", "consent.set is signed by nobody who may write it")
def registrar_answers_for_a_witness(a: Attacker) -> None:
    """Answer yes for a witness who said no."""
    sub, last = a.rows("SELECT sub, last FROM record WHERE id = 'W1'")[0]
    said = {"audience": "public", "answer": "yes", "reason": "none"}
    a.append([{"t": "consent.set", "sub": sub, "prev": last}], a.thief(), fields=[said])


@attack("role", "custody.check needs the role custodian", "custody.check is signed by nobody who may write it")
def revoked_role_used(a: Attacker) -> None:
    """Use a role that was taken away: lena was custodian once."""
    lena = a.home.signer("lena")
    assert isinstance(lena, KeySigner)
    a.append([{"t": "custody.check"}], lena, fields=[{"objects": 0, "failed": [], "quick": False, "scope": []}])


@attack("role", "is no active key of this archive", "a signer is no active key of this archive")
def key_of_nobody_used(a: Attacker) -> None:
    """Sign an act with a key that was never added."""
    a.append([_new()], _stranger(a), fields=[FIELDS])


@attack("role", "one key signs twice", "one key signs twice")
def one_key_signs_twice(a: Attacker) -> None:
    """Let one key sign a commit twice, to count for two."""
    a.append([_new()], a.thief(), a.thief(), fields=[FIELDS])


@attack("entry-by", "names a key that did not sign its commit", "names a key that did not sign")
def entry_in_anothers_name(a: Attacker) -> None:
    """Write an entry in the name of another operator."""
    a.append([_new(by=_known(a, "lena"))], a.thief(), fields=[FIELDS])


@attack("entry-by", "names a key that did not sign its commit", "names a key that did not sign")
def one_entry_of_many_in_anothers_name(a: Attacker) -> None:
    """Hide an entry in another's name behind one of the same type in one's own."""
    entries = [_new(), _new(by=_known(a, "lena"))]
    a.append(entries, a.thief(), fields=[FIELDS, {**FIELDS, "code": "EX-9998"}])


@attack("entry-time", "its commit 20", "bears another time than")
def entry_dated_before_its_commit(a: Attacker) -> None:
    """Date one entry of an act years back, and the commit not."""
    a.append([_new(), _new(at="2019-02-04T08:00:00Z")], a.thief(), fields=[FIELDS, {**FIELDS, "code": "EX-9998"}])


@attack("clock-back", "lies before", "holds", status=0, stranger_status=0)
def act_dated_back(a: Attacker) -> None:
    """Date a whole act years back: a time is a claim, and the order of acts speaks against it."""
    at = "2019-02-04T08:00:00Z"
    a.append([_new(at=at)], a.thief(), fields=[FIELDS])


@attack("commit-signature", "made for another purpose", "made for another purpose")
def signature_for_another_purpose(a: Attacker) -> None:
    """Use a signature made for a dossier under a commit."""
    a.append([_new()], a.thief(), fields=[FIELDS], namespace="sijill-dossier@sijill.example")


@attack("commit-signature", "the signature does not hold", "does not fit its key and its text")
def commit_of_another_archive(a: Attacker) -> None:
    """Replay an act that was signed for an archive of another origin."""
    a.append([_new()], a.thief(), fields=[FIELDS], origin="sijill.example/another1")


@attack("commit-unsigned", "no signature on it holds", "carries no signature that holds")
def signature_that_is_none(a: Attacker) -> None:
    """Put words where a signature should be."""
    first = a.append([_new()], a.thief(), fields=[FIELDS])
    value = a.entry(first + 1)
    value["body"]["sigs"] = [{"by": _known(a, making.THIEF), "sig": "signed, honestly"}]
    a.change(first + 1, value)


@attack("commit-range", "it does not sign exactly", "does not sign exactly the entries before it")
def act_of_another_archive_spliced_in(a: Attacker) -> None:
    """Append the second act of an older copy at the end, entries, commit and all."""
    for index in range(a.first("commit") + 1, a.first("commit", a.first("commit")) + 1):
        a.sql(f"INSERT INTO ledger SELECT max(idx) + 1, (SELECT leaf FROM ledger WHERE idx = {index}) FROM ledger")


@attack("genesis-again", "a second genesis", "the genesis must be entry 0 and no other")
def second_genesis(a: Attacker) -> None:
    """Begin the archive anew inside itself, with other root keys."""
    body = a.entry(0)["body"]
    body["root_keys"] = [_known(a, making.THIEF)]
    a.append([{"t": "genesis", "body": body}], a.thief())


# subjects and records


@attack("chain", "as the one before it", "does not follow the one before it on its subject")
def history_forked(a: Attacker) -> None:
    """Give a record a second history beside its last entries."""
    sub, first = a.rows("SELECT sub, first FROM record WHERE kind = 'case' ORDER BY first LIMIT 1")[0]
    edit = {"t": "record.edit", "body": {"kind": "case"}, "sub": sub, "prev": first}
    a.append([edit], a.thief(), fields=[{**FIELDS, "reason": "none"}])


@attack("chain", "as the one before it", "does not follow the one before it on its subject")
def history_begun_anew(a: Attacker) -> None:
    """Make a record a second time, as if nothing had been said of it."""
    sub = a.rows("SELECT sub FROM record WHERE kind = 'case' ORDER BY first LIMIT 1")[0][0]
    a.append([{**CASE, "sub": sub}], a.thief(), fields=[FIELDS])


@attack("record-malformed", "a record has no subject", "a record is made of no subject")
def record_about_nothing(a: Attacker) -> None:
    """Withdraw a record without saying which."""
    a.append([{"t": "record.withdraw", "body": {"kind": "item"}}], a.thief(), fields=[{"reason": "none"}])


@attack("chain", "it changes a record (item) that was never made", "does not follow the one before it on its subject")
def record_changed_that_was_never_made(a: Attacker) -> None:
    """Change a record that nobody made."""
    edit = {"t": "record.edit", "body": {"kind": "item"}, "sub": ledger.subject()}
    a.append([edit], a.thief(), fields=[{**FIELDS, "reason": "none"}])


@attack("chain", "it changes a record (item) that was never made", "does not follow the one before it on its subject")
def case_changed_as_an_item(a: Attacker) -> None:
    """Change a case as if it were an item."""
    sub, last = a.rows("SELECT sub, last FROM record WHERE kind = 'case' ORDER BY first LIMIT 1")[0]
    edit = {"t": "record.edit", "body": {"kind": "item"}, "sub": sub, "prev": last}
    a.append([edit], a.thief(), fields=[{**FIELDS, "reason": "none"}])


@attack("name-twice", "2 records bear its name", "2 records bear one name")
def item_registered_twice(a: Attacker) -> None:
    """Register a second item under the name of the first."""
    said = {"case": making.casebook.CODE, "id": "V1", "kind": "statement"}
    a.append([_new(body={"kind": "item"})], a.thief(), fields=[said])


@attack("merge-half", "1 merges that the other case does not state", "1 merges of cases that only one of the two states")
def merge_that_one_case_alone_states(a: Attacker) -> None:
    """Say of a case that it was merged into another, so that people look for it there, and leave the other as it is."""
    said = {**FIELDS, "merged_into": making.casebook.CODE, "merged_reason": "one attack"}
    a.append([_new()], a.thief(), fields=[said])


@attack("role", "a registrar may make the first seal, not another", "a registrar may make the first seal, not another")
def identity_sealed_again_by_a_registrar(a: Attacker) -> None:
    """Put another sealed identity over the first, which a guardian alone may."""
    (sub,) = a.rows("SELECT sub FROM act WHERE t = 'seal.put'")[0]
    (last,) = a.rows(f"SELECT last FROM record WHERE sub = '{sub}'")[0]
    blake3, sha256, size = a.rows("SELECT blake3, sha256, size FROM object LIMIT 1")[0]
    said = {"blake3": blake3, "sha256": sha256, "size": size, "recipients": ["nobody"]}
    a.append([{"t": "seal.put", "sub": sub, "prev": last}], a.thief(), fields=[said])


@attack("record-malformed", "`blake3` is not what such a field holds", "they name an object as none is named")
def object_named_by_a_path(a: Attacker) -> None:
    """Name as an object a file outside the archive, to have it read or erased."""
    said = {"blake3": "../../../../etc/passwd", "sha256": "0" * 64, "size": 1, "name": "x"}
    a.append([{"t": "blob.add", "body": {"role": "manifest"}}], a.thief(), fields=[said])


@attack("record-malformed", "`code` is not what such a field holds", "`code` is not what such a field holds")
def record_named_by_a_list(a: Attacker) -> None:
    """Name a case by a list, which no table can hold."""
    a.append([_new()], a.thief(), fields=[{"code": ["EX", 9999]}])


@attack("disclosure-missing", "are gone, by no order", "are gone, by no order")
def forged_order_to_erase(a: Attacker) -> None:
    """Erase what a witness said, and write the order for it with a key that may not."""
    index = a.first("record.link")
    digests = a.entry(index)["_sd"]
    a.sql(f"DELETE FROM private WHERE idx = {index}")
    a.append([{"t": "erase", "body": {"digests": digests}, "sub": ledger.subject()}], a.thief())


@attack("erase-unfinished", "are still here", "was not carried out")
def order_to_erase_not_carried_out(a: Attacker) -> None:
    """With the keys of a guardian and of the root, order to erase and keep what was to go."""
    lena = a.home.signer("lena")
    assert isinstance(lena, KeySigner)
    digests = a.entry(a.first("record.link"))["_sd"]
    entry = {"t": "erase", "body": {"digests": digests}, "sub": ledger.subject()}
    a.append([entry], a.chief(), lena, fields=[{"reason": "by order"}])


@attack("role", "erase needs a guardian and a root key of two persons", "of two persons")
def erased_by_one_person(a: Attacker) -> None:
    """With the key of one who is guardian and root, erase alone."""
    index = a.first("record.link")
    digests = a.entry(index)["_sd"]
    a.sql(f"DELETE FROM private WHERE idx = {index}")
    a.append([{"t": "erase", "body": {"digests": digests}, "sub": ledger.subject()}], a.chief())


@attack("record-malformed", "`id` is not what such a field holds", "`id` is not what such a field holds")
def order_to_erase_that_names_a_list(a: Attacker) -> None:
    """Order to erase what is named by a list, which no table can hold."""
    lena = a.home.signer("lena")
    assert isinstance(lena, KeySigner)
    sub, last = a.rows("SELECT sub, last FROM record WHERE id = 'V1'")[0]
    entry = {"t": "erase", "body": {"digests": []}, "sub": sub, "prev": last}
    a.append([entry], a.chief(), lena, fields=[{"reason": "by order", "id": ["V1"]}])


def _item(a: Attacker) -> dict[str, object]:
    """Give subject and last entry of an item, as an act about it names them."""
    sub, last = a.rows("SELECT sub, last FROM record WHERE id = 'V1'")[0]
    return {"sub": sub, "prev": last}


@attack("entry-malformed", "`at` is malformed", "has a malformed member")
def act_at_a_time_that_never_was(a: Attacker) -> None:
    """Date an act on a day that no calendar has, which nothing could hold against a time-stamp."""
    a.append([_new(at="2026-13-45T25:61:61Z")], a.thief(), fields=[FIELDS])


@attack("record-malformed", "discloses what no such entry does", "it discloses what no such entry does")
def record_with_a_field_of_nobodys(a: Attacker) -> None:
    """Enter a record with a field that no record has."""
    a.append([_new()], a.thief(), fields=[{**FIELDS, "verdict": "guilty"}])


@attack("record-malformed", "it does not say its rule", "it does not say its rule")
def waiver_that_names_no_rule(a: Attacker) -> None:
    """Waive nothing in particular, with two persons' keys."""
    said = {"standard": "corroboration-v1", "reason": "none", "until": "2030-01-01", "ordered_by": ["nobody"]}
    a.append([{"t": "waiver.set", **_item(a)}], a.thief(), a.chief(), fields=[said])


@attack("chain", "it accepts what was not handed over", "accepts what no other person handed over before")
def item_accepted_that_nobody_gave(a: Attacker) -> None:
    """With a custodian's key, accept an item that was never handed over."""
    a.append([{"t": "custody.accept", **_item(a)}], a.chief())


@attack("role", "is accepted by the same person", "accepts what no other person handed over before")
def item_handed_to_oneself(a: Attacker) -> None:
    """With a custodian's key, hand an item over and accept it oneself."""
    said = {"to": OPERATOR, "purpose": "safe keeping"}
    first = a.append([{"t": "custody.transfer", **_item(a)}], a.chief(), fields=[said])
    a.append([{"t": "custody.accept", **_item(a), "prev": first}], a.chief())


def _lena(a: Attacker) -> KeySigner:
    lena = a.home.signer("lena")
    assert isinstance(lena, KeySigner)
    return lena


@attack("role", "it accepts what was handed over to another", "accepts what was handed over to another")
def item_accepted_in_the_place_of_another(a: Attacker) -> None:
    """With two custodians' keys, accept what was handed over to a third."""
    first = a.append([{"t": "custody.transfer", **_item(a)}], a.chief(), fields=[{"to": making.THIEF, "purpose": "scan"}])
    a.append([{"t": "custody.accept", **_item(a), "prev": first}], _lena(a))


@attack("role", "it accepts what was handed to somebody outside", "accepts what was handed over to another")
def item_accepted_that_went_outside(a: Attacker) -> None:
    """Accept inside what a court's registry was said to have taken."""
    said = {"to": "lena", "purpose": "court", "outside": True}
    first = a.append([{"t": "custody.transfer", **_item(a)}], a.chief(), fields=[said])
    a.append([{"t": "custody.accept", **_item(a), "prev": first}], _lena(a))


@attack("role", "it hands over to somebody who is no operator", "hands over to somebody who is no operator")
def item_handed_to_nobody(a: Attacker) -> None:
    """Hand an item over to a name that no operator bears."""
    a.append([{"t": "custody.transfer", **_item(a)}], a.chief(), fields=[{"to": "nobody", "purpose": "scan"}])


@attack("chain", "it is about no item that was ever recorded", "is about no item that was ever recorded")
def consent_for_nothing(a: Attacker) -> None:
    """With a guardian's key, record consent for an item that nobody ever registered."""
    said = {"audience": "public", "answer": "yes", "reason": "asked"}
    a.append([{"t": "consent.set", "sub": ledger.subject()}], a.chief(), fields=[said])


@attack("chain", "it is about no source that was ever recorded", "is about no source that was ever recorded")
def identity_sealed_for_a_case(a: Attacker) -> None:
    """Seal an identity as that of a case, which has none."""
    sub, last = a.rows("SELECT sub, last FROM record WHERE kind = 'case'")[0]
    a.append([{"t": "seal.open", "sub": sub, "prev": last}], a.chief(), fields=[{"purpose": "none"}])


@attack("chain", "it is about no item", "is about nothing")
def consent_about_no_subject(a: Attacker) -> None:
    """With a guardian's key, record consent without a word of what it is for."""
    a.append([{"t": "consent.set"}], a.chief(), fields=[{"audience": "public", "answer": "yes", "reason": "asked"}])


@attack("record-malformed", "`answer` is no word of its vocabulary", "`answer` is no word of its vocabulary")
def consent_in_words_of_ones_own(a: Attacker) -> None:
    """With a guardian's key, record an answer that no reader knows."""
    said = {"audience": "public", "answer": "yes_of_course", "reason": "asked"}
    a.append([{"t": "consent.set", **_item(a)}], a.chief(), fields=[said])


# keys: the first operator's key is stolen, who is root


def _key(a: Attacker, line: str, proof: str) -> dict[str, object]:
    return {"t": "key.add", "sub": ledger.subject(), "body": {"key": line, "person": ledger.subject(), "proof": proof}}


@attack("key-proof", "the proof of possession does not hold", "its proof of possession does not hold")
def proof_of_possession_copied(a: Attacker) -> None:
    """Add a stranger's key, with the proof that another operator gave."""
    proof = a.entry(a.first("key.add"))["body"]["proof"]
    a.append([_key(a, _stranger(a).public_line, proof)], a.chief(), fields=[{"name": OPERATOR}])


@attack("key-proof", "does not hold", "its proof of possession does not hold")
def key_added_without_a_name_to_prove(a: Attacker) -> None:
    """Add a key that one does not hold: with no name in its entry, what its proof should say is not known."""
    a.append([_key(a, _stranger(a).public_line, "none")], a.chief())


@attack("disputed", "is not believed from", "is disputed")
def dispute_taken_back(a: Attacker) -> None:
    """Revoke a key as bad from early on, and revoke it once more without a word of that."""
    revoked = {"t": "key.revoke", "body": {"fingerprint": _known(a, making.THIEF), "bad_from": 40}}
    a.append([{**revoked, "sub": ledger.subject()}], a.chief(), fields=[{"reason": "stolen"}])
    later = {**revoked, "body": {"fingerprint": _known(a, making.THIEF)}, "sub": ledger.subject()}
    a.append([later], a.chief(), fields=[{"reason": "found again"}])


@attack("registry", "is added a second time", "adds a key a second time")
def key_added_again_as_a_touch_key(a: Attacker) -> None:
    """Add a known key once more as if it lay on a token, for another person, so that one key counts as two."""
    point = sshsig.point_of(sshsig.parse_public_line(a.chief().public_line))
    kind, application = b"sk-ssh-ed25519@openssh.com", b"ssh:"
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in (kind, point, application))
    a.append([_key(a, sshsig.public_line(blob), "none")], a.chief(), fields=[{"name": "another"}])


@attack("registry", "is added a second time", "adds a key a second time")
def key_added_twice(a: Attacker) -> None:
    """Add a key that is there already, for a second person to hold."""
    thief = a.thief()
    proof = thief.sign(possession_text(ORIGIN, "second", thief.fingerprint), KEY_NAMESPACE)
    a.append([_key(a, thief.public_line, proof)], a.chief(), fields=[{"name": "second"}])


@attack("registry", "its point is not of prime order", "is malformed")
def weak_key_added(a: Attacker) -> None:
    """Add a key of small order, under which everybody's signature can be denied."""
    point = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
    line = "ssh-ed25519 " + base64.b64encode(sshsig.blob_of(point)).decode()
    a.append([_key(a, line, a.entry(a.first("key.add"))["body"]["proof"])], a.chief())


@attack("registry", "names a key that was never added", "speaks of a key that was never added")
def role_for_nobody(a: Attacker) -> None:
    """Grant a role to a key that is not there."""
    body = {"fingerprint": _stranger(a).fingerprint, "role": "registrar"}
    a.append([{"t": "role.grant", "body": body}], a.chief())


@attack("registry", "names a role that does not exist", "names a role that does not exist")
def role_that_is_none(a: Attacker) -> None:
    """Grant a role that the genesis does not know."""
    body = {"fingerprint": _known(a, making.THIEF), "role": "emperor"}
    a.append([{"t": "role.grant", "body": body}], a.chief())


@attack("registry", "old_sig is by another key", "old_sig on it is by another key")
def log_key_replaced_without_the_old(a: Attacker) -> None:
    """Replace the log key by a stranger's, signing for the old one with one's own."""
    from archive import note

    private = a.home._load(Path(_stranger(a).key and a.folder.parent / "strangers-key"))
    vkey = note.vkey_of(ORIGIN, private)
    old = note.vkey_of(ORIGIN, a.home.log_keys(ORIGIN)[0])
    text = rotation_text(ORIGIN, old, vkey)
    mine = sshsig.sign(text, LOGKEY_NAMESPACE, private)
    a.append([{"t": "logkey.rotate", "body": {"log_vkey": vkey, "new_sig": mine, "old_sig": mine}}], a.chief())


# everything is stolen: only what was kept outside can tell


@attack("against", "are not those it was signed for: rewritten", "only what was kept outside can tell",
        stranger_status=0, knows=KEPT)  # fmt: skip
def history_rewritten_with_the_real_keys(a: Attacker) -> None:
    """With every key, cut the last act off an older copy and write another in its place, with the real commands."""
    _rewritten(a)


@attack("pin", "are not those it has seen: rewritten", "only what was kept outside can tell",
        stranger_status=0, knows=PIN)  # fmt: skip
def history_rewritten_and_shown_to_a_member(a: Attacker) -> None:
    """The same and longer, before somebody whose computer has seen the true history."""
    _rewritten(a)
    _lengthened(a)


def _rewritten(a: Attacker) -> None:
    shutil.rmtree(a.folder)
    shutil.copytree(a.honest.older, a.folder)
    home = Path(shutil.copytree(a.honest.older_home, a.folder.parent / "thiefs-home"))
    shutil.rmtree(home / "pins")
    first = a.entry(a.size - 1)["body"]["first"]
    a.cut(first)
    a.sql(f"DELETE FROM act WHERE idx >= {first}", "DELETE FROM edge")
    status, said = making.run(home, "--archive", a.folder, "verify", "--record", "--as", OPERATOR)
    assert status == 0, said


@attack("pin", "are not those it has seen: rewritten", "is not the genesis that was given", knows=PIN)
def archive_replaced_by_another(a: Attacker) -> None:
    """Make another archive under this one's origin, with keys of one's own, longer than the true one."""
    shutil.rmtree(a.folder)
    home = a.folder.parent / "thiefs-home"
    told = making.run(home, "init", a.folder, "--origin", ORIGIN, "--operator", OPERATOR, "--no-passphrase")
    assert told[0] == 0, told
    _lengthened(a)


def _lengthened(a: Attacker) -> None:
    """Write on until the archive is longer than the true one."""
    home, size = a.folder.parent / "thiefs-home", Attacker(a.honest.archive, a.honest).size
    with making.at_home(home):
        from archive.open import find

        archive = find(a.folder, Home(home))
        with ledger.writing(archive, [archive.home.signer(OPERATOR)]) as act:
            for _ in range(size):
                act.add("audit.note", sub=ledger.subject(), fields={"outcome": "all holds", "entries": size, "findings": []})
