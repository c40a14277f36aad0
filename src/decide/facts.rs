//! What a decision needs to know, and what was found.

use std::time::Duration;

use url::Url;

use crate::decide::found::Step;
use crate::model::attachment::Attachment;
use crate::model::chat::Chat;
use crate::model::contact::{Contact, Ending, Greeting, TransferFailure};
use crate::model::effect::{SentCard, Shelf};
use crate::model::follower::{Follower, Standing};
use crate::model::grant::{Grant, Seen};
use crate::model::ids::{ChatId, ExternalUserId, OpenId, TaskId, UserId};
use crate::model::item::{ExternalRef, Item, ItemKind, ItemRef};
use crate::model::member::{Link, Member, WebAttribute};
use crate::model::quiet::QuietHours;
use crate::model::relation::{Relation, Rename};
use crate::model::request::{Carried, RequestId};
use crate::model::switches::Switches;
use crate::model::sync::SyncRun;
use crate::model::tag::TagGroup;
use crate::model::thread::Thread;
use crate::model::time::Timestamp;
use crate::model::visit::Visit;

/// One thing to find out before deciding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// The contact as it is kept.
    Contact(ExternalUserId),
    /// The contact as WeCom has it now.
    ContactAtWecom(ExternalUserId),
    /// What has been done to welcome the contact at this member.
    Greeting(ExternalUserId, UserId),
    /// How the relation to this member ended before.
    Ending(ExternalUserId, UserId),
    /// Why the contact could not be handed over to this member.
    TransferFailure(ExternalUserId, UserId),
    /// All greetings and endings of the contact.
    Relations(ExternalUserId),
    /// The member as it is kept.
    Member(UserId),
    /// Several members as they are kept.
    Members(Vec<UserId>),
    /// The member as WeCom has it now.
    MemberAtWecom(UserId),
    /// How far the member's link is.
    Link(UserId),
    /// The member and its link as they are kept under the id that it had before.
    Former(UserId),
    /// A page of what is kept at the contacts of a member whose id is another now.
    Renaming(Rename),
    /// A page of the contacts that are kept, those after this one.
    ContactPage(Option<ExternalUserId>),
    /// A page of the members who are kept, those after this one.
    MemberPage(Option<UserId>),
    /// The customer group as it is kept.
    Chat(ChatId),
    /// The customer group as WeCom has it now.
    ChatAtWecom(ChatId),
    /// All groups of customer tags as they are kept.
    TagGroups,
    /// All groups of customer tags as WeCom has them now.
    TagGroupsAtWecom,
    /// The last opening of the toolbar by this member for this contact.
    Visit(ExternalUserId, UserId),
    /// The follower of the service account as it is kept.
    Follower(OpenId),
    /// A card that was sent.
    Card(TaskId),
    /// The switches.
    Switches,
    /// A sync, by its id.
    Sync(String),
    /// Every sync that is kept, and what ended ones have left behind.
    Syncs,
    /// The switches, a sync by its id, and whatever its next step is about.
    Step(String),
    /// The follower as WeChat has it now.
    FollowerAtWeixin(OpenId),
    /// The follower of the service account that this customer is.
    FollowerOf(ExternalUserId),
    /// Whether a request was carried out.
    Carried(RequestId),
    /// An item.
    Item(ItemRef),
    /// The item that the company's own system calls so.
    ItemByRef(ItemKind, ExternalRef),
    /// What stands on a shelf for one.
    Shelved(Shelf),
    /// A page of the items that a member owns or handles, those after this one.
    ItemsOfMember(UserId, Option<ItemRef>),
    /// Whether a customer may see an item.
    Grant(ExternalUserId, ItemRef),
    /// The conversation with a customer about an item.
    Thread(ExternalUserId, ItemRef),
    /// The conversation about a record or an approval with the customer whose it is.
    ThreadOfOwner(ItemRef),
    /// When a customer last had an item open.
    Seen(ExternalUserId, ItemRef),
    /// The members whom an item and the conversations among the facts name.
    PeopleOf(ItemRef),
    /// The cards about an item that can still be changed.
    CardsAbout(ItemRef),
    /// What a file is.
    Attachment(String),
}

/// What was found. What was not asked for, or does not exist, is empty.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The corp's settings.
    pub corp: &'a CorpFacts,
    /// Why a member is looked at.
    pub occasion: Occasion,
    /// The contact as it is kept.
    pub contact: Option<Contact>,
    /// The contact as WeCom has it now; `None` when WeCom shows no such customer.
    pub contact_at_wecom: Option<Contact>,
    /// Greetings, of one relation or of all.
    pub greetings: Vec<Greeting>,
    /// Endings, of one relation or of all.
    pub endings: Vec<Ending>,
    /// Why the contact could not be handed over to the member.
    pub transfer_failure: Option<TransferFailure>,
    /// The member as it is kept.
    pub member: Option<Member>,
    /// The member as WeCom has it now; `None` when the app may not see such a member.
    pub member_at_wecom: Option<Member>,
    /// The web attributes in the member's external profile at WeCom.
    pub web_attributes: Vec<WebAttribute>,
    /// The member's link.
    pub link: Option<Link>,
    /// The member as it is kept under the id that it had before.
    pub former_member: Option<Member>,
    /// The link that is kept under the id that the member had before.
    pub former_link: Option<Link>,
    /// What is to pass to the member's new id.
    pub renaming: Page<Passing>,
    /// Some of the contacts that are kept.
    pub contact_page: Page<Contact>,
    /// Some of the members who are kept.
    pub member_page: Page<Member>,
    /// The customer group as it is kept.
    pub chat: Option<Chat>,
    /// The customer group as WeCom has it now; `None` when the app may not see such a group.
    pub chat_at_wecom: Option<Chat>,
    /// The groups of customer tags as they are kept.
    pub tag_groups: Vec<TagGroup>,
    /// The groups of customer tags as WeCom has them now.
    pub tag_groups_at_wecom: Vec<TagGroup>,
    /// The last opening of the toolbar.
    pub visit: Option<Visit>,
    /// The follower of the service account.
    pub follower: Option<Follower>,
    /// The card that was sent.
    pub card: Option<SentCard>,
    /// The switches; all as configured when none was ever used.
    pub switches: Switches,
    /// The sync.
    pub sync: Option<SyncRun>,
    /// Every sync that is kept, oldest first.
    pub syncs: Vec<SyncRun>,
    /// The keys of batches that syncs have left, as many as are to be dropped at once.
    pub batches: Vec<String>,
    /// What the sync's next step is about.
    pub step: Step,
    /// How the follower stands to the service account; `None` when the corp has none.
    pub follower_at_weixin: Option<Standing>,
    /// That the request was carried out.
    pub carried: Option<Carried>,
    /// Items.
    pub items: Vec<Item>,
    /// What stands on the shelf for one.
    pub shelved: Option<ItemRef>,
    /// Some of the items that a member owns or handles.
    pub item_page: Page<Item>,
    /// Grants.
    pub grants: Vec<Grant>,
    /// Conversations.
    pub threads: Vec<Thread>,
    /// When the customer last had the item open.
    pub seen: Option<Seen>,
    /// Members whom the item and its conversation name, or who were asked for together.
    pub people: Vec<Member>,
    /// Cards about an item that can still be changed.
    pub cards_about: Vec<SentCard>,
    /// Files.
    pub attachments: Vec<Attachment>,
}

impl<'a> Facts<'a> {
    /// Nothing but the corp's settings.
    pub fn none(corp: &'a CorpFacts) -> Self {
        Self {
            corp,
            occasion: Occasion::InPassing,
            contact: None,
            contact_at_wecom: None,
            greetings: Vec::new(),
            endings: Vec::new(),
            transfer_failure: None,
            member: None,
            member_at_wecom: None,
            web_attributes: Vec::new(),
            link: None,
            former_member: None,
            former_link: None,
            renaming: Page::default(),
            contact_page: Page::default(),
            member_page: Page::default(),
            chat: None,
            chat_at_wecom: None,
            tag_groups: Vec::new(),
            tag_groups_at_wecom: Vec::new(),
            visit: None,
            follower: None,
            card: None,
            switches: Switches::default(),
            sync: None,
            syncs: Vec::new(),
            batches: Vec::new(),
            step: Step::default(),
            follower_at_weixin: None,
            carried: None,
            items: Vec::new(),
            shelved: None,
            item_page: Page::default(),
            grants: Vec::new(),
            threads: Vec::new(),
            seen: None,
            people: Vec::new(),
            cards_about: Vec::new(),
            attachments: Vec::new(),
        }
    }

    /// Whether events change contacts: as switched, else as configured. To be seen, the switches must be among the needs.
    pub fn auto_sync(&self) -> AutoSync {
        match self.switches.auto_sync {
            Some(true) => AutoSync::On,
            Some(false) => AutoSync::Off,
            None => self.corp.auto_sync,
        }
    }
}

/// A part of what is kept.
#[derive(Debug)]
pub struct Page<T> {
    /// What was wanted of it.
    pub items: Vec<T>,
    /// The key after which the next page begins; `None` after the last.
    pub next: Option<String>,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        let items = Vec::new();
        Self { items, next: None }
    }
}

/// A record that is to pass to a member's new id.
#[derive(Debug)]
pub struct Passing {
    /// As it is kept under the former id.
    pub relation: Relation,
    /// What is kept of the same kind, about the same contact, under the new one.
    pub at_new_id: Option<Relation>,
    /// When the relation between the contact and the member ended under the new one.
    pub ended_at: Option<Timestamp>,
}

/// The settings of a corp that decisions depend on.
#[derive(Debug, Clone)]
pub struct CorpFacts {
    /// The "与我协作" home page: the fixed base of this installation plus `?tenantKey=…`.
    pub home: Url,
    /// Whether events change contacts, until somebody has switched it.
    pub auto_sync: AutoSync,
    /// Whether an opened toolbar is answered.
    pub sidebar_card: SidebarCard,
    /// How links get into profiles.
    pub links: LinkWriting,
    /// The kinds of items that the corp works with.
    pub authorised: Authorised,
    /// What customers do within this time after a card goes together into the next one.
    pub bundle: Duration,
    /// How customers are reminded; without a service account they are not.
    pub reminders: Option<Reminders>,
}

/// How customers are reminded by the service account (服务号).
#[derive(Debug, Clone, Copy)]
pub struct Reminders {
    /// What the company does within this time after a reminder goes together into the next one.
    pub bundle: Duration,
    /// When nobody is reminded.
    pub quiet: Option<QuietHours>,
}

/// The kinds of items that a corp works with. Projects and forms are authorised separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authorised {
    /// Projects and their plans.
    pub projects: bool,
    /// Forms and their records.
    pub forms: bool,
    /// Approvals.
    pub approvals: bool,
}

impl Authorised {
    /// All kinds.
    pub const ALL: Self = Self {
        projects: true,
        forms: true,
        approvals: true,
    };
}

/// Whether events change contacts ("auto-sync customers").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AutoSync {
    /// They do.
    On,
    /// They are stored and visible and change no contact.
    Off,
}

/// Whether a member who opens the toolbar gets a card. The visit is kept either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SidebarCard {
    /// Now and then.
    On,
    /// Never.
    Off,
}

/// Why a member is looked at. What an administrator asks for is tried again even if it failed a moment ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// Something happened, or it is time for it.
    InPassing,
    /// An administrator has asked.
    Asked,
}

/// How the "与我协作" link gets into a member's external profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkWriting {
    /// The contact-sync secret (通讯录同步) is configured: the service writes it.
    ByService,
    /// Members or administrators fill it in.
    ByHand,
}
