//! (an alert of earlier articles, the receiver's rules) → the mail that lists them. No input makes it longer than
//! [`HTML_LIMIT`]: what does not fit is counted.

use super::frame;
use super::line::clean;
use super::mail::HTML_LIMIT;
use super::mail::Letter;
use super::mail::LetterError;
use super::mail::SUBJECT_LIMIT;
use super::words;
use crate::model::Alert;
use crate::model::RuleName;
use crate::model::alert::Earlier;
use crate::model::alert::EarlierArticle;
use crate::model::alert::RuleTold;
use minijinja::Value;
use minijinja::context;
use url::Url;

/// Articles that are shown, the first number that fits.
const SIZES: [usize; 4] = [150, 60, 20, 5];

/// Longest name or label in characters.
const NAME: usize = 100;

/// See [`super::mail::letter`].
pub(super) fn letter(
    alert: &Alert,
    earlier: &Earlier,
    told: &[&RuleTold],
    receiver: &str,
    prefix: Option<&str>,
) -> Result<Letter, LetterError> {
    let label = |name: &RuleName| told.iter().find(|rule| rule.name == *name).map(|rule| clean(&rule.label, NAME));
    let articles: Vec<&EarlierArticle> =
        earlier.articles.iter().filter(|article| article.rules.iter().any(|rule| label(rule).is_some())).collect();
    let labels: Vec<String> = told.iter().take(20).map(|rule| clean(&rule.label, NAME)).collect();
    let count = if articles.len() == 1 {
        "1 earlier article".to_owned()
    } else {
        format!("{} earlier articles", articles.len())
    };
    let title = clean(&format!("{count}: {}", labels.join(", ")), 300);
    let subject =
        clean(&format!("{}{}{title}", prefix.unwrap_or(""), if prefix.is_some() { " " } else { "" }), SUBJECT_LIMIT);
    let templates = frame::templates()?;
    let list: Vec<Value> = articles
        .iter()
        .take(SIZES[0])
        .map(|article| {
            let title = clean(&article.title, 200);
            let link = Url::parse(article.url.trim())
                .ok()
                .filter(|url| matches!(url.scheme(), "http" | "https") && url.as_str().len() <= 1_000);
            let rules: Vec<String> = article.rules.iter().filter_map(label).collect();
            context! {
                title => if title.is_empty() { "No headline".to_owned() } else { title },
                link => link.as_ref().map(Url::as_str),
                address => clean(&article.url, 200),
                source => clean(article.source.as_str(), NAME),
                date => words::time(article.date),
                rules => if told.len() > 1 { rules.join(", ") } else { String::new() },
            }
        })
        .collect();
    for (place, size) in SIZES.iter().enumerate() {
        let shown = &list[..list.len().min(*size)];
        let context = context! {
            subject => &subject,
            title => &title,
            articles => shown,
            more => articles.len() - shown.len() + earlier.more,
            labels => labels.join(", "),
            made_at => words::time(alert.judged_at),
            receiver => clean(receiver, NAME),
        };
        let html = templates.get_template("earlier.html")?.render(&context)?;
        if html.len() < HTML_LIMIT || place + 1 == SIZES.len() {
            let text = templates.get_template("earlier.txt")?.render(&context)?;
            return Ok(Letter { subject, text, html });
        }
    }
    unreachable!("the last of SIZES returns")
}

#[cfg(test)]
mod tests {
    use super::super::mail;
    use super::super::mail::HTML_LIMIT;
    use super::super::payload;
    use super::super::sample;
    use crate::model::Alert;
    use crate::model::RuleName;
    use crate::model::SourceName;
    use crate::model::alert::Earlier;
    use crate::model::alert::EarlierArticle;

    fn summary(count: usize, title: &str) -> Alert {
        let alert = sample::alert();
        let article = |number: usize| EarlierArticle {
            title: format!("{title} {number}"),
            url: format!("https://faro.example.org/{number}"),
            source: SourceName::new("el-faro"),
            date: alert.listed_at,
            rules: vec![RuleName::new(if number.is_multiple_of(2) { "detention" } else { "other" })],
        };
        let earlier = Earlier { articles: (0..count).map(article).collect(), more: 0 };
        Alert { earlier: Some(earlier), excerpts: Vec::new(), entities: Vec::new(), ..alert.clone() }
    }

    #[test]
    fn both_parts_and_the_payload_list_what_belongs_to_the_receivers_rules() {
        let (alert, rules) = (summary(4, "Relatores <b>"), [RuleName::new("detention")]);
        let letter = mail::letter(&alert, &rules, "ana@example.org", None, mail::Links::default()).expect("a letter");
        assert_eq!(letter.subject, "2 earlier articles: Detained and disappeared");
        for number in [0, 2] {
            assert!(letter.text.contains(&format!("Relatores <b> {number}\n")), "{}", letter.text);
            assert!(letter.html.contains(&format!("Relatores &lt;b&gt; {number}")), "{}", letter.html);
            assert!(letter.html.contains(&format!("href=\"https://faro.example.org/{number}\"")));
        }
        assert!(!letter.text.contains("Relatores <b> 1") && !letter.html.contains("/3\""));
        let json = payload::json(&alert, &rules, 1, None).expect("a payload");
        let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
        let listed = json["data"]["earlier"]["articles"].as_array().expect("articles");
        assert_eq!(listed.len(), 2);
        assert_eq!((&listed[1]["title"], &json["data"]["earlier"]["omitted"]), (&"Relatores <b> 2".into(), &0.into()));
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let (alert, rules) = (summary(1_000, &"<&\u{202e}".repeat(300)), [RuleName::new("detention")]);
        let letter = mail::letter(&alert, &rules, "ana@example.org", None, mail::Links::default()).expect("a letter");
        assert!(letter.html.len() < HTML_LIMIT);
        assert!(letter.text.contains("And 4"), "{}", letter.text);
        let json = payload::json(&alert, &rules, 1, None).expect("a payload");
        assert!(json.len() <= payload::LIMIT);
        let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
        let shown = json["data"]["earlier"]["articles"].as_array().expect("articles").len();
        assert!(shown > 0);
        assert_eq!(json["data"]["earlier"]["omitted"], 500 - shown);
    }
}
