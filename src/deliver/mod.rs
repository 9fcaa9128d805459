//! Adapters that hand a message over: SMTP and HTTP.

pub mod smtp;
