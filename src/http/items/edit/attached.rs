//! Files in an editor: those that stand there, and the field that takes more.

use crate::http::files::show::{FieldFor, UploadField, upload_field};
use crate::http::items::access::Reader;
use crate::http::items::turned::Turned;
use crate::http::nonce::is_nonce;
use crate::model::attachment::Attachment;
use crate::model::item::ItemRef;
use crate::store::record::Key;

/// The files of a field.
#[derive(Default)]
pub(in crate::http::items) struct Attached {
    pub(in crate::http::items) ids: Vec<String>,
    /// Those that were brought for this item.
    files: Vec<Attachment>,
    /// What takes more; without a place for files, nothing.
    pub(in crate::http::items) upload: Option<UploadField>,
}

impl Attached {
    /// By their ids.
    pub(in crate::http::items::edit) fn of(ids: &[String]) -> Self {
        Self {
            ids: ids.to_vec(),
            ..Self::default()
        }
    }

    /// Reads what the files are, and makes the field of this name for at most so many.
    pub(in crate::http::items::edit) async fn read(
        &mut self,
        reader: &Reader,
        item: &ItemRef,
        key: &str,
        max: usize,
    ) -> Result<(), Turned> {
        let ids = self.ids.iter().filter(|id| is_nonce(id)).take(max);
        let keys: Vec<Key> = ids.map(|id| Key::attachment(id)).collect();
        self.files.clear();
        for record in reader.read(&keys).await? {
            let file = record.parse::<Attachment>()?;
            self.files.extend(file.filter(|file| file.item == *item));
        }
        let wanted = FieldFor {
            key,
            max,
            item,
            tenant_key: Some(reader.place.code()).filter(|code| !code.is_empty()),
            files: &self.files,
            language: reader.t.lang,
        };
        let asker = reader.uploader.as_ref();
        self.upload = asker.and_then(|asker| upload_field(&reader.doors, asker, &wanted));
        Ok(())
    }

    /// Their names, for people who compare.
    pub(in crate::http::items::edit) fn names(&self) -> String {
        let names = self.files.iter().map(|file| file.name.as_str());
        names.collect::<Vec<_>>().join(" / ")
    }
}
