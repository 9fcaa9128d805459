//! Query parameters that say how a reader came, never what is shown. Only names listed here are ever taken off an
//! address: an unknown parameter may be the number of the article.

use url::Url;

/// Names that are the same on every site. Compared in lower case.
const NAMES: &[&str] = &[
    // Click identifiers of advertising networks and mail services.
    "fbclid",
    "gclid",
    "gclsrc",
    "dclid",
    "gbraid",
    "wbraid",
    "msclkid",
    "yclid",
    "ysclid",
    "twclid",
    "ttclid",
    "li_fat_id",
    "igshid",
    "igsh",
    "mibextid",
    "srsltid",
    "vero_id",
    "vero_conv",
    "mkt_tok",
    "mc_cid",
    "mc_eid",
    "ml_subscriber",
    "ml_subscriber_hash",
    "oly_anon_id",
    "oly_enc_id",
    "rb_clickid",
    "s_cid",
    "wickedid",
    "irclickid",
    "epik",
    "gad_source",
    "_openstat",
    "_ga",
    "_gl",
    "_ke",
    "_kx",
    "_branch_match_id",
    "ck_subscriber_id",
    "sscid",
    "guccounter",
    "guce_referrer",
    "guce_referrer_sig",
    "__twitter_impression",
    "__tn__",
    "__s",
    "__hstc",
    "__hssc",
    "__hsfp",
    "_hsenc",
    "_hsmi",
    "hsctatracking",
    "bsft_eid",
    "bsft_uid",
    "bsft_clkid",
    "cvid",
    "oicd",
    "trk_contact",
    "trk_msg",
    "trk_sid",
    // Campaigns and the place of the link.
    "ncid",
    "ocid",
    "cmpid",
    "icid",
    "ito",
    "smid",
    "smtyp",
    "wt_mc",
    "wt.mc_id",
    "wtmc",
    "xtor",
    "ref",
    "ref_src",
    "ref_url",
    "referrer",
    "feature",
    "partner_feed",
    "soc_src",
    "soc_trk",
    "share_id",
    "feedtype",
    "feedname",
    "spm",
    "sref",
    "ns_source",
    "ns_mchannel",
    "ns_campaign",
    "ns_linkname",
    "ns_fee",
    "cid_source",
    "sr_share",
    "linkid_source",
    "dicbo",
    "outbrain",
    "tblci",
    "traffic_source",
    "echobox",
    "campaign_id",
    "at_xt",
    "action_object_map",
    "action_type_map",
    "action_ref_map",
    "fb_action_ids",
    "fb_action_types",
    "fb_source",
    "fb_ref",
];

/// Families of names.
const PREFIXES: &[&str] = &[
    "utm_",
    "mtm_",
    "pk_",
    "piwik_",
    "matomo_",
    "at_campaign",
    "at_medium",
    "at_custom",
    "at_link",
    "at_format",
    "at_ptr",
    "at_bbc",
    "hsa_",
    "stm_",
];

/// Whether a parameter of this name only says how the reader came.
pub fn is_tracking(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.contains(&name.as_str()) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// The same address without such parameters; everything else stays byte for byte.
pub fn without_tracking(address: &Url) -> Url {
    let Some(query) = address.query() else { return address.clone() };
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_tracking(name_of(pair))).collect();
    let mut address = address.clone();
    address.set_query((!kept.is_empty()).then(|| kept.join("&")).as_deref().filter(|query| !query.is_empty()));
    address
}

/// The name in `name=value`.
pub fn name_of(pair: &str) -> &str {
    pair.split('=').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::without_tracking;
    use url::Url;

    #[test]
    fn only_what_is_known_to_track_is_taken_off() {
        for (given, expected) in [
            ("https://example.org/a?utm_source=x&id=7", "https://example.org/a?id=7"),
            ("https://example.org/a?fbclid=1", "https://example.org/a"),
            ("https://example.org/?p=31&unknown=%C3%A9", "https://example.org/?p=31&unknown=%C3%A9"),
            ("https://example.org/a?UTM_Medium=x", "https://example.org/a"),
        ] {
            let given = Url::parse(given).expect("an address");
            assert_eq!(without_tracking(&given).as_str(), expected);
        }
    }
}
