"""Makes sure that a deployment works: authorizer, call, direct message, webhook, alarms. Says what to do where it does not.

Usage: PYTHONPATH=deploy python -m smoke STACK [--region REGION] [--settings deploy.yaml] [--tokens A B] | local
"""

import argparse
import contextlib
import os
import sys

import botocore.session

from .aws import Aws, read_settings
from .laptop import Laptop, stack
from .step import Failed, run
from .steps import Smoke


def main():
    parser = argparse.ArgumentParser(prog="smoke", description=__doc__.split("\n")[0])
    parser.add_argument("target", help="the name of the stack, or `local` for a laptop stack")
    parser.add_argument("--region", help="the region of the stack")
    parser.add_argument("--settings", default="deploy.yaml", help="the parameter file of the deployment")
    parser.add_argument("--tokens", nargs=2, metavar="FILE", help="files with the JWTs of two users")
    parser.add_argument("--binaries", default="target/debug", help="the folder of `call` and `local`")
    options = parser.parse_args()
    terminal = f"{options.binaries}/call"
    # Python buffers what it writes to a pipe; a person watches.
    sys.stdout.reconfigure(line_buffering=True)
    with contextlib.ExitStack() as until_the_end:
        try:
            if options.target == "local":
                addresses = until_the_end.enter_context(stack(f"{options.binaries}/local"))
                # The laptop's endpoints take any key.
                os.environ |= {"AWS_ACCESS_KEY_ID": "smoke", "AWS_SECRET_ACCESS_KEY": "smoke"}
                target = Laptop(addresses, clients("us-east-1"), terminal)
            else:
                settings = read_settings(options.settings)
                target = Aws(options.target, clients(options.region), settings, options.tokens, terminal)
            smoke = Smoke(target)
        except Failed as failure:
            sys.exit(f"FAILED   {failure}\n         What to do: {failure.advice}")
        failures = run(smoke.steps(), print)
    sys.exit(f"{failures} of {len(smoke.steps())} steps failed" if failures else None)


def clients(region):
    """Returns a function that makes SDK clients."""
    session = botocore.session.get_session()
    return lambda service, **more: session.create_client(service, region_name=region, **more)


main()
