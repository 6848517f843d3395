//! Function `create-meeting`.
