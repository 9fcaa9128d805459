//! HTML → article.
