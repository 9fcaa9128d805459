//! Promises that need real sockets, files or processes. One module per promise.

mod fetching;
mod guard;
mod hostile;
mod layers;
mod mail_tls;
mod posting;
mod site;
mod smtp;
mod store;
mod tidy;
mod tokens;
mod webhook_snippets;
mod world;
