//! Every key that the configuration knows. The readers take their keys from here, the example is checked against it,
//! and the manual is written from it.

use crate::channel;
use crate::model::setting::Key;
use crate::model::setting::Takes;
use crate::source;

/// One table of the configuration.
pub struct KnownTable {
    /// Its head, such as `[egress]` or `[source.NAME]`; empty for the top level.
    pub head: &'static str,
    /// One sentence for the manual.
    pub doc: &'static str,
    /// What it takes, besides the keys of its kinds.
    pub keys: &'static [KnownKey],
}

/// One key of a table.
pub struct KnownKey {
    /// As it is written.
    pub name: &'static str,
    /// What stands for the default, or `required`.
    pub default: &'static str,
    /// One sentence for the manual.
    pub doc: &'static str,
}

const fn key(name: &'static str, default: &'static str, doc: &'static str) -> KnownKey {
    KnownKey { name, default, doc }
}

/// The top level.
pub static TOP: KnownTable = KnownTable {
    head: "",
    doc: "What concerns the whole installation.",
    keys: &[
        key("state", "STATE_DIRECTORY, else ./state", "The directory of the database, relative to the file."),
        key("contact", "none", "An address or page under which an administrator of a watched site finds you."),
        key("lease", "\"1m\"", "How long the work of a process that died stays reserved before it is done again."),
        key("include", "[]", "Further files, relative to this one; `*` stands for any letters of a file's name."),
        key("packs", "[]", "Shipped entities and rules, by name."),
        key("egress", "", "How the world is reached."),
        key("politeness", "", "How sites are treated."),
        key("polling", "", "How often sources are asked."),
        key("reading", "", "How pages are tried again."),
        key("evidence", "", "What is kept of the pages that were read."),
        key("rendering", "", "Who runs the scripts of pages that need them."),
        key("stories", "", "From where on articles are alike."),
        key("web", "", "What is answered over HTTP."),
        key("mail", "", "How mail is sent."),
        key("site", "", "How the pages of a site are read."),
        key("source", "", "What is watched."),
        key("entity", "", "Someone or something with names."),
        key("rule", "", "What is looked for."),
        key("channel", "", "How people and programs are told."),
        key("person", "", "Someone who is told, and how."),
        key("group", "", "Several persons under one name."),
        key("subscription", "", "Who is told of what, and when."),
        key("silence", "", "What nobody is told of for a while."),
        key("operators", "", "Who is told when a source fails."),
        key("volume", "", "How much mail a new configuration may cause."),
    ],
};

/// `[egress]`.
pub static EGRESS: KnownTable = KnownTable {
    head: "[egress]",
    doc: "How the world is reached, and what of it may be.",
    keys: &[
        key("allow", "[]", "Special-purpose address ranges that are opened all the same, such as an intranet's."),
        key("hosts", "{}", "Names that are not looked up, each with its address."),
        key(
            "proxy",
            "none",
            "Through which feeds, pages and webhooks are asked: `http://`, `https://` or `socks5h://`; a secret when it holds a password.",
        ),
        key("extra_ca", "none", "A PEM file with certificate authorities that are trusted besides the system's."),
        key("connect_timeout", "\"10s\"", "Longest time until a connection stands."),
        key("timeout", "\"30s\"", "Longest time for a whole answer."),
        key("stall", "\"10s\"", "Longest time in which less than 1 KiB of an answer that has begun may come."),
        key("max_size", "\"16 MiB\"", "Longest answer, after decompression."),
        key("concurrency", "64", "Requests under way at once, polls and readings each."),
    ],
};

/// `[politeness]`.
pub static POLITENESS: KnownTable = KnownTable {
    head: "[politeness]",
    doc: "How sites are treated.",
    keys: &[
        key("gap", "\"2s\"", "The pause between two requests to one host."),
        key("connections", "1", "Connections to one host at once."),
    ],
};

/// `[polling]`.
pub static POLLING: KnownTable = KnownTable {
    head: "[polling]",
    doc: "How often sources are asked that have neither `every` nor `cron`: as their own rhythm says.",
    keys: &[
        key("budget", "1.0", "Requests per source and hour, on average; those that publish more get more of them."),
        key("floor", "\"15m\"", "The shortest interval; a server that calls its answer stale sooner lowers it to 5m."),
        key("at_most", "\"3h\"", "The longest interval, unless the server wishes a longer one."),
        key(
            "heed",
            "\"24h\"",
            "How far a server's max-age, ttl and the like may put off a check; \"0s\" ignores them.",
        ),
    ],
};

/// `[reading]`.
pub static READING: KnownTable = KnownTable {
    head: "[reading]",
    doc: "How pages that cannot be read are tried again, and how long a text is remembered.",
    keys: &[
        key(
            "retry",
            "[\"1m\", \"5m\", \"30m\", \"2h\", \"6h\", \"12h\", \"24h\"]",
            "The pause before each further try; after the last one the item is listed as unreadable.",
        ),
        key("copies_within", "\"72h\"", "How long a text is remembered for finding its copies."),
        key(
            "instead",
            "[\"feed\", \"amp\", \"print\", \"alternate\", \"mirror\", \"rendering\"]",
            "What stands in for a page that gives no article, in this order: the feed's whole text, the page's AMP and print versions, another version that it declares, `mirror`, the service of `[rendering]`.",
        ),
        key(
            "mirror",
            "none",
            "A mirror's or archive's address of a page: `{url}` stands for the page's, percent-encoded behind a `?` and as it is elsewhere.",
        ),
    ],
};

/// `[evidence]`.
pub static EVIDENCE: KnownTable = KnownTable {
    head: "[evidence]",
    doc: "What is kept of the pages that were read, to be shown later: raw bytes, headers, times and their SHA-256.",
    keys: &[
        key(
            "keep",
            "\"matched\"",
            "Which readings are kept: \"matched\" those that a rule matched, \"everything\", or \"nothing\".",
        ),
        key("age", "\"365d\"", "How long they are kept. What an alert rests on is kept for good."),
        key(
            "max_size",
            "\"10GB\"",
            "When all records are larger, the oldest go first. What an alert rests on never does.",
        ),
        key(
            "look_again",
            "[\"1h\", \"1d\", \"7d\", \"30d\"]",
            "How long after its alert a page is looked at again, for edits, corrections and removals; `[]` for never.",
        ),
    ],
};

/// `[rendering]`.
pub static RENDERING: KnownTable = KnownTable {
    head: "[rendering]",
    doc: "A browser service that you run, for pages that scripts build. Without this table such pages are named, not read.",
    keys: &[
        key(
            "url",
            "required",
            "What is asked with GET; `{url}` in it stands for the page's address, percent-encoded. The answer is the page's HTML.",
        ),
        key("authorization", "none", "The value of the Authorization header: a secret."),
        key("timeout", "\"30s\"", "Longest time for one page."),
        key("concurrency", "2", "Pages that are rendered at once."),
    ],
};

/// `[site.NAME]`.
pub static SITE: KnownTable = KnownTable {
    head: "[site.NAME]",
    doc: "How the pages of some hosts are read, where they are read badly. `atalaya try article --config FILE --url ADDRESS PAGE` shows what comes of it.",
    keys: &[
        key("hosts", "required", "Names of hosts, such as `\"example.org\"`; those below them are meant too."),
        key("body", "none", "CSS selector of the elements that hold the body; a page without any is read like others."),
        key("remove", "none", "CSS selector of elements that are no part of the article."),
        key("title", "none", "CSS selector of the headline."),
        key(
            "extractor",
            "what is best",
            "`judged`, `readability`, `json_ld` or `paragraphs`: how the body is found without `body`.",
        ),
    ],
};

/// `[stories]`.
pub static STORIES: KnownTable = KnownTable {
    head: "[stories]",
    doc: "From where on articles are alike. The defaults are measured; what each costs is in stories.md.",
    keys: &[
        key("within", "\"72h\"", "Articles further apart are never folded together."),
        key(
            "common_passage",
            "5",
            "A passage that more stories have than this is a phrase of the trade and is left out.",
        ),
        key("copy", "0.85", "The share of passages in common from which an article is a copy and not told again."),
        key(
            "copy_opening",
            "0.7",
            "The share of the opening in common from which half of the passages are enough for a copy.",
        ),
        key("excerpt", "0.33", "The share of passages in common from which an article is folded under the other."),
        key(
            "quoted_run",
            "9",
            "Passages in common in one piece from which an article is folded, whatever else it says.",
        ),
        key("excerpt_opening", "0.5", "The share of the opening in common from which an article is folded."),
        key("reworded", "0.73", "How alike names, numbers and words must be to fold what is written in other words."),
        key("translated", "0.34", "How much of names, numbers and words a translation must share to be folded."),
        key("translated_story", "0.22", "The same, to belong to one story."),
        key("story", "0.32", "How alike names, numbers and words must be for one story in the same language."),
    ],
};

/// `[web]`.
pub static WEB: KnownTable = KnownTable {
    head: "[web]",
    doc: "What is answered over HTTP: the callback of WebSub hubs, the \"not relevant\" links of alerts, and receivers of webhooks that fetch what they missed. Without this table nothing listens.",
    keys: &[
        key("listen", "\"127.0.0.1:8460\"", "Address and port; a reverse proxy with TLS belongs before it."),
        key(
            "public",
            "none",
            "The address under which the world reaches it; without it no hub is subscribed to and alerts carry no links.",
        ),
    ],
};

/// `[mail]`.
pub static MAIL: KnownTable = KnownTable {
    head: "[mail]",
    doc: "The relay that takes our mail; needed by channels that send mail.",
    keys: &[
        key("server", "required", "Host name or address of the relay."),
        key("port", "465, 587 or 25 after `security`", "Its port."),
        key("security", "\"tls\"", "`tls`, `starttls`, or `plain`, which only a loopback address may have."),
        key("username", "none", "Login name."),
        key("password", "none", "Its password: a secret."),
        key("from", "required", "The sender, such as `Atalaya <alerts@example.org>`."),
        key("message_id_domain", "the domain of `from`", "The domain of Message-IDs."),
        key("extra_ca", "none", "A PEM file with certificate authorities that are trusted besides the system's."),
    ],
};

/// What every `[source.NAME]` takes besides the keys of its kind.
pub static SOURCE: KnownTable = KnownTable {
    head: "[source.NAME]",
    doc: "One watched address.",
    keys: &[
        key("label", "what the source calls itself", "Its title for people."),
        key("every", "none", "A fixed interval; without it and `cron`, its own rhythm says when it is asked."),
        key("cron", "none", "When it is asked, instead of `every`: minute, hour, day of month, month, day of week."),
        key("timezone", "\"UTC\"", "The time zone of `cron`."),
        key(
            "weight",
            "1.0",
            "How much its news matter, against 1 for others: four times the weight, twice the requests.",
        ),
        key("floor", "that of [polling]", "The shortest interval between two checks."),
        key("at_most", "that of [polling]", "The longest interval between two checks."),
        key("heed", "that of [polling]", "How far its server's wishes may put off a check."),
        key("first_poll", "\"24h\"", "What becomes of what it lists already: `baseline`, `all`, or an age."),
        key(
            "proxy",
            "that of `[egress]`",
            "Through which it and the pages that it lists are asked; `false` for directly.",
        ),
        key(
            "robots",
            "true",
            "Whether a watched page and the pages of articles are left alone where robots.txt asks for that.",
        ),
        key(
            "render",
            "\"when_needed\"",
            "Which of its pages the service of `[rendering]` shows: `never`, `when_needed` for those that scripts build, `always`; with a proxy, by default none.",
        ),
        key("instead", "that of [reading]", "What stands in for its pages that give no article; `[]` for nothing."),
        key("mirror", "that of [reading]", "The address of its pages at a mirror or archive; `false` for none."),
        key("enabled", "true", "Whether it is asked at all."),
    ],
};

/// `[entity.NAME]`.
pub static ENTITY: KnownTable = KnownTable {
    head: "[entity.NAME]",
    doc: "Someone or something with names.",
    keys: &[
        key("kind", "none", "Such as `court`, `person` or `police`; free text for people."),
        key("label", "none", "Its title for people."),
        key("strong", "[]", "Names that are enough by themselves."),
        key("weak", "[]", "Names that also mean something else, and need words that speak for the entity."),
        key("near", "[]", "Words that speak for it when they stand close to a weak name."),
        key("far", "[]", "Words that speak for it anywhere in the article."),
        key("against", "[]", "Words that speak for another sense."),
        key("veto", "[]", "Phrases that contain a name and are something else for certain."),
        key(
            "given",
            "[]",
            "Given names that may stand before a surname; another capitalised word there voids the hit.",
        ),
        key("languages", "{}", "What an article's language adds to the score, such as `{ es = 1.0 }`."),
        key("with", "[]", "Other entities whose presence speaks for this one."),
        key("window", "the matcher's", "How many words `near` reaches to either side."),
        key("threshold", "the matcher's", "The score from which a weak name counts."),
        key("hit", "[]", "Texts that mention it: checked at every load."),
        key("miss", "[]", "Texts that do not mention it: checked at every load."),
    ],
};

/// `[rule.NAME]`.
pub static RULE: KnownTable = KnownTable {
    head: "[rule.NAME]",
    doc: "What is looked for.",
    keys: &[
        key("label", "none", "Its title for people."),
        key("match", "required", "The query."),
        key("languages", "[]", "The languages that it is for; empty for all."),
        key(
            "min_score",
            "none",
            "What a match must weigh: each place of a term 1, or its `^n`; in the title twice that.",
        ),
        key(
            "level",
            "\"normal\"",
            "\"info\", \"normal\" or \"urgent\"; what is urgent passes quiet hours and digests.",
        ),
        key("tags", "[]", "Words by which subscriptions choose it."),
        key(
            "since",
            "none",
            "How far it looks back when it is new or changed, such as `\"30d\"`: what it finds is told in one list.",
        ),
        key("hit", "[]", "Texts that it matches: checked at every load."),
        key("miss", "[]", "Texts that it does not match: checked at every load."),
        key("enabled", "true", "`false` switches it off; alone in its table it switches off a pack's rule."),
    ],
};

/// What every `[channel.NAME]` takes besides the keys of its kind.
pub static CHANNEL: KnownTable =
    KnownTable { head: "[channel.NAME]", doc: "One way to tell people or programs.", keys: &[] };

/// `[person.NAME]`.
pub static PERSON: KnownTable = KnownTable {
    head: "[person.NAME]",
    doc: "Someone who is told by mail, in their language, at their hours, and not too often.",
    keys: &[
        key("email", "required", "The address."),
        key(
            "language",
            "\"en\"",
            "The language of our own words: \"en\", \"es\" or \"pt\"; what was found stays in its own.",
        ),
        key("timezone", "\"UTC\"", "The zone of digests, of quiet hours and of the times in digests."),
        key("format", "\"html\"", "\"html\" for text and HTML, \"text\" for digests in text alone."),
        key(
            "quiet",
            "[]",
            "Hours without messages, such as `[\"22:00-07:00\"]`; what comes then is told once they are over.",
        ),
        key("per_minute", "none", "At most so many messages a minute; what is more is folded into one."),
        key("per_hour", "none", "The same within an hour."),
        key("subject_prefix", "none", "Stands before every subject; at most 40 characters."),
    ],
};

/// `[group.NAME]`.
pub static GROUP: KnownTable = KnownTable {
    head: "[group.NAME]",
    doc: "Several persons under one name, for the `who` of subscriptions.",
    keys: &[key("persons", "required", "The names of persons.")],
};

/// `[subscription.NAME]`.
pub static SUBSCRIPTION: KnownTable = KnownTable {
    head: "[subscription.NAME]",
    doc: "Who is told of what, and when: at once, unless `every` or `digest` says otherwise.",
    keys: &[
        key("rules", "required, or `\"all\"` beside a filter", "`\"all\"`, or the names of rules."),
        key("levels", "[]", "Of these, only rules of these levels; empty for all."),
        key("tags", "[]", "Of these, only rules with any of these tags; empty for all."),
        key("languages", "[]", "Only articles in these languages; empty for all."),
        key("sources", "[]", "Only articles of these sources; empty for all."),
        key("channels", "required without `who`", "The names of channels."),
        key("who", "required without `channels`", "The names of persons and groups."),
        key("every", "none", "Tell in groups, at least so long apart."),
        key("wait", "\"30s\"", "How long the first of a group waits for others, with `every`."),
        key("digest", "none", "Tell in digests, at the times of this cron expression in the zone of each person."),
        key("timezone", "\"UTC\"", "The zone of `digest` for receivers that are no persons."),
    ],
};

/// `[silence.NAME]`.
pub static SILENCE: KnownTable = KnownTable {
    head: "[silence.NAME]",
    doc: "What nobody is told of for a while. It covers what all of its lists name; muted alerts are kept, and digests name them.",
    keys: &[
        key("author", "required", "Who is responsible for it."),
        key("reason", "required", "Why."),
        key("until", "required", "When it ends, such as \"2026-12-01\" or \"2026-12-01T08:00:00-04:00\"."),
        key("from", "none", "When it begins."),
        key("rules", "[]", "The rules."),
        key("entities", "[]", "The entities, where the rule found them."),
        key("sources", "[]", "The sources."),
        key("stories", "[]", "The stories, by their keys, which are in webhooks and in `atalaya why`."),
    ],
};

/// `[operators]`.
pub static OPERATORS: KnownTable = KnownTable {
    head: "[operators]",
    doc: "Who is told when a source fails, and when it is all right again; never the readers.",
    keys: &[
        key("channels", "required", "The names of channels."),
        key(
            "fallback",
            "[]",
            "The names of channels by which they hear of it when none of these took it within five minutes: another way.",
        ),
        key("after", "\"24h\"", "How long trouble lasts before it is told; a source that is gone is told at once."),
        key("group", "\"10m\"", "How long a notice waits for others, so that they go out as one message."),
        key("remind", "\"never\"", "The pause before trouble that lasts is told again."),
    ],
};

/// `[volume]`.
pub static VOLUME: KnownTable = KnownTable {
    head: "[volume]",
    doc: "How much mail a new configuration may cause. A reload replays the archive through it and refuses it above that; without this table nothing is replayed.",
    keys: &[
        key("mails_per_day", "required", "The most mails that one receiver would have got on one day."),
        key("days", "14", "How many days are replayed."),
        key(
            "accept",
            "none",
            "A number of mails above `mails_per_day` that you saw and accept for the rules as they are; the refusal names it.",
        ),
    ],
};

/// The top level of a pack.
pub static PACK_TOP: KnownTable = KnownTable {
    head: "",
    doc: "A shipped pack of entities and rules.",
    keys: &[
        key("pack", "", "What the pack says of itself."),
        key("entity", "", "Someone or something with names."),
        key("rule", "", "What is looked for."),
    ],
};

/// `[pack]` in a pack.
pub static PACK: KnownTable = KnownTable {
    head: "[pack]",
    doc: "What the pack says of itself.",
    keys: &[
        key("name", "none", "Its name."),
        key("version", "none", "Its version."),
        key("description", "none", "What it holds."),
    ],
};

/// Every table that an operator writes, in the order of the manual.
pub static TABLES: &[&KnownTable] = &[
    &TOP,
    &EGRESS,
    &POLITENESS,
    &POLLING,
    &READING,
    &EVIDENCE,
    &RENDERING,
    &SITE,
    &STORIES,
    &WEB,
    &MAIL,
    &SOURCE,
    &ENTITY,
    &RULE,
    &CHANNEL,
    &PERSON,
    &GROUP,
    &SUBSCRIPTION,
    &SILENCE,
    &OPERATORS,
    &VOLUME,
];

impl KnownTable {
    /// The names of its keys.
    pub fn names(&self) -> Vec<&'static str> {
        self.keys.iter().map(|key| key.name).collect()
    }
}

/// The keys that hold secrets: those of `[mail]`, `[rendering]` and of all kinds, and proxies, which may hold a password.
pub(super) fn secret_keys(sources: &[&source::Kind], channels: &[&channel::Kind]) -> Vec<&'static str> {
    let of_sources = sources.iter().flat_map(|kind| kind.keys);
    let of_channels = channels.iter().flat_map(|kind| kind.keys);
    let secret = |key: &&Key| key.takes == Takes::Secret;
    of_sources
        .chain(of_channels)
        .filter(secret)
        .map(|key| key.name)
        .chain(["password", "proxy", "authorization"])
        .collect()
}
