//! alert → mail parts and payloads. Pure: the same alert and rules always give the same bytes.
//!
//! Everything in an alert but the names of rules and entities was written by strangers: [`mod@line`] makes it harmless and
//! short, the templates escape it, and both outputs have a size that no input can exceed.

pub mod digest;
mod earlier;
mod frame;
pub mod line;
pub mod mail;
pub mod notice;
pub mod payload;
pub mod words;

#[cfg(test)]
pub(crate) mod sample;
