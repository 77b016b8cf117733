"""A registry of crates on loopback, as https://doc.rust-lang.org/cargo/reference/registries.html asks for: it takes what
`cargo publish` sends and hands it out again. Arguments: the port, and the folder of the crates."""

import hashlib
import json
import pathlib
import struct
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT, FOLDER = int(sys.argv[1]), pathlib.Path(sys.argv[2])
ORIGIN = f"http://127.0.0.1:{PORT}"


def entry(metadata, crate):
    """The line of the index for what was published."""

    def dependency(it):
        renamed = it.get("explicit_name_in_toml")
        return {
            "name": renamed or it["name"],
            "package": it["name"] if renamed else None,
            "req": it["version_req"],
            **{key: it.get(key) for key in ("features", "optional", "default_features", "target", "kind", "registry")},
        }

    return {
        "name": metadata["name"],
        "vers": metadata["vers"],
        "deps": [dependency(it) for it in metadata["deps"]],
        "cksum": hashlib.sha256(crate).hexdigest(),
        "features": metadata["features"],
        "rust_version": metadata.get("rust_version"),
        "yanked": False,
        "v": 2,
    }


class Registry(BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.rsplit("/", 1)[-1]
        if self.path == "/config.json":
            self.answer(200, json.dumps({"dl": f"{ORIGIN}/crates/{{crate}}-{{version}}.crate", "api": ORIGIN}).encode())
        elif self.path.startswith("/crates/") and (FOLDER / name).is_file():
            self.answer(200, (FOLDER / name).read_bytes())
        elif (FOLDER / "index" / name).is_file():
            self.answer(200, (FOLDER / "index" / name).read_bytes())
        else:
            self.answer(404, b"")

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        (length,) = struct.unpack_from("<I", body)
        metadata, rest = json.loads(body[4 : 4 + length]), body[4 + length :]
        crate = rest[4:]
        (FOLDER / "index").mkdir(exist_ok=True)
        (FOLDER / f"{metadata['name']}-{metadata['vers']}.crate").write_bytes(crate)
        (FOLDER / "index" / metadata["name"]).write_text(json.dumps(entry(metadata, crate)) + "\n")
        self.answer(200, b"{}")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("127.0.0.1", PORT), Registry).serve_forever()
