use super::read;
use crate::model::Document;
use crate::model::Listing;
use crate::model::Reason;
use url::Url;

fn listing(bytes: &[u8]) -> Result<Listing, Reason> {
    let url = Url::parse("https://example.org/feed.xml").expect("an address");
    read(&Document { url: &url, content_type: None, bytes })
}
