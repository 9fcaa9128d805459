//! The query language: text → [`Query`], or every error in it.

/// A parsed query.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {}
