//! A small world on loopback → something for the real daemon to watch, and something that takes what it sends.
//!
//! [`newsstand`] serves invented papers (their texts are `papers/*.toml`), [`mailbox`] takes mail, [`receiver`] takes
//! webhook calls, [`display`] shows what arrives. Nothing here is known to the daemon: it polls, reads and sends over
//! real sockets as it does anywhere else. [`expected`] says what must come of each article.

pub mod display;
pub mod edition;
pub mod expected;
pub mod mailbox;
pub mod newsstand;
pub mod page;
pub mod papers;
pub mod receiver;
mod subject;
