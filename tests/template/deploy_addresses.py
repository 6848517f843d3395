"""`deploy/addresses.py` as a module."""

import importlib.util

from translated import ROOT

_spec = importlib.util.spec_from_file_location("addresses", ROOT / "deploy/addresses.py")
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
describe = _module.describe
