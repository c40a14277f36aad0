//! Attachments on pages: a list of them, and a field to upload them. Both are templates that other templates put where
//! they belong, as in `{{ list|safe }}`. Pages with a field load `/assets/files.css` and `/assets/files.js`.

use askama::Template;
use url::form_urlencoded;

use crate::http::doors::Doors;
use crate::http::files::asker::Asker;
use crate::http::files::words::{Words, size};
use crate::model::attachment::Attachment;
use crate::model::ids::CorpId;
use crate::model::item::{Actor, ItemRef};

/// A list of files with thumbnails, names, sizes and links. Of no files it is nothing.
#[derive(Template)]
#[template(path = "files/list.html")]
pub struct AttachmentList {
    files: Vec<Line>,
}

/// A field that takes files.
#[derive(Template)]
#[template(path = "files/field.html")]
pub struct UploadField {
    words: &'static Words,
    key: String,
    /// Where files are sent.
    action: String,
    token: String,
    accept: String,
    max: usize,
    max_bytes: u64,
    files: Vec<Line>,
    /// What the addresses of files begin with.
    base: String,
}

struct Line {
    id: String,
    name: String,
    size: String,
    href: String,
    thumbnail: bool,
}

/// What an upload field is for.
pub struct FieldFor<'a> {
    /// The name of the hidden fields that carry the ids, and behind `file:` the name of the field for files.
    pub key: &'a str,
    /// The most files.
    pub max: usize,
    /// The item that the files are brought for: a form, or what a member works on.
    pub item: &'a ItemRef,
    /// The company's code, where addresses carry it.
    pub tenant_key: Option<&'a str>,
    /// Files that were brought before.
    pub files: &'a [Attachment],
    /// `zh` or `en`.
    pub language: &'a str,
}

/// The files for whoever looks at them; an administrator's addresses name the corp.
pub fn attachment_list(corp: &CorpId, reader: &Actor, files: &[Attachment]) -> AttachmentList {
    let base = base(corp, reader);
    let files = files.iter().map(|file| line(&base, file)).collect();
    AttachmentList { files }
}

/// A field for whoever is at a page. `None`: there are no attachments here.
pub(in crate::http) fn upload_field(
    doors: &Doors,
    asker: &Asker,
    wanted: &FieldFor<'_>,
) -> Option<UploadField> {
    let files = doors.files.as_deref()?;
    let path = match &asker.who {
        Actor::Contact(_) => "/home/files".to_owned(),
        Actor::Member(_) => "/items/files".to_owned(),
        Actor::Admin | Actor::System => format!("/admin/corps/{}/files", asker.corp),
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(tenant_key) = wanted.tenant_key {
        query.append_pair("tenantKey", tenant_key);
    }
    query.append_pair("item", &wanted.item.to_string());
    let action = format!("{path}?{}", query.finish());
    let base = base(&asker.corp, &asker.who);
    let endings = files.types().iter().flat_map(|kind| kind.endings());
    let accept: Vec<String> = endings.map(|ending| format!(".{ending}")).collect();
    Some(UploadField {
        words: Words::of(wanted.language),
        key: wanted.key.to_owned(),
        action,
        token: asker.token.clone(),
        accept: accept.join(","),
        max: wanted.max,
        max_bytes: files.max_bytes(),
        files: wanted.files.iter().map(|file| line(&base, file)).collect(),
        base,
    })
}

impl AttachmentList {
    /// Whether there is none.
    pub(in crate::http) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

impl UploadField {
    fn largest(&self) -> String {
        size(self.max_bytes)
    }
}

fn base(corp: &CorpId, reader: &Actor) -> String {
    match reader {
        Actor::Admin | Actor::System => format!("/admin/corps/{corp}/files"),
        Actor::Contact(_) | Actor::Member(_) => "/files".to_owned(),
    }
}

fn line(base: &str, file: &Attachment) -> Line {
    Line {
        id: file.id.clone(),
        name: file.name.clone(),
        size: size(file.bytes),
        href: format!("{base}/{}", file.id),
        thumbnail: file.thumbnail,
    }
}
