//! The first line of a stored text: the few facts that the store goes by. The two encoders in `model` write it.

/// What the first line says. Fields of a text in another form are absent; such an item is stored and claimed like any
/// other, and buried by whoever cannot read it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::store::embedded) struct Head<'a> {
    /// Milliseconds since 1970 at which the item was received or owed.
    pub(in crate::store::embedded) millis: i64,
    /// For refreshes: what it is called.
    kind: Option<&'a str>,
    /// What it is about.
    pub(in crate::store::embedded) subject: Option<&'a str>,
    /// The letter of its lane.
    pub(in crate::store::embedded) lane: &'a str,
}

impl<'a> Head<'a> {
    /// Reads the first line.
    pub(in crate::store::embedded) fn of(text: &'a str) -> Self {
        let mut fields = text.lines().next().unwrap_or_default().split('\t');
        let mut field = || fields.next();
        let (millis, source, _receiver) = (field(), field(), field());
        let (kind, subject, lane) = (field(), field(), field());
        Self {
            millis: millis.and_then(|text| text.parse().ok()).unwrap_or(0),
            kind: kind.filter(|_| source == Some("service")),
            subject,
            lane: lane.unwrap_or_default(),
        }
    }

    /// The subject that a refresh waits behind: what it is to bring up to date.
    pub(in crate::store::embedded) fn behind(&self) -> Option<&'a str> {
        self.kind.and(self.subject)?.strip_prefix("refresh-")
    }

    /// The mark of a delivery that is a refresh: the same as [`mark`](crate::store::write::mark) makes.
    pub(in crate::store::embedded) fn mark(&self) -> Option<String> {
        Some(format!("{} {}", self.kind?, self.subject?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::delivery::{Delivery, Kind, Lane, Source, Subject};
    use crate::model::ids::ReceiverName;
    use crate::model::time::Timestamp;
    use crate::store::write;

    #[test]
    fn heads_of_deliveries() {
        for (source, lane) in [
            (Source::Callback, Lane::Urgent),
            (Source::Service, Lane::Normal),
        ] {
            let delivery = Delivery {
                receiver: ReceiverName::parse("app").unwrap(),
                source,
                kind: Kind::new("refresh_contact"),
                subject: Subject::new("contact", "wm 1"),
                lane,
                received_at: Timestamp::from_millis(1_700_000_000_123),
                cause: None,
                xml: "<xml>\n\ta\tb\n</xml>".into(),
            };
            let text = delivery.encode();
            let head = Head::of(&text);
            assert_eq!(head.millis, 1_700_000_000_123);
            assert_eq!(head.subject, Some("contact:wm 1"));
            assert_eq!(head.lane, lane.code());
            let mark = (source == Source::Service).then(|| write::mark(&delivery));
            assert_eq!(head.mark(), mark);
        }
    }

    #[test]
    fn other_texts_have_no_facts() {
        for text in ["", "\n", "what", "12x\tservice\tapp\trefresh"] {
            let head = Head::of(text);
            assert_eq!((head.millis, head.subject, head.mark()), (0, None, None));
        }
    }
}
