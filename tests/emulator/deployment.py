"""The template of this repository as a stack on an emulator of AWS."""

import copy
import io
import json
import os
import pathlib
import secrets
import subprocess
import time
import zipfile

import boto3
import translated
from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform

NAME = "switchboard"
REGION = "us-east-1"
BUCKET = "code"
# The options of `sam deploy` in the Makefile.
DEPLOY_OPTIONS = ["--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-fail-on-empty-changeset", "--parameter-overrides"]
# Far longer than any step takes: a failure ends the program instead of blocking it.
PATIENCE_S = 30


def until(condition, what):
    """Waits until `condition` returns something, and returns that."""
    end = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"waited {PATIENCE_S} s: {what}")
        time.sleep(0.1)
    return found


def shim(binary):
    """Makes a package that runs a binary of the workspace build. That build has a test clock, so it refuses to start where
    these two variables say that it is deployed."""
    script = f"#!/bin/sh\nunset LAMBDA_TASK_ROOT AWS_EXECUTION_ENV\nexec {translated.ROOT}/target/debug/{binary}\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o100755 << 16
        archive.writestr(entry, script)
    return packed.getvalue()


def functions(template):
    """Returns the functions of a template that is not translated, with their ids."""
    return [(id, each) for id, each in template["Resources"].items() if "CodeUri" in each.get("Properties", {})]


class Deployment:
    """A stack on the emulator at `url`."""

    def __init__(self, url, packages):
        self.url = url
        self.packages = packages
        self.parameters = {}
        self.template = None
        # The emulator takes no stack with a resource type that it does not know.
        self.refusal = self.client("cloudformation").exceptions.ClientError

    def client(self, service, **options):
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, **options)

    def upload(self):
        """Puts the packages into a bucket, as `sam deploy` does, and translates the template."""
        store = self.client("s3")
        store.create_bucket(Bucket=BUCKET)
        for id, resource in functions(translated.source()):
            binary = resource["Metadata"]["BuildProperties"]["Binary"]
            code = (self.packages / f"{id}.zip").read_bytes() if self.packages else shim(binary)
            store.put_object(Bucket=BUCKET, Key=f"{id}.zip", Body=code)
        loader = ManagedPolicyLoader(None)
        loader._policy_map = {}
        self.template = transform(self.source(), {}, loader, passthrough_metadata=False)

    def source(self):
        """Returns the template as it is written, with the code where `upload` put it."""
        template = translated.source()
        for id, resource in functions(template):
            resource["Properties"]["CodeUri"] = f"s3://{BUCKET}/{id}.zip"
        return template

    def without(self, ids):
        """Returns the translated template without these resources."""
        left = copy.deepcopy(self.template)
        self._drop(left, ids)
        return left

    @staticmethod
    def _drop(template, ids):
        """Removes resources, and the outputs that name them."""
        for id in ids:
            del template["Resources"][id]
        outputs = template["Outputs"]
        template["Outputs"] = {name: each for name, each in outputs.items() if not refers(each["Value"], ids)}

    def _start(self, action, template, parameters):
        self.parameters |= parameters
        key = f"{secrets.token_hex(4)}.json"
        # A template of more than 51,200 bytes has to lie in a bucket.
        self.client("s3").put_object(Bucket=BUCKET, Key=key, Body=json.dumps(template).encode())
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in self.parameters.items()]
        address = f"{self.url}/{BUCKET}/{key}"
        action(StackName=NAME, TemplateURL=address, Parameters=given, Capabilities=["CAPABILITY_IAM"])

    def create(self, template, parameters):
        """Creates the stack, and returns its description when it is up or has failed."""
        self._start(self.client("cloudformation").create_stack, template, parameters)
        return self.finished()

    def failures(self):
        """Returns the reasons of the resources that did not come up, by logical id."""
        pages = self.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=NAME)
        failed = [each for page in pages for each in page["StackEvents"] if each["ResourceStatus"] == "CREATE_FAILED"]
        return {each["LogicalResourceId"]: each.get("ResourceStatusReason", "") for each in failed}

    def update(self, template, parameters):
        self._start(self.client("cloudformation").update_stack, template, parameters)
        return self.finished()

    def deploy_again(self, sam, folder, missing, parameters):
        """Updates the stack as `make deploy` does: `sam deploy` with the template as it is written and a parameter file."""
        self.parameters |= parameters
        template = self.source()
        self._drop(template, missing)
        settings, written = pathlib.Path(folder, "deploy.yaml"), pathlib.Path(folder, "template.json")
        # JSON is YAML, too.
        settings.write_text(json.dumps(self.parameters))
        written.write_text(json.dumps(template))
        # The command of the Makefile, without the build.
        command = [sam, "deploy", "--stack-name", NAME, "--region", REGION, *DEPLOY_OPTIONS, f"file://{settings}"]
        environment = os.environ | {"AWS_ENDPOINT_URL": self.url, "SAM_CLI_TELEMETRY": "0"}
        run = subprocess.run(
            [*command, "--template-file", written], env=environment, cwd=folder, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
        return self.finished()

    def delete(self):
        """Deletes the stack, and returns when it is gone."""
        formation = self.client("cloudformation")
        id = formation.describe_stacks(StackName=NAME)["Stacks"][0]["StackId"]
        formation.delete_stack(StackName=NAME)


        def gone():
            return formation.describe_stacks(StackName=id)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"

        until(gone, "the stack is deleted")

    def finished(self):
        formation = self.client("cloudformation")

        def settled():
            described = formation.describe_stacks(StackName=NAME)["Stacks"][0]
            return None if described["StackStatus"].endswith("IN_PROGRESS") else described

        return until(settled, "the stack settles")

    def resources(self):
        """Returns the physical names of what is up, by logical id."""
        found = self.client("cloudformation").describe_stack_resources(StackName=NAME)["StackResources"]
        up = [each for each in found if each["ResourceStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE")]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in up}


def refers(node, ids):
    """Tells whether a value refers to one of these resources."""
    if isinstance(node, dict):
        target = node.get("Ref") or (node.get("Fn::GetAtt") or [None])[0]
        return target in ids or any(refers(each, ids) for each in node.values())
    return isinstance(node, list) and any(refers(each, ids) for each in node)
