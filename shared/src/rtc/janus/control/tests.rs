//! Requests and answers of the management calls.
