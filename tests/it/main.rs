//! Promises that need real sockets, files or processes. One module per promise.

mod commands;
mod discovering;
mod documents;
mod fetching;
mod guard;
mod hostile;
mod layers;
mod mail_tls;
mod newsstand;
mod opml;
mod outliving;
mod polling;
mod posting;
mod pushing;
mod secrets;
mod site;
mod smtp;
mod store;
mod telling;
mod tidy;
mod tokens;
mod try_contracts;
mod undecided;
mod watching;
mod webhook_snippets;
mod world;
