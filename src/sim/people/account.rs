//! People and the company's service account (服务号): each doing pushes the callback that WeChat sends for it.

use crate::model::ids::ExternalUserId;
use crate::sim::Sim;
use crate::sim::event_xml::EventXml;
use crate::sim::people::{Impossible, Pushed};
use crate::sim::receiver::ReceiverKind;
use crate::sim::weixin::{Account, Follows};

impl Sim {
    /// A person begins to follow the account: `subscribe`.
    pub async fn follows_account(&self, id: &ExternalUserId) -> Pushed {
        self.account_doing(id, "subscribe", |account| {
            account.set_follows(id, Follows::Yes);
        })
        .await
    }

    /// A person follows the account no more: `unsubscribe`.
    pub async fn unfollows_account(&self, id: &ExternalUserId) -> Pushed {
        self.account_doing(id, "unsubscribe", |account| {
            account.set_follows(id, Follows::No);
        })
        .await
    }

    async fn account_doing(
        &self,
        id: &ExternalUserId,
        event: &str,
        change: impl FnOnce(&mut Account),
    ) -> Pushed {
        let event = {
            let mut corp = self.corp();
            corp.contact(id).ok_or(Impossible::NoContact)?;
            let account = corp.account.as_mut().ok_or(Impossible::NoAccount)?;
            change(account);
            let (to, openid) = (&account.original_id, Account::openid(id));
            EventXml::account(to, self.now(), event, &openid).text("EventKey", "")
        };
        Ok(self.push(ReceiverKind::ServiceAccount, &event).await)
    }
}
