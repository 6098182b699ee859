"""The configuration: one TOML file, any setting overridden by the environment, all of it checked.

`HJEMMEL_LOG__URL` overrides `url` in the section `[log]`, and so on. Paths are relative to the file.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from audit.errors import FormatError
from audit.formats.cosignature import CosignatureVerifier
from audit.formats.note import is_key_name
from exchange.model.identifiers import is_cvr

_MAX_PORT = 65_535
DEFAULT_POLICIES = Path(__file__).parent.parent / "policies"


class ConfigError(ValueError):
    """The configuration does not hold; the message names each setting and what it must be."""


def _key_name(value: str) -> str:
    if not is_key_name(value):
        raise ValueError("must not be empty nor hold a space or a plus sign")
    return value


def _address(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not (host and port.isascii() and port.isdecimal() and int(port) <= _MAX_PORT):
        raise ValueError("must be a host and a port, such as 127.0.0.1:8440")
    return value


def _database(value: str) -> str:
    try:
        make_url(value).get_dialect().import_dbapi()
    except ArgumentError as error:
        raise ValueError("must be an SQLAlchemy URL, such as sqlite:///log.db") from error
    except ImportError as error:
        raise ValueError(f"needs a driver that is not installed: {error.name}") from error
    return value


def _reachable(value: str) -> str:
    scheme = urlsplit(value).scheme
    return value if scheme in {"http", "https", "dns", "unix", "file"} else _database(value)


def _witness_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValueError("must be a URL, such as https://witness.example")
    return value


def _witness_key(value: str) -> str:
    try:
        return CosignatureVerifier.parse(value).vkey
    except FormatError as error:
        raise ValueError(str(error)) from error


def _urls(value: str) -> str:
    for url in value.split():
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
            raise ValueError("must be URLs of HTTP without a user's name, separated by spaces, or empty")
    return value


def _service(value: str) -> str:
    for address in value.split():
        if not address.startswith("unix:") or address == "unix:":
            _address(address)
    return value


def _allowed(value: str) -> str:
    organisation, _, cvr = value.partition("organisation:")
    if not organisation and is_cvr(cvr):
        return value
    scheme, _, digest = value.partition("sha256:")
    digest = digest.replace(":", "").lower()
    if scheme or not re.fullmatch("[0-9a-f]{64}", digest):
        raise ValueError("must be organisation:<CVR number> or sha256:<fingerprint of a certificate>")
    return f"sha256:{digest}"


Address = Annotated[str, AfterValidator(_address)]
AddressOrNone = Annotated[str, AfterValidator(lambda value: value and _address(value))]
ServiceAddresses = Annotated[str, AfterValidator(_service)]
Allowed = Annotated[str, AfterValidator(_allowed)]
PathOrNone = Path | Literal[""]
Database = Annotated[str, AfterValidator(_database)]
OwnDatabase = Annotated[str, AfterValidator(lambda value: value and _database(value))]
Reachable = Annotated[str, AfterValidator(_reachable)]
HttpUrls = Annotated[str, AfterValidator(_urls)]
KeyName = Annotated[str, AfterValidator(_key_name)]
Seconds = Annotated[float, Field(gt=0, le=3600)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Server(_Section):
    """Where the broker listens, and as whom."""

    address: Address = Field("127.0.0.1:8440", description="Host and port for authorities, mutual TLS.")
    probe_address: AddressOrNone = Field(
        "127.0.0.1:8441",
        description="Host and port for health checks without TLS; keep it on loopback. Empty: none.",
    )
    audience: KeyName = Field(
        "hjemmel.example", description="Name of this exchange: the `aud` of every signed request."
    )
    certificate: Path = Field(Path("keys/broker.pem"), description="The broker's certificate, PEM.")
    key: Path = Field(Path("keys/broker.key"), description="Its private key, PEM, mode 0600.")
    client_ca: Path = Field(
        Path("keys/ca.pem"), description="Authority that issues organisation certificates, PEM."
    )
    grace: Seconds = Field(10, description="Seconds that calls under way get when the broker stops.")


class Identity(_Section):
    """Who takes part."""

    participants: Path = Field(
        Path("keys/participants.json"),
        description="Participants with certificates, keys and delegations; read anew when it changes.",
    )


class Policy(_Section):
    """What decides."""

    engine: Literal["embedded", "opa"] = Field(
        "embedded", description="`embedded` (regorus, in the broker) or `opa` (an OPA server)."
    )
    folder: Path = Field(DEFAULT_POLICIES, description="Folder of Rego modules, data and schemas.")
    timeout: Seconds = Field(1, description="Seconds after which a decision is a refusal.")
    follow: Literal["published", "saved"] = Field(
        "published",
        description="Whether a set comes in force by `hjemmel policy publish` alone, or also whenever the "
        "folder is saved and holds (`saved`: for authors at work).",
    )
    overlap: Seconds = Field(
        30, description="Seconds that the revision before may still decide after a change, for engine `opa`."
    )
    opa_url: str = Field("http://127.0.0.1:8181", description="The OPA server, for engine `opa`.")
    opa_batch: int = Field(32, ge=1, le=1000, description="Most decisions that one call of it asks for.")
    opa_calls: int = Field(2, ge=1, le=64, description="Most calls of it under way at once.")
    bundle_address: AddressOrNone = Field(
        "", description="Host and port where OPA servers fetch the policies, HTTP. Empty: none."
    )
    bundle_signing_key: Path = Field(
        Path("keys/policy.key"), description="Key that signs them, P-256 or RSA, PEM, mode 0600."
    )
    bundle_key_id: KeyName = Field(
        "policy-1", description="Name under which OPA knows the key that verifies them."
    )


class Connection(_Section):
    """How one register is reached. What its kind of adapter wants is in docs/registers.md."""

    url: Reachable = Field(description="Where it is: a URL of SQLAlchemy's, or of HTTP, as its kind says.")
    options: dict[str, str] = Field(default_factory=dict, description="What else its kind wants to know.")
    secrets: dict[str, Path] = Field(
        default_factory=dict, description="Files that hold its secrets, such as an API key; mode 0600."
    )
    max_records: int = Field(0, ge=0, description="Most records about one subject; 0: as usual.")
    max_concurrent: int = Field(0, ge=0, description="Most reads under way at once; 0: as usual.")


class Registers(_Section):
    """Where data comes from."""

    catalogue: PathOrNone = Field(
        "",
        description="Folder with registers beside Hjemmel's own, one TOML file each. Empty: none.",
    )
    folder: Path = Field(Path("registers"), description="Folder of SQLite registers, `<register>.db` each.")
    connections: dict[str, Connection] = Field(
        default_factory=dict,
        description="How a register is reached, by register; instead of the folder's file.",
    )
    plug_ins: tuple[str, ...] = Field(
        (), description="Kinds of adapters that may come from other distributions. No other is loaded."
    )
    timeout: Seconds = Field(5, description="Seconds that a register may take to answer.")
    max_records: int = Field(1000, ge=1, description="Most records about one subject.")
    max_concurrent: int = Field(16, ge=1, description="Most reads under way at once, per register.")
    attempts: int = Field(3, ge=1, le=10, description="How often a read is tried, where there is time.")
    backoff: Seconds = Field(0.1, description="Seconds before the second try at most; doubled for each more.")
    failures: int = Field(
        10, ge=1, description="Reads failed in a row after which a register is left alone for a while."
    )
    pause: Seconds = Field(5, description="Seconds that it is left alone for.")


class Packages(_Section):
    """What tasks need, each as one declaration. See docs/packages.md."""

    folder: PathOrNone = Field(
        "", description="Folder with packages beside Hjemmel's own, one TOML file each. Empty: none."
    )
    max_concurrent: int = Field(
        16, ge=1, le=1000, description="Most exchanges of one package under way at once."
    )


class Log(_Section):
    """Where exchanges are recorded."""

    url: Database = Field("sqlite:///log.db", description="SQLAlchemy URL of the log's database.")
    origin: KeyName = Field("hjemmel.example/log", description="Name of the log, in every checkpoint.")
    signing_key: Path = Field(
        Path("keys/log.key"),
        description="Ed25519 key of the log, PEM, mode 0600; its public key lies beside it (`.vkey`), and is "
        "all that a broker needs whose log another process owns.",
    )
    service: ServiceAddresses = Field(
        "",
        description="Where `hjemmel log own` serves the log: `unix:<socket>` or host:port, one for the owner "
        "and each that stands by, separated by spaces. Empty: the broker owns the log itself.",
    )
    service_wait: Seconds = Field(
        10, description="Seconds that its answer is waited for where a caller sets no deadline."
    )
    batch_interval: float = Field(
        0.01,
        ge=0,
        le=1,
        description="Longest time that a group commit waits for company, seconds.",
    )
    max_batch: int = Field(512, ge=1, le=10_000, description="Most operations in one group commit.")
    max_pending: int = Field(
        10_000,
        ge=1,
        description="Most operations waiting; beyond it callers are told to come back.",
    )
    max_pending_bytes: int = Field(64 << 20, ge=1 << 20, description="Most bytes of them; likewise.")
    max_wait: Seconds = Field(
        2, description="Seconds that the oldest of them may have waited; while it has, likewise."
    )
    period: float = Field(
        86_400,
        ge=0,
        description="Seconds after which a period ends and gets an index, so that answers about a subject "
        "can be proved complete; 86400 is a day, in UTC. 0: only when `hjemmel log close-period` asks.",
    )


class LogService(_Section):
    """Who owns the log for several brokers, and how they reach it. See docs/operating-the-log.md."""

    socket: PathOrNone = Field(
        "", description="UNIX socket that `hjemmel log own` serves brokers on; its folder has mode 0700."
    )
    address: AddressOrNone = Field(
        "", description="Host and port for brokers on other hosts, mutual TLS. Empty: none."
    )
    probe_address: AddressOrNone = Field(
        "", description="Host and port of its health checks without TLS; keep it on loopback. Empty: none."
    )
    brokers: tuple[Allowed, ...] = Field(
        (),
        description="Whose certificates may write from other hosts: `organisation:<CVR number>` or "
        "`sha256:<fingerprint>` each. Empty: nobody's.",
    )
    certificate: Path = Field(
        Path("keys/broker.pem"),
        description="Certificate that this process shows, PEM: the owner to brokers, a broker to the owner.",
    )
    key: Path = Field(Path("keys/broker.key"), description="Its private key, PEM, mode 0600.")
    ca: Path = Field(Path("keys/ca.pem"), description="Authority that issues the other side's, PEM.")
    grace: Seconds = Field(
        10, description="Seconds in which a broker that lost its connection keeps its open intentions."
    )
    lease: float = Field(
        5,
        ge=1,
        le=600,
        description="Seconds without a sign of life after which one that stands by takes over.",
    )
    drain: Seconds = Field(5, description="Seconds that operations under way get when the owner stops.")


class Watch(_Section):
    """Authorities that follow their own side of the log as it grows. See docs/own-copy.md."""

    poll: float = Field(
        0.2, ge=0.01, le=10, description="Seconds between looks for new entries, while anybody watches."
    )
    heartbeat: Seconds = Field(
        10, description="Seconds after which a watcher is told that there was nothing for it."
    )
    streams: int = Field(4, ge=1, le=100, description="Most streams that one authority may have at once.")


class Changes(_Section):
    """Authorities that subscribe to changes about the subjects of cases. See docs/watching-changes.md."""

    poll: float = Field(
        1,
        ge=0.01,
        le=300,
        description="Seconds between looks at a register's feed, while anybody subscribes.",
    )
    heartbeat: Seconds = Field(
        10, description="Seconds after which a subscriber is told that there was nothing for it."
    )
    recheck: Seconds = Field(
        60, description="Seconds after which it is decided anew whether those who wait may be told anything."
    )
    streams: int = Field(4, ge=1, le=100, description="Most subscriptions of one authority at once.")
    subjects: int = Field(10_000, ge=1, le=1_000_000, description="Most subjects of one subscription.")
    unacknowledged: int = Field(
        256,
        ge=1,
        le=10_000,
        description="Most deliveries that wait to be acknowledged; no more are made then.",
    )
    longest: float = Field(7, gt=0, le=31, description="Days that a subscription may last.")
    oldest: float = Field(
        7,
        gt=0,
        le=366,
        description="Days that registers' feeds reach back at least: an older cursor is refused.",
    )


class Search(_Section):
    """The index that searches of the log read. See docs/searching-the-log.md."""

    url: OwnDatabase = Field(
        "",
        description="SQLAlchemy URL of its database. Empty: beside the log.",
    )
    poll: Seconds = Field(1, description="Seconds between looks for new entries to index.")


class Witness(_Section):
    """Who watches that the log only grows. See docs/witness.md."""

    witnesses: dict[
        Annotated[str, AfterValidator(_witness_url)], Annotated[str, AfterValidator(_witness_key)]
    ] = Field(
        default_factory=dict,
        description="Public key (vkey) of each witness, by the URL that it is asked at.",
    )
    policy: PathOrNone = Field(
        "",
        description="File of a trust policy (c2sp.org/tlog-policy): what quorum makes a checkpoint cosigned. "
        "Its witnesses with URLs are asked, too. Empty: none, a single witness is enough.",
    )
    interval: Seconds = Field(10, description="Seconds between asking for cosignatures, while the log grows.")
    timeout: Seconds = Field(5, description="Seconds that a witness may take to answer.")
    publish: Literal["any", "cosigned"] = Field(
        "cosigned",
        description="What checkpoints and fetched receipts refer to: the newest that is `cosigned`, where "
        "one covers the entry, or the newest of `any` kind. The answer to an exchange never waits.",
    )


class Timestamps(_Section):
    """Who vouches for the time of what is recorded: timestamp authorities (RFC 3161), beside the log."""

    url: HttpUrls = Field(
        "", description="Their URLs, separated by spaces; each is asked by itself. Empty: none."
    )
    root_certificates: Path = Field(
        Path("keys/timestamp-roots.pem"), description="Root certificates that their tokens are under, PEM."
    )
    interval: Seconds = Field(3600, description="Seconds between two timestamps, while the log grows.")
    timeout: float = Field(10, gt=0, le=300, description="Seconds that one of them may take to answer.")


class Vault(_Section):
    """Where the keys of what is sealed are kept: apart from the log."""

    url: Database = Field("sqlite:///keys.db", description="SQLAlchemy URL of the subject keys' database.")
    master_key: Path = Field(Path("keys/vault.key"), description="32 bytes that wrap them, mode 0600.")


class Settings(BaseSettings):
    """All settings of a broker."""

    model_config = SettingsConfigDict(
        env_prefix="HJEMMEL_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    server: Server = Server()
    identity: Identity = Identity()
    policy: Policy = Policy()
    registers: Registers = Registers()
    packages: Packages = Packages()
    log: Log = Log()
    log_service: LogService = LogService()
    watch: Watch = Watch()
    changes: Changes = Changes()
    search: Search = Search()
    witness: Witness = Witness()

    timestamps: Timestamps = Timestamps()
    vault: Vault = Vault()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  # the base class has it
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # no .env files: one file, one environment
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment goes before the file."""
        return env_settings, init_settings


def load(path: Path) -> Settings:
    """Reads a configuration file.

    Raises:
        ConfigError: it is missing, no TOML, or holds something that cannot be.
    """
    try:
        document = TomlConfigSettingsSource(Settings, path)() if path.exists() else None
    except ValueError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    if document is None:
        command = f"hjemmel config example > {path.name}"
        raise ConfigError(f"there is no configuration at {path}: write one with: {command}")
    try:
        settings = Settings(**document)
    except ValidationError as error:
        lines = [
            f"{path}: {'.'.join(str(p) for p in e['loc'])}: {e['msg']}"
            for e in error.errors(include_input=False, include_url=False)
        ]
        raise ConfigError("\n".join(lines)) from error
    except SettingsError as error:
        raise ConfigError(f"the environment: {error}: write it as JSON") from error
    return _anchored(settings, path.resolve().parent)


def _anchored(settings: Settings, base: Path) -> Settings:
    """Makes paths absolute, also those inside SQLite URLs."""

    def anchor(value: Any) -> Any:
        if isinstance(value, Path):
            return base / value
        if isinstance(value, str):
            return anchored_url(anchored_sockets(value, base), base)
        if isinstance(value, dict):
            return {k: anchor(v) for k, v in value.items()}
        if isinstance(value, BaseModel):
            return value.model_copy(update={k: anchor(v) for k, v in value})
        return value

    return settings.model_copy(update={k: anchor(v) for k, v in settings})


def anchored_sockets(addresses: str, base: Path) -> str:
    """Makes the paths of UNIX sockets absolute; leaves every other text alone."""
    if "unix:" not in addresses:
        return addresses
    scheme = "unix:"
    return " ".join(
        f"{scheme}{base / a.removeprefix(scheme)}" if a.startswith(scheme) else a for a in addresses.split()
    )


def anchored_url(url: str, base: Path) -> str:
    """Makes the path of a SQLite URL absolute; leaves every other text alone."""
    prefix = "sqlite:///"
    if not url.startswith(prefix) or url.startswith(f"{prefix}/"):
        return url
    return f"{prefix}{base / url.removeprefix(prefix)}"
