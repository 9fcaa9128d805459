//! `[mail]` → the relay and the letterhead.

use super::MailRelay;
use super::MailSecurity;
use super::diagnostic::Report;
use super::environment::Environment;
use super::files::Document;
use super::keys;
use super::secret;
use super::settings::certificates;
use super::settings::top_table;
use super::table::Table;
use super::table::instead;
use crate::channel::Letterhead;
use lettre::message::Mailbox;
use std::net::IpAddr;

/// The relay and who sends; `None` without a `[mail]` table, or with one that is wrong.
pub(super) fn mail(
    documents: &[Document],
    environment: &Environment,
    report: &Report,
) -> Option<(MailRelay, Letterhead)> {
    let (document, table) = top_table(documents, &keys::MAIL, report)?;
    let server = table.required_text("server", "write the relay's name: `server = \"smtp.example.org\"`");
    let security = security(&table);
    if let (Some(server), Some(MailSecurity::Plain)) = (server, security)
        && !is_loopback(server.text)
        && let Some(entry) = table.entry("security")
    {
        let message = format!("mail to {} would travel in the open", server.text);
        let help = "write \"tls\" or \"starttls\"; \"plain\" is for a relay on this machine";
        report.error(&entry.node.place, message, "not encrypted", help);
    }
    let port = table.optional_integer("port", 1..=65_535);
    let username = table.text("username").map(|username| username.text.to_owned());
    let password =
        table.entry("password").and_then(|entry| secret::read("password", &entry.node, document, environment, report));
    for (key, other) in [("username", "password"), ("password", "username")] {
        if let (Some(entry), false) = (table.entry(key), table.has(other)) {
            let message = format!("`{key}` is of no use without `{other}`");
            report.error(&entry.key_place, message, "here", format!("add `{other}`, or remove `{key}`"));
        }
    }
    let extra_ca = certificates(&table, document);
    let letterhead = letterhead(&table);
    let (server, security, letterhead) = (server?, security?, letterhead?);
    let default_port = match security {
        MailSecurity::Tls => 465,
        MailSecurity::StartTls => 587,
        MailSecurity::Plain => 25,
    };
    let port = port.and_then(|port| u16::try_from(port).ok()).unwrap_or(default_port);
    let server = server.text.trim().to_owned();
    Some((MailRelay { server, port, security, username, password, extra_ca }, letterhead))
}

fn security(table: &Table<'_>) -> Option<MailSecurity> {
    if !table.has("security") {
        return Some(MailSecurity::Tls);
    }
    let text = table.text("security")?;
    match text.text {
        "tls" => Some(MailSecurity::Tls),
        "starttls" => Some(MailSecurity::StartTls),
        "plain" => Some(MailSecurity::Plain),
        other => {
            let message = format!("`security` cannot be `{other}`");
            let help = instead(other, &["tls", "starttls", "plain"], "write one of");
            table.report.error(&text.node.place, message, "here", help);
            None
        }
    }
}

fn letterhead(table: &Table<'_>) -> Option<Letterhead> {
    let help = "write `from = \"Atalaya <alerts@example.org>\"`, with an address of your own";
    let from = table.required_text("from", help);
    let domain = table.text("message_id_domain");
    if let Some(domain) = domain.filter(|domain| !is_domain(domain.text)) {
        let message = format!("`{}` is not a domain", domain.text);
        table.report.error(&domain.node.place, message, "here", "write a domain such as \"example.org\"");
    }
    let from = from?;
    let Ok(mailbox) = from.text.trim().parse::<Mailbox>() else {
        let message = format!("`{}` is not a sender", from.text);
        table.report.error(&from.node.place, message, "here", help);
        return None;
    };
    let domain = domain.map_or(mailbox.email.domain(), |domain| domain.text).to_owned();
    Some(Letterhead { from: from.text.trim().to_owned(), envelope_from: mailbox.email.to_string(), domain })
}

/// Whether a server's name means this machine, without asking anybody.
pub(super) fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::is_domain;
    use super::is_loopback;

    #[test]
    fn only_this_machine_is_loopback() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.3.2.1", "::1", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.example.org", "10.0.0.1", "mail.example.org", "128.0.0.1", ""] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn domains_have_labels_of_letters_and_digits() {
        for domain in ["example.org", "localhost", "a-b.example"] {
            assert!(is_domain(domain), "{domain}");
        }
        for domain in ["", "example..org", "exa mple.org", "<example.org>", "-a.org", "a@example.org"] {
            assert!(!is_domain(domain), "{domain}");
        }
    }
}
