"""The files of deploy/ can be read, and name only commands, settings and paths that there are."""

import configparser
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kernel.web.sample import calling, sample_app
from tranche.cli import Commands, run
from tranche.kernel.settings import Settings, variable

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
UNITS = sorted((DEPLOY / "systemd").iterdir())
SETTINGS = {variable(entry.name) for entry in fields(Settings)}
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
OBJECTS = list(yaml.safe_load_all((DEPLOY / "kubernetes/tranche.yaml").read_text()))


def _name(path: Path) -> str:
    return path.relative_to(DEPLOY).as_posix()


def _check_command(words: list[str]) -> None:
    """A sub-command that there is, with options that it has."""
    assert words[0] in Commands.entries, words
    for option in words[1:]:
        if option.startswith("--"):
            assert run([words[0], option, "--help"]) in {0, 2}


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_every_setting_that_is_named_is_one(path: Path) -> None:
    named = set(re.findall(r"\bTRANCHE_[A-Z0-9_]+\b", path.read_text()))
    assert named <= SETTINGS


def _containers(thing: object) -> Iterator[dict[str, Any]]:
    if isinstance(thing, dict):
        for key, value in thing.items():
            if key == "containers":
                yield from value
            else:
                yield from _containers(value)


def test_the_cluster_starts_commands_that_there_are() -> None:
    started = [container["args"] for found in OBJECTS for container in _containers(found)]
    assert [words[0] for words in started] == ["migrate", "serve", "worker", "doctor"]
    for words in started:
        _check_command(words)


def test_the_cluster_refers_only_to_what_it_holds() -> None:
    held = {(found["kind"], found["metadata"]["name"]) for found in OBJECTS}
    kinds = {"secretRef": "Secret", "configMapRef": "ConfigMap"}
    wanted = {
        (kinds[kind], reference["name"])
        for found in OBJECTS
        for container in _containers(found)
        for source in container["envFrom"]
        for kind, reference in source.items()
    }
    assert wanted
    assert wanted <= held
    for found in OBJECTS:
        if found["kind"] == "Deployment":
            labels = found["spec"]["template"]["metadata"]["labels"]
            assert found["spec"]["selector"]["matchLabels"].items() <= labels.items()


def test_the_probes_ask_addresses_that_answer_without_a_key() -> None:
    probes = [
        container[probe]["httpGet"]["path"]
        for found in OBJECTS
        for container in _containers(found)
        for probe in ("livenessProbe", "readinessProbe")
        if probe in container
    ]
    assert sorted(probes) == ["/livez", "/readyz"]
    assert "/readyz" in " ".join(COMPOSE["services"]["server"]["healthcheck"]["test"])
    with calling(sample_app(), caller="stranger") as client:
        assert all(client.get(path).status_code == 200 for path in probes)


def test_every_variable_of_a_pod_is_one() -> None:
    given = {
        name
        for found in OBJECTS
        if found["kind"] in {"Secret", "ConfigMap"}
        for name in found.get("stringData", found.get("data"))
    }
    assert given <= SETTINGS | {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    assert {"DATABASE_URL", "TRANCHE_OWNER_URL", "TRANCHE_SIGNING_KEY"} <= given
    values = {name: str(value) for found in OBJECTS for name, value in (found.get("data") or {}).items()}
    assert Settings.load(values).metrics_port == 9464


def _pods(thing: object) -> Iterator[dict[str, Any]]:
    if isinstance(thing, dict):
        if "containers" in thing:
            yield thing
        for value in thing.values():
            yield from _pods(value)


def test_no_pod_is_told_of_services_by_variables_that_are_read_as_settings() -> None:
    pods = [pod for found in OBJECTS for pod in _pods(found)]
    assert len(pods) == 4
    assert all(pod["enableServiceLinks"] is False for pod in pods)


def test_where_the_cluster_calls_the_doctor_its_schedule_is_said_to_be_disabled() -> None:
    text = (DEPLOY / "kubernetes/tranche.yaml").read_text()
    (line,) = re.findall(r"^#   tranche (.+)$", text, re.MULTILINE)
    assert line == "upkeep disable doctor-nightly"
    assert f"tranche {line}" in (ROOT / "docs/schedules.md").read_text()


def test_compose_starts_commands_that_there_are_and_waits_for_services_that_it_has() -> None:
    services = COMPOSE["services"]
    ours = {name: service for name, service in services.items() if service.get("image") == "tranche"}
    assert {name: service["command"] for name, service in ours.items()} == {
        "migrate": ["migrate"],
        "server": ["serve"],
        "worker": ["worker"],
        "upkeep-worker": ["worker"],
    }
    assert services["migrate"]["restart"] == "on-failure"
    # The image serves the socket before it has made roles and database.
    assert services["database"]["healthcheck"]["test"][:4] == ["CMD", "pg_isready", "-h", "127.0.0.1"]
    for service in services.values():
        assert set(service.get("depends_on", ())) <= set(services)
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (DEPLOY / source).exists()
    asked = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yaml").read_text()))
    offered = set(re.findall(r"^([A-Z_]+)=", (DEPLOY / ".env.example").read_text(), re.MULTILINE))
    assert asked == offered


def test_what_others_make_comes_in_a_version_that_is_named() -> None:
    images = {service["image"] for service in COMPOSE["services"].values()} - {"tranche"}
    images |= set(re.findall(r"^FROM (\S+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE))
    assert len(images) == 4
    assert all(re.search(r":[A-Za-z.]*\d", image) for image in images), images


def test_the_image_copies_files_that_there_are_and_starts_a_command() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    words = [shlex.split(line) for line in lines if line and not line.startswith("#")]
    copied = [source for line in words if line[0] == "COPY" and not line[1].startswith("--") for source in line[1:-1]]
    assert copied
    assert all((ROOT / source).exists() for source in copied)
    (entry,) = [line for line in lines if line.startswith("ENTRYPOINT")]
    (command,) = [line for line in lines if line.startswith("CMD")]
    assert yaml.safe_load(entry.partition(" ")[2]) == ["tranche"]
    _check_command(yaml.safe_load(command.partition(" ")[2]))


@pytest.mark.parametrize("path", UNITS, ids=_name)
def test_a_unit_can_be_read_and_starts_a_command_that_there_is(path: Path) -> None:
    unit = _unit(path)
    if path.suffix == ".timer":
        assert (DEPLOY / "systemd" / path.with_suffix(".service").name).exists()
        return
    program, *words = shlex.split(unit["Service"]["ExecStart"])
    assert program.endswith("/bin/tranche")
    _check_command(words)
    assert unit["Service"]["User"] == "tranche"


def _unit(path: Path) -> configparser.RawConfigParser:
    unit = configparser.RawConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]  # names have capitals
    unit.read_string(path.read_text())
    return unit


def test_instances_of_one_machine_have_ports_of_their_own() -> None:
    texts = [path.read_text().replace("%i", number) for path in UNITS if "@" in path.name for number in "123456789"]
    found = [
        re.findall(r"^Environment=TRANCHE_METRICS_PORT=(\d+)$|--port (\d+)$", text, re.MULTILINE) for text in texts
    ]
    ports = [one or other for pairs in found for one, other in pairs]
    assert len(ports) == 27
    assert len(set(ports)) == 27
    assert all(Settings.load({"TRANCHE_PORT": port}).port > 1024 for port in ports)
    guide = (ROOT / "docs/operating.md").read_text()
    assert all(re.search(rf"\b{port}\b", guide) for port in ports if port.endswith("1"))


def test_the_backup_has_the_settings_of_servers_and_a_folder_that_is_made() -> None:
    path = DEPLOY / "systemd/tranche-backup.service"
    files = re.findall(r"^EnvironmentFile=-?(\S+)$", path.read_text(), re.MULTILINE)
    assert files == ["/etc/tranche/tranche.env", "/etc/tranche/owner.env"]
    service = _unit(path)["Service"]
    assert service["ExecStart"].split()[-1] in [f"/var/lib/{name}" for name in service["StateDirectory"].split()]


def test_scripts_can_be_read_by_the_shell() -> None:
    for script in DEPLOY.rglob("*.sh"):
        assert subprocess.run(["sh", "-n", str(script)], check=False).returncode == 0
