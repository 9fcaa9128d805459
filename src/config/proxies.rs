//! `proxy` of `[egress]` and `[source.NAME]` → the proxy, or what is wrong with it.

use super::environment::Environment;
use super::files::Document;
use super::node::Value;
use super::secret;
use super::table::Table;
use crate::model::Proxy;
use secrecy::ExposeSecret;

/// The proxy that a table names. Where it holds a password it is a secret like any other.
pub(super) fn proxy(table: &Table<'_>, document: &Document, environment: &Environment) -> Option<Proxy> {
    let node = &table.entry("proxy")?.node;
    let parsed = match &node.value {
        Value::Text(text) if !text.contains('@') => Proxy::parse(text),
        Value::Text(_) | Value::Table(_) => {
            let secret = secret::read("proxy", node, document, environment, table.report)?;
            match secret.expose_secret() {
                // A credential that only the service can read: nothing is asked while the configuration is checked.
                secret::STAND_IN => return None,
                text => Proxy::parse(text),
            }
        }
        _ => {
            let help = "write `proxy = \"socks5h://127.0.0.1:9050\"`";
            table.wrong_type("proxy", node, "the address of a proxy", help);
            return None;
        }
    };
    parsed.map_err(|error| table.report.error(&node.place, error.to_string(), "here", error.help())).ok()
}

/// Whether a source is asked directly though others are not: `proxy = false`.
pub(super) fn is_off(table: &Table<'_>) -> bool {
    table.entry("proxy").is_some_and(|entry| matches!(entry.node.value, Value::Flag(false)))
}
