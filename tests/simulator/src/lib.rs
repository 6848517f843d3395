//! The simulator: see `tests/simulator` and `docs/reliability.md`. The library is empty; cargo wants a package to have a target.
