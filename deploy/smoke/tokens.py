"""Tokens that a smoke test needs: the app's JWT, and the signature of a LiveKit callback. Both are JWTs with HS256."""

import base64
import hashlib
import hmac
import json
import time


def jwt(claims, secret):
    """Makes a JWT (RFC 7515, HS256)."""

    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    def as_json(value):
        return json.dumps(value, separators=(",", ":")).encode()

    signed = part(as_json({"alg": "HS256", "typ": "JWT"})) + b"." + part(as_json(claims))
    return (signed + b"." + part(hmac.new(secret.encode(), signed, hashlib.sha256).digest())).decode()


def app_token(account, secret):
    """Makes the app's token of a user, valid for ten minutes."""
    return jwt({"sub": account, "name": account, "exp": int(time.time()) + 600}, secret)


def account_of(token):
    """Reads the account from a token of the app's own server, without checking it."""
    claims = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]


def livekit_callback(key_id, key_secret):
    """Makes a signed callback about a room that belongs to no meeting: body and headers."""
    now = int(time.time())
    room = {"name": "smoke", "sid": "RM_smoke"}
    event = {"event": "room_started", "id": "EV_smoke", "createdAt": str(now), "room": room}
    body = json.dumps(event).encode()
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    signature = jwt({"iss": key_id, "nbf": now - 5, "exp": now + 60, "sha256": digest}, key_secret)
    return body, {"authorization": signature, "content-type": "application/webhook+json"}
