//! Function `attend`.
