#!/usr/bin/env python3
"""Checks a Sijill dossier, or a Sijill archive folder, with Python's standard library alone.

    python3 -I verify.py [--log-vkey KEY] [--genesis HASH] [--tsa-roots FILE] [DIR]

DIR is the folder to check; without it, the folder in which this file lies.
KEY is the log's verifier key and HASH the leaf hash of entry 0, got by another
way than the folder itself: by telephone, from a court file, from a website.
Without one of them the folder is checked against keys that it brings along,
and the answer says "self-attested".

Exit status: 0 everything holds, 1 something does not, 3 it could not be looked at.

It writes nothing, opens no network, follows no link, and trusts nothing that it
reads. It shares no code with Sijill: it was written from Sijill's format
document, so that two programs must be wrong in the same way before a change
goes unnoticed. What it cannot do, it says: BLAKE3 is not in the standard
library, so BLAKE3 digests are compared with those recorded, not computed.

Follows RFC 8493 (BagIt), RFC 6962 and RFC 9162 (Merkle tree), RFC 8032
(Ed25519), RFC 9901 (disclosures), the SSHSIG protocol of OpenSSH, and C2SP
signed-note, tlog-checkpoint, tlog-proof, tlog-policy and tlog-cosignature.
"""

from __future__ import annotations

import argparse
import array
import base64
import binascii
import calendar
import contextlib
import csv
import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
import unicodedata
import urllib.parse
from collections.abc import Iterator
from typing import Any

MOST_FILES = 1_000_000
MOST_TEXT_BYTES = 512 * 1024 * 1024
CHUNK = 1024 * 1024


class Broken(Exception):
    """Something is not as it must be; the message says what."""


class CannotLook(Exception):
    """The folder, or a part of it, could not be read; nothing is said about what it holds."""


class Report:
    """What was checked and what was found."""

    def __init__(self) -> None:
        self.checks: list[tuple[str, bool, str]] = []
        self.findings: list[tuple[str, str]] = []
        self.unlooked: list[str] = []

    def found(self, check: str, what: str) -> None:
        """Note one thing that does not hold."""
        self.findings.append((check, what))

    def close(self, check: str, what: str) -> None:
        """End one check: it holds if nothing was found under its name."""
        broken = [text for name, text in self.findings if name == check]
        self.checks.append((check, not broken, what if not broken else f"{len(broken)} finding(s): {broken[0]}"))

    @property
    def ok(self) -> bool:
        """Tell whether everything holds."""
        return not self.findings


# --- Ed25519, RFC 8032 -------------------------------------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def _recover_x(y: int, sign: int) -> int:
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P:
        raise Broken("a point is not on the curve")
    if x == 0 and sign:
        raise Broken("a point is not in its one canonical form")
    return P - x if x & 1 != sign else x


def _point(data: bytes) -> tuple[int, int, int, int]:
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    if y >= P:
        raise Broken("a point is not in its one canonical form")
    x = _recover_x(y, sign)
    return x, y, 1, x * y % P


def _add(one: tuple[int, ...], two: tuple[int, ...]) -> tuple[int, int, int, int]:
    a = (one[1] - one[0]) * (two[1] - two[0]) % P
    b = (one[1] + one[0]) * (two[1] + two[0]) % P
    c = 2 * one[3] * two[3] * D % P
    d = 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(number: int, point: tuple[int, ...]) -> tuple[int, int, int, int]:
    result: tuple[int, int, int, int] = (0, 1, 1, 0)
    for bit in f"{number:b}":
        result = _add(result, result)
        if bit == "1":
            result = _add(result, point)
    return result


def _encode(point: tuple[int, ...]) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


_BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (_recover_x(_BASE_Y, 0), _BASE_Y, 1, _recover_x(_BASE_Y, 0) * _BASE_Y % P)
_KEYS: dict[bytes, tuple[int, int, int, int]] = {}


def ed25519_key(data: bytes) -> tuple[int, int, int, int]:
    """Read a public key: canonical, on the curve, of the prime order. Raises Broken."""
    if data not in _KEYS:
        if len(data) != 32:
            raise Broken("an Ed25519 key has 32 bytes")
        point = _point(data)
        if _encode(point) == _encode((0, 1, 1, 0)) or _encode(_times(ORDER, point)) != _encode((0, 1, 1, 0)):
            raise Broken("a public key is weak: its point is not of the prime order")
        _KEYS[data] = point
    return _KEYS[data]


def ed25519_verify(key: bytes, message: bytes, signature: bytes) -> None:
    """Raise Broken unless `signature` is one of `key` over `message`."""
    point = ed25519_key(key)
    if len(signature) != 64:
        raise Broken("an Ed25519 signature has 64 bytes")
    s = int.from_bytes(signature[32:], "little")
    if s >= ORDER:
        raise Broken("a signature is not in its one canonical form")
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    minus = (P - point[0], point[1], point[2], P - point[3])
    if _encode(_add(_times(s, BASE), _times(k, minus))) != signature[:32]:
        raise Broken("a signature does not fit its key and its text")


# --- Base64, SSHSIG, signed notes --------------------------------------------------------------------------------


def unbase64(text: str, length: int | None = None, *, url: bool = False) -> bytes:
    """Read base64 in its one canonical spelling (`url`: the URL alphabet without padding). Raises Broken."""
    try:
        data = text.encode("ascii")
        if url:
            raw = base64.b64decode(data + b"=" * (-len(data) % 4), altchars=b"-_", validate=True)
            again = base64.urlsafe_b64encode(raw).rstrip(b"=")
        else:
            raw = base64.b64decode(data, validate=True)
            again = base64.b64encode(raw)
    except (UnicodeEncodeError, binascii.Error, ValueError):
        raise Broken("not base64") from None
    if again != data or (length is not None and len(raw) != length):
        raise Broken("base64 of another spelling or length than it must have")
    return raw


class Wire:
    """Reads the length-prefixed strings of SSH."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        """Give the next `count` bytes. Raises Broken."""
        if count < 0 or self.at + count > len(self.data):
            raise Broken("an SSH structure is cut short")
        self.at += count
        return self.data[self.at - count : self.at]

    def string(self) -> bytes:
        """Give the next string."""
        return self.take(int.from_bytes(self.take(4), "big"))

    def end(self) -> None:
        """Raise Broken if anything is left."""
        if self.at != len(self.data):
            raise Broken("an SSH structure goes on behind its end")


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def fingerprint(blob: bytes) -> str:
    """Give a key's name as OpenSSH prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def key_blob(line: str) -> bytes:
    """Read a public key line `TYPE BASE64`. Raises Broken."""
    parts = line.split(" ")
    if len(parts) != 2:
        raise Broken("a public key line has other than two words")
    blob = unbase64(parts[1])
    wire = Wire(blob)
    if wire.string() != parts[0].encode("utf-8", "replace"):
        raise Broken("a public key line names another type than its key")
    _key_parts(blob)
    return blob


def _key_parts(blob: bytes) -> tuple[bytes, bytes, bytes]:
    """Give type, Ed25519 point and application (empty unless the key is on a token)."""
    wire = Wire(blob)
    kind, point = wire.string(), wire.string()
    application = b""
    if kind == b"sk-ssh-ed25519@openssh.com":
        application = wire.string()
    elif kind != b"ssh-ed25519":
        raise Broken("a key is not of a type that is used here")
    wire.end()
    ed25519_key(point)
    return kind, point, application


def sshsig_verify(message: bytes, namespace: str, armoured: str) -> str:
    """Check an armoured SSHSIG; gives the signer's fingerprint. Raises Broken."""
    head, tail = "-----BEGIN SSH SIGNATURE-----\n", "\n-----END SSH SIGNATURE-----\n"
    if not armoured.startswith(head) or not armoured.endswith(tail):
        raise Broken("not an SSH signature")
    inner = armoured[len(head) : -len(tail)]
    lines = inner.split("\n")
    if any(len(line) != 70 for line in lines[:-1]) or not 0 < len(lines[-1]) <= 70:
        raise Broken("an SSH signature is not laid out as ssh-keygen does")
    wire = Wire(unbase64("".join(lines)))
    if wire.take(6) != b"SSHSIG" or wire.take(4) != b"\0\0\0\1":
        raise Broken("not an SSH signature of version 1")
    blob, space, reserved, algorithm, signature = (wire.string() for _ in range(5))
    wire.end()
    if space != namespace.encode():
        raise Broken("a signature was made for another purpose")
    if reserved or algorithm not in (b"sha256", b"sha512"):
        raise Broken("a signature uses what is not used here")
    kind, point, application = _key_parts(blob)
    digest = hashlib.new(algorithm.decode(), message).digest()
    signed = b"SSHSIG" + _string(space) + _string(reserved) + _string(algorithm) + _string(digest)
    wire = Wire(signature)
    if wire.string() != kind:
        raise Broken("a signature is of another type than its key")
    raw = wire.string()
    if application:
        rest = wire.take(5)
        if not rest[0] & 1:
            raise Broken("a token signed without being touched")
        signed = hashlib.sha256(application).digest() + rest + hashlib.sha256(signed).digest()
    wire.end()
    ed25519_verify(point, signed, raw)
    return fingerprint(blob)


class LogKey:
    """A C2SP verifier key: `name+hash+base64`; `kind` 1 signs notes, 4 cosigns them with a time."""

    def __init__(self, text: str, kind: int = 1) -> None:
        match = re.fullmatch(r"([^\s+\ud800-\udfff]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})", text)
        if match is None:
            raise Broken("not a verifier key")
        self.name, typed = match[1], unbase64(match[3], 33)
        self.point = typed[1:]
        self.id = hashlib.sha256(self.name.encode() + b"\n" + typed).digest()[:4]
        if typed[0] != kind or self.id.hex() != match[2]:
            raise Broken("a verifier key is of another type, or its hash does not fit")
        self.key = typed[1:]
        ed25519_key(self.key)


def decimal(text: str) -> int:
    """Read a whole number in its one spelling. Raises Broken."""
    if not re.fullmatch(r"0|[1-9][0-9]{0,15}", text, re.ASCII):
        raise Broken("not a whole number in plain digits")
    return int(text)


def signature_line(line: str) -> tuple[str, bytes]:
    """Give name, and key id with signature, of a signature line of a note. Raises Broken."""
    match = re.fullmatch(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})", line)
    raw = unbase64(match[2]) if match else b""
    if match is None or len(raw) < 5:
        raise Broken("a signature line of a checkpoint is malformed")
    return match[1], raw


def open_checkpoint(note: bytes, key: LogKey, *, alone: bool = False) -> tuple[str, int, bytes]:
    """Check a signed checkpoint; gives origin, size, root. `alone`: no other signature may stand there.

    Raises Broken.
    """
    try:
        text = note.decode()
    except UnicodeDecodeError:
        raise Broken("a checkpoint is not UTF-8") from None
    body, gap, tail = text.partition("\n\n")
    body += "\n"
    lines = body.split("\n")
    if not gap or len(lines) != 4 or not tail.endswith("\n") or re.search("[\0-\x09\x0b-\x1f\x7f]", text):
        raise Broken("a checkpoint has not its three lines, a blank one, and signatures")
    origin, size, root = lines[0], decimal(lines[1]), unbase64(lines[2], 32)
    signatures = tail[:-1].split("\n")
    held = 0
    for line in signatures:
        name, raw = signature_line(line)
        if name == key.name and raw[:4] == key.id:
            ed25519_verify(key.key, body.encode(), raw[4:])
            held += 1
    if held != 1 or (alone and len(signatures) != 1):
        raise Broken("a checkpoint is not signed by its log, or by others too")
    if origin != key.name:
        raise Broken("a checkpoint is of another log than its key")
    return origin, size, root


# --- Merkle tree, entries, disclosures ---------------------------------------------------------------------------


def leaf_hash(leaf: bytes) -> bytes:
    """Give the hash of a leaf."""
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Give the hash of a node."""
    return hashlib.sha256(b"\1" + left + right).digest()


def walk_proof(leaf: bytes, index: int, size: int, proof: list[bytes]) -> tuple[bytes, bytes | None]:
    """Follow an inclusion proof up; gives the root, and the root of the tree of the `index` leaves before this one.

    Raises Broken.
    """
    if index >= size:
        raise Broken("an entry lies beyond the checkpoint")
    number, last, found, left = index, size - 1, leaf, []
    for other in proof:
        if last == 0:
            raise Broken("an inclusion proof is too long")
        if number & 1 or number == last:
            found = node_hash(other, found)
            left.append(other)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            found = node_hash(found, other)
        number, last = number >> 1, last >> 1
    if last:
        raise Broken("an inclusion proof is too short")
    before = left[0] if left else None
    for other in left[1:]:
        before = node_hash(other, before or b"")
    return found, before


def grows(old: int, new: int, proof: list[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Tell whether a consistency proof shows the tree of `new` leaves to begin with the old one (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    hashes = list(proof)
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)
    number, last = old - 1, new - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    if not hashes:
        return False
    one = two = hashes[0]
    for other in hashes[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            one, two = node_hash(other, one), node_hash(other, two)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            two = node_hash(two, other)
        number, last = number >> 1, last >> 1
    return last == 0 and one == old_root and two == new_root


class Tree:
    """The roots of a growing tree, from at most 64 hashes."""

    def __init__(self) -> None:
        self.size = 0
        self.hashes: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Take one more leaf."""
        found, size = leaf_hash(leaf), self.size
        while size & 1:
            found, size = node_hash(self.hashes.pop(), found), size >> 1
        self.hashes.append(found)
        self.size += 1

    def root(self) -> bytes:
        """Give the root of all leaves so far."""
        if not self.hashes:
            return hashlib.sha256(b"").digest()
        found = self.hashes[-1]
        for other in reversed(self.hashes[:-1]):
            found = node_hash(other, found)
        return found


CONTINUES = "continues_origin continues_size continues_root"  # the older archive that one goes on from: all or none
# type -> what its body must hold, what it may hold
BODIES: dict[str, tuple[str, str]] = {
    "genesis": ("origin log_vkey root_keys root_threshold roles", f"recovery_keys {CONTINUES}"),
    "commit": ("first count root sigs", ""),
    "key.add": ("key person proof", "age"),
    "key.revoke": ("fingerprint", "bad_from"),
    "role.grant": ("fingerprint role", ""),
    "role.revoke": ("fingerprint role", ""),
    "logkey.rotate": ("log_vkey new_sig", "old_sig lost"),
    "policy.set": ("", "root_threshold"),
    "record.add": ("kind", ""),
    "record.edit": ("kind", ""),
    "record.link": ("kind", ""),
    "record.withdraw": ("kind", ""),
    "blob.add": ("role", ""),
    "reading.add": ("", ""),
    "assessment.add": ("", ""),
    "waiver.set": ("", ""),
    "exhibit.number": ("", ""),
    "custody.prior": ("", ""),
    "custody.transfer": ("", ""),
    "custody.accept": ("", ""),
    "custody.check": ("", ""),
    "export": ("", ""),
    "seal.put": ("", ""),
    "seal.reseal": ("", ""),
    "seal.open": ("", ""),
    "consent.set": ("", ""),
    "erase": ("digests", ""),
    "anchor.time": ("", ""),
    "anchor.witness": ("", ""),
    "audit.note": ("", ""),
}
KINDS = ("case", "source", "item", "link", "relation")
# what each entry may disclose, by shape; `*` marks what it must; of a record by its kind
FIELDS = {
    "case": (
        "tables: strikes; text: actor_response.position alleged_actor.actor alleged_actor.basis "
        "alleged_actor.confidence code* delivery merged_into merged_reason military_presence object_type "
        "place.accuracy_m place.name.ar place.name.en place.name.und place_public.accuracy_m place_public.name.ar "
        "place_public.name.en place_public.name.und summary.ar summary.en summary.und title.ar title.en title.und "
        "zone; "
        "texts: merged_from other_codes protected_status seal_to violation_type; "
        "time: actor_response.asked_on actor_response.replied_on occurred; "
        "whole: casualties.children.max casualties.children.min casualties.combatant.max casualties.combatant.min "
        "casualties.education_worker.max casualties.education_worker.min casualties.health_worker.max "
        "casualties.health_worker.min casualties.journalist.max casualties.journalist.min casualties.men.max "
        "casualties.men.min casualties.rescuer.max casualties.rescuer.min casualties.unknown.max "
        "casualties.unknown.min casualties.women.max casualties.women.min injured.max injured.min killed.max "
        "killed.min place.lat place.lon place_public.lat place_public.lon; yes: exercise"
    ),
    "source": (
        "text: case* id* identity_file kind* notes part_of place.accuracy_m place.name.ar place.name.en "
        "place.name.und pseudonym; whole: place.lat place.lon"
    ),
    "item": (
        "digest: blake3 sha256; named: columns; size: size; tables: coverage.gaps custody prior_interviews; text: "
        "access_point author captured_by case* checked_by claimed.accuracy_m claimed.name.ar claimed.name.en "
        "claimed.name.und clock_source cloud_pct consent.court consent.form_ref consent.internal consent.partner "
        "consent.public consent.un_body coordinates_heard.accuracy_m coordinates_heard.name.ar "
        "coordinates_heard.name.en coordinates_heard.name.und coverage.radius_km credibility damage_grade date_order "
        "doc_type duration_s file form frequency_khz generation geolocation.assessor geolocation.method "
        "geolocation.signed_off_by gsd_m id* interpreter interviewer issuer kind* language media_type medium "
        "message_type mode modulation network notes number off_nadir pair_id pair_role persons_visible post "
        "product_id provider rank receiver release.court release.internal release.partner release.public "
        "release.un_body reliability rights risk_level sensor source source_url spoken_lang title.ar title.en "
        "title.und transcript translation translator unit vantage.accuracy_m vantage.name.ar vantage.name.en "
        "vantage.name.und willing_to_testify witness_role zone; texts: callsigns geolocation.landmarks "
        "knowledge_basis same_message_as; time: claimed.time consent.given coverage.from coverage.to dated "
        "geolocation.date received recorded taken uploaded_at; whole: claimed.lat claimed.lon coordinates_heard.lat "
        "coordinates_heard.lon coverage.lat coverage.lon pages vantage.lat vantage.lon; yes: certified graphic "
        "is_excerpt"
    ),
    "link": (
        "text: assessor case* id* item* locator rationale resolution resolution_reason resolved_by reviewed_by stance "
        "strength; texts: facets"
    ),
    "relation": "text: as case* external id* item* of reason",
    "custody.prior": "text: action by place purpose sha256 to; time: at",
    "reading.add": (
        "digest: rows_root; named: columns; size: rows rows_readable; text: network rows_salt tool* version*; texts: "
        "warnings"
    ),
    "key.add": "text: name* person_name",
    "key.revoke": "text: reason",
    "role.grant": "text: reason",
    "role.revoke": "text: reason",
    "policy.set": "text: guardian policy",
    "record.withdraw": "text: reason*",
    "blob.add": "boxes: boxes; digest: blake3* sha256*; size: size*; text: audience how media_type name reason",
    "exhibit.number": "text: number* scheme*",
    "assessment.add": "digest: standard_sha256*; table: result*; text: grade standard*; yes: meets",
    "waiver.set": "text: reason* rule* standard* until*; texts: ordered_by*",
    "custody.transfer": "digest: sha256; text: purpose* to*; yes: outside",
    "custody.accept": "digest: sha256",
    "custody.check": "pairs: failed*; size: objects*; texts: scope*; yes: quick*",
    "export": (
        "digest: tagmanifest_sha256*; size: number; text: audience* purpose* recipient supersedes; texts: cases items"
    ),
    "seal.put": "digest: blake3* sha256*; size: size*; texts: recipients",
    "seal.reseal": "digest: blake3* sha256*; size: size*; texts: recipients",
    "seal.open": "text: purpose*",
    "consent.set": "text: answer* audience* reason*",
    "erase": "text: case id kind reason*; texts: joined",
    "audit.note": "pairs: findings; size: entries; text: note outcome*",
}
# the words of each vocabulary
VOCABULARY = {
    "answer": "yes no ask_first",
    "audience": "internal partner un_body court public",
    "clock_source": "gps phone recorder_unset announced",
    "confidence": "confirmed likely possible contested unknown",
    "credibility": "1 2 3 4 5 6",
    "custody_action": "capture receive transfer copy access derive redact translate",
    "damage_grade": "none possible moderate severe destroyed",
    "date_order": "ymd dmy mdy",
    "delivery": "air_fixed_wing air_rotary drone ballistic_missile artillery ground unknown",
    "doc_type": (
        "medical_record death_certificate deconfliction_list un_letter official_statement munition_report "
        "expert_report ngo_report press social_post log_sheet map unknown"
    ),
    "facet": "what when where weapon delivery actor civilian_status casualties damage military_presence",
    "form": "full_transcript signed_statement notes summary audio video",
    "generation": "original copy platform_copy frame crop transcode blur screenshot excerpt",
    "geolocation_method": "landmarks exif satellite_match witness sun_shadow",
    "item_kind": "statement imagery flight_log intercept document",
    "knowledge_basis": "saw heard felt treated documented told_by_other",
    "left_for": "internal partner un_body court public archive",
    "medium": "photo video satellite",
    "message_type": "tasking_coordinates target_locked time_on_target clearance release return transit unclear",
    "military_presence": "none_reported reported_nearby reported_inside contested not_asked",
    "mode": "in_person phone video_call messaging written",
    "object_type": "hospital clinic ambulance school camp market bakery place_of_worship residential water other",
    "outcome": "explained evidence_rejected claim_narrowed unresolved",
    "pair_role": "before after",
    "persons_visible": "no yes faces_blurred unknown",
    "position": "accepted denied other_explanation no_reply not_asked",
    "protected_status": "deconfliction_listed marked_emblem functioning none_known",
    "rank": "primary secondary tertiary unknown",
    "relation": "cites derived_from copy_of same_speaker same_camera translation_of",
    "reliability": "A B C D E F",
    "risk_level": "low medium high critical",
    "source_kind": "witness spotter_post radio_operator account organisation sensor",
    "stance": "supports contradicts context",
    "strength": "direct consistent_with circumstantial",
    "violation_type": (
        "unlawful_killing torture enforced_disappearance arbitrary_detention sexual_violence hostage_taking "
        "forced_displacement attack_on_civilians attack_on_protected_object use_of_prohibited_weapon "
        "denial_of_humanitarian_access recruitment_of_children other"
    ),
    "willing": "yes no unknown",
    "witness_role": "survivor eyewitness medic patient teacher rescuer relative spotter media expert insider",
}
# what is said in words of a vocabulary, NAME:VOCABULARY; of a record by its kind
WORDS = {
    "case": (
        "actor_response.position:position alleged_actor.confidence:confidence delivery:delivery "
        "military_presence:military_presence object_type:object_type protected_status:protected_status "
        "violation_type:violation_type"
    ),
    "source": "kind:source_kind",
    "item": (
        "clock_source:clock_source consent.court:answer consent.internal:answer consent.partner:answer "
        "consent.public:answer consent.un_body:answer credibility:credibility damage_grade:damage_grade "
        "date_order:date_order doc_type:doc_type form:form generation:generation "
        "geolocation.method:geolocation_method kind:item_kind knowledge_basis:knowledge_basis medium:medium "
        "message_type:message_type mode:mode pair_role:pair_role persons_visible:persons_visible rank:rank "
        "release.court:answer release.internal:answer release.partner:answer release.public:answer "
        "release.un_body:answer reliability:reliability risk_level:risk_level willing_to_testify:willing "
        "witness_role:witness_role"
    ),
    "link": "facets:facet resolution:outcome stance:stance strength:strength",
    "relation": "as:relation",
    "custody.prior": "action:custody_action",
    "blob.add": "audience:audience",
    "consent.set": "answer:answer audience:audience",
    "export": "audience:left_for",
}
# the kinds of record (`key`: of an operator) that an act may be about, and must
ABOUT = {
    "key.revoke": "key",
    "role.grant": "key",
    "role.revoke": "key",
    "blob.add": "case item",
    "reading.add": "item",
    "exhibit.number": "item",
    "assessment.add": "case",
    "waiver.set": "case",
    "custody.prior": "item",
    "custody.transfer": "item",
    "custody.accept": "item",
    "seal.put": "source",
    "seal.reseal": "source",
    "seal.open": "source",
    "consent.set": "item",
    "erase": "case source item link relation",
}
# what a key of a body holds, in every type that has it; all others hold a text
SHAPES = {
    "root_keys": "texts", "recovery_keys": "texts", "digests": "texts", "roles": "lists", "sigs": "signatures",
    "root_threshold": "count", "continues_size": "count", "count": "count", "lost": "count", "first": "index",
    "bad_from": "index",
}  # fmt: skip


def _has_shape(value: object, shape: str) -> bool:
    if shape in ("count", "index"):
        return type(value) is int and value >= (1 if shape == "count" else 0)
    if shape == "texts":
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if shape == "lists":
        return isinstance(value, dict) and all(_has_shape(one, "texts") for one in value.values())
    if shape == "signatures":
        return isinstance(value, list) and bool(value) and all(
            isinstance(one, dict) and set(one) == {"by", "sig"} and _has_shape(list(one.values()), "texts")
            for one in value
        )
    return isinstance(value, str)


def is_second(text: str) -> bool:
    """Tell whether a text is a time that there is, in the one form of the ledger."""
    match = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z", text, re.ASCII)
    if match is None:
        return False
    year, month, day, hour, minute, second = map(int, match.groups())
    days = calendar.monthrange(year, month)[1] if year and 1 <= month <= 12 else 0
    return 1 <= day <= days and hour < 24 and minute < 60 and second < 60


def _is(value: object, shape: str) -> bool:
    """Tell whether a disclosed value has one of the shapes of FIELDS."""
    lists = {"texts": "text", "pairs": "texts", "tables": "table", "boxes": "box", "box": "whole"}
    if shape in lists:
        if not isinstance(value, list) or not all(_is(one, lists[shape]) for one in value):
            return False
        return shape != "pairs" or all(len(one) == 2 for one in value)
    if shape == "named":
        return _is(value, "pairs") or (isinstance(value, dict) and _is(list(value.values()), "texts"))
    if shape == "time":
        ends = [value[name] for name in ("earliest", "latest") if name in value] if isinstance(value, dict) else []
        return isinstance(value, dict) and _is(list(value.values()), "texts") and all(map(is_second, ends))
    if shape == "digest":
        return isinstance(value, str) and HEX64.match(value) is not None
    if shape == "size":
        return type(value) is int and value >= 0
    return type(value) is {"text": str, "whole": int, "yes": bool, "table": dict}[shape]


def misfit(entry: Entry, fields: dict[str, object]) -> str | None:
    """Give what is wrong with the disclosures of an entry that are there, or None."""
    if entry.t.startswith("anchor."):
        return None if entry.sd else "an anchor that says nothing"
    if entry.t == "commit":
        return None
    makes = entry.t in ("record.add", "record.link", "key.add")
    if (makes and entry.prev is not None) or ((makes or entry.t.startswith("record.")) and entry.sub is None):
        return "a record is made of no subject, or of one that has entries already"
    shapes: dict[str, str] = {}
    whose = entry.t if entry.t == "record.withdraw" else entry.body.get("kind", entry.t)
    for group in FIELDS.get(str(whose), "").split("; "):
        shape, _, names = group.partition(": ")
        shapes.update(dict.fromkeys(names.split(), shape))
    if entry.t == "record.edit":
        shapes["reason"] = "text"
    must = {name[:-1] for name in shapes if name.endswith("*")}
    shapes = {name.rstrip("*"): shape for name, shape in shapes.items()}
    for name, value in fields.items():
        if name not in shapes and not (entry.t == "reading.add" and name.startswith("facts.")):
            return "it discloses what no such entry does"
        if name in shapes and not _is(value, shapes[name]):
            return f"its `{name}` is not what such a field holds"
    lists = dict(pair.split(":") for pair in WORDS.get(str(whose), "").split())
    for name in lists.keys() & fields.keys():
        value = fields[name]
        if not set(value if isinstance(value, list) else [value]) <= set(VOCABULARY[lists[name]].split()):
            return f"its `{name}` is no word of its vocabulary"
    if len(fields) == len(entry.sd) and not must <= fields.keys():
        return f"it does not say its {', '.join(sorted(must - fields.keys()))}"
    return "a flight log does not say what its rows were" if (
        "rows_root" in fields and not {"rows", "rows_salt"} <= fields.keys()
    ) else None


def _no_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Broken("a JSON object names a key twice")
    return found


def _refuse(text: str) -> object:
    raise Broken(f"JSON holds {text}")


def read_json(data: bytes, what: str) -> object:
    """Read JSON strictly: UTF-8, no key twice, no NaN. Raises Broken, naming `what`."""
    try:
        return json.loads(data.decode(), object_pairs_hook=_no_twins, parse_constant=_refuse)
    except (ValueError, RecursionError, Broken) as error:
        raise Broken(f"{what} is not strict JSON ({error if isinstance(error, Broken) else 'unreadable'})") from None


def _plain(value: object, pattern: str, booleans: bool, depth: int = 1) -> bool:
    if isinstance(value, bool):
        return booleans
    if isinstance(value, int):
        return abs(value) < 2**53
    if isinstance(value, str):
        return not re.search("[\0\ud800-\udfff]", value)
    if depth > 8:
        return False
    if isinstance(value, list):
        return all(_plain(member, pattern, booleans, depth + 1) for member in value)
    if isinstance(value, dict):
        return all(re.fullmatch(pattern, k) and _plain(v, pattern, booleans, depth + 1) for k, v in value.items())
    return False


class Entry:
    """One entry of the ledger, read strictly from its exact bytes."""

    def __init__(self, index: int, leaf: bytes) -> None:
        where = f"entry {index}"
        value = read_json(leaf, where)
        if len(leaf) > 32 * 1024 or not isinstance(value, dict) or not _plain(value, r"[a-z0-9_]{1,32}", False):
            raise Broken(f"{where} holds what no entry may hold")
        again = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        needed, known = {"at", "body", "by", "n", "t", "v"}, {"_sd", "prev", "sub"}
        if again != leaf or not needed <= value.keys() <= needed | known or value["v"] != 1:
            raise Broken(f"{where} is not in the one form an entry has")
        self.index, self.leaf, self.value = index, leaf, value
        self.t, self.body, self.by, self.at = value["t"], value["body"], value["by"], value["at"]
        self.sub, self.prev, self.sd = value.get("sub"), value.get("prev"), value.get("_sd", [])
        if not isinstance(self.t, str) or self.t not in BODIES or not isinstance(self.body, dict):
            raise Broken(f"{where} is of an unknown type")
        must, may = (set(text.split()) for text in BODIES[self.t])
        if not must <= self.body.keys() <= must | may:
            raise Broken(f"{where} has another body than its type")
        if not self._shape():
            raise Broken(f"{where} has a malformed member")

    def _shape(self) -> bool:
        value, sd = self.value, self.sd
        patterns = (
            ("at", ".*"), ("n", r"[A-Za-z0-9_-]{22}"), ("by", r"(?s)SHA256:.*"), ("sub", r"[0-9a-f]{32}"),
        )  # fmt: skip
        for name, pattern in patterns:
            if name in value and not (isinstance(value[name], str) and re.fullmatch(pattern, value[name], re.ASCII)):
                return False
        if not is_second(self.at):
            return False
        if "prev" in value and not (type(self.prev) is int and self.prev >= 0):
            return False
        if "_sd" in value and not (isinstance(sd, list) and sd):
            return False
        if not all(isinstance(d, str) and re.fullmatch(r"[A-Za-z0-9_-]{43}", d) for d in sd):
            return False
        if sorted(set(sd)) != sd:
            return False
        if self.t in ("genesis", "commit") and value.keys() & {"sub", "prev", "_sd"}:
            return False
        if not all(_has_shape(one, SHAPES.get(key, "text")) for key, one in self.body.items()):
            return False
        digests = self.body.get("digests", [])
        if not all(re.fullmatch(r"[A-Za-z0-9_-]{43}", digest) for digest in digests):
            return False
        return self._worded()

    def _worded(self) -> bool:
        body = self.body
        if "person" in body and not re.fullmatch("[0-9a-f]{32}", body["person"]):
            return False
        if body.get("lost", 1) != 1:
            return False
        older = [body[key] for key in CONTINUES.split() if key in body]
        if older:
            if len(older) != 3 or older[0] in ("", body["origin"]):
                return False
            try:
                unbase64(older[2], 32)
            except Broken:
                return False
        return "kind" not in body or body["kind"] in KINDS


def read_disclosure(text: str) -> tuple[str, str, object]:
    """Read one disclosure; gives its digest, name and value. Raises Broken."""
    value = read_json(unbase64(text, url=True), "a disclosure")
    if not isinstance(value, list) or len(value) != 3 or not all(isinstance(part, str) for part in value[:2]):
        raise Broken("a disclosure is not [salt, name, value]")
    unbase64(value[0], 16, url=True)
    if not _plain(value[2], r"[a-z0-9_.]{1,64}", True):
        raise Broken("a disclosure holds a value that none may hold")
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
    return digest, value[1], value[2]


class Registry:
    """Which key may do what, by replaying genesis, key and role entries in order."""

    def __init__(self) -> None:
        self.origin, self.log_vkey, self.threshold = "", "", 1
        self.continues: list[Any] = []  # origin, size and root of the older archive that this one goes on from
        self.log_keys: list[tuple[int, str, bool]] = []  # from which entry, which, the one before lost
        self.signed: dict[str, array.array[int]] = {}
        self.roles: dict[str, list[str]] = {}
        self.root_keys: list[str] = []
        self.keys: dict[str, dict[str, Any]] = {}

    def apply(self, entry: Entry) -> list[str]:
        """Take one entry into account; gives what is wrong with it."""
        body = entry.body
        if entry.t == "genesis" and entry.index == 0:
            self.origin, self.log_vkey = body["origin"], body["log_vkey"]
            self.roles, self.root_keys, self.threshold = body["roles"], body["root_keys"], body["root_threshold"]
            self.log_keys = [(0, self.log_vkey, False)]
            self.continues = [body[key] for key in CONTINUES.split() if key in body]
        elif entry.t == "key.add":
            name, point = fingerprint(key_blob(body["key"])), _key_parts(key_blob(body["key"]))[1]
            if any(point == _key_parts(key_blob(key["line"]))[1] for key in self.keys.values()):
                return [f"entry {entry.index} adds a key a second time"]
            roles = {"root"} if name in self.root_keys else set()
            self.keys[name] = {"line": body["key"], "person": body["person"], "roles": roles, "bad": None, "revoked": 0}
        elif entry.t in ("role.grant", "role.revoke", "key.revoke"):
            return self._change(entry)
        elif entry.t == "logkey.rotate":
            return self._rotate(entry)
        elif entry.t == "policy.set" and "root_threshold" in body:
            if type(body["root_threshold"]) is not int or body["root_threshold"] < 1:
                return [f"entry {entry.index} sets a root threshold that is no number of persons"]
            self.threshold = body["root_threshold"]
        return []

    def _rotate(self, entry: Entry) -> list[str]:
        """Take a new log key, which it and the old one signed; where the old one is lost, it alone."""
        new = entry.body["log_vkey"]
        text = f"sijill-logkey/v1\n{self.origin}\n{self.log_vkey}\n{new}\n".encode()
        if "old_sig" in entry.body and "lost" in entry.body:
            return [f"entry {entry.index} replaces the log key, by an old one that is said to be lost"]
        needed = [("new_sig", new)] if entry.body.get("lost") else [("old_sig", self.log_vkey), ("new_sig", new)]
        for member, vkey in needed:
            key = LogKey(vkey)
            mark = fingerprint(_string(b"ssh-ed25519") + _string(key.point))
            if key.name != self.origin or sshsig_verify(text, "sijill-logkey@v1", entry.body.get(member, "")) != mark:
                return [f"entry {entry.index} replaces the log key, and {member} on it is by another key"]
        self.log_vkey = new
        self.log_keys.append((entry.index, new, bool(entry.body.get("lost"))))
        return []

    def log_key_at(self, size: int) -> str:
        """Give the log key that signs the checkpoint of a tree of `size` entries."""
        return next((key for index, key, _ in reversed(self.log_keys) if index < size), self.log_vkey)

    def disputed(self) -> list[str]:
        """Name every commit by a key that was, later, reported as lost from before it."""
        return [
            f"commit {index} is disputed: its key was reported lost from entry {key['bad']} on"
            for name, key in self.keys.items()
            for index in self.signed.get(name, ())
            if key["bad"] is not None and index >= key["bad"]
        ]

    def _change(self, entry: Entry) -> list[str]:
        key = self.keys.get(entry.body["fingerprint"])
        if key is None:
            return [f"entry {entry.index} speaks of a key that was never added"]
        if entry.t == "key.revoke":
            stated = [bad for bad in (key["bad"], entry.body.get("bad_from")) if bad is not None]
            key["revoked"], key["bad"] = key["revoked"] or entry.index, min(stated, default=None)
        elif entry.body["role"] not in self.roles:
            return [f"entry {entry.index} names a role that does not exist"]
        elif entry.t == "role.grant":
            key["roles"].add(entry.body["role"])
        else:
            key["roles"].discard(entry.body["role"])
        return []

    def holds(self, signers: list[str], role: str) -> bool:
        """Tell whether an active key among the signers has a role."""
        return any(role in self.keys[s]["roles"] for s in signers if s in self.keys and not self.keys[s]["revoked"])

    def role_for(self, t: str) -> str | None:
        """Give the role that may write entries of type `t`."""
        return next((role for role, types in self.roles.items() if t in types), None)

    def refusals(self, types: set[str], signers: list[str]) -> list[str]:
        """Give why these signers may not write entries of these types."""
        held = [self.keys[s] for s in signers if s in self.keys and not self.keys[s]["revoked"]]
        problems = [] if len(held) == len(signers) else ["a signer is no active key of this archive"]
        if len(set(signers)) != len(signers):
            problems.append("one key signs twice")

        def persons(role: str) -> set[str]:
            return {key["person"] for key in held if role in key["roles"]}

        for t in sorted(types - {"commit", "genesis"}):
            role = self.role_for(t)
            if role is None:
                problems.append(f"no role may write {t}")
            elif t == "erase":
                guardians, roots = persons("guardian"), persons("root")
                if not guardians or not roots or len(guardians | roots) < 2:
                    problems.append("erase needs a guardian and a root key of two persons")
            else:
                if t == "waiver.set" and len({key["person"] for key in held}) < 2:
                    problems.append(f"{t} needs the signatures of two persons")
                able = persons(role) | (persons("registrar") if t == "seal.put" else set())
                if len(able) < (self.threshold if role == "root" else 1):
                    problems.append(f"{t} is signed by nobody who may write it")
        return problems


def commit_text(origin: str, commit: Entry) -> bytes:
    """Give the five signed lines of a commit."""
    body = commit.body
    return f"sijill-commit/v1\n{origin}\n{body['first']}\n{body['count']}\n{body['root']}\n".encode()


def check_commit(registry: Registry, commit: Entry, entries: list[Entry], root: bytes | None) -> list[str]:
    """Hold one commit against the entries of its range and the root before it; gives what is wrong."""
    body, where = commit.body, f"commit {commit.index}"
    first, count = body["first"], body["count"]
    problems = []
    if type(first) is not int or type(count) is not int or count < 1 or first + count != commit.index:
        problems.append(f"{where} does not stand behind the entries that it signs")
    if root is None or body["root"] != base64.b64encode(root).decode():
        problems.append(f"{where} signs another state of the ledger than this one")
    if commit.sub is not None or commit.prev is not None or commit.sd:
        problems.append(f"{where} has members that no commit has")
    origin = registry.origin or (entries[0].body.get("origin", "") if first == 0 and entries else "")
    signers = []
    sigs = body["sigs"] if isinstance(body["sigs"], list) else []
    for sig in sigs:
        if not isinstance(sig, dict) or set(sig) != {"by", "sig"} or not isinstance(sig["sig"], str):
            problems.append(f"{where} has a malformed signature")
            continue
        try:
            signer = sshsig_verify(commit_text(origin, commit), "sijill-commit@v1", sig["sig"])
            if signer != sig["by"]:
                raise Broken("it is by another key than it says")
            signers.append(signer)
        except Broken as error:
            problems.append(f"{where}: {error}")
    if not signers:
        problems.append(f"{where} carries no signature that holds")
    return problems + _check_signers(registry, commit, entries, signers)


def _check_signers(registry: Registry, commit: Entry, entries: list[Entry], signers: list[str]) -> list[str]:
    where, problems, found = f"commit {commit.index}", [], []
    if commit.body["first"] == 0:
        found = _apply(registry, entries)
    problems += [f"{where}: {what}" for what in registry.refusals({e.t for e in entries}, signers)]
    if commit.by not in signers or any(e.by not in signers for e in entries):
        problems.append(f"{where}: an entry names a key that did not sign")
    for signer in signers:
        registry.signed.setdefault(signer, array.array("Q")).append(commit.index)
    if commit.body["first"] != 0:
        found = _apply(registry, entries)
    return problems + found


def _apply(registry: Registry, entries: list[Entry]) -> list[str]:
    problems: list[str] = []
    for entry in entries:
        try:
            problems += registry.apply(entry)
        except (Broken, KeyError, TypeError, AttributeError):
            problems.append(f"entry {entry.index} is malformed")
    return problems


# --- Witnesses, C2SP tlog-policy and tlog-cosignature (cosignature/v1) -------------------------------------------


class Policy:
    """Which witnesses count, and how many must agree. Raises Broken for what is not read in one way alone."""

    def __init__(self, text: str) -> None:
        self.witnesses: dict[str, LogKey] = {}
        self.groups: dict[str, tuple[int, list[str]]] = {}
        self.logs: set[str] = set()
        self.used: set[str] = set()
        self.quorum = ""
        if re.search("[\0-\x08\x0b-\x1f\x7f]", text):
            raise Broken("a witness policy holds control characters")
        for line in text.split("\n"):
            words = re.findall("[^ \t]+", line)
            if words and not words[0].startswith("#"):
                self.line(words)
        if not self.quorum:
            raise Broken("a witness policy names no quorum")

    def line(self, words: list[str]) -> None:
        """Read one line that says something. Raises Broken."""
        kind, rest = words[0], words[1:]
        if kind == "log" and len(rest) in (1, 2):
            LogKey(rest[0])
            if rest[0] in self.logs:
                raise Broken("a witness policy names a log twice")
            self.logs.add(rest[0])
        elif kind == "witness" and len(rest) in (2, 3):
            key = LogKey(rest[1], 4)
            if any(key.point == other.point for other in self.witnesses.values()):
                raise Broken("a witness policy names one key twice")
            self.free(rest[0])
            self.witnesses[rest[0]] = key
        elif kind == "group" and len(rest) >= 3:
            self.free(rest[0])
            self.groups[rest[0]] = self.group(rest[1], rest[2:])
        elif kind == "quorum" and len(rest) == 1 and not self.quorum:
            if rest[0] != "none" and rest[0] not in self.witnesses.keys() | self.groups.keys():
                raise Broken("a witness policy has a quorum of nobody")
            self.quorum = rest[0]
        else:
            raise Broken("a witness policy has a line that it may not have")

    def free(self, name: str) -> None:
        """Refuse a name that stands already. Raises Broken."""
        if name == "none" or name in self.witnesses or name in self.groups:
            raise Broken("a witness policy gives one name twice")

    def group(self, wanted: str, members: list[str]) -> tuple[int, list[str]]:
        """Read a group: every member was named before, and stands in no other. Raises Broken."""
        least = 1 if wanted == "any" else len(members) if wanted == "all" else decimal(wanted)
        known = self.witnesses.keys() | self.groups.keys()
        if not set(members) <= known or not 1 <= least <= len(members):
            raise Broken("a witness policy has a group of others than its members")
        if len(set(members)) != len(members) or self.used & set(members):
            raise Broken("a witness policy counts a witness twice")
        self.used |= set(members)
        return least, members

    def met(self, names: set[str]) -> bool:
        """Tell whether these witnesses make the quorum."""
        agreed = {"none", *names}
        for name, (least, members) in self.groups.items():
            if len(agreed & set(members)) >= least:
                agreed.add(name)
        return self.quorum in agreed

    def signed(self, body: str, lines: list[str]) -> set[str]:
        """Give which witnesses cosigned a checkpoint's three lines. Raises Broken for one that does not hold."""
        found = set()
        read = [signature_line(line) for line in lines]
        for name, key in self.witnesses.items():
            for by, raw in read:
                if (by, raw[:4]) != (key.name, key.id):
                    continue
                moment = int.from_bytes(raw[4:12], "big")
                if len(raw) != 76 or moment > LAST_SECOND:
                    raise Broken("a cosignature is malformed, or says no time")
                ed25519_verify(key.key, f"cosignature/v1\ntime {moment}\n{body}".encode(), raw[12:])
                found.add(name)
        return found


LAST_SECOND = 253402300799  # the end of the year 9999


# --- Time-stamps, RFC 3161 ---------------------------------------------------------------------------------------


def der(data: bytes, at: int = 0) -> tuple[int, bytes, int]:
    """Read one DER value; gives its tag, its contents, and where the next one begins. Raises Broken."""
    cut = Broken("the time-stamp cannot be read")
    if at + 2 > len(data):
        raise cut
    tag, length, start = data[at], data[at + 1], at + 2
    if length > 0x80:
        count = length & 0x7F
        if count > 4 or start + count > len(data):
            raise cut
        length, start = int.from_bytes(data[start : start + count], "big"), start + count
    elif length == 0x80:
        raise cut
    if start + length > len(data):
        raise cut
    return tag, data[start : start + length], start + length


def members(data: bytes) -> list[tuple[int, bytes]]:
    """Give the values inside a DER sequence."""
    found, at = [], 0
    while at < len(data):
        tag, contents, at = der(data, at)
        found.append((tag, contents))
    return found


def stamped_digest(answer: bytes) -> tuple[bytes, str]:
    """Give the SHA-256 that a time-stamp answer is over, and its time in UTC. Raises Broken."""
    unreadable = Broken("the time-stamp cannot be read")
    try:
        tag, contents, end = der(answer)
        token = members(contents)[1][1]
        signed = members(members(members(token)[1][1])[0][1])
        info = members(members(signed[2][1])[1][1])[0][1]
        parts = members(members(info)[0][1])
        algorithm, digest = members(parts[2][1])[:2]
        at = next(value for kind, value in parts if kind == 0x18).decode("ascii")
    except (IndexError, StopIteration, UnicodeDecodeError):
        raise unreadable from None
    sha256 = bytes.fromhex("608648016503040201")
    if tag != 0x30 or end != len(answer) or members(algorithm[1])[0][1] != sha256 or len(digest[1]) != 32:
        raise unreadable
    match = re.fullmatch(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z", at)
    if match is None:
        raise unreadable
    return digest[1], "{}-{}-{}T{}:{}:{}Z".format(*match.groups())


def openssl_ts(answer: str, data: str, roots: str, at: str, what: str = "-data") -> None:
    """Let openssl judge a time-stamp over a file (or by `-queryfile` for a request), at its own time.

    Raises Broken, or CannotLook where there is no openssl.
    """
    try:
        moment = calendar.timegm(time.strptime(at, "%Y-%m-%dT%H:%M:%SZ"))
    except ValueError:
        raise Broken("the time-stamp names no time that there is") from None
    command = ["openssl", "ts", "-verify", "-in", answer, what, data, "-CAfile", roots, "-untrusted", roots]
    command += ["-attime", str(moment)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        raise CannotLook("a time-stamp needs openssl, which could not be run") from None
    if done.returncode:
        raise Broken("the time-stamp does not hold under the roots that were given")


# --- Files -------------------------------------------------------------------------------------------------------

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}\Z")
HEX64 = re.compile(r"[0-9a-f]{64}\Z")
DATA_FILES = (
    "index.html", "index.ar.html", "dossier.pdf", "dossier.ar.pdf", "declaration.txt", "declaration.ar.txt",
    "exhibits.csv", "map.geojson", "ro-crate-metadata.json", "records/case.json", "records/corroboration.json",
    "records/audit.json", "records/correction.json", "records/custody.jsonl", "records/flights.csv",
    "records/standard.toml", "records/case-uco.jsonld", "schemas/audit.schema.json", "schemas/case.schema.json",
    "schemas/corroboration.schema.json", "schemas/custody.schema.json", "schemas/flights.tableschema.json",
)  # fmt: skip
VOLUME = re.compile(r"dossier\.(?!1\.)[1-9][0-9]{0,3}(?:\.ar)?\.pdf\Z")  # of a long dossier, from the second on
SIGNED = "tagmanifest-sha256.txt"
SIGNATURE = SIGNED + ".sig"
STAMP = SIGNED + ".tsr"
ROOT_FILES = (
    "bagit.txt", "bag-info.txt", "VERIFY.txt", "verify.py", "manifest-sha256.txt", "manifest-blake3.txt", SIGNED,
    SIGNATURE,
)  # fmt: skip
HEADS = [
    "exhibit", "bates", "title", "original_name", "path", "sha256", "size", "received", "source", "redacted",
    "withheld",
]  # fmt: skip
FLIGHT_HEADS = [
    "exhibit", "row", "time_said", "earliest", "latest", "lat", "lon", "heading_deg", "aircraft_type",
    "aircraft_class", "count", "activity", "remarks", "unreadable", "text",
]  # fmt: skip
CLASSES = {"statement": "testimony", "flight_log": "flight", "intercept": "intercept", "document": "document"}
PREMIS = {  # what an event of custody is in PREMIS 3, by its action or the type of its entry
    "capture": "capture", "receive": "transfer", "transfer": "transfer", "copy": "replication",
    "access": "dissemination", "derive": "modification", "redact": "redaction", "translate": "modification",
    "record.add": "accession", "custody.transfer": "transfer", "custody.accept": "transfer",
    "custody.check": "fixity check",
}  # fmt: skip
MICRO = 1_000_000  # micro-degrees in a degree


def sha256_of(path: str) -> tuple[str, int]:
    """Give digest and size of a file. Raises CannotLook."""
    digest, size = hashlib.sha256(), 0
    try:
        with open(path, "rb") as file:
            while data := file.read(CHUNK):
                digest.update(data)
                size += len(data)
    except OSError as error:
        raise CannotLook(f"{path} cannot be read ({error.strerror})") from None
    return digest.hexdigest(), size


def visible(text: str) -> str:
    """Give text with control and direction characters spelled out."""
    unsafe = (
        "[\0-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
    )
    return re.sub(unsafe, lambda match: f"\\u{{{ord(match[0]):04X}}}", text)


def cell(text: str) -> str:
    """Give a text as a spreadsheet may show it: never the beginning of a formula."""
    text = visible(text)
    return "'" + text if text[:1] in ("=", "+", "-", "@") else text


def may_lie(name: str) -> bool:
    """Tell whether a dossier may have a file of this name; exhibits and proof are held against what they belong to."""
    if "/" not in name:
        return name in (*ROOT_FILES, STAMP)
    rest = name.removeprefix("data/")
    inner, _, last = rest.partition("/")
    if inner == "loadfile":
        return last.endswith(".dat") and "/" not in last and last != ".dat"
    known = rest in DATA_FILES or VOLUME.match(rest) is not None
    return known or (inner in ("items", "derived", "proof") and last != "")


class Dossier:
    """One dossier folder being checked."""

    def __init__(self, folder: str, report: Report) -> None:
        self.folder, self.report = folder, report
        self.files: dict[str, int] = {}
        self.most = sys.maxsize  # bytes of a payload file: what the dossier says of all of them together
        self.digests: dict[str, str] = {}
        self.entries: dict[int, Entry] = {}
        self.before: dict[int, bytes | None] = {}
        self.shown: dict[int, dict[str, object]] = {}
        self.registry = Registry()

    def read(self, name: str) -> bytes:
        """Give the bytes of a text file of the dossier. Raises Broken if it is not there."""
        if name not in self.files:
            raise Broken(f"{name} is not there")
        if self.files[name] > MOST_TEXT_BYTES:
            raise Broken(f"{name} is larger than such a file may be")
        try:
            with open(os.path.join(self.folder, *name.split("/")), "rb") as file:
                return file.read()
        except OSError as error:
            raise CannotLook(f"{name} cannot be read ({error.strerror})") from None

    def text(self, name: str) -> str:
        """Give a UTF-8 text file. Raises Broken."""
        try:
            return self.read(name).decode()
        except UnicodeDecodeError:
            raise Broken(f"{name} is not UTF-8") from None

    def digest(self, name: str) -> str:
        """Give the SHA-256 of a file, read once."""
        if name not in self.digests:
            if self.files[name] > (self.most if name.startswith("data/") else MOST_TEXT_BYTES):
                return ""  # no digest of a file that is larger than it may be: it is not as listed
            self.digests[name], _ = sha256_of(os.path.join(self.folder, *name.split("/")))
        return self.digests[name]

    # layout and manifests

    def walk(self) -> None:
        """List every file; links, special files, unsafe names, twins and empty folders are findings.

        Raises Broken or CannotLook.
        """
        waiting, twins = [""], set()
        while waiting:
            inside = waiting.pop()
            try:
                listed = sorted(os.scandir(os.path.join(self.folder, *inside.split("/"))), key=lambda e: e.name)
            except OSError as error:
                raise CannotLook(f"{inside or self.folder} cannot be listed ({error.strerror})") from None
            if not listed:
                self.report.found("layout", f"{visible(inside) or 'the dossier'} is an empty folder")
            for found in listed:
                name = f"{inside}/{found.name}" if inside else found.name
                folded = unicodedata.normalize("NFC", name).casefold()
                if folded in twins or not NAME.match(found.name) or found.name.endswith("."):
                    self.report.found("layout", f"{visible(name)}: a name that no file of a dossier has")
                twins.add(folded)
                mode = found.stat(follow_symlinks=False).st_mode
                if stat.S_ISDIR(mode):
                    if not inside and name != "data":
                        self.report.found("layout", f"{visible(name)}: a folder that does not belong here")
                    waiting.append(name)
                elif not stat.S_ISREG(mode):
                    self.report.found("layout", f"{visible(name)} is a link or no file")
                else:
                    if not may_lie(name):
                        self.report.found("layout", f"{visible(name)}: a file that does not belong here")
                    self.files[name] = found.stat(follow_symlinks=False).st_size
                if len(self.files) > MOST_FILES:
                    raise Broken("there are more files than a dossier may have")
        for name in ROOT_FILES:
            if name not in self.files:
                self.report.found("layout", f"{name} is not there")

    def listed(self, check: str, name: str) -> dict[str, str]:
        """Read a manifest; what is malformed in it is a finding."""
        found: dict[str, str] = {}
        try:
            text = self.text(name)
        except Broken as error:
            self.report.found(check, str(error))
            return found
        lines = text.split("\n")
        if lines.pop():
            self.report.found(check, f"{name} does not end its last line")
        for number, line in enumerate(lines, 1):
            match = re.fullmatch(r"([0-9a-f]{64})  ([A-Za-z0-9._/-]+)", line)
            if match is None or match[2] in found:
                self.report.found(check, f"{name}: line {number} is malformed or lists a file twice")
            else:
                found[match[2]] = match[1]
        return found

    def manifests(self) -> None:
        """Hold every file against the manifests, and the manifests against every file."""
        payload = {name for name in self.files if name.startswith("data/")}
        tags = {name for name in self.files if "/" not in name} - {SIGNED, SIGNATURE, STAMP}
        for check, name, expected in (
            ("manifest-sha256", "manifest-sha256.txt", payload),
            ("tagmanifest", SIGNED, tags),
        ):
            listed = self.listed(check, name)
            for missing in sorted(listed.keys() - expected):
                self.report.found(check, f"{missing} is listed and not there")
            for extra in sorted(expected - listed.keys()):
                self.report.found(check, f"{visible(extra)} is there and not listed")
            for path in sorted(listed.keys() & expected):
                if self.digest(path) != listed[path]:
                    self.report.found(check, f"{path} is not what the manifest says")
            self.report.close(check, f"{len(listed)} files are listed, all are there, no other, and each is as listed")
        self.blake3 = self.listed("manifest-blake3", "manifest-blake3.txt")
        if self.blake3.keys() != payload:
            self.report.found("manifest-blake3", "it does not list exactly the files of the dossier")

    def bagit(self) -> None:
        """Check the two tag files that BagIt asks for."""
        check = "bagit"
        try:
            if self.read("bagit.txt") != b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n":
                self.report.found(check, "bagit.txt is not that of BagIt 1.0")
            info = self.text("bag-info.txt")
            payload = [size for name, size in self.files.items() if name.startswith("data/")]
            if f"\nPayload-Oxum: {sum(payload)}.{len(payload)}\n" not in "\n" + info or "\r" in info:
                self.report.found(check, "bag-info.txt tells another number or size of files")
            told = re.search(r"^Payload-Oxum: ([0-9]{1,18})\.", info, re.MULTILINE)
            self.most = int(told[1]) if told else self.most
        except Broken as error:
            self.report.found(check, str(error))
        self.report.close(check, "a BagIt 1.0 folder of the size that it says")

    # proof

    def proof(self, log_vkey: str | None, genesis: str | None) -> None:
        """Check the checkpoint, and every entry's bytes and place under it."""
        check = "checkpoint"
        try:
            own = self.text("data/proof/log.vkey")
            if not own.endswith("\n") or (log_vkey is not None and own.strip() != log_vkey.strip()):
                self.report.found(check, "the log's key is not the one that was given")
            key = LogKey(own[:-1])
            note = self.read("data/proof/checkpoint")
            self.origin, self.size, self.root = open_checkpoint(note, key, alone=True)
            self.report.close(check, f"the log {visible(self.origin)} signed its state of {self.size} entries")
        except Broken as error:
            self.report.found(check, str(error))
            self.report.close(check, "")
            return
        indices = []
        for name in sorted(self.files):
            if name.startswith("data/proof/entries/") and name.endswith(".json"):
                try:
                    indices.append(decimal(name[len("data/proof/entries/") : -len(".json")]))
                except Broken:
                    self.report.found("entries", f"{name} is named after no entry")
        for index in sorted(indices):
            try:
                self.entry(index, note)
            except Broken as error:
                self.report.found("entries", f"entry {index}: {error}")
        self.nothing_else()
        start = self.entries.get(0)
        if start is None or start.t != "genesis":
            self.report.found("entries", "entry 0, the genesis of the archive, is not proved")
        elif genesis is not None and genesis.strip() not in (
            leaf_hash(start.leaf).hex(), base64.b64encode(leaf_hash(start.leaf)).decode()
        ):  # fmt: skip
            self.report.found("entries", "entry 0 is not the genesis that was given")
        self.chains()
        self.report.close("entries", f"{len(self.entries)} entries lie in the ledger exactly as shown")
        self.commits(own[:-1])

    def nothing_else(self) -> None:
        """No file of the proof proves nothing that is shown; commits and anchors look after their own."""
        folder = "data/proof/"
        known = {folder + name for name in ("checkpoint", "log.vkey", "allowed_signers", "disclosures.txt")}
        known |= {f"{folder}entries/{index}.{part}" for index in self.entries for part in ("json", "tlog-proof")}
        for name in sorted({n for n in self.files if n.startswith(folder)} - known):
            if not name.startswith((f"{folder}commits/", f"{folder}anchors/")):
                self.report.found("entries", f"{visible(name)} belongs to no entry that is proved")

    def entry(self, index: int, note: bytes) -> None:
        """Check one entry's bytes and its inclusion proof."""
        entry = Entry(index, self.read(f"data/proof/entries/{index}.json"))
        text = self.read(f"data/proof/entries/{index}.tlog-proof")
        head, gap, tail = text.partition(b"\n\n")
        lines = head.decode("utf-8", "replace").split("\n")
        if not gap or tail != note or lines[:2] != ["c2sp.org/tlog-proof@v1", f"index {index}"]:
            raise Broken("its proof is malformed, for another entry, or against another checkpoint")
        proof = [unbase64(line, 32) for line in lines[2:]]
        root, before = walk_proof(leaf_hash(entry.leaf), index, self.size, proof)
        if root != self.root:
            raise Broken("its proof does not lead to the checkpoint")
        self.entries[index], self.before[index] = entry, before

    def chains(self) -> None:
        """The entries of one subject name each other in order, without a gap."""
        last: dict[str, int] = {}
        for index, entry in sorted(self.entries.items()):
            if entry.sub is None:
                continue
            if entry.prev != last.get(entry.sub):
                self.report.found("entries", f"entry {index} follows one that is not shown")
            last[entry.sub] = index

    def commits(self, own_key: str) -> None:
        """Every entry is signed by an operator whose key and role are proved."""
        check = "commits"
        commits = [e for e in self.entries.values() if e.t == "commit"]
        covered: set[int] = set()
        names = set()
        for commit in sorted(commits, key=lambda e: e.index):
            first, count = commit.body["first"], commit.body["count"]
            if type(first) is not int or type(count) is not int:
                self.report.found(check, f"commit {commit.index} is malformed")
                continue
            entries = [e for i, e in sorted(self.entries.items()) if first <= i < first + count]
            covered.update(e.index for e in entries)
            for problem in check_commit(self.registry, commit, entries, self.before[commit.index]):
                self.report.found(check, problem)
            if any(e.t == "commit" for e in entries):
                self.report.found(check, f"commit {commit.index} signs another commit")
            names |= self.commit_files(check, commit)
        for problem in self.registry.disputed():
            self.report.found(check, problem)
        for index, entry in sorted(self.entries.items()):
            if entry.t != "commit" and index not in covered:
                self.report.found(check, f"entry {index} is signed by no commit that is shown")
        present = {name for name in self.files if name.startswith("data/proof/commits/")}
        for name in sorted(present - names):
            self.report.found(check, f"{name} belongs to no commit that is proved")
        if self.registry.origin != self.origin:
            self.report.found(check, "the checkpoint is of another archive than entry 0")
        if self.registry.log_vkey != own_key:
            self.report.found(check, "the log's key is not the one that the ledger names")
        self.report.close(check, f"{len(commits)} commits, each signed by keys that may write what it holds")
        lines = [f"{name} {key['line']}\n" for name, key in self.registry.keys.items()]
        try:
            if self.text("data/proof/allowed_signers") != "".join(lines):
                self.report.found("signers", "allowed_signers is not what genesis and key entries say")
        except Broken as error:
            self.report.found("signers", str(error))
        self.report.close("signers", f"{len(lines)} keys, each from a proved entry")

    def commit_files(self, check: str, commit: Entry) -> set[str]:
        """The files beside a commit say what its entry says; gives their names."""
        expected = {f"data/proof/commits/{commit.index}.txt": commit_text(self.origin, commit)}
        sigs = commit.body["sigs"] if isinstance(commit.body["sigs"], list) else []
        for number, sig in enumerate(sigs, 1):
            name = f"{commit.index}.sig" if number == 1 else f"{commit.index}.{number}.sig"
            if isinstance(sig, dict) and isinstance(sig.get("sig"), str):
                expected[f"data/proof/commits/{name}"] = sig["sig"].encode()
        for name, data in expected.items():
            if name not in self.files or self.read(name) != data:
                self.report.found(check, f"{name} is not what entry {commit.index} says")
        return set(expected)

    def signature(self) -> None:
        """The tag manifest is signed, for this purpose, by a key that may export."""
        check = "signature"
        try:
            host = self.registry.origin.split("/")[0]
            signer = sshsig_verify(self.read(SIGNED), f"sijill-dossier@{host}", self.text(SIGNATURE))
            for problem in self.registry.refusals({"export"}, [signer]):
                self.report.found(check, problem)
            what = f"signed with the key {signer}"
        except Broken as error:
            what = ""
            self.report.found(check, str(error))
        self.report.close(check, what)

    def anchors(self, roots: str | None) -> None:
        """Time-stamps over earlier checkpoints, with which this dossier's own begins."""
        check, folder, sizes = "anchors", "data/proof/anchors/", dict[int, set[str]]()
        for name in sorted(n for n in self.files if n.startswith(folder)):
            match = re.fullmatch(r"([1-9][0-9]{0,15})\.(checkpoint|tsr|consistency|roots\.pem)", name[len(folder) :])
            if match is None:
                self.report.found(check, f"{name} is no part of an anchor")
            else:
                sizes.setdefault(int(match[1]), set()).add(match[2])
        what = "no outside time-stamp over the ledger travels with it"
        for size, parts in sorted(sizes.items()):
            try:
                if parts != {"checkpoint", "tsr", "consistency", "roots.pem"}:
                    raise Broken("a part of it is not there")
                at = self.anchor(f"{folder}{size}", size, roots)
                by = "by a time-stamp whose authority was not judged"
                by = f"by {at}, by the authority that was given" if at else by
                what = f"the first {size} entries existed {by}"
            except Broken as error:
                self.report.found(check, f"the anchor of {size} entries: {error}")
        self.report.close(check, what)

    def anchor(self, name: str, size: int, roots: str | None) -> str | None:
        """Check one anchor; gives its time where `roots` bear it out. Raises Broken."""
        if not hasattr(self, "root"):
            raise Broken("there is no checkpoint to hold it against")
        note = self.read(f"{name}.checkpoint")
        origin, found, root = open_checkpoint(note, LogKey(self.registry.log_key_at(size)))
        if found != size or origin != self.origin:
            raise Broken("its checkpoint is another")
        lines = self.text(f"{name}.consistency").split("\n")
        if lines.pop():
            raise Broken("its consistency proof does not end its last line")
        if not grows(size, self.size, [unbase64(line, 32) for line in lines], root, self.root):
            raise Broken("the ledger of this dossier does not begin with what was stamped")
        digest, at = stamped_digest(self.read(f"{name}.tsr"))
        if digest != hashlib.sha256(note).digest():
            raise Broken("the time-stamp is over other bytes")
        if roots is None:
            return None
        place = os.path.join(self.folder, *name.split("/"))
        openssl_ts(f"{place}.tsr", f"{place}.checkpoint", roots, at)
        return at

    def time_stamp(self, roots: str | None) -> None:
        """A time-stamp is over the tag manifest; with `roots` (a PEM file) also of that authority."""
        check = "timestamp"
        what = "there is no time-stamp: when it was made rests on the archive's own word"
        if STAMP in self.files:
            what = "a time-stamp is over this dossier; whose it is was not judged: bring the authority's roots"
            try:
                stamped, at = stamped_digest(self.read(STAMP))
                if stamped != hashlib.sha256(self.read(SIGNED)).digest():
                    raise Broken("the time-stamp is over other bytes")
                if roots is not None:
                    openssl_ts(os.path.join(self.folder, STAMP), os.path.join(self.folder, SIGNED), roots, at)
                    what = f"it existed by {at}, by a time-stamp of the authority that was given"
            except Broken as error:
                self.report.found(check, str(error))
        self.report.close(check, what)

    # what is shown

    def disclosures(self) -> None:
        """Every disclosed value is one that a proved entry committed to."""
        check = "disclosures"
        owner = {digest: e.index for e in self.entries.values() for digest in e.sd}
        count = 0
        try:
            lines = self.text("data/proof/disclosures.txt").split("\n")
            if lines.pop():
                self.report.found(check, "disclosures.txt does not end its last line")
            for number, line in enumerate(lines, 1):
                digest, name, value = read_disclosure(line)
                if digest not in owner:
                    self.report.found(check, f"line {number} discloses what no shown entry committed to")
                    continue
                fields = self.shown.setdefault(owner[digest], {})
                if name in fields:
                    self.report.found(check, f"line {number} discloses a field a second time")
                fields[name] = value
                count += 1
        except Broken as error:
            self.report.found(check, str(error))
        self.report.close(check, f"{count} disclosed values, each committed to by a proved entry")

    def values(self) -> None:
        """What the records show is what was disclosed, no more and no less."""
        check, seen = "records", set[object]()
        try:
            case = read_json(self.read("data/records/case.json"), "case.json")
            custody = self.text("data/records/custody.jsonl").split("\n")
            lines = [read_json(line.encode(), "custody.jsonl") for line in custody[:-1]]
            if custody[-1]:
                self.report.found(check, "custody.jsonl does not end its last line")
            if not isinstance(case, dict):
                raise Broken("case.json is no object")
            if case.get("format") != "sijill-dossier-case/1":
                raise Broken("case.json is not sijill-dossier-case/1")
            waiting: list[object] = [case, *lines]
            while waiting:
                value = waiting.pop()
                if isinstance(value, dict) and "entry" in value and "fields" in value:
                    self.bound(value, seen)
                if isinstance(value, (dict, list)):
                    waiting.extend(value.values() if isinstance(value, dict) else value)
            for index in sorted(self.shown.keys() - seen):
                self.report.found(check, f"entry {index} is disclosed and shown nowhere")
            self.report.close(check, f"{len(seen)} records and events show what was disclosed of their entries")
            Exhibits(self, case).check()
            Told(self, case, lines).check()
        except Broken as error:
            self.report.found(check, str(error))
            self.report.close(check, "")

    def firsts(self) -> dict[str, Entry]:
        """Give the first entry of each subject."""
        found: dict[str, Entry] = {}
        for _, entry in sorted(self.entries.items()):
            if entry.sub is not None:
                found.setdefault(entry.sub, entry)
        return found

    def bound(self, value: dict[str, object], seen: set[object]) -> None:
        """One record or event says exactly what its entry disclosed."""
        index, fields = value["entry"], value["fields"]
        entry = self.entries.get(index) if type(index) is int else None
        if entry is None or type(index) is not int or entry.t == "commit" or index in seen:
            self.report.found("records", f"a record names entry {index!r}, which is not proved or shown twice")
            return
        seen.add(index)
        expected = self.shown.get(index, {})
        if not same(fields, expected):
            self.report.found("records", f"the record of entry {index} is not what was disclosed of it")
        for name, actual in (
            ("kind", entry.body.get("kind")), ("event", entry.t), ("recorded_at", entry.at), ("recorded_by", entry.by),
        ):  # fmt: skip
            if name in value and value[name] != actual:
                self.report.found("records", f"the record of entry {index} says another `{name}` than its entry")


def same(one: object, two: object) -> bool:
    """Compare JSON values with their types: 1 is not true."""
    return json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True)


class Exhibits:
    """The exhibits: their numbers, their files, the list, and what is withheld."""

    def __init__(self, dossier: Dossier, case: dict[str, object]) -> None:
        self.dossier, self.report = dossier, dossier.report
        self.firsts = dossier.firsts()
        self.told = {dossier.entries[index].sub for index in dossier.shown}  # of which something is disclosed
        self.case = self.record(case.get("case"))
        self.items = self.many(case.get("items"))
        self.withheld = self.many(case.get("withheld"))
        self.merged = self.many(case.get("merged", []))
        self.sources = {self.tied(self.fields(s), "id"): s for s in self.many(case.get("sources"))}

    @staticmethod
    def record(value: object) -> dict[str, object]:
        """Give an object, or raise Broken."""
        if not isinstance(value, dict):
            raise Broken("case.json lacks a part that it must have")
        return value

    def many(self, value: object) -> list[dict[str, object]]:
        """Give a list of objects, or raise Broken."""
        if not isinstance(value, list):
            raise Broken("case.json lacks a list that it must have")
        return [self.record(member) for member in value]

    def fields(self, value: dict[str, object]) -> dict[str, object]:
        """Give the disclosed fields of a record."""
        return self.record(value.get("fields"))

    @staticmethod
    def tied(fields: dict[str, object], name: str) -> tuple[str, str]:
        """Give the case of a record and the id that stands under a name, which holds within its case."""
        return str(fields.get("case")), str(fields.get(name))

    def found(self, what: str) -> None:
        """Note a finding."""
        self.report.found("exhibits", what)

    def cases(self) -> list[str]:
        """Give the code of the case and of each that it takes in: every one that it says it does, and no other."""
        told = {str(self.fields(one).get("code")): self.fields(one) for one in self.merged}
        if any(one.get("kind") != "case" for one in (self.case, *self.merged)) or len(told) != len(self.merged):
            self.found("what is shown as a case is none, or stands here twice")
        codes = [str(self.fields(self.case).get("code"))]
        known = {codes[0]: self.fields(self.case)}
        for code in codes:  # grows as it is gone through
            taken = known[code].get("merged_from", [])
            if not isinstance(taken, list) or not all(isinstance(other, str) for other in taken):
                raise Broken("a list of codes is none")
            for other in taken:
                one = told.pop(other, {})
                if one.get("merged_into") != code:
                    self.found(f"the case {other}, merged into {code}, is not shown")
                else:
                    codes.append(other)
                    known[other] = one
        if told:
            self.found("a case is shown that this one does not take in")
        return codes

    def numbered(self, exhibits: list[dict[str, object]], codes: list[str]) -> bool:
        """Tell whether the exhibits of each case, in the order of registration, have its code and the ranks from 1."""
        ranks = dict.fromkeys(codes, 0)
        for one in exhibits:
            code = str(one.get("bates")).rpartition("-")[0]
            if code not in ranks or ("fields" in one and self.fields(one).get("case") != code):
                return False
            ranks[code] += 1
            if one.get("bates") != f"{code}-{ranks[code]:06d}":
                return False
        return True

    def entry_of(self, one: dict[str, object]) -> Entry | None:
        """Give the proved entry that an exhibit or event names."""
        index = one.get("entry")
        return self.dossier.entries.get(index) if type(index) is int else None

    def check(self) -> None:
        """Check everything that is said of exhibits."""
        subs, firsts = {}, {}
        for index, entry in sorted(self.dossier.entries.items()):
            if entry.t == "record.add" and entry.body["kind"] == "item":
                subs[entry.sub] = index
        codes = self.cases()
        for one in [*self.items, *self.withheld]:
            of = self.entry_of(one)
            if of is None or of.sub not in subs:
                self.found("an exhibit is no item of this archive")
                continue
            firsts[subs[of.sub]] = one
        if len(firsts) != len(subs) or not self.numbered([firsts[index] for index in sorted(firsts)], codes):
            self.found("exhibit numbers are not the order of registration, or one is left out")
        for one in self.withheld:
            self.hidden(one)
        paths = {self.shown(one) for one in self.items} | {f"data/{one.get('thumbnail')}" for one in self.items}
        extra = {n for n in self.dossier.files if n.startswith(("data/items/", "data/derived/"))} - paths
        for name in sorted(extra):
            self.found(f"{name} is the file of no exhibit")
        self.table()
        said = f"{len(self.items)} exhibits are as registered, {len(self.withheld)} are withheld"
        self.report.close("exhibits", said)
        recorded = sum(1 for one in self.items if "blake3" in self.fields(one))
        what = f"BLAKE3 not recomputed; {recorded} recorded digests are compared"
        self.report.close("manifest-blake3", what)

    def hidden(self, one: dict[str, object]) -> None:
        """Of a withheld exhibit nothing is disclosed but a salted digest of its entry."""
        entry = self.entry_of(one)
        if entry is None:
            return
        if one.get("digest") not in entry.sd:
            self.found(f"the withheld exhibit {one.get('bates')} names a digest that its entry does not hold")
        if entry.sub in self.told:
            self.found(f"something of the withheld exhibit {one.get('bates')} is disclosed")

    def first_of(self, one: dict[str, object]) -> Entry | None:
        """Give the first entry of the item that is an exhibit."""
        entry = self.entry_of(one)
        return self.firsts.get(entry.sub) if entry is not None and entry.sub is not None else None

    def shown(self, one: dict[str, object]) -> str | None:
        """The file of an exhibit is the one that was registered, or a copy that is tied to it; gives its name."""
        fields, path, form, made = self.fields(one), one.get("path"), one.get("form"), one.get("rendition")
        number, entry, first = one.get("bates"), self.entry_of(one), self.first_of(one)
        if form in ("stripped", "redacted") and (first is None or one.get("original") not in first.sd):
            self.found(f"the copy of exhibit {number} names an original that its entry does not hold")
        if path is None:
            if form != "none":
                self.found(f"exhibit {number} says that its file is here, and names none")
            return None
        name, folder = f"data/{path}", "items/" if form == "original" else "derived/"
        here = isinstance(path, str) and path.startswith(folder) and name in self.dossier.files
        if form not in ("original", "stripped", "redacted") or not here:
            self.found(f"the file of exhibit {number} is not there")
            return None
        if form == "redacted":
            copy = self.record(made)
            fields, told = self.fields(copy), self.entry_of(copy)
            if told is None or entry is None or told.sub != entry.sub or told.t != "blob.add":
                self.found(f"the redacted copy of exhibit {number} is not the one that was entered")
        elif made is not None:
            return None
        elif form == "stripped":
            return name
        if self.dossier.digest(name) != fields.get("sha256") or self.dossier.files[name] != fields.get("size"):
            self.found(f"{name} is not the file that was registered")
        if self.dossier.blake3.get(name) != fields.get("blake3"):
            self.report.found("manifest-blake3", f"{name}: not the BLAKE3 digest that was registered")
        return name

    def table(self) -> None:
        """exhibits.csv says what the records say. Raises Broken."""
        text = self.dossier.read("data/exhibits.csv")
        if not text.startswith(b"\xef\xbb\xbf"):
            self.found("exhibits.csv has no byte order mark")
        try:
            rows = list(csv.reader(io.StringIO(text.decode("utf-8-sig"), newline=""), strict=True))
        except (UnicodeDecodeError, csv.Error):
            raise Broken("exhibits.csv is not CSV in UTF-8") from None
        everything = sorted([*self.items, *self.withheld], key=lambda one: str(one.get("bates")))
        if not rows or rows[0] != HEADS or len(rows) != len(everything) + 1:
            self.found("exhibits.csv has other heads or another number of rows")
            return
        for row, one in zip(rows[1:], everything):  # noqa: B905
            if row not in self.rows_for(one):
                self.found(f"exhibits.csv says something else of {one.get('bates')} than the records")

    def rows_for(self, one: dict[str, object]) -> list[list[str]]:
        """Give the rows that may stand for an exhibit; a title may stand there in any of its languages."""
        bates = str(one.get("bates"))
        if "fields" not in one:
            said = f"{one.get('reason')} (salted digest {one.get('digest')})"
            return [[cell(bates), cell(bates), "", "", "", "", "", "", "", "", cell(said)]]
        fields = self.fields(one)
        source = self.fields(self.sources.get(self.tied(fields, "source"), {"fields": {}}))
        titles = [str(fields[f"title.{lang}"]) for lang in ("en", "und", "ar") if f"title.{lang}" in fields]
        first = self.first_of(one)
        name = f"data/{one.get('path')}"
        here = "path" in one and name in self.dossier.files
        digest, size = (self.dossier.digest(name), str(self.dossier.files[name])) if here else ("", "")
        copied = "yes" if one.get("form") in ("stripped", "redacted") else "no"
        return [
            [
                cell(f"{fields.get('case')}/{fields.get('id')}"), cell(bates), cell(title),
                cell(str(fields.get("file", ""))),
                cell(str(one.get("path", ""))), digest, size, first.at if first is not None else "",
                cell(str(source.get("pseudonym", ""))), copied, "",
            ]
            for title in titles or [""]
        ]  # fmt: skip


RECORD = ({"kind", "entry", "fields"}, {"revisions"})
LISTS = {  # a list of case.json -> the kind of its records, the members that each must have, and may have
    "sources": ("source", *RECORD),
    "links": ("link", *RECORD),
    "relations": ("relation", *RECORD),
    "merged": ("case", *RECORD),
    "items": (
        "item",
        RECORD[0] | {"exhibit", "bates", "class", "received", "form", "readings", "numbers", "custody_gaps"},
        {"revisions", "path", "thumbnail", "original", "rendition"},
    ),
    "withheld": (None, {"bates", "entry", "reason", "digest"}, set[str]()),
}
CASE = {"format", "dossier", "ledger", "case", "not_shown", *(LISTS.keys() - {"merged"})}
POINT_MAY = {"exhibit", "row", "text", "uncertainty_m"}
EVENT = ({"format", "exhibit", "bates", "event", "entry", "recorded_at", "recorded_by"}, {"premis", "fields"})


def has(one: Any, must: set[str], may: set[str]) -> bool:
    """Tell whether an object has the members that it must have, and no other than it may have."""
    return must <= set(one) <= must | may


class Told:
    """What is told a second time: labels, custody, the map, the logs, and the state of the ledger.

    Whoever signs a dossier can sign another map or another custody with it; what entries or records determine is
    derived from them again.
    """

    def __init__(self, dossier: Dossier, case: Any, events: list[Any]) -> None:
        self.dossier, self.report, self.case, self.events = dossier, dossier.report, case, events
        self.items: list[Any] = case["items"]
        self.fields: dict[str, Any] = case["case"]["fields"]
        self.firsts = dossier.firsts()

    def found(self, what: str) -> None:
        """Note a finding."""
        self.report.found("told", what)

    def check(self) -> None:
        """Check all of it."""
        try:
            self.shapes()
            self.labels()
            self.seal()
            self.custody()
            self.standard()
            features = self.features()
            self.places(features, self.rows(features))
            self.crate()
        except Broken as error:
            self.found(str(error))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            self.found(f"it is built as no dossier is ({type(error).__name__})")
        what = "labels, custody, the map, the seal and what is told of logs follow from the records and the proof"
        self.report.close("told", what)

    def json(self, name: str) -> dict[str, Any]:
        """Give a JSON object of data/. Raises Broken."""
        value = read_json(self.dossier.read(f"data/{name}"), name)
        if not isinstance(value, dict):
            raise Broken(f"{name} is no object")
        return value

    def sub(self, one: Any) -> str:
        """Give the subject of an exhibit's entry. Raises Broken."""
        entry = self.dossier.entries.get(one.get("entry", -1))
        if entry is None or entry.sub is None:
            raise Broken("a record names an entry that is not proved")
        return str(entry.sub)

    def shapes(self) -> None:
        """No record has a member that such a record has not, lacks one, or stands among those of another kind."""
        held = has(self.case, CASE, {"merged"}) and has(self.case["case"], *RECORD)
        for name, (kind, must, may) in LISTS.items():
            held = held and all(has(one, must, may) and one.get("kind") == kind for one in self.case.get(name, []))
        for one in self.items if held else []:
            told = [*one["readings"], *one["numbers"], *([one["rendition"]] if "rendition" in one else [])]
            held = held and all(has(reading, {"entry", "fields"}, set()) for reading in told)
            held = held and all(isinstance(gap, str) for gap in one["custody_gaps"])
        counts = self.case["not_shown"]
        held = held and has(counts, {"links", "relations", "contradicting"}, set())
        held = held and all(type(count) is int for count in counts.values())
        if not held or not all(has(event, *EVENT) for event in self.events):
            raise Broken("a record has members that no such record has, or lacks one")
        if any(event["format"] != "sijill-dossier-custody/1" for event in self.events):
            raise Broken("custody.jsonl is not sijill-dossier-custody/1")

    def labels(self) -> None:
        """An exhibit is called what its record is called, and was received when its first entry says."""
        for one in self.items:
            fields = one["fields"]
            ground = "imagery_satellite" if fields.get("medium") == "satellite" else "imagery_ground"
            kind = ground if fields.get("kind") == "imagery" else CLASSES[fields["kind"]]
            expected = [f"{fields.get('case')}/{fields.get('id')}", kind, self.firsts[self.sub(one)].at]
            if [one.get("exhibit"), one.get("class"), one.get("received")] != expected:
                self.found(f"case.json calls exhibit {one.get('bates')} otherwise than its record does")

    def seal(self) -> None:
        """case.json, audit.json and bag-info.txt name this dossier, and the state of the ledger that is proved."""
        lying = self.dossier
        if not hasattr(lying, "root"):
            return
        root, genesis = base64.b64encode(lying.root).decode(), leaf_hash(lying.entries[0].leaf).hex()
        state = {"origin": lying.origin, "size": lying.size, "root": root, "genesis": genesis}
        if self.case.get("ledger") != state:
            self.found("case.json names another state of the ledger")
        dossier = self.case["dossier"]
        if dossier.get("id") != f"{self.fields.get('code')}-d{dossier.get('number'):03}":
            self.found("case.json calls the dossier otherwise than its case and number")
        exercise = bool(self.fields.get("exercise"))
        if dossier.get("exercise") is not exercise:
            self.found("case.json says otherwise than its case whether this is an exercise")
        lines = lying.text("bag-info.txt").split("\n")
        for name, value in (
            ("Source-Organization", lying.origin), ("External-Identifier", dossier["id"]),
            ("Bagging-Date", dossier["date"][:10]), ("Sijill-Audience", dossier["audience"]),
            ("Sijill-Seal", f"{lying.size} {root}"),
            ("Sijill-Exercise", "yes, an invented case" if exercise else None),
        ):  # fmt: skip
            told = [line for line in lines if line.startswith(f"{name}:")]
            if told != ([] if value is None else [f"{name}: {value}"]):
                self.found(f"bag-info.txt tells another {name} than the records")
        self.audit(root, genesis)

    def audit(self, root: str, genesis: str) -> None:
        """audit.json tells the proof that there is."""
        lying, folder = self.dossier, "data/proof/anchors/"
        sizes = [lying.files[f"data/{one['path']}"] for one in self.items if "path" in one]
        expected = {
            "format": "sijill-dossier-audit/1", "origin": lying.origin, "genesis": genesis,
            "log_vkey": lying.text("data/proof/log.vkey")[:-1],
            "checkpoint": {"size": lying.size, "root": root, "sha256": lying.digest("data/proof/checkpoint")},
            "entries_proved": len(lying.entries),
            "commits": len([entry for entry in lying.entries.values() if entry.t == "commit"]),
            "signers": list(lying.registry.keys),
            "objects": {"hashed_for_this_dossier": len(sizes), "bytes": sum(sizes), "all_as_registered": True},
            "time_stamp": None,
        }  # fmt: skip
        told = self.json("records/audit.json")
        stamped = {one["size"]: one["tsr_sha256"] for one in told.pop("anchors")}
        stamps = [name for name in lying.files if name.startswith(folder) and name.endswith(".tsr")]
        held = {int(name[len(folder) : -len(".tsr")]): lying.digest(name) for name in stamps}
        if told != expected or stamped != held:
            self.found("audit.json tells another proof than there is")

    def custody(self) -> None:
        """Each exhibit's custody is told whole and in order: the time before, its registration, each later act."""
        later = ("custody.transfer", "custody.accept", "custody.check")
        acts: dict[str, list[Entry]] = {}
        for _, entry in sorted(self.dossier.entries.items()):
            if entry.sub is not None and entry.t in ("custody.prior", *later):
                acts.setdefault(entry.sub, []).append(entry)
        expected = []
        for one in self.items:
            sub = self.sub(one)
            before = [entry for entry in acts.get(sub, []) if entry.t == "custody.prior"]
            after = [entry for entry in acts.get(sub, []) if entry.t in later]
            expected += [
                [one["exhibit"], one["bates"], entry.t, entry.index, entry.at, entry.by]
                for entry in [*before, self.firsts[sub], *after]
            ]
        names = ("exhibit", "bates", "event", "entry", "recorded_at", "recorded_by")
        if [[event.get(name) for name in names] for event in self.events] != expected:
            self.found("custody.jsonl leaves out an event, adds one, or tells them in another order than their entries")
        for event in self.events:
            action = event.get("fields", {}).get("action") if event["event"] == "custody.prior" else event["event"]
            if event.get("premis") != PREMIS.get(str(action)):
                self.found(f"custody.jsonl calls what entry {event['entry']} tells by another word of PREMIS")

    def standard(self) -> None:
        """The weighing is of this case, and by the standard that lies beside it."""
        weighed = self.json("records/corroboration.json")
        if weighed["standard"]["sha256"] != self.dossier.digest("data/records/standard.toml"):
            self.found("standard.toml is not the standard that corroboration.json names")
        if weighed["case"]["code"] != self.fields.get("code"):
            self.found("corroboration.json weighs another case")

    def features(self) -> list[Any]:
        """Give the points of the map. Raises Broken."""
        document = self.json("map.geojson")
        if set(document) != {"type", "features"} or document["type"] != "FeatureCollection":
            raise Broken("map.geojson is no collection of points")
        for one in document["features"]:
            place, said = one["geometry"], one["properties"]
            if (
                not has(one, {"type", "geometry", "properties"}, set()) or one["type"] != "Feature"
                or not has(place, {"type", "coordinates"}, set()) or place["type"] != "Point"
                or len(place["coordinates"]) != 2 or not has(said, {"kind"}, POINT_MAY)
            ):  # fmt: skip
                raise Broken("map.geojson holds something that is no point of such a map")
        return list(document["features"])

    def flights(self) -> Iterator[list[str]]:
        """Give the rows of flights.csv, where it is there. Raises Broken and CannotLook."""
        name = "data/records/flights.csv"
        if name not in self.dossier.files:
            return
        limit = csv.field_size_limit(4 * 1024 * 1024)
        try:
            place = os.path.join(self.dossier.folder, *name.split("/"))
            with open(place, encoding="utf-8-sig", newline="") as file:
                rows = csv.reader(file, strict=True)
                if next(rows, None) != FLIGHT_HEADS:
                    raise Broken("flights.csv has other heads")
                for row in rows:
                    if len(row) != len(FLIGHT_HEADS):
                        raise Broken("flights.csv has a row of another length")
                    yield row
        except (UnicodeDecodeError, csv.Error):
            raise Broken("flights.csv is not CSV in UTF-8") from None
        except OSError as error:
            raise CannotLook(f"{name} cannot be read ({error.strerror})") from None
        finally:
            csv.field_size_limit(limit)

    def rows(self, features: list[Any]) -> dict[tuple[str, str], list[str]]:
        """Count the rows of each log against what was registered of it; gives the rows that the map names."""
        flights = [one["properties"] for one in features if one["properties"]["kind"] == "flight"]
        wanted = {(one.get("exhibit"), str(one["row"])) for one in flights}
        counts: dict[str, int] = {}
        rows = {}
        for row in self.flights():
            counts[row[0]] = counts.get(row[0], 0) + 1
            if (row[0], row[1]) in wanted:
                rows[row[0], row[1]] = row
        registered = {
            one["bates"]: reading["fields"]["rows"]
            for one in self.items if one["fields"].get("kind") == "flight_log"
            for reading in one["readings"] if "rows" in reading["fields"]
        }  # fmt: skip
        wrong = any(counts.get(number, 0) != count for number, count in registered.items())
        if wrong or counts.keys() - registered.keys():
            self.found("flights.csv has another number of rows than was registered of a log")
        return rows

    def places(self, features: list[Any], rows: dict[tuple[str, str], list[str]]) -> None:
        """Each point of the map is a place that a record or a row tells, and each place of a record is there."""
        told, coarse = [], 0
        for feature in features:
            properties, (lon, lat) = feature["properties"], feature["geometry"]["coordinates"]
            if properties["kind"] == "coarse":
                coarse += 1
            elif properties["kind"] == "flight":
                row, read = rows.get((properties.get("exhibit"), str(properties["row"]))), properties.get("text", "")
                if row is None or row[5:7] != [f"{lat:.6f}", f"{lon:.6f}"] or row[8] != cell(read):
                    self.found("map.geojson shows a flight where no row of a log tells it")
            else:
                told.append(feature)
        strict = self.case["dossier"]["audience"] in ("partner", "public")
        if coarse > (strict and "place_public.lat" not in self.fields):
            self.found("map.geojson shows a rounded place where there is none")
        expected = list(self.recorded())
        if len(told) != len(expected) or any(one not in may for one, may in zip(told, expected)):  # noqa: B905
            self.found("map.geojson shows other places than the records tell")

    def crate(self) -> None:
        """The crate's metadata names every file of data/ with its size and SHA-256, and no other."""
        own = "ro-crate-metadata.json"
        told = {
            one["@id"]: (one["sha256"], one["contentSize"]) for one in self.json(own)["@graph"] if "sha256" in one
        }
        held = {
            name[len("data/") :]: (self.dossier.digest(name), str(size))
            for name, size in self.dossier.files.items() if name.startswith("data/") and name != f"data/{own}"
        }  # fmt: skip
        if told != held:
            self.found("ro-crate-metadata.json describes other files than there are")

    def recorded(self) -> Iterator[list[Any]]:
        """Give the places of the records in their order, each as the features that may stand for it."""
        merged = [one["fields"] for one in self.case.get("merged", [])]
        for fields, code in ((self.fields, ""), *((one, one["code"]) for one in merged)):
            for kind, name in (("claim", "place"), ("public", "place_public")):
                named = [str(fields[key]) for key in sorted(fields) if key.startswith(f"{name}.name.")]
                yield from self.points(kind, fields, name, [f"{code} {text}".strip() for text in named or [""]])
            for strike in fields.get("strikes", ()):
                yield from self.points("strike", strike, "place", [f"{code} {strike.get('label', '')}".strip()])
        for one in self.items:
            yield from self.points("source", one["fields"], "claimed", [""], one["bates"])
            yield from self.points("radio", one["fields"], "coordinates_heard", [""], one["bates"])
            for reading in one["readings"]:
                yield from self.points("camera", reading["fields"], "facts.gps", [""], one["bates"])

    @staticmethod
    def points(kind: str, fields: Any, name: str, texts: list[str], exhibit: str = "") -> Iterator[list[Any]]:
        """Give the features that may stand for a place, one for each of its texts; nothing where it is not told."""
        lat, lon, radius = [fields.get(f"{name}.{part}") for part in ("lat", "lon", "accuracy_m")]
        if type(lat) is not int or type(lon) is not int or abs(lat) > 90 * MICRO or abs(lon) > 180 * MICRO:
            return
        features = []
        for text in texts:
            properties: dict[str, object] = {"kind": kind}
            if exhibit:
                properties["exhibit"] = exhibit
            if text:
                properties["text"] = text
            if radius is not None:
                properties["uncertainty_m"] = round(float(str(radius)))
            geometry = {"type": "Point", "coordinates": [lon / MICRO, lat / MICRO]}
            features.append({"type": "Feature", "geometry": geometry, "properties": properties})
        yield features


def check_dossier(
    folder: str, log_vkey: str | None = None, genesis: str | None = None, tsa_roots: str | None = None
) -> Report:
    """Check a dossier. Raises CannotLook."""
    report = Report()
    dossier = Dossier(folder, report)
    try:
        dossier.walk()
        report.close("layout", f"{len(dossier.files)} files, nothing that does not belong")
        dossier.bagit()
        dossier.manifests()
        dossier.proof(log_vkey, genesis)
        dossier.anchors(tsa_roots)
        dossier.signature()
        dossier.disclosures()
        dossier.values()
    except Broken as error:
        report.found("layout", str(error))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        report.found("layout", f"it is built as no dossier is ({type(error).__name__})")
    dossier.time_stamp(tsa_roots)
    trust = "self-attested: the log's key was taken from the dossier itself; compare it by another way"
    if log_vkey is not None or genesis is not None:
        trust = "held against what was given from outside"
    report.checks.append(("trust", True, trust))
    return report


# --- An archive folder -------------------------------------------------------------------------------------------

TABLES = ("act", "checkpoint", "edge", "ledger", "object", "observation", "private", "record", "tile")
OTHERS = (
    "act_sub", "act_t", "ledger_no_delete", "ledger_no_update", "object_name", "observation_long",
    "observation_when", "record_merged", "record_name", "record_sub", "record_when",
)  # fmt: skip
SETTINGS = {"database": "sqlite:///sijill.db", "objects": "objects"}
LARGEST_ROW = 64 * 1024 * 1024
BULK = ("record.", "blob.", "reading.", "custody.prior", "assessment.", "consent.")


def copied(folder: str, journal: str) -> str:
    """Copy database and journal away, so that reading them changes neither. Raises CannotLook."""
    away = tempfile.mkdtemp(prefix="sijill-verify-")
    try:
        for name in ("sijill.db", "sijill.db-wal"):
            shutil.copyfile(os.path.join(folder, name), os.path.join(away, name))
    except OSError as error:
        shutil.rmtree(away, ignore_errors=True)
        raise CannotLook(f"{journal} cannot be read, or there is no room to copy it ({error.strerror})") from None
    return away


def _loose(data: bytes) -> str:
    """Read a text of the database; bytes that are no UTF-8 become what no strict reading takes."""
    return data.decode("utf-8", "surrogateescape")


@contextlib.contextmanager
def database(folder: str, report: Report) -> Iterator[sqlite3.Connection]:
    """Open the database so that nothing beside it is made or changed. Raises CannotLook."""
    path = os.path.join(folder, "sijill.db")
    if os.path.islink(path):
        raise CannotLook(f"{path} is a link, and this program follows none")
    if os.path.lexists(path + "-journal"):
        report.found("database", "sijill.db-journal is there: opening would change the database; Sijill makes none")
    journal, away = path + "-wal", ""
    if os.path.exists(journal) and os.path.getsize(journal):
        report.checks.append(("journal", True, "a writer is at work or was stopped; its journal is read too"))
        away = copied(folder, journal)
    name, mode = (os.path.join(away, "sijill.db"), "rw") if away else (path, "ro&immutable=1")
    before, trouble = os.stat(path), None
    try:
        db = sqlite3.connect(f"file:{urllib.parse.quote(os.path.abspath(name))}?mode={mode}", uri=True)
        try:
            db.text_factory = _loose
            db.execute("PRAGMA trusted_schema=OFF")
            yield db
        except sqlite3.Error as error:  # what was read while somebody wrote proves nothing, not even damage
            trouble = error
        finally:
            db.close()
    finally:
        if away:
            shutil.rmtree(away, ignore_errors=True)
    after = os.stat(path)
    if not away and (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        raise CannotLook(f"{path} was written to while it was read; run this again")
    if trouble is not None:
        raise trouble


def check_tables(db: sqlite3.Connection, report: Report) -> bool:
    """The database holds the tables of an archive, and nothing more; tells whether the ledger's are there."""
    check, seen = "database", set()
    for kind, name, sql in db.execute("SELECT type, name, sql FROM sqlite_master"):
        if sql is None:
            continue
        seen.add(name)
        wanted = "table" if name in TABLES else "trigger" if str(name).startswith("ledger_no_") else "index"
        if name not in TABLES + OTHERS or kind != wanted:
            report.found(check, f"{kind} {name} does not belong in the database of an archive")
    for name in sorted(set(TABLES + OTHERS) - seen):
        report.found(check, f"{name} is missing in the database")
    for name in ("user_version", "application_id"):
        if db.execute(f"PRAGMA {name}").fetchone()[0]:
            report.found(check, f"{name} of the database was set")
    for (line,) in db.execute("PRAGMA quick_check(20)"):
        if line != "ok":
            report.found(check, f"the database is damaged: {line}")
    tables = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('ledger', 'private', 'checkpoint')"
    return bool(db.execute(tables).fetchone()[0] == 3)


def settings(folder: str, origin: str, report: Report) -> None:
    """What sijill.toml says is what this folder is."""
    said: dict[str, Any] = {}
    try:
        import tomllib
    except ImportError:
        report.checks.append(("settings", True, "sijill.toml is not read: this Python is older than 3.11"))
        return
    try:
        with open(os.path.join(folder, "sijill.toml"), "rb") as file:
            said = tomllib.load(file)
    except (OSError, ValueError, RecursionError):
        report.found("settings", "sijill.toml is not there or no TOML")
    else:
        if said.get("format") != "sijill-archive/1" or said.get("origin") != origin:
            report.found("settings", "sijill.toml is of another format or origin than entry 0")
        for name, usual in SETTINGS.items():
            if said.get(name) != usual:
                report.unlooked.append(f"sijill.toml says that `{name}` is elsewhere; what this folder holds was read")
    report.close("settings", "sijill.toml names this folder's own database and objects, and the origin of entry 0")


class Span:
    """What was read since the last commit, with as little of it as the rules need."""

    def __init__(self, start: int) -> None:
        self.start, self.count = start, 0
        self.ats: dict[str, int] = {}  # each time that entries bear, and the first that does
        self.seen: set[tuple[str, str]] = set()
        self.entries: list[Entry] = []
        self.names: dict[int, str] = {}

    def take(self, entry: Entry | None) -> None:
        """Count an entry. Of many alike the first is kept."""
        self.count += 1
        if entry is None:
            return
        kind = (entry.t, entry.by)
        if kind not in self.seen or not entry.t.startswith(BULK):
            self.seen.add(kind)
            self.entries.append(entry)
        if len(self.ats) < 1000:
            self.ats.setdefault(entry.at, entry.index)


class Ledger:
    """The ledger of an archive, read once in order; what grows with it lies in a scratch database."""

    def __init__(self, folder: str, report: Report, scratch: sqlite3.Connection) -> None:
        self.folder, self.report, self.scratch = folder, report, scratch
        self.registry, self.tree, self.span = Registry(), Tree(), Span(0)
        self.commits, self.head = 0, b""
        self.genesis, self.broken = b"", False
        self.wanted: dict[int, bytes] = {}
        self.sealed: dict[str, int] = {}
        self.tsa_roots: str | None = None
        self.stamps: list[tuple[int, dict[str, Any]]] = []
        self.stamped = 0  # how many entries a time-stamp is over
        self.policy: Policy | None = None  # the one in force
        self.cosigned: list[tuple[int, dict[str, Any]]] = []  # acts that keep cosignatures
        self.witnessed: dict[int, set[str]] = {}
        self.called: dict[str, list[tuple[int, str]]] = {}  # an operator's name -> from which entry, which person
        self.all_named = True  # no operator's name was erased
        self.lent: set[int] = set()  # seals by a registrar alone, who may make the first of a subject
        for table in (
            "chain(sub TEXT, idx INTEGER, prev INTEGER, does TEXT)", "gone(idx INTEGER, digest TEXT)",
            "erased(digest TEXT, idx INTEGER)", "object(blake3 TEXT, sha256 TEXT, size INTEGER, idx INTEGER)",
            "named(sub TEXT, kind TEXT, code TEXT, id TEXT)", "ended(sub TEXT)",
            "merged(sub TEXT PRIMARY KEY, code TEXT, above TEXT, below TEXT)",
            "handed(idx INTEGER PRIMARY KEY, receiver TEXT, outside INTEGER)", "made(idx INTEGER, at TEXT)",
        ):  # fmt: skip
            self.scratch.execute(f"CREATE TABLE {table}")

    def run(self, db: sqlite3.Connection) -> None:
        """Read every entry, every disclosure and every checkpoint."""
        notes = iter(db.execute("SELECT size, note FROM checkpoint ORDER BY size"))
        note = next(notes, None)
        sql = "SELECT l.idx, l.leaf, p.disclosures FROM ledger l LEFT JOIN private p ON p.idx = l.idx ORDER BY l.idx"
        for expected, (index, leaf, text) in enumerate(db.execute(sql)):
            if index != expected:
                self.report.found("ledger", f"entry {expected} is gone, or indices were changed")
                break
            if not isinstance(leaf, bytes) or not (text is None or isinstance(text, str)):
                self.report.found("ledger", f"entry {index} or its disclosures are stored as another type")
                leaf, text = b"", None
            ended = self.entry(index, leaf, text)
            while note is not None and (note[0] < index + 1 or (note[0] == index + 1 and not ended)):
                self.report.found("checkpoint", f"the checkpoint of {note[0]} entries belongs to no commit")
                note = next(notes, None)
            if ended and note is not None and note[0] == index + 1:
                self.checkpoint(f"the checkpoint of {note[0]} entries", note[1], index + 1)
                note = next(notes, None)
            elif ended:
                self.report.found("checkpoint", f"the commit at entry {index} has no checkpoint")
        if note is not None:
            self.report.found("checkpoint", f"the checkpoint of {note[0]} entries belongs to no commit")
        if db.execute("SELECT count(*) FROM private WHERE idx NOT IN (SELECT idx FROM ledger)").fetchone()[0]:
            self.report.found("disclosures", "there are disclosures of entries that do not exist")
        if self.span.count or not self.tree.size:
            self.report.found("ledger", f"the entries from {self.span.start} on are signed by no commit")
        self.afterwards()
        for index, fields in self.stamps:
            self.stamp(db, index, fields)
        for index, fields in self.cosigned:
            self.witness(db, index, fields)

    def afterwards(self) -> None:
        """What can be told only when all was read: chains, erasures, disputed commits."""
        sub, was, made, sealed, giver, handed = None, None, "", False, "", -1
        for now, index, prev, does in self.scratch.execute("SELECT * FROM chain ORDER BY sub, idx"):
            if now != sub:
                sub, was, made, sealed, giver = now, None, "", False, ""
            about = ABOUT.get(re.split("[ :]", does)[0], "").split()
            if about and made not in about:
                self.report.found("ledger", f"entry {index} is about no {' or '.join(about)} that was ever recorded")
            if does.startswith("custody.transfer:"):
                giver, handed = does, index
                self.handing(index)
            elif does.startswith("custody.accept:"):
                if not self.of_two(giver, does):
                    self.report.found("ledger", f"entry {index} accepts what no other person handed over before")
                elif not self.meant(handed, does):
                    self.report.found("ledger", f"entry {index} accepts what was handed over to another")
                giver = ""
            if sealed and index in self.lent:
                self.report.found("ledger", f"entry {index}: a registrar may make the first seal, not another")
            sealed = sealed or does.startswith("seal.")
            verb, _, kind = does.partition(" ")
            made = kind if verb in ("add", "link") else "key" if verb == "key.add" else made
            if prev != was or (kind and kind != made):
                self.report.found("ledger", f"entry {index} does not follow the one before it on its subject")
            was = index
        gone = (
            "SELECT g.idx, count(*) FROM gone g WHERE NOT EXISTS (SELECT 1 FROM erased e WHERE e.digest = g.digest"
            " AND e.idx > g.idx) GROUP BY g.idx ORDER BY g.idx"
        )
        self.scratch.execute("CREATE INDEX erased_digest ON erased(digest)")
        for index, count in self.scratch.execute(gone):
            self.report.found("disclosures", f"disclosures of entry {index}: {count} are gone, by no order")
        self.scratch.execute("CREATE INDEX gone_digest ON gone(digest)")
        left = "SELECT DISTINCT idx FROM erased WHERE digest NOT IN (SELECT digest FROM gone) ORDER BY idx"
        for (index,) in self.scratch.execute(left):
            self.report.found("disclosures", f"the order of entry {index} to erase was not carried out")
        twice = (
            "SELECT kind, count(*) FROM named WHERE id IS NOT NULL AND sub NOT IN (SELECT sub FROM ended)"
            " GROUP BY kind, code, id HAVING count(*) > 1"
        )
        for kind, count in self.scratch.execute(twice):
            self.report.found("disclosures", f"{count} records bear one name, of kind {kind}")
        self.merges()
        for problem in self.registry.disputed():
            self.report.found("ledger", problem)

    def merges(self) -> None:
        """Each merge is stated by both of its cases."""
        rows = self.scratch.execute("SELECT code, above, below FROM merged ORDER BY code")
        told = {code: (above, json.loads(below)) for code, above, below in rows}
        for code, (above, below) in told.items():
            halves = [other for other in below if told.get(other, (None, []))[0] != code]
            if above is not None and code not in told.get(above, (None, []))[1]:
                halves.append(above)
            if halves:
                self.report.found("disclosures", f"{len(halves)} merges of cases that only one of the two states")

    def stamp(self, db: sqlite3.Connection, index: int, fields: dict[str, Any]) -> None:
        """Hold one time-stamp against its checkpoint and the roots kept with it, and acts against its time."""
        where = f"the time-stamp of entry {index}"
        try:
            size, at = fields["size"], fields["time"]
            row = db.execute("SELECT note FROM checkpoint WHERE size = ?", (size,)).fetchone()
            note, answer = row[0] if row else None, unbase64(fields["tsr"])
            if type(size) is not int or not isinstance(note, bytes):
                raise Broken("its checkpoint is gone")
            digest = hashlib.sha256(note).digest()
            if (digest.hex(), hashlib.sha256(answer).hexdigest()) != (fields["note_sha256"], fields["tsr_sha256"]):
                raise Broken("it is not the answer, or over the checkpoint, that was recorded")
            if stamped_digest(answer) != (digest, at):
                raise Broken("it is over other bytes, or of another time")
            with tempfile.TemporaryDirectory(prefix="sijill-verify-") as away:
                paths = [os.path.join(away, name) for name in ("answer.tsr", "checkpoint", "roots.pem", "asked.tsq")]
                asked = unbase64(fields.get("request", ""))
                for path, data in zip(paths, (answer, note, fields["roots"].encode(), asked)):  # noqa: B905
                    with open(path, "wb") as file:
                        file.write(data)
                openssl_ts(paths[0], paths[1], self.tsa_roots or paths[2], at)
                if asked:
                    openssl_ts(paths[0], paths[3], self.tsa_roots or paths[2], at, "-queryfile")
        except CannotLook as error:
            self.report.unlooked.append(f"{where}: {error}")
        except Broken as error:
            self.report.found("anchors", f"{where}: {error}")
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, sqlite3.Error):
            self.report.found("anchors", f"{where}: its entry is malformed")
        else:
            self.stamped = max(self.stamped, size)
            self.claims(index, size, calendar.timegm(time.strptime(at, "%Y-%m-%dT%H:%M:%SZ")))

    def witness(self, db: sqlite3.Connection, index: int, fields: dict[str, Any]) -> None:
        """Hold the cosignatures that an entry keeps against their checkpoint and the policy in force."""
        try:
            size, lines = fields["size"], fields["cosignatures"]
            if len(fields) != 3 or type(size) is not int or not _is(lines, "texts"):
                raise Broken("their entry is malformed")
            row = db.execute("SELECT note FROM checkpoint WHERE size = ?", (size,)).fetchone()
            note = row[0] if row and isinstance(row[0], bytes) else b""
            if not note or hashlib.sha256(note).hexdigest() != fields["note_sha256"]:
                raise Broken("their checkpoint is not the one that was cosigned")
            body = note.decode().partition("\n\n")[0] + "\n"
            whole = f"{body}\n" + "".join(f"{line}\n" for line in lines)
            if not lines or len(whole.encode()) > 64 * 1024:
                raise Broken("there are none, or too many")
            for line in lines:
                signature_line(line)
            if self.policy is not None:
                self.witnessed.setdefault(size, set()).update(self.policy.signed(body, lines))
        except Broken as error:
            self.report.found("anchors", f"the cosignatures of entry {index}: {error}")
        except (KeyError, TypeError, ValueError, OverflowError, sqlite3.Error):
            self.report.found("anchors", f"the cosignatures of entry {index}: their entry is malformed")

    def set_policy(self, index: int, text: object) -> None:
        """Take the witness policy that an entry sets."""
        self.policy = None
        try:
            self.policy = Policy(text if isinstance(text, str) else "")
        except Broken as error:
            self.report.found("anchors", f"entry {index}: {error}")

    def claims(self, index: int, size: int, moment: int) -> None:
        """Tell acts that say a time more than five minutes outside what a time-stamp proves."""
        low, high = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment + late)) for late in (-300, 300))
        asked = "SELECT idx FROM made WHERE (idx < ? AND at > ?) OR (idx >= ? AND at < ?) ORDER BY idx"
        for (commit,) in self.scratch.execute(asked, (size, high, index, low)):
            self.report.found("anchors", f"the act of commit {commit} says a time that a time-stamp disproves")

    def anchored(self) -> str:
        """Say what time-stamps hold and what was not looked at."""
        what = f"a time-stamp over the first {self.stamped} entries holds" if self.stamped else "no time-stamp holds"
        if self.stamped and self.tsa_roots is None:
            what += ", by roots that the archive brings along"
        for size, names in sorted(self.witnessed.items())[-1:]:
            enough = "the quorum" if self.policy is not None and self.policy.met(names) else "not the quorum"
            what += f"; {size} entries are cosigned by {', '.join(sorted(names)) or 'nobody who counts'}: {enough}"
        return what

    def receiver(self, index: int) -> tuple[str | None, bool]:
        """Give to whom a transfer hands over, None where that was not disclosed, and whether they are outside."""
        row = self.scratch.execute("SELECT receiver, outside FROM handed WHERE idx = ?", (index,)).fetchone()
        return (row[0], bool(row[1])) if row else (None, False)

    def handing(self, index: int) -> None:
        """What stays here is handed over to somebody who was an operator then."""
        name, outside = self.receiver(index)
        if name is None or outside or not self.all_named:
            return
        if not any(first < index for first, _ in self.called.get(name, [])):
            self.report.found("ledger", f"entry {index} hands over to somebody who is no operator")

    def meant(self, handed: int, does: str) -> bool:
        """Tell whether an acceptance is by the person to whom the transfer before it was, as far as it was said."""
        name, outside = self.receiver(handed)
        key = self.registry.keys.get(does.split(":", 1)[1].rsplit(":", 1)[0])
        if outside or name is None or not self.all_named or key is None:
            return not outside
        return key["person"] in [person for _, person in self.called.get(name, [])]

    def of_two(self, giver: str, taker: str) -> bool:
        """Tell whether a transfer and its acceptance are acts of two persons."""
        if not giver:
            return False
        (one, first), (two, second) = (does.split(":", 1)[1].rsplit(":", 1) for does in (giver, taker))
        persons = [self.registry.keys.get(name, {}).get("person", name) for name in (one, two)]
        return first != second and persons[0] != persons[1]

    def entry(self, index: int, leaf: bytes, text: str | None) -> bool:
        """Take one entry with its disclosures; tells whether it is a commit."""
        entry = None
        try:
            entry = Entry(index, leaf)
        except Broken as error:
            self.report.found("ledger", str(error))
        if index == 0:
            self.genesis = leaf_hash(leaf)
        if entry is None or (entry.t == "genesis") != (index == 0):
            self.report.found("ledger", f"entry {index}: the genesis must be entry 0 and no other")
        ended = entry is not None and entry.t == "commit"
        if entry is not None and ended:
            self.commit(entry)
        else:
            self.span.take(entry)
        self.tree.add(leaf)
        if index + 1 in self.wanted:
            self.wanted[index + 1] = self.tree.root()
        if entry is not None and entry.sub is None and entry.t in ABOUT:
            self.report.found("ledger", f"entry {index} is about nothing")
        if entry is not None and entry.sub is not None:
            does = entry.t
            if does.startswith("record."):
                does = does[len("record.") :] + " " + str(entry.body["kind"])
            elif does in ("custody.transfer", "custody.accept"):
                does += f":{entry.by}:{self.commits}"
            self.scratch.execute("INSERT INTO chain VALUES (?,?,?,?)", (entry.sub, index, entry.prev, does))
        if entry is not None:
            self.disclosed(entry, text)
        return ended

    def commit(self, commit: Entry) -> None:
        """Hold a commit against all entries since the one before."""
        span, before = self.span, len(self.report.findings)
        if commit.body["first"] != span.start or commit.body["count"] != span.count:
            self.report.found("ledger", f"commit {commit.index} does not sign exactly the entries before it")
        for at, index in span.ats.items():
            if at != commit.at:
                self.report.found("ledger", f"entry {index} bears another time than the commit that signs it")
        signers = [sig["by"] for sig in commit.body["sigs"]]
        if not self.registry.holds(signers, "guardian"):
            self.lent.update(entry.index for entry in span.entries if entry.t == "seal.put")
        root = self.tree.root()
        if self.broken:
            root = unbase64_or(commit.body["root"], root)  # said once: after a change no later root can come out
        for problem in check_commit(self.registry, commit, span.entries, root):
            self.report.found("ledger", problem)
        self.broken = self.broken or commit.body["root"] != base64.b64encode(root).decode()
        self.key_proofs(span)
        if len(self.report.findings) == before:
            for entry in span.entries:
                rows = [(digest, entry.index) for digest in entry.body.get("digests", ())]
                self.scratch.executemany("INSERT INTO erased VALUES (?,?)", rows)
        self.commits += 1
        self.scratch.execute("INSERT INTO made VALUES (?,?)", (commit.index, commit.at))
        self.span = Span(commit.index + 1)

    def disclosed(self, entry: Entry, text: str | None) -> None:
        """Hold the disclosures of an entry against its digests; note the object, key, act or record they tell of."""
        where = f"disclosures of entry {entry.index}"
        fields, missing = self.values(entry, text, where)
        self.scratch.executemany("INSERT INTO gone VALUES (?,?)", missing)
        if "blake3" in fields and entry.t != "record.edit":
            self.note_object(entry, fields, where)
        if entry.t == "key.add":
            self.note_key(entry, fields.get("name"), not missing)
        self.note_act(entry, fields)
        wrong = misfit(entry, fields)
        if wrong:
            self.report.found("disclosures", f"{where}: {wrong}")
        else:
            self.note_record(entry, fields)

    def values(self, entry: Entry, text: str | None, where: str) -> tuple[dict[str, object], list[tuple[int, str]]]:
        """Give the values that the entry committed to, and (entry, digest) of those that are gone."""
        digests: set[str] = set()
        fields: dict[str, object] = {}
        try:
            if text is not None and (not entry.sd or len(text) > LARGEST_ROW):
                raise Broken(f"{where}: it has none, or not so many")
            strings = read_json((text or "[]").encode("utf-8", "surrogatepass"), where)
            if not isinstance(strings, list) or not all(isinstance(string, str) for string in strings):
                raise Broken(f"{where} are no list of strings")
            again = json.dumps(strings, ensure_ascii=False, separators=(",", ":"))
            if text is not None and again != text:
                raise Broken(f"{where} are not in their one form")
            for string in strings:
                digest, name, value = read_disclosure(string)
                if digest in digests or digest not in entry.sd or name in fields:
                    raise Broken(f"{where}: one that the entry never committed to, or a name twice")
                digests.add(digest)
                fields[name] = value
        except Broken as error:
            self.report.found("disclosures", str(error))
        return fields, [(entry.index, digest) for digest in entry.sd if digest not in digests]

    def note_object(self, entry: Entry, fields: dict[str, object], where: str) -> None:
        """Note the object that an entry names; what is sealed again replaces what was."""
        blake3, sha256, size = (fields.get(key) for key in ("blake3", "sha256", "size"))
        if not (isinstance(blake3, str) and isinstance(sha256, str) and type(size) is int and HEX64.match(blake3)):
            self.report.found("disclosures", f"{where}: they name an object as none is named")
            return
        self.scratch.execute("INSERT INTO object VALUES (?,?,?,?)", (blake3, sha256, size, entry.index))
        if entry.t in ("seal.put", "seal.reseal"):
            older = self.sealed.get(str(entry.sub), -1) if entry.t == "seal.reseal" else -1
            self.scratch.execute("DELETE FROM object WHERE idx = ?", (older,))
            self.sealed[str(entry.sub)] = entry.index

    def note_key(self, entry: Entry, called: object, whole: bool) -> None:
        """Note the name under which a key was added; `whole` where nothing of it is gone."""
        if isinstance(called, str) or whole:
            self.span.names[entry.index] = str(called)
        if isinstance(called, str):
            self.called.setdefault(called, []).append((entry.index, entry.body["person"]))
        else:
            self.all_named = False

    def note_act(self, entry: Entry, fields: dict[str, object]) -> None:
        """Note what can be judged only when all was read: what was handed over, time-stamps, cosignatures, policies."""
        if entry.t == "custody.transfer" and isinstance(fields.get("to"), str):
            outside = fields.get("outside") is True
            self.scratch.execute("INSERT INTO handed VALUES (?,?,?)", (entry.index, fields["to"], outside))
        if entry.t == "anchor.time" and fields:
            self.stamps.append((entry.index, fields))
        if entry.t == "anchor.witness" and fields:
            self.cosigned.append((entry.index, fields))
        if entry.t == "policy.set" and "policy" in fields:
            self.set_policy(entry.index, fields["policy"])

    def note_record(self, entry: Entry, fields: dict[str, object]) -> None:
        """Note the name of a record, its end, and of a case what it was merged with."""
        if entry.t in ("record.add", "record.edit") and entry.body["kind"] == "case" and "code" in fields:
            self.scratch.execute("DELETE FROM merged WHERE sub = ?", (entry.sub,))
            above, below = fields.get("merged_into"), fields.get("merged_from", [])
            if above is not None or below:
                row = (entry.sub, fields["code"], above, json.dumps(below))
                self.scratch.execute("INSERT INTO merged VALUES (?,?,?,?)", row)
        if entry.t in ("record.add", "record.link"):
            kind = entry.body["kind"]
            names = ("code", "code") if kind == "case" else ("case", "id")
            self.scratch.execute("INSERT INTO named VALUES (?,?,?,?)", (entry.sub, kind, *map(fields.get, names)))
        elif entry.t in ("record.withdraw", "erase"):
            self.scratch.execute("INSERT INTO ended VALUES (?)", (entry.sub,))

    def key_proofs(self, span: Span) -> None:
        """Whoever added a key showed that they hold it."""
        for entry in span.entries:
            if entry.t != "key.add" or entry.index not in span.names:
                continue
            try:
                mark = fingerprint(key_blob(entry.body["key"]))
                text = f"sijill-key/v1\n{self.registry.origin}\n{span.names[entry.index]}\n{mark}\n"
                if sshsig_verify(text.encode("utf-8", "replace"), "sijill-key@v1", entry.body["proof"]) != mark:
                    raise Broken("made with another key")
            except Broken as error:
                self.report.found("ledger", f"entry {entry.index}: its proof of possession does not hold: {error}")

    def checkpoint(self, where: str, note: object, size: int) -> None:
        """Hold one checkpoint against the tree as it stands."""
        if self.broken:
            return
        try:
            if not isinstance(note, bytes):
                raise Broken("it is stored as another type")
            origin, found, root = open_checkpoint(note, LogKey(self.registry.log_key_at(size)), alone=True)
            if (origin, found, root) != (self.registry.origin, size, self.tree.root()):
                raise Broken("it is not for the entries that are here")
        except Broken as error:
            self.report.found("checkpoint", f"{where}: {error}")
        self.head = note if isinstance(note, bytes) else b""


def unbase64_or(text: str, other: bytes) -> bytes:
    """Give what `text` spells, or `other` where it spells nothing."""
    try:
        return unbase64(text, 32)
    except Broken:
        return other


def check_file(folder: str, report: Report) -> bytes | None:
    """Give the bytes of the file `checkpoint`."""
    try:
        with open(os.path.join(folder, "checkpoint"), "rb") as file:
            return file.read(CHUNK)
    except OSError:
        report.found("checkpoint", "the file `checkpoint` is not there; the database may have it")
        return None


def file_size(stored: bytes | None) -> int:
    """Give the size that a checkpoint is for, or -1."""
    lines = (stored or b"").decode("utf-8", "replace").split("\n")
    try:
        return decimal(lines[1] if len(lines) > 1 else "")
    except Broken:
        return -1


def hold_file(stored: bytes, ledger: Ledger, report: Report) -> None:
    """Hold the file `checkpoint` against the tree."""
    size = file_size(stored)
    if stored == ledger.head:
        return
    try:
        origin, _, root = open_checkpoint(stored, LogKey(ledger.registry.log_key_at(size)))
        if origin != ledger.registry.origin or ledger.wanted.get(size) != root:
            raise Broken("it is not for the entries that are here")
        if size == ledger.tree.size:
            raise Broken("its bytes are not those of the database")
        report.checks.append(("checkpoint-file", True, "the file `checkpoint` is older than the ledger, and fits it"))
    except Broken as error:
        report.found("checkpoint", f"the file checkpoint: {error}")


def hold_given(ledger: Ledger, log_vkey: str | None, genesis: str | None) -> None:
    """Hold the archive against what was given from outside."""
    known = []  # the log's key, and those before it that signed for the one after them
    for _, key, lost in reversed(ledger.registry.log_keys):
        known.append(key)
        if lost:
            break
    if log_vkey is not None and log_vkey.strip() not in known:
        ledger.report.found("checkpoint", "the log's key is not the one that was given")
    named = (ledger.genesis.hex(), base64.b64encode(ledger.genesis).decode())
    if genesis is not None and genesis.strip() not in named:
        ledger.report.found("checkpoint", "entry 0 is not the genesis that was given")


def predecessor(folder: str, registry: Registry, report: Report) -> None:
    """The older archive kept inside, from which this one goes on, has the head that entry 0 names."""
    check, inside, tree = "predecessor", os.path.join(folder, "predecessor"), Tree()
    if not registry.continues:
        if os.path.lexists(inside):
            report.found(check, "an older archive lies here, and entry 0 names none")
            report.close(check, "")
        return
    origin, size, root = registry.continues
    what = f"goes on from {origin} at {size} entries, which is not kept here"
    if os.path.lexists(os.path.join(inside, "sijill.db")):
        what = f"goes on from {origin} at {size} entries; those kept here are these: check that folder too"
        try:
            with database(inside, report) as db:
                for (leaf,) in db.execute("SELECT leaf FROM ledger ORDER BY idx"):
                    tree.add(leaf if isinstance(leaf, bytes) else b"")
        except sqlite3.Error:
            report.found(check, "the older archive cannot be read")
        if (tree.size, base64.b64encode(tree.root()).decode()) != (size, root):
            report.found(check, "the older archive kept here is not the one that entry 0 names")
    report.close(check, what)


def check_objects(folder: str, scratch: sqlite3.Connection, report: Report) -> None:
    """Read every object that the ledger names, and look for what it does not name."""
    store, count, bytes_read = os.path.join(folder, "objects"), 0, 0
    rows = scratch.execute("SELECT DISTINCT blake3, sha256, size, min(idx) FROM object GROUP BY 1, 2, 3 ORDER BY 1")
    for name, sha256, size, index in rows:
        path, count = os.path.join(store, name[:2], name), count + 1
        try:
            shelf, mode = os.lstat(os.path.dirname(path)).st_mode, os.lstat(path).st_mode
            if not stat.S_ISREG(mode) or not stat.S_ISDIR(shelf):
                report.found("objects", f"object {name[:16]}… of entry {index} is a link or no file")
                continue
            digest, found = sha256_of(path)
            bytes_read += found
            if (digest, found) != (sha256, size):
                report.found("objects", f"object {name[:16]}… of entry {index} is not what was taken in")
        except (FileNotFoundError, NotADirectoryError):
            report.found("objects", f"object {name[:16]}… of entry {index} is gone")
        except (OSError, CannotLook) as error:
            report.unlooked.append(f"object {name[:16]}… of entry {index} cannot be read ({error})")
    scratch.execute("CREATE INDEX object_name ON object(blake3)")
    strays = 0
    try:
        if os.path.lexists(os.path.join(folder, "erase.pending")):
            report.found("objects", "erase.pending: objects that an order removed may still be here")
        if os.path.islink(store):
            report.unlooked.append(f"{store} is a link out of this folder")
        for shelf_name in sorted(os.listdir(store)):
            strays += stray_objects(store, shelf_name, scratch, report)
    except OSError as error:
        report.unlooked.append(f"{store} cannot be listed ({error.strerror})")
    said = f"; {strays} files in the store are named by no entry" if strays else ""
    what = f"{count} objects, {bytes_read} bytes, each of the recorded SHA-256 and size{said}"
    report.close("objects", what)


def stray_objects(store: str, shelf: str, scratch: sqlite3.Connection, report: Report) -> int:
    """Count what lies on one shelf of the store and is named by no entry; links and the like are findings."""
    path = os.path.join(store, shelf)
    if not re.fullmatch("[0-9a-f]{2}", shelf):
        return 0 if shelf.startswith(".tmp-") else 1
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        report.found("objects", f"objects/{shelf} is a link or no folder")
        return 0
    strays = 0
    for name in sorted(os.listdir(path)):
        if HEX64.match(name) and scratch.execute("SELECT 1 FROM object WHERE blake3 = ?", (name,)).fetchone():
            continue
        strays += 1
        if HEX64.match(name) and not stat.S_ISREG(os.lstat(os.path.join(path, name)).st_mode):
            report.found("objects", f"objects/{shelf}/{name[:16]}… is a link or no file, and named by no entry")
    return strays


def check_archive(
    folder: str, log_vkey: str | None = None, genesis: str | None = None, tsa_roots: str | None = None
) -> Report:
    """Check an archive folder. Raises CannotLook."""
    with contextlib.closing(sqlite3.connect("")) as scratch:
        report = Report()
        check_archive_by(Ledger(folder, report, scratch), log_vkey, genesis, tsa_roots)
        return report


def check_archive_by(ledger: Ledger, log_vkey: str | None, genesis: str | None, tsa_roots: str | None) -> None:
    """Check an archive folder with an empty scratch database. Raises CannotLook."""
    folder, report, ledger.tsa_roots = ledger.folder, ledger.report, tsa_roots
    stored = check_file(folder, report)
    ledger.wanted = {file_size(stored): b""}
    try:
        with database(folder, report) as db:
            if check_tables(db, report):
                ledger.run(db)
    except sqlite3.Error as error:
        if "malformed" not in str(error) and not str(error).startswith("no such"):
            raise CannotLook(f"{os.path.join(folder, 'sijill.db')} cannot be read ({error})") from None
        report.found("database", f"the database is damaged or not that of an archive ({error})")
    except OSError as error:
        raise CannotLook(f"{os.path.join(folder, 'sijill.db')} cannot be read ({error.strerror})") from None
    report.close("database", "the tables of an archive, and no others")
    hold_given(ledger, log_vkey, genesis)
    if stored is not None:
        hold_file(stored, ledger, report)
    report.close("ledger", f"{ledger.tree.size} entries, each signed by keys that may write it")
    report.close("disclosures", "each recorded value is one that its entry committed to")
    report.close("checkpoint", f"{ledger.commits} checkpoints, each signed by the log over these entries")
    report.close("anchors", ledger.anchored())
    settings(folder, ledger.registry.origin, report)
    predecessor(folder, ledger.registry, report)
    check_objects(folder, ledger.scratch, report)
    for name, what in (
        ("blake3", "BLAKE3 not recomputed: the standard library has none; `b3sum` does it"),
        ("view", "the tables made from the ledger are not compared; `sijill audit` does it"),
        ("pin", "whether this is an older copy, or another history, only what was kept outside can tell"),
    ):
        report.checks.append((name, True, what))
    trust = "self-attested: the log's key was taken from the archive itself; compare it by another way"
    if log_vkey is not None or genesis is not None:
        trust = "held against what was given from outside"
    report.checks.append(("trust", True, trust))


# --- The command -------------------------------------------------------------------------------------------------


def check(
    folder: str, log_vkey: str | None = None, genesis: str | None = None, tsa_roots: str | None = None
) -> Report:
    """Check a folder, whichever of the two it is. Raises CannotLook."""
    if not os.path.isdir(folder):
        raise CannotLook(f"{folder} is no folder that can be opened")
    if any(os.path.lexists(os.path.join(folder, name)) for name in (*ROOT_FILES[:3], SIGNED, "data")):
        return check_dossier(folder, log_vkey, genesis, tsa_roots)
    if os.path.lexists(os.path.join(folder, "sijill.toml")) or os.path.lexists(os.path.join(folder, "sijill.db")):
        return check_archive(folder, log_vkey, genesis, tsa_roots)
    return check_dossier(folder, log_vkey, genesis, tsa_roots)


def main(arguments: list[str] | None = None) -> int:
    """Check, tell, and give the exit status."""
    parser = argparse.ArgumentParser(
        description="Checks a Sijill dossier or archive folder. Exit status: 0 holds, 1 broken, 3 could not look."
    )
    parser.add_argument("--log-vkey", metavar="KEY", help="the log's verifier key, got by another way")
    parser.add_argument("--genesis", metavar="HASH", help="the leaf hash of entry 0, hex or base64, got by another way")
    parser.add_argument("--tsa-roots", metavar="FILE", help="roots of the time-stamp's authority, PEM; needs openssl")
    parser.add_argument("folder", metavar="DIR", nargs="?", default=os.path.dirname(os.path.abspath(__file__)))
    options = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if sys.version_info < (3, 9):  # noqa: UP036  a stranger's computer may have one
        print("could not look: this needs Python 3.9 or later; this is " + sys.version.split()[0], file=sys.stderr)
        return 3
    try:
        report = check(options.folder, options.log_vkey, options.genesis, options.tsa_roots)
    except CannotLook as error:
        print(f"could not look: {visible(str(error))}", file=sys.stderr)
        return 3
    except MemoryError:
        print("could not look: there is not enough memory", file=sys.stderr)
        return 3
    for name, held, what in report.checks:
        print(f"{'ok    ' if held else 'BROKEN'}  {name}: {visible(what)}")
    for name, what in report.findings:
        print(f"finding  {name}: {visible(what)}")
    for what in report.unlooked:
        print(f"NOT READ  {visible(what)}")
    broken = "This is not as it was made. Keep it as it is, and ask."
    partly = "Not all could be read; what was read holds."
    print(broken if not report.ok else partly if report.unlooked else "Everything that was checked holds.")
    return 1 if not report.ok else 3 if report.unlooked else 0


if __name__ == "__main__":
    sys.exit(main())
