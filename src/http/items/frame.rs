//! What every page has round its content: where the others are, who reads, the token of its forms.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use url::form_urlencoded;

use crate::http::doors::Doors;
use crate::http::items::access::Reader;
use crate::http::items::turned::Turned;
use crate::http::language::Language;
use crate::http::nonce::nonce;
use crate::http::page::see;
use crate::model::item::ItemRef;

/// Where these pages are for a reader.
#[derive(Debug, Clone)]
pub(in crate::http::items) struct Place {
    base: String,
    tenant_key: Option<String>,
}

impl Place {
    /// Below this path; a team identification code goes along with every address.
    pub(in crate::http::items) const fn new(base: String, tenant_key: Option<String>) -> Self {
        Self { base, tenant_key }
    }

    /// The address of a page.
    pub(in crate::http::items) fn to(&self, path: &str) -> String {
        self.with(path, &[])
    }

    /// The address of a page with a query; fields without a value are left out.
    pub(in crate::http::items) fn with(&self, path: &str, query: &[(&str, &str)]) -> String {
        let code = self.tenant_key.as_deref().unwrap_or_default();
        let fields = [("tenantKey", code)];
        let fields = fields.iter().chain(query);
        let mut fields = fields.filter(|(_, value)| !value.is_empty()).peekable();
        let sign = fields.peek().map_or("", |_| "?");
        let mut query = form_urlencoded::Serializer::new(String::new());
        let query = query.extend_pairs(fields).finish();
        format!("{}{path}{sign}{query}", self.base)
    }

    /// The address of an item's page.
    pub(in crate::http::items) fn item(&self, item: &ItemRef) -> String {
        let item = item.kept();
        self.to(&format!("/{}/{}", item.kind.name(), item.id))
    }

    /// What a form carries that leads to one of these pages by its query.
    pub(in crate::http::items) fn code(&self) -> &str {
        self.tenant_key.as_deref().unwrap_or_default()
    }
}

/// Round the content.
pub(in crate::http::items) struct Frame {
    pub(in crate::http::items) place: Place,
    pub(in crate::http::items) who: String,
    /// For administrators, where the other admin pages are.
    pub(in crate::http::items) admin: Option<String>,
    pub(in crate::http::items) other_language: String,
    pub(in crate::http::items) said: &'static str,
    token: String,
    request: String,
}

impl Frame {
    /// Round a page of this reader's.
    pub(in crate::http::items) fn of(reader: &Reader) -> Result<Self, Turned> {
        let t = reader.t;
        let path = format!("/language/{}", t.other_code);
        let admin = match reader.member() {
            Some(_) => None,
            None => Some(format!("/admin/corps/{}", reader.corp)),
        };
        Ok(Self {
            who: reader
                .member()
                .map_or_else(|| t.admin.to_owned(), ToString::to_string),
            admin,
            other_language: reader.place.with(&path, &[("back", &reader.here)]),
            place: reader.place.clone(),
            said: said(reader),
            token: reader.token.clone(),
            request: nonce().map_err(|_| Turned::Unavailable)?,
        })
    }

    /// The hidden fields of every form: the session's token, and the number by which the form is carried out once.
    /// Both are letters, digits, `-` and `_` only.
    pub(in crate::http::items) fn hidden(&self) -> String {
        let Self { token, request, .. } = self;
        format!(
            "<input type=\"hidden\" name=\"token\" value=\"{token}\">\
             <input type=\"hidden\" name=\"request\" value=\"{request}\">"
        )
    }
}

/// What the form before has done, by the word in the query; other words say nothing.
fn said(reader: &Reader) -> &'static str {
    let t = reader.t;
    match reader.asked("said") {
        "saved" => t.said_saved,
        "made" => t.said_made,
        "handed" => t.said_handed,
        "commented" => t.said_commented,
        _ => "",
    }
}

/// Where to go on with the language.
#[derive(Deserialize)]
pub(in crate::http::items) struct Back {
    back: Option<String>,
}

/// Chooses the language of the pages. It changes nothing but how they look, so a link will do.
pub(in crate::http::items) async fn language(
    doors: web::Data<Doors>,
    request: HttpRequest,
    back: Option<web::Query<Back>>,
) -> Result<HttpResponse, Turned> {
    let code = Language::of(request.match_info().query("code"));
    let code = code.ok_or(Turned::Missing)?;
    let back = back.and_then(|back| back.into_inner().back);
    let back = back.filter(|back| is_ours(back));
    let mut response = see(back.as_deref().unwrap_or("/items"));
    // It is text, and a response takes any number of cookies.
    let _ = response.add_cookie(&code.cookie(&doors.public_url));
    Ok(response)
}

/// A path of these pages, and nothing that a browser could take for another site's address.
fn is_ours(back: &str) -> bool {
    let ours = ["/items", "/admin/corps/"];
    ours.iter().any(|base| back.starts_with(base))
        && back.len() <= 2048
        && back.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
}

/// Any other address below.
pub(in crate::http::items) async fn nothing_here() -> Result<HttpResponse, Turned> {
    Err(Turned::Missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_carry_what_belongs_to_them() {
        let member = Place::new("/items".into(), Some("a&b".into()));
        let admin = Place::new("/admin/corps/ww1/items".into(), None);
        assert_eq!(member.to(""), "/items?tenantKey=a%26b");
        assert_eq!(admin.to("/hand-over"), "/admin/corps/ww1/items/hand-over");
        let query = [("q", "门 窗"), ("after", "")];
        assert_eq!(
            admin.with("", &query),
            "/admin/corps/ww1/items?q=%E9%97%A8+%E7%AA%97"
        );
        let plan = "plan:7".parse().unwrap();
        assert_eq!(member.item(&plan), "/items/project/7?tenantKey=a%26b");
    }

    #[test]
    fn the_way_back_stays_here() {
        for good in [
            "/items?tenantKey=t",
            "/items/form/a",
            "/admin/corps/ww1/items",
        ] {
            assert!(is_ours(good), "{good}");
        }
        for bad in [
            "",
            "//evil.example",
            "https://evil.example",
            "/home",
            "/items\\@e",
            "/items\n",
        ] {
            assert!(!is_ours(bad), "{bad}");
        }
    }
}
