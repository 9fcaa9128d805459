//! The shipped examples, tested as what they are: configurations that load.

/// Every key, its default and why; what `atalaya init` writes. It loads as it is.
pub fn example() -> &'static str {
    include_str!("../../config/example.toml")
}

/// The smallest configuration that runs.
pub fn minimal() -> &'static str {
    include_str!("../../config/minimal.toml")
}
