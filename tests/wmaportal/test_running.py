"""What `make run` is made of. The whole of it, killed and started again: tests/faults/."""

import os
import socket
import stat

import pytest

from wmaportal.local import run, servers


@pytest.fixture
def postgres(tmp_path):
    server = servers.Postgres(tmp_path / "closed" / "Données" / "postgres", servers.FORGETFUL)
    (tmp_path / "closed").mkdir(mode=0o700)
    (tmp_path / "closed" / "Données").mkdir(mode=0o700)
    yield server
    server.close()


def ask(server, question, database=servers.DATABASE):
    connection = server.connect(database)
    try:
        with connection.cursor() as cursor:
            cursor.execute(question)
            return cursor.fetchone() if cursor.description else None
    finally:
        connection.close()


def test_postgres_starts_below_closed_folders_and_opens_none(postgres, tmp_path):
    postgres.start()

    assert ask(postgres, "SELECT 1") == (1,)
    modes = {stat.S_IMODE(folder.stat().st_mode) for folder in postgres.data_dir.parents[:2]}
    assert modes == {0o700}
    assert stat.S_IMODE(postgres.data_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE(postgres.socket_dir.stat().st_mode) == 0o700


def test_postgres_has_what_the_portal_needs(postgres):
    postgres.start()

    for extension in ("pg_trgm", "unaccent", "btree_gist"):
        ask(postgres, f"CREATE EXTENSION {extension}")
    assert ask(postgres, "SHOW server_version")[0].startswith("18")
    assert ask(postgres, "SELECT lower('ÉÑÇ')") == ("éñç",)
    assert ask(postgres, "SHOW listen_addresses") == ("",)


def test_postgres_keeps_data_and_address_over_a_kill(postgres):
    postgres.settings = {}  # a forgetful one may lose the last second
    postgres.start()
    address = postgres.url
    ask(postgres, "CREATE TABLE kept AS SELECT 42 AS n")

    postgres.kill()
    postgres.start()

    assert postgres.url == address
    assert ask(postgres, "SELECT n FROM kept") == (42,)


@pytest.mark.parametrize("content", ["1\n", "{ours}\n", "", "nonsense"])
def test_a_stale_pid_file_does_not_stop_the_start(postgres, content):
    """Its number may belong to another program by now; the file may be empty after a crash."""
    postgres.start()
    postgres.stop()
    (postgres.data_dir / "postmaster.pid").write_text(content.format(ours=os.getpid()))

    postgres.start()

    assert ask(postgres, "SELECT 1") == (1,)


def test_a_half_made_data_folder_is_made_anew(postgres):
    half = postgres.data_dir.with_name("postgres.new")
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")

    postgres.start()

    assert ask(postgres, "SELECT 1") == (1,)


def test_nothing_of_a_server_is_left_when_its_block_ends(tmp_path):
    with (
        servers.postgres(tmp_path / "postgres", servers.FORGETFUL) as database_url,
        servers.valkey(tmp_path / "valkey") as redis_url,
    ):
        folder = database_url.split("@")[1].split("/")[0].replace("%2F", "/")
        port = int(redis_url.rsplit(":", 1)[1].split("/")[0])
        assert os.path.isdir(folder)

    assert not os.path.exists(folder)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_data_folder_has_one_server_at_a_time(postgres, monkeypatch):
    monkeypatch.setattr(servers, "STOP_SECONDS", 0)
    postgres.start()

    with pytest.raises(servers.ServerError, match=f"in use by process {os.getpid()}"):
        servers.Postgres(postgres.data_dir).start()


def test_a_server_that_cannot_start_says_its_last_words(tmp_path):
    broken = servers.Postgres(tmp_path / "postgres", servers.FORGETFUL | {"max_connections": "x"})

    with pytest.raises(servers.ServerError, match="invalid value for parameter"):
        broken.start()


def test_valkey_keeps_data_over_a_kill_and_wants_its_password(tmp_path):
    import redis

    server = servers.Valkey(tmp_path / "a folder" / "valkey")
    server.data_dir.parent.mkdir()
    server.start()
    try:
        with redis.Redis.from_url(server.url) as client:
            client.set("kept", 42)
            client.execute_command("WAITAOF", 1, 0, 5000)
        server.kill()
        server.start()

        with redis.Redis.from_url(server.url) as client:
            assert client.get("kept") == b"42"
        with redis.Redis(port=server.port) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
    finally:
        server.close()


def test_the_local_secret_is_made_once_and_ours_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "VAR", tmp_path)

    keys = {run.secret_key(), run.secret_key()}

    assert [len(key) for key in keys] == [50]
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_a_port_in_use_is_named_with_a_way_out(monkeypatch):
    monkeypatch.setattr(run, "PORT_SECONDS", 0)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(servers.ServerError, match=f"port {port}.*PORT={port + 1000} make run"):
            run.claim_port("127.0.0.1", port)


def test_what_the_person_set_wins_and_an_empty_variable_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "VAR", tmp_path)
    monkeypatch.setenv("PORT", "9000")
    monkeypatch.setenv("HOST", "")
    monkeypatch.setenv("SECRET_KEY", "mine")

    environ = run.environment({"DATABASE_URL": "d", "REDIS_URL": "r"})

    names = ("PORT", "HOST", "SECRET_KEY", "DATABASE_URL")
    assert [environ[name] for name in names] == ["9000", "127.0.0.1", "mine", "d"]
