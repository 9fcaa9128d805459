//! Promises that need real sockets, files or processes. One module per promise.

mod commands;
mod documents;
mod fetching;
mod guard;
mod hostile;
mod layers;
mod newsstand;
mod outliving;
mod polling;
mod posting;
mod secrets;
mod site;
mod smtp;
mod store;
mod telling;
mod tidy;
mod tokens;
mod try_contracts;
mod undecided;
mod webhook_snippets;
mod world;
