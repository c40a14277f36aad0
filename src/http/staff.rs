//! Which members the company's own pages are open to. A session outlives the day on which somebody leaves.

use crate::callback::event::own::OwnEvent;
use crate::http::doors::Doors;
use crate::model::effect::Effect;
use crate::model::ids::{CorpId, UserId};
use crate::model::member::Member;
use crate::store::error::StoreError;
use crate::store::record::{Key, Record};

/// `status` of a member whose account was disabled, and of one who has left (path/90196).
const GONE: [i64; 2] = [2, 5];

/// Whether this member works here. Who is not known yet does: WeCom has just let them in. They are read, so that what
/// they make can be theirs; so is who is not to be seen any more, for they may be back.
/// However often they ask, one reading waits.
pub(in crate::http) async fn works_here(
    doors: &Doors,
    corp: &CorpId,
    userid: &UserId,
) -> Result<bool, StoreError> {
    let records = doors.store.read(corp, &[Key::member(userid)]).await?;
    let found = records.first().map(Record::parse::<Member>).transpose()?;
    let kept = found.flatten();
    if kept.as_ref().is_none_or(|member| !member.visible) {
        let refresh = OwnEvent::RefreshMember {
            userid: userid.clone(),
        };
        let now = doors.clock.now();
        let refresh = Effect::Refresh(refresh.delivery(now).1);
        doors.store.carry_out(corp, &[], &[refresh], now).await?;
    }
    Ok(kept.is_none_or(|member| member.visible && !GONE.contains(&member.status)))
}
