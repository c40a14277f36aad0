//! The official names of events that the service does not act on (path/90240 and the pages named below), as far as a
//! self-built app or the contact-sync receiver can get them.

/// The name as a constant, if it is official.
pub(in crate::callback::event) fn name(kind: &str) -> Option<&'static str> {
    NAMES.iter().copied().find(|name| *name == kind)
}

const NAMES: &[&str] = &[];
