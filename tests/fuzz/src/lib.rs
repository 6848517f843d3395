//! Inputs for everything that reads what a stranger sends: see `tests/fuzz/tests/fuzz`.
