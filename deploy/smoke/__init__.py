"""The smoke test of a deployment: `make smoke`."""
