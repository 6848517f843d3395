//! People and their apps in a run: the script of a seed, and the app around a terminal. The simulator plays both in virtual
//! time, and the chaos over processes plays them against a laptop stack.

pub mod acts;
pub mod app;
pub mod calls;
pub mod dice;
pub mod rest;
pub mod script;
pub mod stage;
pub mod view;
