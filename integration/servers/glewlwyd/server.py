"""glewlwyd with the clients of FILE, on a free loopback port that it prints.

usage: python3 server.py ROOT FILE DIRECTORY

ROOT is where Debian's packages are unpacked, or / where they are installed. All that the server
knows is in DIRECTORY, which may go when it ends. There is no browser: what its pages would do is
done through its administration API, by the administrator that its database begins with.
"""

import gzip
import http.client
import json
import os
import socket
import sqlite3
import sys
import time
from pathlib import Path

root, file, directory = (Path(argument) for argument in sys.argv[1:4])
cast = json.loads(file.read_text(encoding="utf-8"))

# The plugin's instance, and so the beginning of its paths.
PLUGIN = "oauth"
# Whoever shows a token with this scope may ask about every token and revoke it. The token has to be a
# user's: shown a client's own, glewlwyd answers 500. Clients could ask by Basic instead, but only
# about their own tokens, and not both.
INTROSPECT = "introspect"
ADMINISTRATOR = {"username": "admin", "password": "password"}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def write_database(path):
    script = root / "usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz"
    with sqlite3.connect(path) as database:
        database.executescript(gzip.decompress(script.read_bytes()).decode())


def write_configuration(path, port, database):
    modules = root / "usr/lib/glewlwyd"
    lines = {
        "port": port,
        "bind_address": '"127.0.0.1"',
        "external_url": f'"http://127.0.0.1:{port}"',
        "api_prefix": '"api"',
        "log_mode": '"console"',
        "log_level": '"ERROR"',
        "cookie_domain": '"127.0.0.1"',
        "cookie_secure": "false",
        "admin_scope": '"g_admin"',
        "profile_scope": '"g_profile"',
        "user_module_path": f'"{modules}/user"',
        "client_module_path": f'"{modules}/client"',
        "user_auth_scheme_module_path": f'"{modules}/scheme"',
        "plugin_module_path": f'"{modules}/plugin"',
        "hash_algorithm": '"SHA512"',
        "database": f'{{ type = "sqlite3"; path = "{database}" }}',
    }
    path.write_text("".join(f"{name} = {value};\n" for name, value in lines.items()))


class Administrator:
    """Logged in at the administration API."""

    def __init__(self, port):
        self.port = port
        self.cookie = ""
        for _ in range(600):
            try:
                answer = self.call("POST", "auth/", ADMINISTRATOR)
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        else:
            raise SystemExit("it does not listen")
        self.cookie = answer.getheader("set-cookie").split(";")[0]

    def call(self, method, path, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        headers = {"content-type": "application/json", "cookie": self.cookie}
        connection.request(method, f"/api/{path}", json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200:
            raise SystemExit(f"{method} {path} answers {answer.status} {text}")
        return answer


def populate(administrator):
    for scope in [*cast["scopes"], INTROSPECT]:
        administrator.call("POST", "scope/", {"name": scope, "password_required": False})
    gateway = next(client for client in cast["clients"] if client["id"] == "gateway")
    verifier = {"name": gateway["id"], "password": gateway["secret"]}
    people = [(cast["user"], cast["scopes"]), (verifier, [INTROSPECT])]
    for person, scopes in people:
        administrator.call(
            "POST",
            "user/",
            {
                "username": person["name"],
                "password": person["password"],
                "scope": scopes,
                "enabled": True,
            },
        )
    grants = {
        "none": ["password"],
        "client_credentials": ["client_credentials"],
        "user": ["password", "refresh_token"],
    }
    for client in cast["clients"]:
        administrator.call(
            "POST",
            "client/",
            {
                "client_id": client["id"],
                "name": client["id"],
                "password": client["secret"],
                "confidential": True,
                "authorization_type": grants[client["grant"]],
                "redirect_uri": [],
                # Those that a client may have for itself.
                "scope": [] if client["grant"] == "none" else cast["scopes"],
                "enabled": True,
            },
        )
    administrator.call(
        "POST",
        "mod/plugin/",
        {
            "module": "oauth2-glewlwyd",
            "name": PLUGIN,
            "display_name": PLUGIN,
            "enabled": True,
            "parameters": {
                "jwt-type": "sha",
                "jwt-key-size": "256",
                "key": "of no worth",
                "code-duration": 600,
                "refresh-token-duration": 3600,
                "access-token-duration": 3600,
                "auth-type-client-enabled": True,
                "auth-type-code-enabled": False,
                "auth-type-implicit-enabled": False,
                "auth-type-password-enabled": True,
                "auth-type-refresh-enabled": True,
                "introspection-revocation-allowed": True,
                "introspection-revocation-allow-target-client": False,
                "introspection-revocation-auth-scope": [INTROSPECT],
            },
        },
    )


database = directory / "glewlwyd.sqlite3"
configuration = directory / "glewlwyd.conf"
port = free_port()
write_database(database)
write_configuration(configuration, port, database)
# This process becomes the server, so that it ends when this process is ended.
if os.fork() == 0:
    populate(Administrator(port))
    print(f"listening on 127.0.0.1:{port}", flush=True)
    os._exit(0)
libraries = [str(path) for path in (root / "usr/lib").glob("*-linux-gnu*")]
os.environ["LD_LIBRARY_PATH"] = ":".join(libraries)
os.execv(root / "usr/bin/glewlwyd", ["glewlwyd", f"--config-file={configuration}"])
