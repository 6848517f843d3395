"""Deploys the template on an emulator of AWS, plays events through the deployed functions, and breaks what they stand on.

Usage: main.py URL FOLDER SAM [PACKAGES]. URL is the emulator's, FOLDER takes certificates, SAM is the command, and PACKAGES
is a folder with the zips of `make package`; without it, the functions are the binaries of the workspace build.
docs/emulator.md lists what the emulator does not support; a difference to that list fails the run.
"""

import pathlib
import re
import secrets
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/template"), str(ROOT / "deploy")]

import translated
from broken import Broken
from deployment import DEPLOY_OPTIONS, NAME, Deployment, refers
from play import Play

DOCUMENT = ROOT / "docs/emulator.md"
# The first column of the table of resources that the emulator does not support.
ROW = re.compile(r"^\| `(\w+)` \| `AWS::[\w:]+` \|", re.MULTILINE)
# Values for the parameters that the example file leaves empty and the template's own rules require.
VALUES = {
    "IdKey": secrets.token_urlsafe(32),
    "JwtHs256Secret": secrets.token_urlsafe(32),
    "RtcUrl": "wss://rtc.example.com",
    "RtcKeyId": "key",
    "RtcKeySecret": secrets.token_urlsafe(32),
}


def say(text):
    print(text, flush=True)


def required(template):
    """Returns the parameters that the example file leaves empty and the template requires, with values."""
    example = translated.yaml_parse((ROOT / "deploy.example.yaml").read_text())
    refused = " ".join(translated.Stack(template, **example).refused())
    named = {name for name, value in example.items() if value == "" and name in refused}
    assert named == set(VALUES), f"deploy.example.yaml requires {sorted(named)}"
    return {name: str(value) for name, value in (example | VALUES).items() if value != ""}


def dependents(template, ids):
    """Adds the resources that refer to these, since they cannot come up without them."""
    found = set(ids)
    while more := {id for id, each in template["Resources"].items() if id not in found and refers(each, found)}:
        found |= more
    return found


def create(deployment):
    """Creates the stack. Leaves out what the emulator refuses; returns the reasons, and all that was left out."""
    left_out = {}
    parameters = required(deployment.template)
    while True:
        missing = dependents(deployment.template, left_out)
        try:
            stack = deployment.create(deployment.without(missing), parameters)
        except deployment.refusal as error:
            refused = unknown_types(deployment.template, str(error))
        else:
            if stack["StackStatus"] == "CREATE_COMPLETE":
                return left_out, missing
            refused = deployment.failures()
            deployment.delete()
            tables = deployment.client("dynamodb").list_tables()["TableNames"]
            assert not tables, f"a failed first deployment leaves {tables}"
        assert refused.keys() - missing, f"the stack does not come up: {refused}"
        left_out |= refused


def unknown_types(template, message):
    """Returns the resources whose types the emulator does not know, with its message."""
    types = re.findall(r"AWS::\w+::\w+", message)
    return {id: message for id, each in template["Resources"].items() if each["Type"] in types}


def report(deployment, left_out, missing):
    """Prints what came up, and compares it with the document."""
    up = deployment.resources()
    kinds = {}
    for id, each in deployment.template["Resources"].items():
        stack = translated.Stack(deployment.template, **deployment.parameters)
        state = "up" if id in up else "not supported" if id in missing else "no" if stack.exists(each) else "condition"
        kinds.setdefault(each["Type"], []).append((id, state))
    for kind, each in sorted(kinds.items()):
        states = [state for _, state in each]
        say(f"  {kind:<34} {states.count('up'):>3} of {len(each)}")
        assert "no" not in states, f"neither up nor refused: {each}"
    for id in sorted(missing):
        say(f"  not supported: {id}: {left_out.get(id, 'refers to one of the others')[-140:]}")
    listed = set(ROW.findall(DOCUMENT.read_text()))
    assert listed == missing, f"docs/emulator.md lists {sorted(listed)}, and the emulator refuses {sorted(missing)}"


def main(url, folder, sam, packages=None):
    began = time.monotonic()
    deployment = Deployment(url, packages and pathlib.Path(packages))
    deployment.upload()
    left_out, missing = create(deployment)
    say(f"== the stack `{NAME}` with the required parameters only: {time.monotonic() - began:.0f} s")
    report(deployment, left_out, missing)
    template = deployment.without(missing)
    assert " ".join(DEPLOY_OPTIONS) in (ROOT / "Makefile").read_text().replace("\\\n\t\t", "")
    # As the runbook advises after the first deployment: the account's own address.
    stack = deployment.deploy_again(sam, folder, missing, {"IotDataEndpoint": url})
    assert stack["StackStatus"] == "UPDATE_COMPLETE", stack
    say(f"== updated by `sam deploy`, as `make deploy` does: {time.monotonic() - began:.0f} s")
    play = Play(deployment, template, VALUES, folder)
    broken = Broken(play)
    steps = [
        play.authorizer,
        play.policy,
        play.presence,
        play.call,
        play.requests,
        play.callback,
        play.operator,
        play.timer,
        play.sweep,
        play.secrets_in_the_store,
        broken.no_errors_so_far,
        play.failed_event,
        broken.rtc_service,
        broken.broker,
        broken.table,
    ]
    say("== events through the deployed functions")
    for step in steps:
        seen = step()
        say(f"  {step.__name__.replace('_', ' '):<18} {seen}")
    say(f"{len(steps)} passed, 0 failed: {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
