"""The rules of docs/protocol.md for a terminal, written from that page alone: which request is sent when, and which
downlinks count. Without a network; the caller passes the time in seconds."""

import collections
import json

# Requests that do not wait for others of their meeting, and for which no other one waits.
OUT_OF_TURN = {"cancel_invite", "leave", "destroy_meeting", "ringing", "report_media"}
# Notices that are a snapshot of one object, with the path of the name of that object.
SNAPSHOTS = {
    "meeting_updated": (),
    "participant_updated": ("participant", "user_id"),
    "speech_changed": ("user_id",),
    "host_changed": (),
    "hand_changed": (),
}
# The page demands at least 1,000.
REMEMBERED_IDS = 1_000
REMEMBERED_MEETINGS = 500


class Recent:
    """The latest names."""

    def __init__(self, limit):
        self.names, self.limit = collections.OrderedDict(), limit

    def __contains__(self, name):
        return name in self.names

    def add(self, name, value=True):
        """Adds a name. The oldest one is forgotten if there are too many."""
        self.names.setdefault(name, value)
        if len(self.names) > self.limit:
            self.names.popitem(last=False)
        return self.names[name]


class Request:
    """A request that waits for its answer, or for its turn."""

    def __init__(self, request_id, topic, payload):
        body = json.loads(payload)
        self.id, self.topic, self.payload = request_id, topic, payload
        # A test may send fields that are no texts.
        meeting = body.get("meeting_id")
        takes_turn = isinstance(meeting, str) and str(body.get("type")) not in OUT_OF_TURN
        self.meeting = meeting if takes_turn else None
        self.began = None
        self.copies = 0
        self.unsent = False
        self.pages = {}


class Session:
    """The waiting requests of a terminal, and its memory of downlinks."""

    def __init__(self, answer_within, resends):
        self.answer_within, self.resends = answer_within, resends
        self.requests = {}
        self.seen, self.answered = Recent(REMEMBERED_IDS), Recent(REMEMBERED_IDS)
        self.meetings = Recent(REMEMBERED_MEETINGS)
        self.is_connected = False

    def add(self, request_id, topic, payload):
        """Adds a request; `tick` returns its first copy when it is its turn."""
        self.requests[request_id] = Request(request_id, topic, payload)

    def due(self):
        """Returns the time of the next copy or time-out, if any."""
        return min((self._due(one) for one in self.requests.values() if one.began is not None), default=None)

    def _due(self, request):
        return request.began + request.copies * self.answer_within

    def tick(self, now):
        """Returns the copies that are due, as topic and payload, and the requests that are given up, with their time."""
        given_up = []
        for request in list(self.requests.values()):
            if request.began is not None and now >= request.began + (self.resends + 1) * self.answer_within:
                del self.requests[request.id]
                given_up.append((request.id, now - request.began))
        copies, busy = [], set()
        for request in self.requests.values():
            if request.began is None and request.meeting not in busy:
                request.began = now
            busy |= {request.meeting} - {None}
            while request.began is not None and request.copies <= self.resends and self._due(request) <= now:
                request.copies += 1
                request.unsent = True
            if request.unsent and self.is_connected:
                request.unsent = False
                copies.append((request.topic, request.payload))
        return copies, given_up

    def receive(self, payload):
        """Returns what a message means: pairs of `answer`, `notice` or `gap` with their content."""
        try:
            message = json.loads(payload)
        except ValueError:
            return []
        # In this protocol, `null` is an absent field, except for `re`.
        if not isinstance(message, dict) or message.get("v") != 1:
            return []
        if not isinstance(message.get("type"), str) or not isinstance(message.get("id"), str):
            return []
        expires = message.get("expires_in_ms")
        if expires is not None and expires <= 0:
            return []
        known = message["id"] in self.seen
        self.seen.add(message["id"])
        request = self.requests.get(message.get("re"))
        # A repeated request may be answered by a downlink that came before.
        if request and request.began is not None:
            return self._answer(request, message)
        if known or message.get("re") in self.answered:
            return []
        if message.get("re") is not None:
            self.answered.add(message["re"])
        is_old, is_gap = self._order(message)
        if is_old:
            return []
        return [("notice", message)] + ([("gap", message["meeting_id"])] if is_gap else [])

    def _answer(self, request, message):
        self._order(message)
        total = message.get("pages", 1)
        if total > 1:
            if request.pages and next(iter(request.pages.values()))["pages"] != total:
                request.pages.clear()
            request.pages[message["page"]] = message
            if len(request.pages) < total:
                return []
            message = join([request.pages[page] for page in sorted(request.pages)])
        del self.requests[request.id]
        self.answered.add(request.id)
        return [("answer", message)]

    def _order(self, message):
        """Keeps the revisions in a message. Returns whether it is an old snapshot, and whether a notice was missed."""
        for meeting in message.get("meetings", []) + [message.get("meeting")]:
            if meeting and "rev" in meeting:
                self._meeting(meeting["meeting_id"]).whole(meeting["rev"])
        meeting_id, rev = message.get("meeting_id"), message.get("rev")
        if meeting_id is None or rev is None:
            return False, False
        known = self._meeting(meeting_id)
        if "join" in message:
            known.is_over = False
        if message["type"] in ("meeting_ended", "participant_removed"):
            known.is_over = True
        if message.get("meeting"):
            known.whole(rev)
        gap = False
        if message.get("prev_rev") is not None:
            gap = not known.is_over and message["prev_rev"] > known.latest
            known.latest = max(known.latest, rev)
        old = known.is_old(message, rev)
        return old and not {"re", "join", "invite_id"} & message.keys(), gap

    def _meeting(self, meeting_id):
        return self.meetings.add(meeting_id, Meeting())


class Meeting:
    """The revisions that a terminal knows of a meeting."""

    def __init__(self):
        self.latest, self.snapshot = -1, 0
        self.objects = {}
        self.is_over = False

    def whole(self, rev):
        """Keeps the revision of a whole meeting."""
        self.latest, self.snapshot = max(self.latest, rev), max(self.snapshot, rev)

    def is_old(self, message, rev):
        """Keeps the revision of a snapshot of one object. Returns whether a newer one is known."""
        path = SNAPSHOTS.get(message["type"])
        if path is None:
            return False
        name = message
        for field in path:
            name = name.get(field, {})
        name = (message["type"], str(name) if path else "")
        newest = max(self.snapshot, self.objects.get(name, 0))
        self.objects[name] = max(newest, rev)
        return rev < newest


def join(pages):
    """Makes one answer of its pages."""
    whole = dict(pages[0])
    del whole["page"], whole["pages"]
    for name in ("meetings", "invitations", "blocked", "allow"):
        if name in whole:
            whole[name] = [one for page in pages for one in page.get(name, [])]
    meetings = []
    for part in whole.get("meetings", []):
        if meetings and meetings[-1]["meeting_id"] == part["meeting_id"]:
            meetings[-1]["participants"] = meetings[-1]["participants"] + part["participants"]
        else:
            meetings.append(dict(part))
    if "meetings" in whole:
        whole["meetings"] = meetings
    return whole
