//! Function `destroy`.
