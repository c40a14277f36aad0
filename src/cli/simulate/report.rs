//! What came of the story: step by step, then what came in, what the state is now, what reached people.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::cli::Exit;
use crate::cli::simulate::stage::Stage;
use crate::cli::simulate::step::{Ended, Step};
use crate::model::contact::Contact;
use crate::model::delivery::Source;
use crate::model::member::{Link, Member};
use crate::sim::ledger::Sent;
use crate::sim::message::Shown;
use crate::store::item::State;
use crate::store::record::{Key, Record, Table};

/// Stories are short; a page shows all of it.
const SHOWN: usize = 200;

/// What there is to tell.
#[derive(Serialize)]
pub(in crate::cli::simulate) struct Report {
    steps: Vec<Step>,
    events: Vec<EventLine>,
    contacts: Vec<ContactLine>,
    members: Vec<MemberLine>,
    sent: Vec<SentLine>,
}

#[derive(Serialize)]
struct EventLine {
    kind: String,
    subject: String,
    source: Source,
    state: State,
    settled_after_ms: u64,
}

#[derive(Serialize)]
struct ContactLine {
    external_userid: String,
    name: String,
    follow_users: Vec<String>,
}

#[derive(Serialize)]
struct MemberLine {
    userid: String,
    name: String,
    link: String,
}

#[derive(Serialize)]
struct SentLine {
    what: &'static str,
    to: String,
    text: String,
}

impl Report {
    /// Looks at both sides.
    pub(in crate::cli::simulate) async fn of(
        stage: &Stage,
        steps: Vec<Step>,
    ) -> anyhow::Result<Self> {
        let Stage {
            store, corp, sim, ..
        } = stage;
        let mut events: Vec<EventLine> = Vec::new();
        for entry in store.deliveries(corp, None, None, SHOWN).await? {
            let settled = entry.progress.settled_at;
            events.push(EventLine {
                kind: entry.item.kind.to_string(),
                subject: entry.item.subject.to_string(),
                source: entry.item.source,
                state: entry.progress.state,
                settled_after_ms: settled
                    .map_or(0, |at| at.since(entry.item.received_at).as_millis() as u64),
            });
        }
        events.reverse();
        let contacts = store.list(corp, Table::Contacts, None, SHOWN).await?;
        let contacts = contacts
            .iter()
            .filter_map(|record| record.parse::<Contact>().ok().flatten());
        let mut members = Vec::new();
        for record in store.list(corp, Table::Members, None, SHOWN).await? {
            let Some(member) = record.parse::<Member>()? else {
                continue;
            };
            let link = store.read(corp, &[Key::link(&member.userid)]).await?;
            let link = link
                .first()
                .map(Record::parse::<Link>)
                .transpose()?
                .flatten();
            members.push(MemberLine {
                userid: member.userid.to_string(),
                name: member.name,
                link: link.map_or_else(|| "none".into(), |link| word(&link.state)),
            });
        }
        Ok(Self {
            steps,
            events,
            contacts: contacts.map(contact_line).collect(),
            members,
            sent: sim.sent().iter().map(sent_line).collect(),
        })
    }

    /// Whether every step of the story happened.
    pub(in crate::cli::simulate) fn exit(&self) -> Exit {
        let all = self.steps.iter().all(|step| step.state == Ended::Done);
        if all { Exit::Done } else { Exit::Failed }
    }
}

fn contact_line(contact: Contact) -> ContactLine {
    ContactLine {
        external_userid: contact.external_userid.to_string(),
        name: contact.name,
        follow_users: contact
            .follow_users
            .iter()
            .map(|follow| follow.userid.to_string())
            .collect(),
    }
}

fn sent_line(sent: &Sent) -> SentLine {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let names = |ids: &[crate::model::ids::UserId]| {
        ids.iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    match sent {
        Sent::Welcome(welcome) => SentLine {
            what: "welcome message",
            to: welcome.external_userid.to_string(),
            text: welcome.text.clone(),
        },
        Sent::Message(message) => SentLine {
            what: "card",
            to: names(&message.to),
            text: text(&message.content["main_title"]["title"]),
        },
        Sent::CardUpdate(update) => SentLine {
            what: "card changed",
            to: names(&update.userids),
            text: match &update.shown {
                Shown::Greyed(text) => text.clone(),
                Shown::Replaced(card) => text(&card["main_title"]["title"]),
            },
        },
        Sent::Profile(write) => SentLine {
            what: "profile written",
            to: write.userid.to_string(),
            text: text(&write.external_profile["external_attr"][0]["web"]["url"]),
        },
        Sent::Chat(message) => SentLine {
            what: "chat message",
            to: message.external_userid.to_string(),
            text: text(&message.content["news"]["title"]),
        },
        Sent::Template(message) => SentLine {
            what: "template message",
            to: message.external_userid.to_string(),
            text: message
                .values
                .iter()
                .map(|(_, value)| value.as_str())
                .collect::<Vec<_>>()
                .join(" · "),
        },
    }
}

/// A state's name as the API spells it.
fn word(state: &impl Serialize) -> String {
    serde_json::to_value(state)
        .ok()
        .and_then(|name| Some(name.as_str()?.to_owned()))
        .unwrap_or_default()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "What happened, and where to click on")?;
        for Step {
            step,
            state,
            came,
            open,
        } in &self.steps
        {
            let mark = match state {
                Ended::Done => '✓',
                Ended::Failed => '✗',
                Ended::NotPlayed => '–',
            };
            writeln!(f, "  {mark} {step}")?;
            if !came.is_empty() {
                writeln!(f, "      {came}")?;
            }
            for address in open {
                writeln!(f, "      {address}")?;
            }
        }
        writeln!(f, "\nWhat came in")?;
        for event in &self.events {
            let EventLine {
                kind,
                subject,
                source,
                state,
                settled_after_ms,
            } = event;
            let (source, state) = (word(source), word(state));
            writeln!(
                f,
                "  {kind:<46} {subject:<32} {source:<8} {state} after {settled_after_ms} ms"
            )?;
        }
        writeln!(f, "\nWhat the state is now")?;
        for ContactLine {
            external_userid,
            name,
            follow_users,
        } in &self.contacts
        {
            writeln!(
                f,
                "  contact {external_userid} ({name}) of {}",
                follow_users.join(", ")
            )?;
        }
        for MemberLine { userid, name, link } in &self.members {
            writeln!(f, "  member {userid} ({name}), link {link}")?;
        }
        writeln!(f, "\nWhat reached people")?;
        for SentLine { what, to, text } in &self.sent {
            writeln!(f, "  {what} to {to}: {text}")?;
        }
        Ok(())
    }
}
