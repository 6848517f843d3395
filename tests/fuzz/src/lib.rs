//! Fuzz tests of all code that reads input from strangers: see `tests/fuzz/tests/fuzz`. The library is empty; cargo
//! requires a target in each package.
