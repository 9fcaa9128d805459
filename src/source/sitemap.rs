//! `sitemap = "https://…"`: a Google-News sitemap, or an index of such.

use super::Built;
use super::Document;
use super::Kind;
use super::Listing;
use super::Watch;
use super::feed::address;
use crate::feed::sitemap;
use crate::model::Reason;
use crate::model::setting::Key;
use crate::model::setting::Settings;
use crate::model::setting::Takes;
use flate2::read::MultiGzDecoder;
use std::io::Read;
use std::sync::Arc;
use url::Url;

/// A compressed sitemap is read up to this length.
const LONGEST: u64 = 16 << 20;

/// The kind.
pub static KIND: Kind = Kind {
    name: "sitemap",
    doc: "A Google-News sitemap, which names all pages of the last two days: many publishers have one and no feed. Of a \
          sitemap index the five sitemaps that changed last are read at each poll. Each page is an item; its identity is \
          its address. A sitemap without `news:` elements is refused.",
    keys: &[Key {
        name: "sitemap",
        takes: Takes::Text,
        required: true,
        doc: "The address of the sitemap or of the index, http or https; `robots.txt` of the site often names it.",
    }],
    examples: &["[source.gazette]\nsitemap = \"https://gazette.example.org/news-sitemap.xml\""],
    build,
};

fn build(settings: &Settings) -> Built {
    let address = address("sitemap", settings).map_err(|complaint| vec![complaint])?;
    Ok(Arc::new(Sitemap { address }))
}

struct Sitemap {
    address: Url,
}

impl Watch for Sitemap {
    fn address(&self) -> &Url {
        &self.address
    }

    fn accept(&self) -> &'static str {
        "application/xml, text/xml;q=0.9, */*;q=0.5"
    }

    fn is_subscription(&self) -> bool {
        true
    }

    fn listing(&self, document: &Document<'_>) -> Result<Listing, Reason> {
        if !document.bytes.starts_with(&[0x1f, 0x8b]) {
            return sitemap::read(document);
        }
        // `sitemap.xml.gz` is a file of its own, not a coding of the transfer, which the client would have undone.
        let mut bytes = Vec::new();
        let read = MultiGzDecoder::new(document.bytes).take(LONGEST + 1).read_to_end(&mut bytes);
        match read {
            Ok(_) if bytes.len() as u64 > LONGEST => Err(Reason::TooLarge { limit: LONGEST }),
            Ok(_) => sitemap::read(&Document { bytes: &bytes, ..*document }),
            Err(error) => {
                Err(Reason::NotAFeed { detail: format!("a compressed sitemap that cannot be unpacked: {error}") })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::KIND;
    use crate::model::Document;
    use crate::model::setting::Settings;
    use crate::model::setting::Value;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;
    use url::Url;

    #[test]
    fn a_compressed_sitemap_is_unpacked() {
        let settings = Settings([("sitemap", Value::Text("https://example.org/sitemap.xml.gz".into()))].into());
        let Ok(watch) = (KIND.build)(&settings) else { panic!("no watch") };
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        let text = "<urlset><url><loc>https://example.org/1</loc><news:news><news:title>A</news:title></news:news></url></urlset>";
        packed.write_all(text.as_bytes()).expect("memory takes all");
        let bytes = packed.finish().expect("memory takes all");
        let url = Url::parse("https://example.org/sitemap.xml.gz").expect("an address");
        let found = watch.listing(&Document { url: &url, content_type: None, bytes: &bytes }).expect("a sitemap");
        assert_eq!(found.entries[0].title, "A");
        assert!(watch.listing(&Document { url: &url, content_type: None, bytes: &bytes[..20] }).is_err());
    }
}
