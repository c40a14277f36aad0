//! Who uploads or wants to see a file.

use actix_web::HttpRequest;

use crate::decide::item::file::comes_first;
use crate::decide::item::sight;
use crate::http::admin::passage::{self, Passage};
use crate::http::doors::Doors;
use crate::http::session::{self, Session, Who};
use crate::http::staff;
use crate::model::attachment::Attachment;
use crate::model::grant::Grant;
use crate::model::ids::CorpId;
use crate::model::item::{Actor, Item, ItemKind, ItemRef, ItemState};
use crate::store::error::StoreError;
use crate::store::record::Key;

/// What the tokens of upload fields are for.
const TOKEN: &str = "file form";

/// Somebody who has a session.
#[derive(Clone)]
pub(in crate::http) struct Asker {
    /// Of which corp.
    pub(in crate::http) corp: CorpId,
    /// Who; never a system.
    pub(in crate::http) who: Actor,
    /// What their forms carry.
    pub(in crate::http) token: String,
}

impl Asker {
    /// The customer or member of a session.
    pub(in crate::http) fn of(request: &HttpRequest, doors: &Doors) -> Option<Self> {
        let (key, url) = (&doors.session_key, &doors.public_url);
        let session: Session = session::read(request, key, url, doors.clock.now())?;
        let who = match session.who {
            Who::Member(userid) => Actor::Member(userid),
            Who::Contact(contact) => Actor::Contact(contact),
        };
        Some(Self {
            corp: session.corp,
            who,
            token: session::tag_of::<Session>(request, key, url, TOKEN)?,
        })
    }

    /// Whoever has a session for this address: below a corp's it is an administrator's.
    pub(in crate::http::files) async fn at(request: &HttpRequest, doors: &Doors) -> Option<Self> {
        if request.match_info().get("corp").is_none() {
            return Self::of(request, doors);
        }
        let passage = passage::of(request).await.ok()?;
        Some(Self::of_admin(&passage, doors))
    }

    /// An administrator who was let in.
    pub(in crate::http) fn of_admin(passage: &Passage, doors: &Doors) -> Self {
        Self {
            corp: passage.corp.clone(),
            who: Actor::Admin,
            token: doors.session_key.tag(TOKEN, &passage.session),
        }
    }

    /// Whether they may bring files for an item now; the command asks again. `None`: they see no such item.
    pub(in crate::http::files) async fn may_bring(
        &self,
        doors: &Doors,
        shown: &ItemRef,
    ) -> Result<Option<ItemState>, StoreError> {
        if !self.is_let_in(doors, shown.kind).await? {
            return Ok(None);
        }
        let (item, grant) = self.look(doors, shown).await?;
        let is_customer = matches!(self.who, Actor::Contact(_));
        let Some(item) = item else {
            let may = !is_customer && comes_first(shown.kind);
            return Ok(may.then_some(ItemState::Open));
        };
        let may = match &self.who {
            Actor::Contact(contact) => {
                let sees = sight::contact_sees(contact, &item, shown, grant.as_ref());
                sees && shown.kind == ItemKind::Form
            }
            Actor::Member(userid) => sight::member_works_on(userid, &item),
            Actor::Admin | Actor::System => true,
        };
        Ok(may.then_some(item.head().state))
    }

    /// Whether they see a file.
    pub(in crate::http::files) async fn sees(
        &self,
        doors: &Doors,
        file: &Attachment,
    ) -> Result<bool, StoreError> {
        if !self.is_let_in(doors, file.item.kind).await? {
            return Ok(false);
        }
        let (item, grant) = self.look(doors, &file.item).await?;
        let Some(item) = item else {
            return Ok(file.by == self.who);
        };
        Ok(match &self.who {
            Actor::Contact(contact) => {
                sight::contact_sees_file(contact, &item, grant.as_ref(), file)
            }
            Actor::Member(userid) => sight::member_sees(userid, &item),
            Actor::Admin | Actor::System => true,
        })
    }

    /// Whether items of this kind are there for them: for nobody who has left. What a customer was given stays theirs.
    async fn is_let_in(&self, doors: &Doors, kind: ItemKind) -> Result<bool, StoreError> {
        let corp = doors.corps.get(&self.corp);
        let authorised = corp.is_some_and(|corp| sight::is_authorised(corp.facts.authorised, kind));
        Ok(match &self.who {
            Actor::Contact(_) => true,
            Actor::Member(userid) => {
                authorised && staff::works_here(doors, &self.corp, userid).await?
            }
            Actor::Admin | Actor::System => authorised,
        })
    }

    /// The item with the grant of a customer.
    async fn look(
        &self,
        doors: &Doors,
        item: &ItemRef,
    ) -> Result<(Option<Item>, Option<Grant>), StoreError> {
        let mut keys = vec![Key::item(&item.kept())];
        if let Actor::Contact(contact) = &self.who {
            keys.push(Key::grant(contact, item));
        }
        let mut records = doors.store.read(&self.corp, &keys).await?.into_iter();
        let found = records.next().map(|record| record.parse()).transpose()?;
        let grant = records.next().map(|record| record.parse()).transpose()?;
        Ok((found.flatten(), grant.flatten()))
    }
}
