//! The shipped examples, tested as what they are: configurations that load.

/// Every key, its default and why; what `atalaya init` writes. It loads as it is.
pub fn example() -> &'static str {
    include_str!("../../config/example.toml")
}

/// The smallest configuration that runs.
pub fn minimal() -> &'static str {
    include_str!("../../config/minimal.toml")
}

#[cfg(test)]
mod tests {
    use super::example;
    use super::minimal;
    use crate::channel;
    use crate::config::Environment;
    use crate::config::Loaded;
    use crate::config::keys;
    use crate::config::load;
    use crate::source;
    use std::fs;

    /// The outcome of a text in a file of its own, beside what its comments name.
    fn outcome(text: &str) -> Result<Loaded, String> {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("atalaya.toml");
        fs::write(&file, text).expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("the mode is set");
        fs::create_dir(directory.path().join("rules")).expect("a directory");
        fs::write(directory.path().join("rules/empty.toml"), "").expect("written");
        fs::write(directory.path().join("company-ca.pem"), "-----BEGIN CERTIFICATE-----").expect("written");
        fs::write(directory.path().join("mail-password"), "a long password\n").expect("written");
        let key = "whsec_aW52ZW50ZWQtc2VjcmV0LWZvci10aGUtbWFudWFs\n";
        fs::write(directory.path().join("webhook-secret"), key).expect("written");
        fs::write(directory.path().join("webhook-secret-before"), key).expect("written");
        fs::write(directory.path().join("webhook-signing-key"), format!("whsk_{}=\n", "A".repeat(43)))
            .expect("written");
        fs::write(directory.path().join("webhook-pull-token"), "a-token-that-the-tests-invented\n").expect("written");
        let environment =
            Environment { credentials_directory: Some(directory.path().to_owned()), ..Environment::empty() };
        load(&file, &environment).map_err(|diagnostics| diagnostics.render(false))
    }

    /// The key of a line that is switched off, such as `#gap = "2s"`.
    fn switched_off(line: &str) -> Option<&str> {
        let rest = line.strip_prefix('#')?;
        let key = rest.split(" = ").next()?.trim_matches('"');
        (!rest.starts_with(' ') && rest.contains(" = ")).then_some(key)
    }

    #[test]
    fn the_examples_load_as_they_are_and_without_a_warning() {
        for text in [example(), minimal()] {
            let loaded = outcome(text).unwrap_or_else(|errors| panic!("{errors}"));
            let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
            assert_eq!(warnings, [""; 0]);
        }
    }

    #[test]
    fn every_line_of_the_example_can_be_switched_on() {
        let lines: Vec<&str> = example().lines().collect();
        let mut tried = 0;
        for (number, line) in lines.iter().enumerate() {
            let Some(key) = switched_off(line) else { continue };
            let mut changed = lines.clone();
            changed[number] = &line[1..];
            if let "username" | "password" = key {
                // One is of no use without the other.
                let other = if key == "username" { number + 1 } else { number - 1 };
                changed[other] = &lines[other][1..];
            }
            outcome(&changed.join("\n")).unwrap_or_else(|errors| panic!("{line}\n{errors}"));
            tried += 1;
        }
        assert!(tried > 30, "{tried} lines");
        let webhook: Vec<&str> = lines
            .iter()
            .skip_while(|line| **line != "# [channel.archive]")
            .take_while(|line| line.starts_with("# "))
            .map(|line| &line[2..])
            .collect();
        let text = format!("{}\n{}\n", example(), webhook.join("\n"));
        outcome(&text).unwrap_or_else(|errors| panic!("{errors}"));
    }

    #[test]
    fn what_the_example_calls_a_default_is_the_default() {
        let plain = outcome("").expect("an empty file loads").config;
        let lines: String = example()
            .lines()
            .skip_while(|line| !line.starts_with("#lease"))
            .take_while(|line| !line.starts_with("[mail]"))
            .map(|line| if line.starts_with("#include") || line.starts_with("#packs") { "" } else { line })
            .map(|line| {
                if line.contains("-ca.pem") || line.contains("socks5h:") || line.contains("10.20.0.5") {
                    ""
                } else {
                    line
                }
            })
            .map(|line| if switched_off(line).is_some() { &line[1..] } else { line })
            .map(|line| format!("{line}\n"))
            .collect();
        assert!(lines.contains("\nretry = ["), "{lines}");
        let written = outcome(&lines).unwrap_or_else(|errors| panic!("{errors}")).config;
        assert_eq!(written.lease, plain.lease);
        assert_eq!(written.egress, plain.egress);
        assert_eq!(written.politeness, plain.politeness);
        assert_eq!(written.polling, plain.polling);
        assert_eq!(written.reading, plain.reading);
        assert_eq!(written.stories, plain.stories);
    }

    #[test]
    fn the_example_shows_every_key() {
        let shown = |section: &str, key: &str| {
            let mut head = String::new();
            example().lines().any(|line| {
                let line = line
                    .strip_prefix("# ")
                    .filter(|line| line.contains(" = ") || line.starts_with('['))
                    .unwrap_or(line);
                if line.starts_with('[') {
                    head = line.trim_matches(['[', ']']).split('.').next().unwrap_or_default().to_owned();
                    return section.is_empty() && head == key || line == format!("[{section}.{key}]");
                }
                head == section && line.trim_start_matches('#').starts_with(&format!("{key} = "))
            })
        };
        for table in keys::TABLES {
            let section = table.head.trim_matches(['[', ']']).split('.').next().unwrap_or_default();
            for key in table.keys {
                assert!(shown(section, key.name), "{} {}", table.head, key.name);
            }
        }
        for key in source::KINDS.iter().flat_map(|kind| kind.keys) {
            assert!(shown("source", key.name), "[source] {}", key.name);
        }
        for key in channel::KINDS.iter().flat_map(|kind| kind.keys) {
            assert!(shown("channel", key.name), "[channel] {}", key.name);
        }
    }

    #[test]
    fn the_examples_of_every_kind_load() {
        let mail = "[mail]\nserver = \"localhost\"\nfrom = \"a@example.org\"\n";
        let of_sources = source::KINDS.iter().flat_map(|kind| kind.examples);
        let of_channels = channel::KINDS.iter().flat_map(|kind| kind.examples);
        let examples: Vec<_> = of_sources.chain(of_channels).collect();
        assert!(!examples.is_empty());
        for text in examples {
            outcome(&format!("{mail}{text}\n")).unwrap_or_else(|errors| panic!("{text}\n{errors}"));
        }
    }

    #[test]
    fn a_token_that_fetches_is_of_no_use_where_nothing_listens_and_that_is_said() {
        let channel = "[channel.a]\nwebhook = \"https://desk.example.org/\"\npull_token = \"a-token-that-the-tests-invented\"\n\
                       secret = \"whsec_aW52ZW50ZWQtc2VjcmV0LWZvci10aGUtbWFudWFs\"\n";
        let said = |text: &str| {
            let loaded = outcome(text).unwrap_or_else(|errors| panic!("{errors}"));
            loaded.warnings.iter().any(|warning| warning.to_string().contains("nobody can fetch"))
        };
        assert!(said(channel));
        assert!(!said(&format!("{channel}[web]\n")));
    }

    #[test]
    fn the_shipped_packs_load_without_a_warning_of_their_own() {
        for (name, _) in crate::config::packs::SHIPPED {
            let text = format!(
                "packs = [\"{name}\"]\n[source.a]\nfeed = \"https://a.example.org/\"\n[mail]\nserver = \"localhost\"\n\
                 from = \"a@example.org\"\n[channel.a]\nemail = \"a@example.org\"\n[subscription.a]\nrules = \"all\"\n\
                 channels = [\"a\"]\n[operators]\nchannels = [\"a\"]\n"
            );
            let loaded = outcome(&text).unwrap_or_else(|errors| panic!("{errors}"));
            let warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
            assert_eq!(warnings, [""; 0]);
            assert!(!loaded.config.rules.is_empty() && !loaded.config.entities.is_empty());
        }
    }
}
