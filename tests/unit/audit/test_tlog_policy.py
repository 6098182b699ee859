"""Trust policies: what the specification allows is read, all else is refused with its line."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.errors import FormatError, VerificationError
from audit.formats import cosignature, tlog_policy
from audit.formats.checkpoint import Checkpoint
from audit.formats.cosignature import CosignatureSigner
from audit.formats.merkle import EMPTY_ROOT
from audit.formats.note import Ed25519Signer
from audit.formats.tlog_policy import Policy

TIME = 1_790_000_000
NAMES = ("X1", "X2", "X3", "Y1", "Y2", "Y3")


@dataclass(frozen=True)
class Cast:
    """A log and six witnesses, as in the specification's example."""

    log: Ed25519Signer
    witnesses: dict[str, CosignatureSigner]

    def lines(self) -> str:
        return f"log {self.log.verifier.vkey}\n" + "".join(
            f"witness {name} {w.verifier.vkey}\n" for name, w in self.witnesses.items()
        )

    def signed(self, *by: str) -> str:
        head = Checkpoint(self.log.verifier.name, 0, EMPTY_ROOT)
        return cosignature.add(
            head.sign(self.log), [self.witnesses[name].sign(head.text, TIME) for name in by]
        )


@pytest.fixture(scope="module")
def cast() -> Cast:
    return Cast(
        Ed25519Signer("log.example", Ed25519PrivateKey.generate()),
        {n: CosignatureSigner(f"{n}.example/w", Ed25519PrivateKey.generate()) for n in NAMES},
    )


def example(cast: Cast) -> Policy:
    return tlog_policy.parse(
        (
            cast.lines()
            + "group X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2 Y3\n"
            + "group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"
        ).encode()
    )


@pytest.mark.parametrize(
    ("by", "met"),
    [
        ((), False),
        (("X1", "X2"), False),
        (("X1", "Y1", "Y2", "Y3"), False),
        (("X1", "X3", "Y2"), True),
        (NAMES, True),
    ],
)
def test_the_specifications_example(cast: Cast, by: tuple[str, ...], met: bool) -> None:  # noqa: FBT001
    """Two of the X witnesses and one of the Y witnesses: no less will do, and more does no harm."""
    policy, signed = example(cast), cast.signed(*by)
    if met:
        assert dict.fromkeys(by, TIME) == policy.verify(signed).cosigned
    else:
        with pytest.raises(VerificationError, match="quorum X-and-Y is not met"):
            policy.verify(signed)


def test_a_cosignature_that_does_not_hold_counts_against(cast: Cast) -> None:
    """A false line of a known witness spoils a checkpoint whose quorum the others would make up."""
    good, other = cast.signed("X1", "X2", "Y1"), Checkpoint("log.example", 1, bytes(32))
    bad = cosignature.add(good, [cast.witnesses["Y3"].sign(other.text, TIME)])
    with pytest.raises(VerificationError, match="does not hold"):
        example(cast).verify(bad)


def test_another_logs_checkpoint_is_refused(cast: Cast) -> None:
    """A checkpoint of a log that the policy does not list is not believed, whoever cosigned it."""
    other = Cast(Ed25519Signer("log.example", Ed25519PrivateKey.generate()), cast.witnesses)
    with pytest.raises(VerificationError, match="no log of the policy"):
        example(cast).verify(other.signed(*NAMES))
    with pytest.raises(VerificationError, match="does not list the log"):
        example(cast).verify(other.signed(*NAMES), other.log.verifier)


def test_log_known_from_elsewhere(cast: Cast) -> None:
    """Without logs in the policy the log must be given; one that is given is held to its name and key."""
    policy = tlog_policy.parse(b"quorum none\n")
    with pytest.raises(VerificationError):
        policy.verify(cast.signed())
    assert 0 == policy.verify(cast.signed(), cast.log.verifier).checkpoint.size


def test_whitespace_comments_and_order(cast: Cast) -> None:
    """Tabs, spaces around, empty lines and comments mean nothing; logs may stand anywhere."""
    vkey = cast.witnesses["X1"].verifier.vkey
    text = (
        f"# by hand\n \t\n\twitness  X1\t{vkey}  https://x1.example/ \n  # more\nquorum X1\n"
        f"log {cast.log.verifier.vkey} https://log.example\n"
    )
    policy = tlog_policy.parse(text.encode())
    assert ("X1", "https://x1.example/") == (policy.witnesses[0].name, policy.witnesses[0].url)
    assert "X1" in policy.verify(cast.signed("X1")).cosigned


def test_names_are_octets(cast: Cast) -> None:
    """K and the Kelvin sign are two names, and octets that are no UTF-8 make a name, too."""
    vkeys = [cast.witnesses[n].verifier.vkey.encode() for n in ("X1", "X2", "X3")]
    text = b"".join(
        b"witness %b %b\n" % pair for pair in zip((b"K", b"\xe2\x84\xaa", b"\xff"), vkeys, strict=True)
    )
    policy = tlog_policy.parse(text + b"group all all K \xe2\x84\xaa \xff\nquorum all\n")
    assert 3 == policy.groups[0].threshold


VKEY = CosignatureSigner("w", Ed25519PrivateKey.generate()).verifier.vkey
OTHER = CosignatureSigner("w", Ed25519PrivateKey.generate()).verifier.vkey


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "newline"),
        ("quorum none", "newline"),
        ("quorum none\r\n", "control"),
        ("quorum none\n\0", "control"),
        ("# only words\n", "one line 'quorum"),
        ("quorum none\nquorum none\n", "line 2: .*one line"),
        ("quorum\n", "line 1"),
        ("quorum A\n", "line 1: the quorum A"),
        ("witnesses A\n", "line 1: begins"),
        ("log not-a-key\nquorum none\n", "line 1"),
        (f"log {VKEY}\nquorum none\n", "line 1"),
        (f"witness A {VKEY} url more\nquorum A\n", "line 1: a witness"),
        (f"witness none {VKEY}\nquorum none\n", "line 1: the name none is taken"),
        (f"witness A {VKEY}\nwitness A {OTHER}\nquorum A\n", "line 2: the name A is taken"),
        (f"witness A {VKEY}\nwitness B {VKEY}\nquorum A\n", "line 2: a witness of this public key"),
        (f"quorum A\nwitness A {VKEY}\n", "line 1: the quorum A"),
        (f"witness A {VKEY}\ngroup G all\nquorum G\n", "line 2: a group"),
        (f"witness A {VKEY}\ngroup G 0 A\nquorum G\n", "line 2: the threshold"),
        (f"witness A {VKEY}\ngroup G 01 A\nquorum G\n", "line 2: the threshold"),
        (f"witness A {VKEY}\ngroup G \u0661 A\nquorum G\n", "line 2: the threshold"),
        (f"witness A {VKEY}\ngroup G 2 A\nquorum G\n", "line 2: 2 of 1"),
        (f"witness A {VKEY}\ngroup G all A A\nquorum G\n", "line 2: A is a member already"),
        (f"witness A {VKEY}\ngroup G all A\ngroup H all A\nquorum H\n", "line 3: A is a member already"),
        (f"witness A {VKEY}\ngroup G any A none\nquorum G\n", "line 2: the member none"),
        (f"witness A {VKEY}\ngroup G any G A\nquorum G\n", "line 2: the member G"),
        (f"witness A\u00a0{VKEY}\nquorum A\n", "line 1"),
    ],
    ids=count(),  # not by keys, which differ from run to run
)
def test_whatever_is_not_a_policy_is_refused(text: str, says: str) -> None:
    """Each departure from the specification is refused, with its line."""
    with pytest.raises(FormatError, match=says):
        tlog_policy.parse(text.encode())


def test_one_key_under_two_names_is_one_witness() -> None:
    """The same public key under another key name, and so another key id, is a duplicate."""
    key = Ed25519PrivateKey.generate()
    one, two = (CosignatureSigner(name, key).verifier.vkey for name in ("a.example", "b.example"))
    with pytest.raises(FormatError, match="line 2"):
        tlog_policy.parse(f"witness A {one}\nwitness B {two}\nquorum none\n".encode())


def test_many_of_each_are_read(cast: Cast) -> None:
    """At least 32 logs, witnesses and groups, as the specification recommends."""
    lines = []
    for n in range(40):
        signer = Ed25519Signer(f"log{n}", Ed25519PrivateKey.generate())
        witness = CosignatureSigner(f"w{n}", Ed25519PrivateKey.generate())
        lines += [f"log {signer.verifier.vkey}", f"witness w{n} {witness.verifier.vkey}"]
        lines.append(f"group g{n} all w{n}" + (f" g{n - 1}" if n else ""))
    policy = tlog_policy.parse(("\n".join([*lines, "quorum g39"]) + "\n").encode())
    assert (40, 40, 40) == (len(policy.logs), len(policy.witnesses), len(policy.groups))
    assert policy.is_met([f"w{n}" for n in range(40)])
    assert not policy.is_met([f"w{n}" for n in range(1, 40)])
