"""The steps of the smoke test, the same for a deployment and for the laptop stack."""

import urllib.error
import urllib.request

from .step import Failed, Skipped
from .terminals import Terminal, call
from .tokens import app_token, livekit_callback

CALLER, CALLEE = "smoke-caller", "smoke-callee"


class Smoke:
    """`target` is the deployment: see `Aws` and `Laptop`."""

    def __init__(self, target):
        self.target = target
        self.users = target.users(CALLER, CALLEE)

    def steps(self):
        return [
            ("authorizer", self.authorizer),
            ("call", self.call),
            ("direct message", self.direct_message),
            ("webhook", self.webhook),
            ("alarms", self.alarms),
        ]

    def authorizer(self):
        (account, token), _ = self.users
        client_id = f"{self.target.group}@@@{account}.phone"
        answer = self.target.authorize(client_id, token)
        if not answer.get("isAuthenticated"):
            raise Failed(
                "a good token was refused",
                "The log of the function authorize says why. Most often the token is signed with another secret than that "
                "of the deployment, or has another issuer or audience than JwtIssuer and JwtAudience.",
            )
        foreign = app_token(account, "x" * 32)
        if self.target.authorize(client_id, foreign).get("isAuthenticated"):
            raise Failed(
                "a token that is signed with a foreign secret was accepted",
                "Take the stack off the network: everybody can connect as anybody. Is JwtHs256Secret known to others?",
            )
        return "a good token is accepted, a forged one refused"

    def call(self):
        return call(self.target.call_arguments(), *self.users)

    def direct_message(self):
        _, (account, token) = self.users
        client_id = f"{self.target.group}@@@{account}.probe"
        watcher = Terminal(self.target.call_arguments(), token, "watch", "--as", client_id)
        try:
            if watcher.until(lambda said: said.get("event") in ("watching", "connected")) is None:
                raise Failed(f"the terminal did not connect: {watcher.last()}", "See the step `call`.")
            self.target.send_direct(client_id)
            if watcher.until(lambda said: "smoke-probe" in str(said)) is None:
                raise Failed(
                    "the broker confirmed a message that the terminal did not get",
                    "Run the step again. If it fails again, ask the broker's log about this client ID.",
                )
        finally:
            watcher.stop()
        return "confirmed by the terminal"

    def webhook(self):
        url, key = self.target.callback()
        if url is None:
            raise Skipped("this RTC service has no callbacks")
        forged = post(url, b"{}", {"content-type": "application/webhook+json"})
        if forged != 401:
            raise Failed(
                f"a callback without a signature was answered with {forged}, not 401",
                "403: the function URL's two permissions are missing; deploy again. 404: the function has no key to verify "
                "callbacks with; docs/rtc-callbacks.md. 200: take the address off the network. 5xx: read the log of "
                "rtc-webhook.",
            )
        if key is None:
            return "an unsigned callback is refused; only LiveKit's signature can be made here"
        taken = post(url, *livekit_callback(*key))
        if taken != 200:
            raise Failed(
                f"a signed callback was answered with {taken}, not 200",
                "401: RtcKeyId and RtcKeySecret are not those of the deployment, or the clock is wrong. 5xx: read the log "
                "of rtc-webhook.",
            )
        return "a signed callback is taken, an unsigned one refused"

    def alarms(self):
        found = self.target.alarms()
        if found:
            raise Failed(
                "; ".join(found),
                "docs/operations.md, `What to watch`, says for each alarm what it means and what to do.",
            )
        return "nothing rings"


def post(url, body, headers):
    """Posts a body; returns the status."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
    except urllib.error.URLError as error:
        raise Failed(f"{url} does not answer: {error.reason}", "Look at the network, then deploy again.") from None
