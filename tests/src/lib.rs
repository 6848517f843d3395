//! Scenarios over the wire: see `tests/scenarios`. The library is empty; cargo wants a package to have a target.
