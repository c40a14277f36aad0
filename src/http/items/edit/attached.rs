//! Files in an editor: those that stand there, and the field that takes more.

use std::collections::BTreeSet;

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

/// A field for files.
pub(in crate::http::items::edit) struct FileField<'a> {
    pub(in crate::http::items::edit) files: &'a mut Attached,
    /// Its name.
    pub(in crate::http::items::edit) key: &'a str,
    /// So many it takes.
    pub(in crate::http::items::edit) max: usize,
}

/// Reads in one go what the files in these fields of an item are, and makes what takes more.
pub(in crate::http::items::edit) async fn read(
    reader: &Reader,
    item: &ItemRef,
    fields: Vec<FileField<'_>>,
) -> Result<(), Turned> {
    let ids: BTreeSet<&String> = fields.iter().flat_map(FileField::ids).collect();
    let keys: Vec<Key> = ids.into_iter().map(|id| Key::attachment(id)).collect();
    let mut found = Vec::with_capacity(keys.len());
    for record in reader.read(&keys).await? {
        let file = record.parse::<Attachment>()?;
        found.extend(file.filter(|file| file.item == *item));
    }
    for field in fields {
        field.fill(reader, item, &found);
    }
    Ok(())
}

impl FileField<'_> {
    /// The files that can be there.
    fn ids(&self) -> impl Iterator<Item = &String> {
        let ids = self.files.ids.iter().filter(|id| is_nonce(id));
        ids.take(self.max)
    }

    fn fill(self, reader: &Reader, item: &ItemRef, found: &[Attachment]) {
        let ids = self.ids();
        let files = ids.filter_map(|id| found.iter().find(|file| file.id == *id));
        let files: Vec<Attachment> = files.cloned().collect();
        let wanted = FieldFor {
            key: self.key,
            max: self.max,
            item,
            tenant_key: Some(reader.place.code()).filter(|code| !code.is_empty()),
            files: &files,
            language: reader.t.lang,
        };
        let asker = reader.uploader.as_ref();
        self.files.upload = asker.and_then(|asker| upload_field(&reader.doors, asker, &wanted));
        self.files.files = files;
    }
}

impl Attached {
    /// By their ids.
    pub(in crate::http::items::edit) fn of(ids: &[String]) -> Self {
        Self {
            ids: ids.to_vec(),
            ..Self::default()
        }
    }

    /// Their names, for people who compare.
    pub(in crate::http::items::edit) fn names(&self) -> String {
        let names = self.files.iter().map(|file| file.name.as_str());
        names.collect::<Vec<_>>().join(" / ")
    }
}
