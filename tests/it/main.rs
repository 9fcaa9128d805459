//! Promises that need real sockets, files or processes. One module per promise.

mod feed_limits;
mod fetching;
mod guard;
mod hostile;
mod layers;
mod news_sitemaps;
mod outliving;
mod posting;
mod site;
mod smtp;
mod store;
mod telling;
mod tidy;
mod tokens;
mod undecided;
mod webhook_snippets;
mod world;
