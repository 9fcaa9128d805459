//! One integration binary: one module per promise.

mod smtp;
mod webhook_snippets;
