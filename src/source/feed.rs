//! `feed = "https://…"`: RSS, Atom, RDF or JSON Feed.

use super::Built;
use super::Document;
use super::Kind;
use super::Listing;
use super::Watch;
use crate::feed;
use crate::model::Reason;
use crate::model::setting::Complaint;
use crate::model::setting::Key;
use crate::model::setting::Settings;
use crate::model::setting::Takes;
use std::sync::Arc;
use url::Url;

/// The kind.
pub static KIND: Kind = Kind {
    name: "feed",
    doc: "A feed in any common format: RSS 0.9 to 2.0, Atom, RDF or JSON Feed. Each entry is an item; its identity is \
          its guid, else its link.",
    keys: &[Key { name: "feed", takes: Takes::Text, required: true, doc: "The address of the feed, http or https." }],
    examples: &["[source.harbour]\nfeed = \"https://harbour.example.org/rss.xml\""],
    build,
};

fn build(settings: &Settings) -> Built {
    let address = address("feed", settings).map_err(|complaint| vec![complaint])?;
    Ok(Arc::new(Feed { address }))
}

/// The http(s) address given for `key`, for every kind that watches one.
///
/// # Errors
/// A complaint that says what to write instead.
pub fn address(key: &'static str, settings: &Settings) -> Result<Url, Complaint> {
    let given = settings.text(key).unwrap_or_default().trim();
    let help = "write the whole address, such as `https://example.org/path`";
    match Url::parse(given) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => Err(Complaint::new(
            key,
            format!("`{}` addresses cannot be watched", url.scheme()),
            "only http and https are",
        )),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => Err(Complaint::new(
            key,
            "the address holds a user name or password",
            "leave them out: they would be written to logs and mails",
        )),
        Ok(url) => Ok(url),
        Err(_) if given.is_empty() => Err(Complaint::new(key, "the address is empty", help)),
        Err(_)
            if Url::parse(&format!("https://{given}"))
                .is_ok_and(|url| url.host_str().is_some_and(|host| host.contains('.'))) =>
        {
            Err(Complaint::new(key, "the address does not say http or https", format!("write `https://{given}`")))
        }
        Err(error) => Err(Complaint::new(key, format!("no address: {error}"), help)),
    }
}

struct Feed {
    address: Url,
}

impl Watch for Feed {
    fn address(&self) -> &Url {
        &self.address
    }

    fn accept(&self) -> &'static str {
        // Types of feeds first, and anything: some servers answer 406 to a list without `*/*`.
        "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml;q=0.9, \
         application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.5"
    }

    fn is_subscription(&self) -> bool {
        true
    }

    fn listing(&self, document: &Document<'_>) -> Result<Listing, Reason> {
        feed::read(document)
    }
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::model::setting::Settings;
    use crate::model::setting::Value;

    #[test]
    fn only_whole_web_addresses_are_taken() {
        for (given, expected) in [
            ("https://example.org/feed", None),
            ("http://example.org", None),
            ("example.org/feed", Some("write `https://example.org/feed`")),
            ("ftp://example.org/feed", Some("only http and https are")),
            ("https://user:pass@example.org/", Some("leave them out: they would be written to logs and mails")),
            ("", Some("write the whole address, such as `https://example.org/path`")),
        ] {
            let settings = Settings([("feed", Value::Text(given.into()))].into());
            let help = (KIND.build)(&settings).err().map(|complaints| complaints[0].help.clone());
            assert_eq!(help.as_deref(), expected, "{given}");
        }
    }
}
