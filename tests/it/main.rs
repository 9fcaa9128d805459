//! Promises that need real sockets, files or processes. One module per promise.

mod fetching;
mod guard;
mod layers;
mod posting;
mod site;
mod smtp;
mod store;
mod tidy;
mod webhook_snippets;
mod world;
