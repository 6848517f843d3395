"""Loopback endpoints for the table, the data plane and the queue. They answer like those of AWS, and count requests."""

import hashlib
import json
import re
import threading
import uuid
from collections import Counter
from urllib.parse import unquote, urlsplit

from http_server import HttpServer, Reply

TABLE = "bench"


class Endpoints:
    """The three endpoints that a function calls. `tls` is the context of their server certificate, or `None` for HTTP."""

    def __init__(self, tls=None):
        self.table = Table()
        self.calls = Counter()
        self.downlinks = []
        self.scheme = "https" if tls else "http"
        self.servers = {
            "AWS_ENDPOINT_URL_DYNAMODB": HttpServer(self.dynamodb, tls),
            "AWS_ENDPOINT_URL_IOT_DATA_PLANE": HttpServer(self.data_plane, tls),
            "AWS_ENDPOINT_URL_SQS": HttpServer(self.sqs, tls),
        }

    def variables(self):
        """Returns the settings that name these endpoints."""
        return {name: f"{self.scheme}://localhost:{server.port}" for name, server in self.servers.items()}

    def connections(self):
        return sum(server.connections for server in self.servers.values())

    def requests(self):
        return sum(server.requests for server in self.servers.values())

    def dynamodb(self, request):
        operation = request.headers["x-amz-target"].partition(".")[2]
        self.calls[operation] += 1
        answer = json.dumps(self.table.call(operation, json.loads(request.body))).encode()
        return Reply(200, answer, {"x-amzn-RequestId": str(uuid.uuid4())})

    def data_plane(self, request):
        path = urlsplit(request.path).path
        is_direct = path.startswith("/connections/")
        self.calls["SendDirectMessage" if is_direct else "Publish"] += 1
        self.downlinks.append((unquote(path), request.body))
        return Reply(200, json.dumps({"message": "OK", "traceId": str(uuid.uuid4())}).encode())

    def sqs(self, request):
        operation = request.headers["x-amz-target"].partition(".")[2]
        self.calls[operation] += 1
        digest = hashlib.md5(json.loads(request.body)["MessageBody"].encode()).hexdigest()
        return Reply(200, json.dumps({"MD5OfMessageBody": digest, "MessageId": str(uuid.uuid4())}).encode())

    def close(self):
        for server in self.servers.values():
            server.close()


class Table:
    """The items by key. Conditions are not checked: no request of a run competes with another one."""

    def __init__(self):
        self.items = {}
        self.lock = threading.Lock()

    def call(self, operation, body):
        with self.lock:
            return getattr(self, operation)(body)

    def put(self, item):
        self.items[key(item)] = item

    def GetItem(self, body):  # noqa: N802, the operation's name
        item = self.items.get(key(body["Key"]))
        return {"Item": item} if item else {}

    def BatchGetItem(self, body):  # noqa: N802
        wanted = body["RequestItems"][TABLE]["Keys"]
        found = [self.items[key(item)] for item in wanted if key(item) in self.items]
        return {"Responses": {TABLE: found}, "UnprocessedKeys": {}}

    def Query(self, _):  # noqa: N802
        return {"Items": [], "Count": 0, "ScannedCount": 0}

    def PutItem(self, body):  # noqa: N802
        self.put(body["Item"])
        return {}

    def DeleteItem(self, body):  # noqa: N802
        self.items.pop(key(body["Key"]), None)
        return {}

    def UpdateItem(self, body):  # noqa: N802
        item = self.items.setdefault(key(body["Key"]), dict(body["Key"]))
        update(item, body)
        return {"Attributes": item} if body.get("ReturnValues") == "ALL_NEW" else {}

    def TransactWriteItems(self, body):  # noqa: N802
        for write in body["TransactItems"]:
            for operation, part in write.items():
                getattr(self, f"{operation}Item")(part)
        return {}

    def BatchWriteItem(self, body):  # noqa: N802
        for write in body["RequestItems"][TABLE]:
            if "PutRequest" in write:
                self.put(write["PutRequest"]["Item"])
            else:
                self.items.pop(key(write["DeleteRequest"]["Key"]), None)
        return {"UnprocessedItems": {}}


def key(item):
    return (item["pk"]["S"], item["sk"]["S"])


def update(item, body):
    """Applies the update expressions that the functions use: `SET path = :value, …` and `REMOVE path, …`."""
    names = body.get("ExpressionAttributeNames", {})
    values = body.get("ExpressionAttributeValues", {})
    for clause, arguments in re.findall(r"(SET|REMOVE) (.*?)(?= SET | REMOVE |$)", body["UpdateExpression"]):
        for argument in arguments.split(","):
            path, _, value = (part.strip() for part in argument.partition("="))
            *outer, last = [names.get(part, part) for part in path.split(".")]
            target = item
            for part in outer:
                target = target[part]["M"]
            if clause == "SET":
                target[last] = values[value]
            else:
                target.pop(last, None)
