"""Settings: order of sources, all problems at once, nothing unsafe in production, every setting documented."""

import ast
import base64
import inspect
import itertools
from pathlib import Path

import pytest
from pydantic import ValidationError

from fallwerk import settings as module
from fallwerk.settings import ConfigurationRefused, Settings, load_settings

KEY = base64.b64encode(bytes(32)).decode()
ROOT = Path(__file__).parent.parent
SAFE = {
    "FALLWERK_MODE": "production",
    "FALLWERK_MASTER_KEY": f"1:{KEY}",
    "FALLWERK_PUBLIC_BASE_URL": "https://ident.example.org",
    "FALLWERK_BEHIND_PROXY": "true",
    "FALLWERK_TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.1",
    "FALLWERK_ADMIN_TOKEN": "x" * 32,
}


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def problems(environment):
    with pytest.raises(ConfigurationRefused) as refused:
        load_settings(environment)
    return refused.value.problems


def test_defaults_are_a_sandbox_on_the_loopback(tmp_path):
    found = load_settings({})
    assert (found.mode, found.host, found.port, found.workers) == ("sandbox", "127.0.0.1", 8080, 1)
    assert found.database_url == f"sqlite:///{tmp_path}/data/fallwerk.db"
    assert found.sqlite_path == tmp_path / "data" / "fallwerk.db"
    assert found.blob_url == f"file://{tmp_path}/data/blobs"
    assert found.master_key_file == tmp_path / "data" / "master.key"
    assert found.public_base_url == "http://127.0.0.1:8080"
    assert found.admin_token.get_secret_value() == "demo-admin-token"
    assert found.journal_seconds == 3600


def test_the_environment_beats_the_file_and_the_file_the_defaults(tmp_path):
    (tmp_path / "fallwerk.toml").write_text('port = 9001\nhost = "::"\nwebhook_allowed_networks = ["10.0.0.0/8"]\n')
    found = load_settings({"FALLWERK_PORT": "9002"})
    assert (found.port, found.host) == (9002, "::")
    assert [str(network) for network in found.webhook_allowed_networks] == ["10.0.0.0/8"]
    assert found.public_base_url == "http://[::1]:9002"


def test_another_file_can_be_named(tmp_path):
    (tmp_path / "other.toml").write_text("port = 9003\n")
    assert load_settings({"FALLWERK_CONFIG": "other.toml"}).port == 9003
    assert problems({"FALLWERK_CONFIG": "missing.toml"}) == ["FALLWERK_CONFIG: there is no file missing.toml"]


def test_bare_names_are_read_and_the_prefixed_ones_win():
    bare = {
        "PORT": "9004",
        "DATA_DIR": "/srv/f",
        "DATABASE_URL": "postgresql://db/f",
        "WORKERS": "3",
        "BLOB_URL": "s3://f",
    }
    found = load_settings(bare)
    assert (found.port, str(found.data_dir), found.workers) == (9004, "/srv/f", 3)
    assert (found.database_url, found.blob_url) == ("postgresql://db/f", "s3://f")
    assert load_settings({**bare, "FALLWERK_PORT": "9005"}).port == 9005


def test_an_empty_variable_is_not_set():
    assert load_settings({"PORT": "", "DATABASE_URL": "", "FALLWERK_HOST": ""}) == load_settings({})


def test_options_of_a_command_beat_everything():
    assert load_settings({"PORT": "1"}, port=2, host=None).port == 2


def test_the_bound_port_appears_in_the_address_unless_one_was_configured():
    assert load_settings({"PORT": "0"}).bound_to(4711).public_base_url == "http://127.0.0.1:4711"
    configured = load_settings({"PORT": "0", "FALLWERK_PUBLIC_BASE_URL": "https://x.example/ident/"}).bound_to(4711)
    assert (configured.port, configured.public_base_url) == (4711, "https://x.example/ident")


def test_settings_cannot_be_changed():
    with pytest.raises(ValidationError):
        load_settings({}).port = 1


def test_a_mistyped_variable_is_refused_with_a_suggestion():
    assert problems({"FALLWERK_WEBHOK_TIMEOUT_S": "3"}) == [
        "FALLWERK_WEBHOK_TIMEOUT_S: unknown setting, did you mean FALLWERK_WEBHOOK_TIMEOUT_S?"
    ]


def test_a_mistyped_name_in_the_file_is_refused_with_a_suggestion(tmp_path):
    (tmp_path / "fallwerk.toml").write_text("prot = 1\n")
    assert problems({}) == ["prot in fallwerk.toml: unknown setting, did you mean port?"]


def test_a_file_that_is_no_toml_is_one_problem(tmp_path):
    (tmp_path / "fallwerk.toml").write_text("port = \n")
    assert problems({})[0].startswith("fallwerk.toml: cannot be read (Invalid value (at line 1")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("PORT", "70000", "Input should be less than or equal to 65535"),
        ("DATABASE_URL", "mysql://db", "must begin with sqlite:/// or postgresql://"),
        ("BLOB_URL", "ftp://x", "must begin with file://, s3://, gs:// or az://"),
        ("DATA_DIR", "a?b", "must not contain ?, # or %"),
        ("FALLWERK_PUBLIC_BASE_URL", "example.org", "must be an http or https URL without query"),
        ("FALLWERK_TLS_KEY", "/", "tls_certificate and tls_key belong together; one of them is missing"),
        ("FALLWERK_WEBHOOK_CA_FILE", "/none.pem", "cannot read /none.pem"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_its_source(name, value, message):
    assert problems({name: value}) == [f"{name}: {message}"]


def test_a_wrong_network_is_named():
    (problem,) = problems({"FALLWERK_WEBHOOK_ALLOWED_NETWORKS": "10.0.0.0/8,10.0.0.1/8"})
    assert problem.startswith("FALLWERK_WEBHOOK_ALLOWED_NETWORKS: must be addresses or networks, separated by commas (")


@pytest.mark.req("C-04")
@pytest.mark.parametrize(
    "key", ["geheim", f"0:{KEY}", f"65536:{KEY}", f"1:{KEY[:-4]}", f"1:{KEY},1:{KEY}", f"1:{KEY},x"]
)
def test_a_malformed_master_key_is_refused_without_showing_it(key):
    (problem,) = problems({"FALLWERK_MASTER_KEY": key})
    assert problem.startswith("FALLWERK_MASTER_KEY: ")
    assert key not in problem
    assert KEY[:8] not in problem


def test_several_master_keys_are_accepted():
    assert load_settings({"FALLWERK_MASTER_KEY": f"65535:{KEY}, 1:{KEY}"}).master_key_file is None


@pytest.mark.req("C-05")
@pytest.mark.parametrize("mode", [{}, SAFE])
def test_sqlite_with_several_processes_is_refused_in_every_mode(mode):
    assert problems({**mode, "WORKERS": "2"}) == [
        "WORKERS: SQLite allows one server process; set DATABASE_URL=postgresql://… for more"
    ]


@pytest.mark.req("C-09")
def test_a_safe_production_configuration_is_accepted():
    found = load_settings(SAFE)
    assert found.is_production
    assert found.journal_seconds == 300
    assert found.server_plan().trusted_proxies == ("10.0.0.0/8", "192.0.2.1/32")
    assert not found.server_plan().log_messages


@pytest.mark.req("C-09")
@pytest.mark.parametrize(
    ("changes", "setting", "words"),
    [
        ({"FALLWERK_MASTER_KEY": ""}, "FALLWERK_MASTER_KEY", "missing"),
        ({"FALLWERK_PUBLIC_BASE_URL": ""}, "FALLWERK_PUBLIC_BASE_URL", "missing"),
        ({"FALLWERK_PUBLIC_BASE_URL": "http://x.example"}, "FALLWERK_PUBLIC_BASE_URL", "https://"),
        ({"FALLWERK_BEHIND_PROXY": "", "FALLWERK_TRUSTED_PROXIES": ""}, "FALLWERK_TLS_CERTIFICATE", "TLS"),
        ({"FALLWERK_TRUSTED_PROXIES": ""}, "FALLWERK_TRUSTED_PROXIES", "behind_proxy"),
        ({"FALLWERK_TRUSTED_PROXIES": "0.0.0.0/0"}, "FALLWERK_TRUSTED_PROXIES", "every address"),
        ({"FALLWERK_ADMIN_TOKEN": ""}, "FALLWERK_ADMIN_TOKEN", "at least 32"),
        ({"FALLWERK_ADMIN_TOKEN": "y" * 31}, "FALLWERK_ADMIN_TOKEN", "at least 32"),
        ({"FALLWERK_ADMIN_TOKEN": "demo-admin-token"}, "FALLWERK_ADMIN_TOKEN", "demo token"),
    ],
)
def test_each_unsafe_production_setting_is_refused(changes, setting, words):
    (problem,) = problems({**SAFE, **changes})
    assert problem.startswith(f"{setting}: ")
    assert words in problem


@pytest.mark.req("C-09")
def test_trusted_proxies_without_a_proxy_are_refused():
    assert problems({"FALLWERK_TRUSTED_PROXIES": "10.0.0.1"}) == [
        "FALLWERK_TRUSTED_PROXIES: has no effect unless behind_proxy is true"
    ]


def test_all_problems_come_at_once_and_a_wrong_setting_is_one_of_them_only():
    found = problems({**SAFE, "FALLWERK_PUBLIC_BASE_URL": "x", "FALLWERK_ADMIN_TOKEN": "short", "FALLWERK_X": "1"})
    assert [problem.split(":")[0] for problem in found] == [
        "FALLWERK_X", "FALLWERK_PUBLIC_BASE_URL", "FALLWERK_ADMIN_TOKEN",
    ]  # fmt: skip


@pytest.mark.req("C-04")
def test_shown_settings_hold_no_secret():
    secrets = {"DATABASE_URL": "postgresql://u:p@ss/word@db/f?password=second", "FALLWERK_MASTER_KEY": f"1:{KEY}"}
    shown = load_settings({**secrets, "FALLWERK_ADMIN_TOKEN": "tok-secret"}).shown()
    assert shown["database_url"] == "postgresql://u:•••@db/f?password=•••"
    assert shown["master_key"] == shown["admin_token"] == "•••"
    assert not any(secret in text for secret in (KEY, "p@ss", "tok-secret") for text in shown.values())


def explanations():
    """The docstring below each setting, which is its documentation."""
    (body,) = [
        node.body
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.ClassDef) and node.name == "Settings"
    ]
    return {
        setting.target.id: ast.literal_eval(text.value)
        for setting, text in itertools.pairwise(body)
        if isinstance(setting, ast.AnnAssign) and isinstance(text, ast.Expr)
    }


def documented_row(name, text):
    field = Settings.model_fields[name]
    default = "" if field.default_factory or field.default is None or field.default == () else f"`{field.default}`"
    bare = f", `{name.upper()}`" if name.upper() in module.BARE_NAMES else ""
    return f"| `{name}` | `FALLWERK_{name.upper()}`{bare} | {default} | {text} |"


def test_every_setting_stands_in_the_docs_as_its_docstring_says():
    written = (ROOT / "docs" / "configuration.md").read_text().splitlines()
    texts = explanations()
    assert set(texts) == set(Settings.model_fields)
    assert [line for line in written if line.startswith("| `")] == [
        documented_row(name, texts[name]) for name in Settings.model_fields
    ]
