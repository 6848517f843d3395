"""Strict stand-ins for the management APIs of RTC services: each request is checked by the vendor's own code.

Usage: rtc.py livekit|alibaba|tencent KEY_ID KEY_SECRET. Prints the loopback port that it listens on, then one JSON
object a line for every request: the method that was called, or the reason of the refusal. Every room has one
participant, alice, with one microphone. Ends when its standard input ends.
"""

import datetime
import http.server
import json
import sys
import threading
import urllib.parse

# Tolerated difference of a client's clock, for the vendors that document one.
SKEW_S = 300


class Refused(Exception):
    """A request that the real service would refuse: status and body of the answer."""

    def __init__(self, status, body, why):
        super().__init__(why)
        self.status, self.body = status, body


def off_by(moment):
    """Returns the seconds between a time and now."""
    return abs((datetime.datetime.now(datetime.timezone.utc) - moment).total_seconds())


class LiveKit:
    """RoomService over Twirp: tokens by the verifier of livekit-api, bodies and answers by the messages of livekit-protocol."""

    GRANTS = {
        "CreateRoom": {"room_create"},
        "DeleteRoom": {"room_create"},
        "ListRooms": {"room_list"},
        "ListParticipants": {"room_admin"},
        "GetParticipant": {"room_admin"},
        "RemoveParticipant": {"room_admin"},
        "UpdateParticipant": {"room_admin"},
        "MutePublishedTrack": {"room_admin"},
    }
    MESSAGES = {"RemoveParticipant": "RoomParticipantIdentity", "GetParticipant": "RoomParticipantIdentity",
                "MutePublishedTrack": "MuteRoomTrackRequest"}

    def __init__(self, key_id, secret):
        from google.protobuf import json_format
        from livekit import api
        from livekit.protocol import models

        self.api, self.models, self.json = api, models, json_format
        self.verifier = api.TokenVerifier(key_id, secret)
        self.rooms = {}

    def refuse(self, status, code, why):
        raise Refused(status, {"code": code, "msg": why}, why)

    def answer(self, request):
        prefix, _, name = request["path"].rpartition("/")
        if request["method"] != "POST" or prefix != "/twirp/livekit.RoomService" or name not in self.GRANTS:
            self.refuse(404, "bad_route", "no such method")
        if request["headers"].get("content-type") != "application/json":
            self.refuse(404, "bad_route", "unexpected Content-Type")
        scheme, _, token = request["headers"].get("authorization", "").partition(" ")
        try:
            claims = self.verifier.verify(token)
        except Exception as error:
            self.refuse(401, "unauthenticated", f"invalid token: {type(error).__name__}")
        if scheme != "Bearer" or claims.identity:
            self.refuse(401, "unauthenticated", "not a bearer token of a service")
        message = self.MESSAGES.get(name, f"{name}Request")
        body = getattr(self.api, message)()
        try:
            self.json.Parse(request["body"], body)
        except self.json.ParseError as error:
            self.refuse(400, "malformed", str(error))
        # The rights of a participant default to true. The token of a call must grant exactly the right of its method.
        grants = {name: value for name, value in vars(claims.video).items() if not name.startswith("can_")}
        granted = {name for name, value in grants.items() if value is True}
        if granted != self.GRANTS[name]:
            self.refuse(403, "permission_denied", f"grants {sorted(granted)}")
        if "room_admin" in granted and claims.video.room != body.room:
            self.refuse(403, "permission_denied", "a grant for another room")
        answer = getattr(self, name)(body)
        # The server writes the names of the protocol buffers, and fields with default values too.
        return name, self.json.MessageToDict(
            answer, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        )

    def room(self, name):
        return self.rooms.get(name) or self.refuse(404, "not_found", "room does not exist")

    def participant(self, body):
        room = self.room(body.room)
        found = [person for person in room["people"] if person.identity == body.identity]
        return found[0] if found else self.refuse(404, "not_found", "participant does not exist")

    def CreateRoom(self, body):
        track = self.models.TrackInfo(sid="TR_1", source="MICROPHONE")
        alice = self.models.ParticipantInfo(identity="alice", state="ACTIVE", kind="STANDARD", tracks=[track])
        info = self.models.Room(
            name=body.name, empty_timeout=body.empty_timeout, max_participants=body.max_participants,
            creation_time=1_700_000_000,
        )
        return self.rooms.setdefault(body.name, {"info": info, "people": [alice]})["info"]

    def DeleteRoom(self, body):
        self.room(body.room)
        del self.rooms[body.room]
        return self.api.DeleteRoomResponse()

    def ListRooms(self, _):
        return self.api.ListRoomsResponse(rooms=[room["info"] for room in self.rooms.values()])

    def ListParticipants(self, body):
        return self.api.ListParticipantsResponse(participants=self.room(body.room)["people"])

    def GetParticipant(self, body):
        return self.participant(body)

    def RemoveParticipant(self, body):
        self.rooms[body.room]["people"].remove(self.participant(body))
        return self.api.RemoveParticipantResponse()

    def UpdateParticipant(self, body):
        person = self.participant(body)
        person.permission.CopyFrom(body.permission)
        return person

    def MutePublishedTrack(self, body):
        tracks = [track for track in self.participant(body).tracks if track.sid == body.track_sid]
        if not tracks:
            self.refuse(404, "not_found", "track does not exist")
        tracks[0].muted = body.muted
        return self.api.MuteRoomTrackResponse(track=tracks[0])


class Alibaba:
    """OpenAPI: the signature is recomputed by alibabacloud-tea-openapi and compared."""

    # Action, version and parameters besides the application's.
    ACTIONS = {
        ("DeleteChannel", "2016-11-01"): {"ChannelId"},
        ("RemoveTerminals", "2016-11-01"): {"ChannelId", "TerminalIds.1"},
        ("DescribeChannelParticipants", "2016-11-01"): {"ChannelId", "PageNum", "PageSize"},
        ("ListRTCLiveRooms", "2016-11-01"): {"PageNo", "PageSize"},
        ("StopChannel", "2018-01-11"): {"ChannelId"},
        ("RemoveUsers", "2018-01-11"): {"ChannelId", "Users.1.UserId"},
        ("DescribeChannelAllUsers", "2018-01-11"): {"ChannelId"},
    }

    def __init__(self, key_id, secret):
        from alibabacloud_tea_openapi.utils import Utils
        from darabonba.request import DaraRequest

        self.sign, self.request = Utils.get_authorization, DaraRequest
        self.key_id, self.secret, self.nonces = key_id, secret, set()

    def refuse(self, status, code):
        raise Refused(status, {"Code": code, "Message": code, "RequestId": "r"}, code)

    def answer(self, request):
        headers = request["headers"]
        # A plus means a space in the query, but not in the signed string.
        if "+" in request["query"]:
            self.refuse(400, "IncompleteSignature")
        query = dict(urllib.parse.parse_qsl(request["query"], strict_parsing=True))
        signed = {name for name in headers if name == "host" or name.startswith("x-acs-")}
        theirs = self.request()
        theirs.method, theirs.pathname, theirs.query = request["method"], request["path"], query
        theirs.headers = {name: headers[name] for name in signed}
        body_hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        expected = self.sign(theirs, "ACS3-HMAC-SHA256", body_hash, self.key_id, self.secret)
        if headers.get("authorization") != expected:
            self.refuse(400, "SignatureDoesNotMatch")
        if request["body"] or headers["x-acs-content-sha256"] != body_hash:
            self.refuse(400, "InvalidContentSha256")
        date = datetime.datetime.strptime(headers["x-acs-date"], "%Y-%m-%dT%H:%M:%S%z")
        if off_by(date) > 3 * SKEW_S:
            self.refuse(400, "InvalidTimeStamp.Expired")
        if headers["x-acs-signature-nonce"] in self.nonces:
            self.refuse(400, "SignatureNonceUsed")
        self.nonces.add(headers["x-acs-signature-nonce"])
        action = headers["x-acs-action"]
        parameters = self.ACTIONS.get((action, headers["x-acs-version"]))
        if parameters is None or request["method"] != "POST" or request["path"] != "/":
            self.refuse(404, "InvalidAction.NotFound")
        if set(query) != parameters | {"AppId"}:
            self.refuse(400, f"MissingParameter {sorted(query)}")
        people = {"UserList": ["alice"], "TotalNum": 1, "Users": [{"UserId": "alice"}], "ChannelExist": True}
        return action, {"RequestId": "r", **people, "Rooms": ["sb-1", "other"], "Total": 2}


class Tencent:
    """API 3.0: the signature is recomputed by tencentcloud-sdk-python-common and compared."""

    ACTIONS = {
        "DismissRoomByStrRoomId": {"SdkAppId": int, "RoomId": str},
        "RemoveUserByStrRoomId": {"SdkAppId": int, "RoomId": str, "UserIds": list},
    }

    def __init__(self, key_id, secret):
        from tencentcloud.common.abstract_client import AbstractClient
        from tencentcloud.common.credential import Credential
        from tencentcloud.common.http.request import RequestInternal

        self.client = AbstractClient(Credential(key_id, secret), "ap-guangzhou")
        self.request, self.key_id, self.secret = RequestInternal, key_id, secret

    def refuse(self, code):
        raise Refused(200, {"Response": {"Error": {"Code": code, "Message": code}, "RequestId": "r"}}, code)

    def answer(self, request):
        headers = request["headers"]
        moment = datetime.datetime.fromtimestamp(int(headers["x-tc-timestamp"]), datetime.timezone.utc)
        date = moment.strftime("%Y-%m-%d")
        names = ["Content-Type", "Host", "X-TC-Timestamp"]
        theirs = self.request(
            method=request["method"], uri=request["path"], data=request["body"],
            header={name: headers[name.lower()] for name in names},
        )
        signature = self.client._get_tc3_signature({}, theirs, date, "trtc", self.secret)
        expected = (
            f"TC3-HMAC-SHA256 Credential={self.key_id}/{date}/trtc/tc3_request, "
            f"SignedHeaders=content-type;host, Signature={signature}"
        )
        if headers.get("authorization") != expected:
            self.refuse("AuthFailure.SignatureFailure")
        if off_by(moment) > SKEW_S:
            self.refuse("AuthFailure.SignatureExpire")
        action, body = headers["x-tc-action"], json.loads(request["body"])
        known = self.ACTIONS.get(action)
        if known is None or headers["x-tc-version"] != "2019-07-22" or not headers.get("x-tc-region"):
            self.refuse("InvalidAction")
        if {name: type(value) for name, value in body.items()} != known:
            self.refuse("InvalidParameter")
        if body["RoomId"] != "sb-1":
            self.refuse("FailedOperation.RoomNotExist")
        return action, {"Response": {"RequestId": "r"}}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        path, _, query = self.path.partition("?")
        request = {
            "method": self.command,
            "path": path,
            "query": query,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": self.rfile.read(int(self.headers.get("content-length") or 0)).decode(),
        }
        try:
            called, body = self.server.service.answer(request)
            status, refused = 200, None
        except Refused as error:
            called, status, body, refused = None, error.status, error.body, str(error)
        except Exception as error:
            called, status, body, refused = None, 400, {}, repr(error)
        print(json.dumps({"called": called, "refused": refused}), flush=True)
        body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


def main():
    kind, key_id, secret = sys.argv[1:]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.service = {"livekit": LiveKit, "alibaba": Alibaba, "tencent": Tencent}[kind](key_id, secret)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_port}), flush=True)
    sys.stdin.read()


main()
