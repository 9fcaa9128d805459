//! The head of a feed → when it wants to be asked, in its own words. RSS 2.0 has `ttl`, `skipHours` and `skipDays`, the
//! syndication module of RSS 1.0 `updatePeriod` and `updateFrequency`.

use crate::model::Wishes;

/// What stands before the first entry; this much of it is looked at.
const HEAD: usize = 64 * 1024;

/// Longer words are no wishes.
const LONGEST: usize = 40;

/// The wishes of a feed.
pub fn find(text: &str) -> Wishes {
    let head = &text[..text.floor_char_boundary(HEAD)];
    let end = ["<item", "<entry"].iter().filter_map(|entry| head.find(entry)).min().unwrap_or(head.len());
    let mut wishes = Wishes::default();
    for element in head[..end].split('<').skip(1) {
        let Some((tag, content)) = element.split_once('>') else { continue };
        let name = tag.split(|character: char| character.is_ascii_whitespace()).next().unwrap_or_default();
        let content = content.trim();
        if content.is_empty() || content.len() > LONGEST {
            continue;
        }
        let content = content.to_owned();
        match name.rsplit(':').next().unwrap_or_default() {
            "ttl" => drop(wishes.ttl.get_or_insert(content)),
            "updatePeriod" => drop(wishes.update_period.get_or_insert(content)),
            "updateFrequency" => drop(wishes.update_frequency.get_or_insert(content)),
            "hour" if wishes.skip_hours.len() < 24 => wishes.skip_hours.push(content),
            "day" if wishes.skip_days.len() < 7 => wishes.skip_days.push(content),
            _ => {}
        }
    }
    wishes
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::model::Wishes;

    #[test]
    fn what_a_feed_wishes_is_read_from_its_head_alone() {
        let text = "<rss><channel><title>x</title><ttl>\n 90 </ttl><sy:updatePeriod>hourly</sy:updatePeriod>\
            <sy:updateFrequency>2</sy:updateFrequency><skipHours><hour>3</hour><hour>4</hour></skipHours>\
            <skipDays><day>Sunday</day></skipDays><item><ttl>1</ttl></item></channel></rss>";
        let wishes = Wishes {
            ttl: Some("90".into()),
            update_period: Some("hourly".into()),
            update_frequency: Some("2".into()),
            skip_hours: vec!["3".into(), "4".into()],
            skip_days: vec!["Sunday".into()],
        };
        assert_eq!(find(text), wishes);
        assert_eq!(find("<feed><entry><ttl>1</ttl></entry></feed>"), Wishes::default());
        assert_eq!(find("<rss><ttl/><ttl></ttl><ttl"), Wishes::default());
    }
}
