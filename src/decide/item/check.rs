//! What items are made of, against its limits.

use url::Url;

use crate::decide::facts::Facts;
use crate::decide::item::values;
use crate::decide::rejection::{Fault, Rejection, Wrong};
use crate::model::form::{Field, FieldKind};
use crate::model::item::ItemRef;
use crate::model::project::Stage;

/// So many fields a form has.
pub(in crate::decide::item) const FIELDS_MAX: usize = 60;

/// So many files a form takes, all its fields together.
pub(in crate::decide::item) const FILES_MAX: usize = 60;

/// So many stages a project has, and so many tasks each of them.
pub(in crate::decide::item) const STAGES_MAX: usize = 20;
pub(in crate::decide::item) const TASKS_MAX: usize = 100;

/// Gathers everything that is wrong, so that people see it all at once.
#[derive(Debug, Default)]
pub(in crate::decide::item) struct Check(Vec<Fault>);

impl Check {
    /// Notes what is wrong at a place.
    pub(in crate::decide::item) fn fault(&mut self, place: impl Into<String>, wrong: Wrong) {
        self.0.push(Fault::new(place, wrong));
    }

    /// A text that may not be empty.
    fn text(&mut self, place: &str, text: &str, max: usize) -> String {
        let trimmed = self.text_or_none(place, text, max);
        if trimmed.is_empty() {
            self.fault(place, Wrong::Missing);
        }
        trimmed
    }

    /// A text of one line that may not be empty: what lists and cards show.
    pub(in crate::decide::item) fn line(&mut self, place: &str, line: &str, max: usize) -> String {
        let line = self.text(place, line, max);
        if line.contains(['\n', '\t']) {
            self.fault(place, Wrong::BadCharacters);
        }
        line
    }

    /// A text that may be empty.
    pub(in crate::decide::item) fn text_or_none(
        &mut self,
        place: &str,
        text: &str,
        max: usize,
    ) -> String {
        let text = text.trim().replace("\r\n", "\n");
        if text.chars().count() > max {
            self.fault(place, Wrong::TooLong(max));
        }
        if text
            .chars()
            .any(|c| c.is_control() && c != '\n' && c != '\t')
        {
            self.fault(place, Wrong::BadCharacters);
        }
        text
    }

    fn key(&mut self, place: &str, key: &str) {
        let clean = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
        if key.is_empty() {
            self.fault(place, Wrong::Missing);
        } else if key.len() > 40 {
            self.fault(place, Wrong::TooLong(40));
        } else if !key.bytes().all(clean) {
            self.fault(place, Wrong::BadCharacters);
        }
    }

    /// At most so many.
    pub(in crate::decide::item) fn count(&mut self, place: &str, count: usize, max: usize) {
        if count > max {
            self.fault(place, Wrong::TooMany(max));
        }
    }

    /// An address of a picture.
    pub(in crate::decide::item) fn picture(&mut self, picture: Option<&str>) {
        let Some(picture) = picture else { return };
        let fits = picture.len() <= 1024;
        let is_https = Url::parse(picture).is_ok_and(|url| url.scheme() == "https");
        if !(fits && is_https) {
            self.fault("picture", Wrong::NotAnAddress);
        }
    }

    /// The stages of a project; their texts are kept as they should be.
    pub(in crate::decide::item) fn stages(&mut self, stages: &mut [Stage]) {
        self.count("stages", stages.len(), STAGES_MAX);
        let mut keys: Vec<&str> = Vec::new();
        for (n, stage) in stages.iter_mut().enumerate() {
            let place = format!("stages[{n}]");
            stage.title = self.line(&format!("{place}.title"), &stage.title, 60);
            self.count(&format!("{place}.tasks"), stage.tasks.len(), TASKS_MAX);
            for (m, task) in stage.tasks.iter_mut().enumerate() {
                let place = format!("{place}.tasks[{m}]");
                task.title = self.line(&format!("{place}.title"), &task.title, 100);
                self.key(&format!("{place}.key"), &task.key);
                if keys.contains(&task.key.as_str()) {
                    self.fault(format!("{place}.key"), Wrong::Twice);
                }
                keys.push(&task.key);
                if let (Some(start), Some(due)) = (task.start, task.due)
                    && due < start
                {
                    self.fault(format!("{place}.due"), Wrong::OutsideDays);
                }
            }
        }
    }

    /// The fields of a form; their texts are kept as they should be.
    pub(in crate::decide::item) fn fields(
        &mut self,
        fields: &mut [Field],
        form: &ItemRef,
        facts: &Facts<'_>,
    ) {
        self.count("fields", fields.len(), FIELDS_MAX);
        let mut keys: Vec<&str> = Vec::new();
        let mut files = 0_usize;
        for (n, field) in fields.iter_mut().enumerate() {
            let place = format!("fields[{n}]");
            self.key(&format!("{place}.key"), &field.key);
            if keys.contains(&field.key.as_str()) {
                self.fault(format!("{place}.key"), Wrong::Twice);
            }
            field.label = self.line(&format!("{place}.label"), &field.label, 60);
            field.hint = self.text_or_none(&format!("{place}.hint"), &field.hint, 200);
            self.kind(&place, &field.kind);
            if let FieldKind::Attachment { max } = field.kind {
                files = files.saturating_add(max);
                self.count(&format!("{place}.max"), files, FILES_MAX);
            }
            match values::default(field, form, facts) {
                Ok(value) => field.default = value,
                Err(wrong) => self.fault(format!("{place}.default"), wrong),
            }
            keys.push(&field.key);
        }
    }

    /// The steps of a form; their texts are kept as they should be.
    pub(in crate::decide::item) fn steps(&mut self, steps: &mut [String]) {
        self.count("steps", steps.len(), 20);
        if steps.is_empty() {
            self.fault("steps", Wrong::Missing);
        }
        for n in 0..steps.len() {
            steps[n] = self.line(&format!("steps[{n}]"), &steps[n], 30);
            if steps[..n].contains(&steps[n]) {
                self.fault(format!("steps[{n}]"), Wrong::Twice);
            }
        }
    }

    /// A limit that somebody sets.
    fn limit(&mut self, place: &str, value: usize, max: usize) {
        let place = format!("{place}.max");
        match value {
            0 => self.fault(place, Wrong::Below(1)),
            value if value > max => self.fault(place, Wrong::Above(max as i64)),
            _ => {}
        }
    }

    fn kind(&mut self, place: &str, kind: &FieldKind) {
        match kind {
            FieldKind::Text { max } => self.limit(place, *max, 500),
            FieldKind::LongText { max } => self.limit(place, *max, 10_000),
            FieldKind::Attachment { max } => self.limit(place, *max, 9),
            FieldKind::Number { min, max, decimals } => {
                if *decimals > 6 {
                    self.fault(format!("{place}.decimals"), Wrong::Above(6));
                }
                if let (Some(min), Some(max)) = (min, max)
                    && max < min
                {
                    self.fault(format!("{place}.max"), Wrong::Below(*min));
                }
            }
            FieldKind::Date { min, max } => {
                if let (Some(min), Some(max)) = (min, max)
                    && max < min
                {
                    self.fault(format!("{place}.max"), Wrong::OutsideDays);
                }
            }
            FieldKind::Choice { options } => self.options(place, options),
            FieldKind::Choices { options, max } => {
                self.options(place, options);
                if let Some(max) = max {
                    self.limit(place, *max, options.len());
                }
            }
            FieldKind::Member | FieldKind::Phone => {}
        }
    }

    fn options(&mut self, place: &str, options: &[String]) {
        let place = &format!("{place}.options");
        self.count(place, options.len(), 100);
        if options.is_empty() {
            self.fault(place, Wrong::Missing);
        }
        for (n, option) in options.iter().enumerate() {
            let place = format!("{place}[{n}]");
            if self.line(&place, option, 60) != *option {
                self.fault(&place, Wrong::BadCharacters);
            }
            if options[..n].contains(option) {
                self.fault(&place, Wrong::Twice);
            }
        }
    }

    /// Whether all is right.
    pub(in crate::decide::item) fn end(self) -> Result<(), Rejection> {
        match self.0.is_empty() {
            true => Ok(()),
            false => Err(Rejection::Invalid(self.0)),
        }
    }
}

/// One text that may not be empty.
pub(in crate::decide::item) fn text(
    place: &str,
    text: &str,
    max: usize,
) -> Result<String, Rejection> {
    let mut check = Check::default();
    let text = check.text(place, text, max);
    check.end().map(|()| text)
}

/// One text that may be empty.
pub(in crate::decide::item) fn text_or_none(
    place: &str,
    text: &str,
    max: usize,
) -> Result<String, Rejection> {
    let mut check = Check::default();
    let text = check.text_or_none(place, text, max);
    check.end().map(|()| text)
}
