//! Function `answer`.
