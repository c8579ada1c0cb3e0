"""Writes each certificate that this machine trusts and Debian does not ship to FOLDER: builds behind a mirror need them."""

import hashlib
import re
import ssl
import sys
from pathlib import Path

PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def fingerprint(pem: str) -> str:
    """Of the certificate itself, however its text is wrapped."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem + "\n")).hexdigest()


folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
shipped = {fingerprint(pem) for path in Path("/usr/share/ca-certificates").rglob("*.crt") for pem in PEM.findall(path.read_text())}
trusted = PEM.findall(Path("/etc/ssl/certs/ca-certificates.crt").read_text())
for number, pem in enumerate(pem for pem in trusted if fingerprint(pem) not in shipped):
    (folder / f"machine-{number}.crt").write_text(pem + "\n")
