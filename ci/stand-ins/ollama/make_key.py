"""Makes the key pair by which an Ollama server is known to its registry."""

import os
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
key = Ed25519PrivateKey.generate()
private = folder / "id_ed25519"
with os.fdopen(os.open(private, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
    file.write(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
private.with_suffix(".pub").write_bytes(key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH))
