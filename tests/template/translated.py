"""The template as SAM translates it, with the values that CloudFormation would compute as far as tests need them."""

import copy
import pathlib
import re

from samtranslator.parser.parser import Parser
from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
ACCOUNT, REGION = "123456789012", "ap-southeast-2"
# `-create-meeting` is the longest ending of a function's name, which has at most 64 characters.
LONGEST_STACK_NAME = "s" * 49
# The value of a reference that only AWS knows, for example the URL of a queue. Longer than the real ones.
UNKNOWN = "https://sqs.ap-southeast-2.amazonaws.com/123456789012/" + "x" * 80


def source():
    """Reads the template as it is written."""
    return yaml_parse((ROOT / "template.yaml").read_text())


def translated():
    """Translates the template. Nothing is uploaded: the code of all functions gets an address in a bucket."""
    template = source()
    for resource in template["Resources"].values():
        if "CodeUri" in resource.get("Properties", {}):
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    loader = ManagedPolicyLoader(None)
    loader._policy_map = {}
    return transform(copy.deepcopy(template), {}, loader, passthrough_metadata=False)


def resources(template, kind):
    """Returns the resources of a type by their ids."""
    return {id: each for id, each in template["Resources"].items() if each["Type"] == kind}


class Stack:
    """Computes values of a translated template for one set of parameters."""

    def __init__(self, template, **given):
        self.template = template
        self.values = {name: given.get(name, each.get("Default", "")) for name, each in template["Parameters"].items()}
        unknown = set(given) - set(template["Parameters"])
        assert not unknown, f"no parameters of the template: {unknown}"
        self.values |= {
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": "aws",
            "AWS::Region": REGION,
            "AWS::StackName": LONGEST_STACK_NAME,
            "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{LONGEST_STACK_NAME}/51af3dc0-da77-11e4-872e-1234567db123",
            "AWS::URLSuffix": "amazonaws.com",
        }

    def has(self, condition):
        """Computes a condition of the template."""
        return bool(self.value(self.template["Conditions"][condition]))

    def exists(self, resource):
        return "Condition" not in resource or self.has(resource["Condition"])

    def value(self, node):
        """Computes a value; `None` stands for a value that is left out."""
        if isinstance(node, list):
            return [each for each in map(self.value, node) if each is not None]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            function, argument = next(iter(node.items()))
            computed = getattr(self, "_" + function.removeprefix("Fn::").lower(), None)
            if computed and (function.startswith("Fn::") or function == "Ref" or isinstance(argument, str)):
                return computed(argument)
        pairs = ((key, self.value(each)) for key, each in node.items())
        return {key: each for key, each in pairs if each is not None}

    def _ref(self, name):
        if name == "AWS::NoValue":
            return None
        if name in self.values:
            return self.values[name]
        properties = self.template["Resources"][name].get("Properties", {})
        names = ("FunctionName", "Name", "LogGroupName", "AuthorizerName", "RuleName")
        declared = next((properties[key] for key in names if key in properties), None)
        return self.value(declared) if declared else UNKNOWN

    def _getatt(self, path):
        id, attribute = path if isinstance(path, list) else path.split(".", 1)
        return f"arn:{id}" if attribute == "Arn" else UNKNOWN

    def _sub(self, argument):
        text, own = argument if isinstance(argument, list) else (argument, {})

        def put(match):
            name = match[1]
            if name in own:
                return str(self.value(own[name]))
            return str(self._getatt(name) if "." in name else self._ref(name))

        return re.sub(r"\$\{([^!}]+)\}", put, text)

    def _join(self, argument):
        separator, parts = argument
        return separator.join(str(each) for each in self.value(parts))

    def _split(self, argument):
        separator, whole = argument
        return str(self.value(whole)).split(separator)

    def _select(self, argument):
        index, parts = argument
        return self.value(parts)[int(index)]

    def _if(self, argument):
        condition, then, otherwise = argument
        return self.value(then if self.has(condition) else otherwise)

    def _condition(self, name):
        return self.has(name)

    def _equals(self, argument):
        left, right = self.value(argument)
        return str(left) == str(right)

    def _not(self, argument):
        return not self.value(argument[0])

    def _and(self, argument):
        return all(map(self.value, argument))

    def _or(self, argument):
        return any(map(self.value, argument))

    def refused(self):
        """Returns the errors with which CloudFormation refuses the parameters before it creates a resource."""
        found = []
        for name, each in self.template["Parameters"].items():
            value = str(self.values[name])
            if not re.fullmatch(each.get("AllowedPattern", ".*"), value, re.DOTALL):
                found.append(f"{name}: {each.get('ConstraintDescription', each['AllowedPattern'])}")
            if "AllowedValues" in each and value not in map(str, each["AllowedValues"]):
                found.append(f"{name}: not an allowed value")
            if len(value) < each.get("MinLength", 0):
                found.append(f"{name}: too short")
        for rule in self.template.get("Rules", {}).values():
            if "RuleCondition" in rule and not self.value(rule["RuleCondition"]):
                continue
            found += [each["AssertDescription"] for each in rule["Assertions"] if not self.value(each["Assert"])]
        return found
