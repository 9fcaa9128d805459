//! The packs of entities and rules that are shipped inside the program.

/// Each pack's name and text, for `packs = ["NAME"]`.
pub static SHIPPED: &[(&str, &str)] = &[
    ("nicaragua", include_str!("../../config/packs/nicaragua.toml")),
    ("venezuela", include_str!("../../config/packs/venezuela.toml")),
];
