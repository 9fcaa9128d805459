//! Promises that need real sockets, files or processes. One module per promise.

mod fetching;
mod guard;
mod posting;
mod site;
mod smtp;
mod webhook_snippets;
mod world;
