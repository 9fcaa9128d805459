//! Identities. Names come from the configuration and are its table keys; numbers come from the store.

use serde::Deserialize;
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

macro_rules! name {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $type(Arc<str>);

        impl $type {
            /// The name as it stands in the configuration.
            pub fn new(name: impl Into<String>) -> Self {
                Self(name.into().into())
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

name!(
    /// A `[source.NAME]` table.
    SourceName
);
name!(
    /// A `[rule.NAME]` table.
    RuleName
);
name!(
    /// An `[entity.NAME]` table.
    EntityName
);
name!(
    /// A `[channel.NAME]` table.
    ChannelName
);
name!(
    /// A `[subscription.NAME]` table.
    SubscriptionName
);
name!(
    /// A `[person.NAME]` table.
    PersonName
);

macro_rules! number {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $type(pub i64);

        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

number!(
    /// An item's row.
    ItemId
);
number!(
    /// A story's row.
    StoryId
);
number!(
    /// An alert's row.
    AlertId
);

/// One alert to one receiver. The same (rules, story, receiver, revision) always gives the same id, so a receiver
/// recognises a message that is sent twice, even after a crash or a restored backup. 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeliveryId(pub String);

impl DeliveryId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
