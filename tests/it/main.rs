//! Promises, shown from outside: one module each, in one program.

mod layers;
mod tidy;
mod tokens;
