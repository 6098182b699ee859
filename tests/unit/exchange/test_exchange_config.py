"""One file, the environment above it, every setting explained, every error with the setting's name."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from exchange.cli.config import example_file
from exchange.config import DEFAULT_POLICIES, ConfigError, Settings, anchored_url, load


def sections() -> dict[str, BaseModel]:
    defaults = Settings()
    return {name: getattr(defaults, name) for name in type(defaults).model_fields}


SETTINGS = [(s, f) for s, model in sections().items() for f in type(model).model_fields]


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Writes a configuration file."""

    def make(text: str) -> Path:
        path = tmp_path / "hjemmel.toml"
        path.write_text(text, "utf-8")
        return path

    return make


@pytest.mark.parametrize(("section", "setting"), SETTINGS)
def test_every_setting_is_explained(section: str, setting: str) -> None:
    """What a setting means stands with it, as a sentence, and so in the example file."""
    description = type(sections()[section]).model_fields[setting].description
    assert description is not None
    assert description.endswith(".")
    assert f"# {description}" in example_file()
    assert (type(sections()[section]).__doc__ or "").strip() in example_file()


def test_example_is_the_defaults(write: Any) -> None:
    """A broker configured with the example behaves as one configured with nothing."""
    assert load(write("")) == load(write(example_file()))
    document = tomllib.loads(example_file())
    assert set(sections()) == set(document)


def test_example_shows_every_setting() -> None:
    """Each setting stands under its section, those without a fixed default as a comment."""
    text = example_file()
    for section, setting in SETTINGS:
        body = text.partition(f"[{section}]\n")[2].partition("\n[")[0]
        assert f"\n{setting} = " in body or f"\n# {setting} = " in body, setting


def test_paths_are_relative_to_the_file(write: Any, tmp_path: Path) -> None:
    """Where the broker is started from does not matter."""
    settings = load(write('[log]\nurl = "sqlite:///data/log.db"\nsigning_key = "k/log.key"\n'))
    assert f"sqlite:///{tmp_path}/data/log.db" == settings.log.url
    assert tmp_path / "k" / "log.key" == settings.log.signing_key
    assert tmp_path / "registers" == settings.registers.folder
    assert DEFAULT_POLICIES == settings.policy.folder


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///log.db", "sqlite:////base/log.db"),
        ("sqlite:////var/log.db", "sqlite:////var/log.db"),
        ("postgresql+psycopg://u@h/db", "postgresql+psycopg://u@h/db"),
        ("sqlite://", "sqlite://"),
        ("", ""),
    ],
)
def test_only_relative_sqlite_urls_are_anchored(url: str, expected: str) -> None:
    """A URL that says where it leads is left alone."""
    assert expected == anchored_url(url, Path("/base"))


def test_urls_of_registers_are_anchored_too(write: Any, tmp_path: Path) -> None:
    """Also those that stand in a table."""
    settings = load(write('[registers.connections.cpr]\nurl = "sqlite:///cpr.db"\nsecrets.key = "k"\n'))
    assert f"sqlite:///{tmp_path}/cpr.db" == settings.registers.connections["cpr"].url
    assert {"key": tmp_path / "k"} == settings.registers.connections["cpr"].secrets


ENVIRONMENT = [
    ("HJEMMEL_SERVER__ADDRESS", "0.0.0.0:1", ("server", "address"), "0.0.0.0:1"),
    ("HJEMMEL_LOG__MAX_BATCH", "7", ("log", "max_batch"), 7),
    ("HJEMMEL_POLICY__ENGINE", "opa", ("policy", "engine"), "opa"),
    ("HJEMMEL_REGISTERS__TIMEOUT", "2.5", ("registers", "timeout"), 2.5),
    (
        "HJEMMEL_REGISTERS__PLUG_INS",
        '["own"]',
        ("registers", "plug_ins"),
        ("own",),
    ),
    ("HJEMMEL_VAULT__URL", "sqlite:////var/keys.db", ("vault", "url"), "sqlite:////var/keys.db"),
    ("HJEMMEL_LOG__SIGNING_KEY", "/run/secrets/log", ("log", "signing_key"), Path("/run/secrets/log")),
]


@pytest.mark.parametrize(("name", "value", "place", "expected"), ENVIRONMENT, ids=[e[0] for e in ENVIRONMENT])
def test_environment_goes_before_the_file(  # fixtures
    write: Any,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    place: tuple[str, str],
    expected: object,
) -> None:
    """A variable overrides its one setting; the rest of the section stays the file's."""
    path = write(
        '[server]\naddress = "127.0.0.1:9"\naudience = "a"\n[log]\nmax_batch = 5\norigin = "o"\n'
        '[policy]\nengine = "embedded"\n[registers]\ntimeout = 9\n'
    )
    monkeypatch.setenv(name, value)
    settings = load(path)
    section, setting = place
    assert expected == getattr(getattr(settings, section), setting)
    assert ("a", "o") == (settings.server.audience, settings.log.origin)


def test_foreign_variables_are_ignored(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables for other programs, and HJEMMEL_CONFIG itself, are no settings."""
    for name in ("HJEMMEL_CONFIG", "HJEMMELSIDE", "LOG__URL"):
        monkeypatch.setenv(name, "x")
    assert Settings() == Settings()
    load(write(""))


WRONG = [
    ("[log]\nmax_batch = 0\n", "log.max_batch"),
    ('[log]\nmax_batch = "many"\n', "log.max_batch"),
    ("[log]\nbatch_interval = -1\n", "log.batch_interval"),
    ('[log]\norigin = "a b"\n', "log.origin"),
    ('[log]\norigin = ""\n', "log.origin"),
    ('[server]\naudience = "a+b"\n', "server.audience"),
    ("[server]\ngrace = 0\n", "server.grace"),
    ("[server]\ngrace = inf\n", "server.grace"),
    ("[server]\ngrace = nan\n", "server.grace"),
    ("[server]\naddress = 8440\n", "server.address"),
    ('[server]\naddress = "localhost"\n', "server.address"),
    ('[server]\naddress = ":8440"\n', "server.address"),
    ('[server]\naddress = "127.0.0.1:99999"\n', "server.address"),
    ('[server]\naddress = "127.0.0.1:-1"\n', "server.address"),
    ('[server]\nprobe_address = "8441"\n', "server.probe_address"),
    ('[log]\nurl = "log.db"\n', "log.url"),
    ('[log]\nurl = "sqlserver://h/x"\n', "log.url"),
    ('[vault]\nurl = "oracle://h/x"\n', "vault.url"),
    ('[registers.connections.cpr]\nurl = "nonsense"\n', "registers.connections.cpr.url"),
    ('[policy]\nengine = "none"\n', "policy.engine"),
    ("[policy]\ntimeout = 0\n", "policy.timeout"),
    ("[policy]\ntimout = 1\n", "policy.timout"),
    ("[registers]\nmax_records = 0\n", "registers.max_records"),
    ("[registers.connections.cpr]\n", "registers.connections.cpr.url"),
    ("[registers.connections]\ncpr = 1\n", "registers.connections.cpr"),
    ("[regsters]\ntimeout = 1\n", "regsters"),
    ("log = 1\n", "log"),
]


@pytest.mark.parametrize(("text", "name"), WRONG)
def test_wrong_setting_is_named_with_its_file(write: Any, text: str, name: str) -> None:
    """The error has the file, the setting and what it must be."""
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    said = str(caught.value)
    assert said.startswith(f"{path}: {name}: ")
    assert len(said) > len(f"{path}: {name}: ")


def test_all_wrong_settings_are_told_at_once(write: Any) -> None:
    """One reading of the file finds everything in it."""
    path = write('[log]\nmax_batch = 0\n[policy]\nengine = "none"\n[server]\nunheard_of = 1\n')
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert 3 == len(str(caught.value).splitlines())


@pytest.mark.parametrize("value", ["many", "0", ""])
def test_wrong_variable_is_named(write: Any, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """A value from the environment is held to the same."""
    monkeypatch.setenv("HJEMMEL_LOG__MAX_BATCH", value)
    with pytest.raises(ConfigError, match=r"log\.max_batch"):
        load(write(""))


@pytest.mark.parametrize("name", ["HJEMMEL_LOG", "HJEMMEL_REGISTERS__CONNECTIONS"])
def test_variable_that_is_no_json_is_named(write: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A whole section or table in one variable is JSON, or an error that names it."""
    monkeypatch.setenv(name, "{")
    with pytest.raises(ConfigError, match=r"(?i)log|registers"):
        load(write(""))


@pytest.mark.parametrize(
    "url", ['["postgresql://u:hunter2@h/db"]', '"oracle://u:hunter2@h/db"', '"//u:hunter2@h"']
)
def test_values_are_not_repeated_in_errors(write: Any, url: str) -> None:
    """A URL may hold a password: an error says what is wrong without showing it."""
    with pytest.raises(ConfigError) as caught:
        load(write(f"[log]\nurl = {url}\n"))
    assert "hunter2" not in str(caught.value)


def test_probe_may_be_none(write: Any) -> None:
    """An empty address of the health checks means that there are none."""
    assert "" == load(write('[server]\nprobe_address = ""\n')).server.probe_address


@pytest.mark.parametrize("text", ["[log", "log.url", '[log]\nurl = "a"\nurl = "b"\n'])
def test_file_that_is_no_toml_is_named(write: Any, text: str) -> None:
    """A syntax error is told with the file and the place."""
    path = write(text)
    with pytest.raises(ConfigError, match=r"hjemmel\.toml: not valid TOML: .*(line|end of document)"):
        load(path)


def test_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are no TOML."""
    (tmp_path / "hjemmel.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"hjemmel\.toml"):
        load(tmp_path / "hjemmel.toml")


def test_missing_file_says_what_to_do(tmp_path: Path) -> None:
    """The error names the path and a command that there is."""
    with pytest.raises(ConfigError, match=r"nowhere\.toml.*hjemmel config example"):
        load(tmp_path / "nowhere.toml")


def test_settings_cannot_change(write: Any) -> None:
    """What was checked stays as it was."""
    settings = load(write(""))
    with pytest.raises(ValueError, match="frozen"):
        settings.log.max_batch = 1  # type: ignore[misc]  # the claim
    assert json.loads(settings.model_dump_json())["log"]["max_batch"] == settings.log.max_batch
