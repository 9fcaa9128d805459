//! Adapters that hand a message over: SMTP and HTTP.

pub mod http;
pub mod smtp;
