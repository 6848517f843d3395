"""Prints how terminals reach a deployed stack, and two commands that make a first call.

Usage: addresses.py STACK [REGION]. Reads the stack's outputs and the account's own broker address.
"""

import sys

import boto3


def describe(stack, cloudformation, iot):
    """Returns the text to print."""
    described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}
    endpoint = iot.describe_endpoint(endpointType="iot:Data-ATS")["endpointAddress"]
    call = f"target/debug/call {{}} --broker {endpoint} --authorizer {outputs['AuthorizerName']}"
    lines = [
        f"Broker          {endpoint}",
        "                apps: port 443 with TLS (SNI) and ALPN `mqtt`; pages: wss://" + endpoint + "/mqtt",
        f"MQTT user name  ?x-amz-customauthorizer-name={outputs['AuthorizerName']}",
        "MQTT password   the app's own JWT",
    ]
    if "RtcWebhookUrl" in outputs:
        lines.append(f"RTC callbacks   {outputs['RtcWebhookUrl']}")
    lines += [
        "",
        "A first call, in two shells. Both need SWITCHBOARD_JWT_SECRET with the value of JwtHs256Secret, or --token-file",
        "with a JWT of the app's own server:",
        "  " + call.format("listen --as bob.phone"),
        "  " + call.format("create bob --as alice.phone"),
        "",
        "Recommended: set IotDataEndpoint in deploy.yaml to the account's own address, and deploy again:",
        f"  IotDataEndpoint: https://{endpoint}",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    name, *region = sys.argv[1:]
    session = boto3.Session(region_name=region[0] if region else None)
    print(describe(name, session.client("cloudformation"), session.client("iot")))
