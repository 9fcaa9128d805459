//! The words: what every other module speaks of. Nothing here acts, reads a clock or touches the world.

pub mod alert;
pub mod article;
pub mod fault;
pub mod ids;
pub mod item;
pub mod listing;
pub mod reason;
pub mod setting;

pub use alert::Alert;
pub use alert::Excerpt;
pub use alert::Outcome;
pub use alert::OutcomeKind;
pub use article::Article;
pub use article::Field;
pub use article::Judgement;
pub use article::Language;
pub use article::Mention;
pub use article::Verdict;
pub use fault::Fault;
pub use ids::AlertId;
pub use ids::ChannelName;
pub use ids::DeliveryId;
pub use ids::EntityName;
pub use ids::ItemId;
pub use ids::RuleName;
pub use ids::SourceName;
pub use ids::StoryId;
pub use ids::SubscriptionName;
pub use item::Entry;
pub use item::Item;
pub use item::ItemState;
pub use listing::Document;
pub use listing::Listing;
pub use listing::Wishes;
pub use reason::Reason;
