//! What a caller must do about an error. People read an error's text; code branches on its fault.

use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;

/// The kind of trouble, by what helps against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// May pass by itself: try again later.
    Transient,
    /// The other side asks for a pause, until then if it named a time.
    Throttled {
        /// When it will listen again.
        until: Option<Timestamp>,
    },
    /// Trying again as it is will not help.
    Permanent,
}
