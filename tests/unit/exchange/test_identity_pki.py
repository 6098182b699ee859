"""The development PKI: certificates of organisations, keys that nobody else reads, nothing overwritten."""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from audit.errors import LogError
from audit.files import KeyFileError, read_private, write_private
from audit.formats.note import NoteVerifier
from audit.log import load_signer
from exchange.client import Credentials
from exchange.errors import Refused
from exchange.identity import pki
from exchange.identity.authorities import DEMO_ORGANISATIONS
from exchange.identity.certificate import caller_of
from exchange.identity.participants import read

ONE = (pki.Organisation("one", "91000008", "Udbetaling Danmark"),)


def init(folder: Path) -> None:
    pki.init(
        folder, ONE, audience="a.example", origin="a.example/log", hosts=("localhost", "127.0.0.1", "::1")
    )


def content(folder: Path) -> dict[str, tuple[str, int]]:
    """Digest and mode of every file."""
    return {
        str(path.relative_to(folder)): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mode)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A fresh PKI."""
    init(tmp_path / "keys")
    return tmp_path / "keys"


def test_everything_that_is_needed_is_made(folder: Path) -> None:
    """A CA, the keys of broker, log and vault, the participants, and each organisation's folder."""
    made = {
        "ca.key",
        "ca.pem",
        "broker.key",
        "broker.pem",
        "log.key",
        "log.vkey",
        "vault.key",
        "policy.key",
        "policy.pub.pem",
        "participants.json",
    }
    made |= {f"one/{n}" for n in ("cert.key", "cert.pem", "client.json", "request.key")}
    assert made == set(content(folder))
    credentials = Credentials.load(folder / "one")
    assert ("91000008", "a.example", "a.example/log") == (
        credentials.cvr,
        credentials.audience,
        credentials.log.name,
    )


def test_private_keys_are_for_their_owner_only(folder: Path) -> None:
    """Every private key has mode 0600, whatever the umask."""
    keys = list(folder.rglob("*.key"))
    assert len(keys) == 7
    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in keys}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610, 0o644, 0o660, 0o777, 0o601])
def test_key_that_others_may_touch_is_refused(folder: Path, mode: int) -> None:
    """Any access of group or others is too much, and the error says what to run."""
    path = folder / "log.key"
    path.chmod(mode)
    with pytest.raises(KeyFileError, match=rf"mode 0{mode:o}.*chmod 600 .*log\.key"):
        load_signer("a.example/log", path)


def test_missing_key_says_what_to_run(tmp_path: Path) -> None:
    """The error names the file and the command that makes it."""
    with pytest.raises(KeyFileError, match=r"log\.key cannot be read .*hjemmel pki init"):
        read_private(tmp_path / "log.key")


@pytest.mark.parametrize(
    "bytes_", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"]
)
def test_key_that_is_none_is_named(tmp_path: Path, bytes_: bytes) -> None:
    """A file that holds no key, or one of another kind, cannot sign a log."""
    write_private(tmp_path / "log.key", bytes_)
    with pytest.raises(LogError, match=r"log\.key"):
        load_signer("a.example/log", tmp_path / "log.key")


def test_key_of_another_kind_does_not_sign_the_log(folder: Path) -> None:
    """A log is signed with Ed25519."""
    with pytest.raises(KeyFileError, match=r"broker\.key holds no Ed25519 key"):
        load_signer("a.example/log", folder / "broker.key")


def test_second_run_changes_nothing(folder: Path) -> None:
    """Keys are never overwritten: the second run is refused and every byte stays."""
    before = content(folder)
    with pytest.raises(KeyFileError, match="exists"):
        init(folder)
    assert before == content(folder)


@pytest.mark.parametrize(
    "gone", ["ca.key", "ca.pem", "broker.key", "log.key", "vault.key", "one/request.key"]
)
def test_run_over_a_part_changes_nothing(folder: Path, gone: str) -> None:
    """A folder whose CA key was put away, or that lacks anything else, is refused as it stands."""
    (folder / gone).unlink()
    before = content(folder)
    with pytest.raises(KeyFileError):
        init(folder)
    assert before == content(folder)


def test_run_over_one_organisation_changes_nothing(folder: Path) -> None:
    """Also where only an organisation's folder is left."""
    for path in [p for p in folder.iterdir() if p.is_file()]:
        path.unlink()
    before = content(folder)
    with pytest.raises(KeyFileError):
        init(folder)
    assert before == content(folder)


def test_folder_with_other_things_is_taken(tmp_path: Path) -> None:
    """What is not a key does not stand in the way, and stays."""
    (tmp_path / "README").write_text("mine", "utf-8")
    (tmp_path / "lost+found").mkdir()
    init(tmp_path)
    assert "mine" == (tmp_path / "README").read_text("utf-8")


def test_two_runs_make_two_pkis(folder: Path, tmp_path: Path) -> None:
    """Nothing about the keys is fixed."""
    init(tmp_path / "other")
    mine, other = content(folder), content(tmp_path / "other")
    assert {"one/client.json"} == {name for name in mine if mine[name] == other[name]}


def test_existing_private_file_is_never_overwritten(tmp_path: Path) -> None:
    """Writing a private key where something stands is an error, even onto a link."""
    write_private(tmp_path / "key", b"first")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    for name in ("key", "link"):
        with pytest.raises(KeyFileError, match="cannot be written"):
            write_private(tmp_path / name, b"second")
    assert b"first" == (tmp_path / "key").read_bytes()
    assert not (tmp_path / "target").exists()


# The certificates


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_organisation_certificate_names_its_organisation(folder: Path) -> None:
    """OrganizationIdentifier is NTRDK- and the CVR number; the fingerprint is the participant's."""
    made = certificate(folder / "one" / "cert.pem")
    names = made.subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER)
    assert ["NTRDK-91000008"] == [n.value for n in names]
    caller = caller_of((folder / "one" / "cert.pem").read_bytes())
    assert ("91000008", made.fingerprint(hashes.SHA256()).hex()) == (caller.cvr, caller.fingerprint)
    assert frozenset({caller.fingerprint}) == read(folder / "participants.json")["91000008"].certificates


def test_certificates_are_for_their_uses(folder: Path) -> None:
    """The CA signs certificates, an organisation's calls; the broker's serves, and calls the log's owner."""
    ca, broker, one = (certificate(folder / n) for n in ("ca.pem", "broker.pem", "one/cert.pem"))
    uses = [list(c.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) for c in (broker, one)]
    both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    assert [both, [ExtendedKeyUsageOID.CLIENT_AUTH]] == uses
    constraints = [
        c.extensions.get_extension_for_class(x509.BasicConstraints).value for c in (ca, broker, one)
    ]
    assert [(True, 0), (False, None), (False, None)] == [(c.ca, c.path_length) for c in constraints]
    for issued in (broker, one):
        issued.verify_directly_issued_by(ca)


def test_broker_certificate_is_for_its_hosts(folder: Path) -> None:
    """Names and addresses alike."""
    names = certificate(folder / "broker.pem").extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert ["localhost"] == names.value.get_values_for_type(x509.DNSName)
    assert ["127.0.0.1", "::1"] == [str(a) for a in names.value.get_values_for_type(x509.IPAddress)]


def test_keys_belong_to_what_was_published(folder: Path) -> None:
    """Request key and JWKS, log key and vkey, are pairs."""
    request = load_pem_private_key((folder / "one" / "request.key").read_bytes(), password=None)
    assert isinstance(request, ec.EllipticCurvePrivateKey)
    published = read(folder / "participants.json")["91000008"].keys["one-1"]
    assert request.public_key() == published.key
    signer = load_signer("a.example/log", folder / "log.key")
    assert NoteVerifier.parse((folder / "log.vkey").read_text("utf-8")) == signer.verifier
    assert 32 == len(read_private(folder / "vault.key"))


def test_demo_organisations_are_made(keys: Path) -> None:
    """Each has a folder that loads, and an entry with its status and delegations."""
    found = read(keys / "participants.json")
    for organisation in DEMO_ORGANISATIONS:
        assert organisation.cvr == Credentials.load(keys / organisation.slug).cvr
        assert organisation.active == found[organisation.cvr].active
        assert len(organisation.delegations) == len(found[organisation.cvr].delegations)


def issued(*values: str) -> bytes:
    """A self-made certificate with these organizationIdentifiers."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.NameAttribute(NameOID.COMMON_NAME, "x")]
    names += [x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, v) for v in values]
    made = pki._builder(x509.Name(names), x509.Name(names), key.public_key()).sign(key, hashes.SHA256())
    return made.public_bytes(Encoding.PEM)


@pytest.mark.parametrize(
    "values",
    [
        (),
        ("91000008",),
        ("NTRDK-91000009",),
        ("NTRDK-9100000",),
        ("NTRSE-91000008",),
        ("ntrdk-91000008",),
        ("NTRDK-91000008 ",),
        ("NTRDK-91000008", "NTRDK-92000028"),
        ("NTRDK-NTRDK-91000008",),
    ],
)
def test_certificate_that_names_no_one_organisation_is_refused(values: tuple[str, ...]) -> None:
    """Another country, another form, a wrong digit or two organisations: nobody."""
    with pytest.raises(Refused) as caught:
        caller_of(issued(*values))
    assert "CERTIFICATE_NOT_AN_ORGANISATION" == caught.value.reasons[0].code


@pytest.mark.parametrize(
    "pem", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"]
)
def test_no_certificate_is_nobody(pem: bytes) -> None:
    """A connection without a certificate is told to bring one."""
    with pytest.raises(Refused) as caught:
        caller_of(pem)
    assert "CERTIFICATE_REQUIRED" == caught.value.reasons[0].code


def test_client_file_holds_no_secret(folder: Path) -> None:
    """client.json names the files of the keys and holds none of them."""
    document = json.loads((folder / "one" / "client.json").read_text("utf-8"))
    assert {"cert.key", "request.key"} == {document["certificate_key"], document["request_key"]}
    copy = shutil.copytree(folder, folder.parent / "moved")
    assert "91000008" == Credentials.load(Path(copy) / "one").cvr
