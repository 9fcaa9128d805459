//! bytes → entries + warnings.
