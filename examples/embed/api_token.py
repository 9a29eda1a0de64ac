"""Makes the api_token with which a partner's user enters the chat page.

Runs on the partner's server, where the client key is a secret. Needs `pip install cryptography`.

    python3 api_token.py CLIENT_ID client_key.pem 42 Alice
"""

import base64
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding


def api_token(client_id: str, client_key_pem: str, user_id: str, username: str) -> str:
    """A token for one user, to be used within minutes."""
    if "|" in client_id + user_id + username:
        raise ValueError("a name cannot contain the character |")
    key = serialization.load_pem_public_key(client_key_pem.encode())
    plain = f"{client_id}|{user_id}|{username}|{time.time()}".encode()
    sealed = key.encrypt(
        plain,
        padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None),
    )
    inner = base64.b64encode(sealed).decode()
    return base64.b64encode(f"{client_id}|{inner}".encode()).decode()


if __name__ == "__main__":
    import sys

    client_id, key_file, user_id, username = sys.argv[1:5]
    with open(key_file, encoding="ascii") as key:
        print(api_token(client_id, key.read(), user_id, username))
