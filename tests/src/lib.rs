//! Scenarios over the wire: see `tests/scenarios`. The library is empty; cargo requires a target in each package.
