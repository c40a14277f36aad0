//! What was said with the customer about an item, and an answer.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::{Deserialize, Serialize};

use crate::decide::request::{Command, NewComment};
use crate::http::moment::Moment;
use crate::http::sidebar::access::Dealing;
use crate::http::sidebar::share::done;
use crate::http::sidebar::show::{Names, fragment, item_ref};
use crate::http::sidebar::texts::Texts;
use crate::http::sidebar::turned::Turned;
use crate::model::grant::Grant;
use crate::model::item::{Actor, Item, ItemRef};
use crate::model::thread::Comment;
use crate::store::record::{Key, Table};

/// So many comments are shown.
const SHOWN: usize = 20;

/// About which item, and before which comment.
#[derive(Deserialize)]
pub(in crate::http::sidebar) struct About {
    item: String,
    before: Option<String>,
}

/// What to say.
#[derive(Serialize, Deserialize)]
pub(in crate::http::sidebar) struct Said {
    item: ItemRef,
    text: String,
}

#[derive(Template)]
#[template(path = "sidebar/talk.html")]
struct TalkPart {
    t: &'static Texts,
    item: ItemRef,
    rows: Vec<CommentRow>,
    /// Before which one the earlier ones are.
    earlier: Option<String>,
    foot: Foot,
}

/// What stands below the conversation.
enum Foot {
    /// The later comments are there already.
    Later,
    /// The form for an answer.
    Reply,
    /// It was taken back.
    Closed,
}

struct CommentRow {
    who: String,
    when: String,
    text: String,
    theirs: bool,
}

/// The conversation.
pub(in crate::http::sidebar) async fn show(
    dealing: Dealing,
    about: web::Query<About>,
) -> Result<HttpResponse, Turned> {
    let toolbar = &dealing.toolbar;
    let t = toolbar.t;
    let item = item_ref(&about.item)?;
    let (mut kept, mut grant) = (None, None);
    let keys = [Key::item(&item), Key::grant(dealing.id(), &item)];
    for record in toolbar.read(&keys).await? {
        if record.key.table == Table::Items {
            kept = record.parse::<Item>()?;
        } else {
            grant = record.parse::<Grant>()?;
        }
    }
    let seen = kept.filter(|item| toolbar.sees(item));
    let (Some(_), Some(grant)) = (seen, grant) else {
        return Err(Turned::Missing);
    };
    let store = &toolbar.doors.store;
    let before = about.before.as_deref();
    let comments = store.last_comments(&toolbar.corp, &item, dealing.id(), before, SHOWN + 1);
    let mut comments = comments.await?;
    let over = comments.len().saturating_sub(SHOWN);
    comments.drain(..over);
    let first = comments.first().filter(|_| over > 0);
    let earlier = first.map(|first| first.id.clone());
    let members = comments.iter().filter_map(|comment| match &comment.by {
        Actor::Member(userid) => Some(userid),
        Actor::System | Actor::Admin | Actor::Contact(_) => None,
    });
    let names = Names::read(toolbar, members).await?;
    let rows = comments.iter().map(|comment| CommentRow {
        who: names.actor(&comment.by, &dealing),
        when: Moment::of(comment.at, t.moment_form).to_string(),
        text: comment.text.clone(),
        theirs: matches!(comment.by, Actor::Contact(_)),
    });
    let part = TalkPart {
        t,
        item,
        rows: rows.collect(),
        earlier,
        foot: match (before, grant.holds()) {
            (Some(_), _) => Foot::Later,
            (None, true) => Foot::Reply,
            (None, false) => Foot::Closed,
        },
    };
    fragment(&part)
}

/// Says something.
pub(in crate::http::sidebar) async fn comment(
    dealing: Dealing,
    said: web::Json<Said>,
) -> Result<HttpResponse, Turned> {
    let toolbar = &dealing.toolbar;
    let comment = NewComment {
        item: said.item.clone(),
        contact: dealing.id().clone(),
        id: Comment::new_id(toolbar.now(), toolbar.random()?),
        text: said.text.clone(),
    };
    toolbar.ask(Command::Comment(comment), &*said).await?;
    Ok(done())
}
