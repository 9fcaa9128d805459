//! A secret's value: a string, or the place that it is read from. The value never enters a diagnostic.

use super::diagnostic::Report;
use super::environment::Environment;
use super::files::Document;
use super::files::lower;
use super::node::Node;
use super::node::Value;
use super::table::instead;
use secrecy::ExposeSecret;
use secrecy::SecretString;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

pub(super) const WAYS: [&str; 3] = ["file", "env", "credential"];

const HELP: &str = "write `{ credential = \"name\" }`, `{ file = \"path\" }`, `{ env = \"NAME\" }` or a string";

/// What stands for a credential that was not read: fit for every kind of secret, and never sent.
pub(super) const STAND_IN: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// Reads the secret that `node` gives for `key`.
pub(super) fn read(
    key: &str,
    node: &Node,
    document: &Document,
    environment: &Environment,
    report: &Report,
) -> Option<SecretString> {
    let secret = match &node.value {
        Value::Text(text) => {
            if document.readable_by_others {
                let message = format!("`{key}` stands in a file that others can read");
                let help = format!("`chmod 600 {}`, or {HELP}", document.file.name);
                report.warning(&node.place, message, "a secret", help);
            }
            text.clone()
        }
        Value::Table(entries) => match entries.as_slice() {
            [entry] => {
                let Value::Text(name) = &entry.node.value else {
                    report.error(&entry.node.place, format!("`{}` takes a string", entry.key), "here", HELP);
                    return None;
                };
                if entry.key == "credential" && environment.looking_only && environment.credentials_directory.is_none()
                {
                    let message = format!("the credential `{name}` can be checked only inside the service");
                    report.warning(&entry.node.place, message, "not read", "nothing needs to be mended");
                    return Some(SecretString::from(STAND_IN));
                }
                match outside(&entry.key, name, &document.directory, environment) {
                    Ok(secret) => secret,
                    Err((message, help)) => {
                        let known = WAYS.contains(&entry.key.as_str());
                        let place = if known { &entry.node.place } else { &entry.key_place };
                        report.error(place, format!("`{key}` cannot be read: {message}"), "here", help);
                        return None;
                    }
                }
            }
            _ => {
                report.error(&node.place, format!("`{key}` names no place or several"), "here", HELP);
                return None;
            }
        },
        _ => {
            report.error(&node.place, format!("`{key}` takes a secret"), "not a string", HELP);
            return None;
        }
    };
    if secret.is_empty() {
        report.error(&node.place, format!("`{key}` is empty"), "empty", HELP);
        return None;
    }
    let secret = SecretString::from(secret);
    report.conceal(secret.expose_secret());
    Some(secret)
}

fn outside(way: &str, name: &str, directory: &Path, environment: &Environment) -> Result<String, (String, String)> {
    match way {
        "file" => from_file(&directory.join(name)).map_err(|message| {
            (message, "write the path of a file, relative to this one, that atalaya may read".into())
        }),
        "env" => (environment.variable)(name).map(|value| trimmed(&value)).ok_or_else(|| {
            (format!("the environment variable {name} is not set"), format!("set {name} where atalaya is started"))
        }),
        "credential" => credential(name, environment),
        other => Err((format!("`{other}` is not a way to read a secret"), instead(other, &WAYS, "the ways are"))),
    }
}

fn credential(name: &str, environment: &Environment) -> Result<String, (String, String)> {
    let help = format!("add `LoadCredential={name}:/path/of/the/file` to the service");
    let Some(directory) = &environment.credentials_directory else {
        return Err(("CREDENTIALS_DIRECTORY is not set, so there are no credentials".into(), help));
    };
    if Path::new(name).components().count() != 1 || name.starts_with('.') || name.contains('/') {
        return Err((format!("`{name}` is not the name of a credential"), "write its name, without a path".into()));
    }
    from_file(&directory.join(name)).map_err(|message| (message, help))
}

fn from_file(path: &PathBuf) -> Result<String, String> {
    let text =
        fs::read_to_string(path).map_err(|error| format!("{}: {}", path.display(), lower(&error.to_string())))?;
    Ok(trimmed(&text))
}

/// Editors and `echo` end a file with a newline that is not part of the secret.
fn trimmed(text: &str) -> String {
    text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text)).to_owned()
}
