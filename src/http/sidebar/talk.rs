//! What was said with the customer about an item, and an answer.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::{Deserialize, Serialize};

use crate::decide::item::sight::member_sees;
use crate::decide::request::{Command, NewComment};
use crate::http::sidebar::access::Dealing;
use crate::http::sidebar::share::done;
use crate::http::sidebar::show::{Names, fragment, item_ref, moment};
use crate::http::sidebar::texts::Texts;
use crate::http::sidebar::turned::{Turned, Why};
use crate::model::grant::Grant;
use crate::model::item::{Actor, Item, ItemRef};
use crate::model::thread::Comment;
use crate::store::record::{Key, Table};

/// So many comments are shown, the last ones.
const SHOWN: usize = 20;

/// How many are read in one round trip.
const STEP: usize = 200;

/// How many round trips are made to come to the end of a long conversation.
const STEPS_MAX: usize = 10;

/// About which item.
#[derive(Deserialize)]
pub(in crate::http::sidebar) struct About {
    item: String,
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
    earlier: bool,
    open: bool,
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
    let item = item_ref(&about.item, t)?;
    let (mut kept, mut grant) = (None, None);
    let keys = [Key::item(&item), Key::grant(dealing.id(), &item)];
    for record in toolbar.read(&keys).await? {
        if record.key.table == Table::Items {
            kept = record.parse::<Item>()?;
        } else {
            grant = record.parse::<Grant>()?;
        }
    }
    let seen = kept.filter(|item| member_sees(&toolbar.userid, item));
    let (Some(_), Some(grant)) = (seen, grant) else {
        return Err(Why::Missing.to(t));
    };
    let (comments, earlier) = last(&dealing, &item).await?;
    let members = comments.iter().filter_map(|comment| match &comment.by {
        Actor::Member(userid) => Some(userid),
        Actor::System | Actor::Admin | Actor::Contact(_) => None,
    });
    let names = Names::read(toolbar, members).await?;
    let rows = comments.iter().map(|comment| CommentRow {
        who: names.actor(&comment.by, &dealing),
        when: moment(comment.at, t),
        text: comment.text.clone(),
        theirs: matches!(comment.by, Actor::Contact(_)),
    });
    let part = TalkPart {
        t,
        item,
        rows: rows.collect(),
        earlier,
        open: grant.holds(),
    };
    fragment(&part, t)
}

/// The last comments, and whether there are earlier ones.
async fn last(dealing: &Dealing, item: &ItemRef) -> Result<(Vec<Comment>, bool), Turned> {
    let toolbar = &dealing.toolbar;
    let mut last: Vec<Comment> = Vec::new();
    let mut earlier = false;
    for _ in 0..STEPS_MAX {
        let after = last.last().map(|comment| comment.id.clone());
        let store = &toolbar.doors.store;
        let page = store
            .comments(&toolbar.corp, item, dealing.id(), after.as_deref(), STEP)
            .await?;
        let complete = page.len() < STEP;
        last.extend(page);
        let over = last.len().saturating_sub(SHOWN);
        earlier |= over > 0;
        last.drain(..over);
        if complete {
            break;
        }
    }
    Ok((last, earlier))
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
