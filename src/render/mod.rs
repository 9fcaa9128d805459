//! alert → mail parts and payloads.
