//! Promises that need real sockets, files or processes. One module per promise.

mod fetching;
mod guard;
mod hostile;
mod posting;
mod site;
