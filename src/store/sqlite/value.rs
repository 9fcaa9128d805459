//! Values ↔ columns. What cannot be read back is [`StoreError::Corrupt`] with its place, never a panic.

use crate::store::Claim;
use crate::store::StoreError;
use jiff::SignedDuration;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Display;

/// A time as it is stored: microseconds since 1970.
pub(super) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// A length of time as it is stored.
pub(super) fn micros_of(length: SignedDuration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX / 4)
}

/// A stored time.
pub(super) fn time(place: &'static str, micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros).map_err(|error| corrupt(place, error))
}

/// A stored time that may be absent.
pub(super) fn optional_time(place: &'static str, micros: Option<i64>) -> Result<Option<Timestamp>, StoreError> {
    micros.map(|micros| time(place, micros)).transpose()
}

/// A value as it is stored.
pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("the model's values have string keys and no failing serializers")
}

/// A stored value.
pub(super) fn from_json<T: DeserializeOwned>(place: &'static str, json: &str) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(|error| corrupt(place, error))
}

/// A stored value that may be absent.
pub(super) fn optional_from_json<T: DeserializeOwned>(
    place: &'static str,
    json: Option<&str>,
) -> Result<Option<T>, StoreError> {
    json.map(|json| from_json(place, json)).transpose()
}

/// A stored count.
pub(super) fn count<T: TryFrom<i64, Error: Display>>(place: &'static str, count: i64) -> Result<T, StoreError> {
    T::try_from(count).map_err(|error| corrupt(place, format!("{count}: {error}")))
}

/// A stored name of one of an enum's values.
pub(super) fn named<T>(place: &'static str, name: &str, parse: fn(&str) -> Option<T>) -> Result<T, StoreError> {
    parse(name).ok_or_else(|| corrupt(place, format!("{name:?}")))
}

/// A limit as SQL takes it.
pub(super) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// When a lease that is claimed now ends.
pub(super) fn lease_end(claim: &Claim<'_>) -> Timestamp {
    claim.now.checked_add(claim.lease).unwrap_or(Timestamp::MAX)
}

fn corrupt(place: &'static str, detail: impl Display) -> StoreError {
    StoreError::Corrupt { place, detail: detail.to_string() }
}
