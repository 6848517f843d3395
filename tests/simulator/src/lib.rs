//! The simulator: see `tests/simulator` and `docs/reliability.md`. The library is empty; cargo requires a target in
//! each package.
