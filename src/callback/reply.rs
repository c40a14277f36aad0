//! Passive replies (被动回复, path/90241): a message in the answer to a callback instead of a call of the API.

mod card;

use crate::callback::envelope::{Sealed, reply_xml};
use crate::callback::error::CallbackError;
use crate::callback::event::{Body, Event};
use crate::callback::write::{close, element, number, open as begin};
use crate::callback::{Keyring, Plaintext, crypt, signed, unseal};
use crate::model::card::TemplateCard;
use crate::model::keys::CallbackKeys;
use crate::model::text::cut_bytes;
use crate::model::time::Timestamp;

/// Longest text of a reply, in bytes; WeCom cuts the rest, if need be through a character.
const MAX_CONTENT_BYTES: usize = 2048;

/// Longest title of a video or an article, in bytes.
const MAX_TITLE_BYTES: usize = 128;

/// Longest description of a video or an article, in bytes.
const MAX_DESCRIPTION_BYTES: usize = 512;

/// A reply. Texts are cut to their limits, never within a character.
#[derive(Debug, Clone)]
pub enum Reply {
    /// `text`.
    Text {
        /// At most 2048 bytes.
        content: String,
    },
    /// `image`.
    Image {
        /// What was uploaded.
        media_id: String,
    },
    /// `voice`.
    Voice {
        /// What was uploaded.
        media_id: String,
    },
    /// `video`.
    Video {
        /// What was uploaded.
        media_id: String,
        /// At most 128 bytes.
        title: String,
        /// At most 512 bytes.
        description: String,
    },
    /// `news`.
    News {
        /// What it shows, the first one large.
        articles: Vec<Article>,
    },
    /// `update_button`: greys the button out for the member who pressed it.
    UpdateButton {
        /// What the button says from now on.
        replace_name: String,
    },
    /// `update_template_card`: another card for the member who used this one.
    UpdateTemplateCard {
        /// What it shows.
        card: Box<TemplateCard>,
        /// What greyed-out buttons say; only on cards that ask something.
        replace_text: Option<String>,
    },
}

/// One article of a `news` reply.
#[derive(Debug, Clone)]
pub struct Article {
    /// At most 128 bytes.
    pub title: String,
    /// At most 512 bytes.
    pub description: String,
    /// JPG or PNG; 640×320 for the large one, 80×80 for the others.
    pub pic_url: String,
    /// Where it leads.
    pub url: String,
}

/// Whom a reply goes to. Only an event that may be answered gives one.
#[derive(Debug, Clone)]
pub struct Addressee {
    to_user_name: String,
    from_user_name: String,
}

impl Addressee {
    /// The member who sent this, if WeCom shows replies to it: messages, and the few events that path/90241 lists.
    /// `template_card_event` is not one of them; a card is changed by the API (path/94888).
    pub fn of(event: &Event) -> Option<Self> {
        let answerable = match &event.body {
            Body::Message(_)
            | Body::Subscribe { .. }
            | Body::EnterAgent { .. }
            | Body::Click { .. }
            | Body::View { .. }
            | Body::TemplateCardMenuEvent(_) => true,
            Body::Known { name, .. } => {
                ["LOCATION", "scancode_waitmsg", "view_miniprogram"].contains(name)
            }
            Body::ChangeExternalContact(_)
            | Body::ChangeExternalChat(_)
            | Body::ChangeExternalTag(_)
            | Body::ChangeContact(_)
            | Body::Unsubscribe { .. }
            | Body::TemplateCardEvent(_)
            | Body::BatchJobResult(_)
            | Body::AppLifeCycle(_)
            | Body::Weixin(_)
            | Body::Own(_)
            | Body::Unknown { .. } => false,
        };
        if !answerable {
            return None;
        }
        Some(Self {
            to_user_name: event.header.from_user_name.clone()?,
            from_user_name: event.header.to_user_name.clone()?,
        })
    }

    /// The body of the 200 that carries the reply. `receive_id` is the one of the callback; `random` must be fresh.
    pub fn seal(
        &self,
        reply: &Reply,
        keys: &CallbackKeys,
        receive_id: &str,
        now: Timestamp,
        nonce: &str,
        random: [u8; 16],
    ) -> String {
        let xml = self.render(reply, now);
        let encrypt = crypt::seal(&keys.aes_key, receive_id, xml.as_bytes(), random);
        reply_xml(&signed(keys, &encrypt, now, nonce), &encrypt)
    }

    fn render(&self, reply: &Reply, now: Timestamp) -> String {
        let mut xml = String::with_capacity(512);
        begin(&mut xml, "xml");
        element(&mut xml, "ToUserName", &self.to_user_name);
        element(&mut xml, "FromUserName", &self.from_user_name);
        number(&mut xml, "CreateTime", now.secs());
        element(&mut xml, "MsgType", reply.msg_type());
        reply.render(&mut xml);
        close(&mut xml, "xml");
        xml
    }
}

/// Opens a reply as WeCom does; for the simulator.
///
/// # Errors
/// Any [`CallbackError`].
pub fn open(keyring: &Keyring, xml: &str) -> Result<Plaintext, CallbackError> {
    let (query, sealed) = Sealed::from_reply(xml)?;
    unseal(keyring, &query, &sealed)
}

impl Reply {
    const fn msg_type(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Image { .. } => "image",
            Self::Voice { .. } => "voice",
            Self::Video { .. } => "video",
            Self::News { .. } => "news",
            Self::UpdateButton { .. } => "update_button",
            Self::UpdateTemplateCard { .. } => "update_template_card",
        }
    }

    fn render(&self, xml: &mut String) {
        match self {
            Self::Text { content } => {
                element(xml, "Content", cut_bytes(content, MAX_CONTENT_BYTES));
            }
            Self::Image { media_id } => block(xml, "Image", &[("MediaId", media_id)]),
            Self::Voice { media_id } => block(xml, "Voice", &[("MediaId", media_id)]),
            Self::Video {
                media_id,
                title,
                description,
            } => {
                let title = cut_bytes(title, MAX_TITLE_BYTES);
                let description = cut_bytes(description, MAX_DESCRIPTION_BYTES);
                let parts = [
                    ("MediaId", media_id.as_str()),
                    ("Title", title),
                    ("Description", description),
                ];
                block(xml, "Video", &parts);
            }
            Self::News { articles } => {
                number(xml, "ArticleCount", articles.len() as i64);
                begin(xml, "Articles");
                for article in articles {
                    article.render(xml);
                }
                close(xml, "Articles");
            }
            Self::UpdateButton { replace_name } => {
                block(xml, "Button", &[("ReplaceName", replace_name)]);
            }
            Self::UpdateTemplateCard { card, replace_text } => {
                card::render(xml, card, replace_text.as_deref());
            }
        }
    }
}

impl Article {
    fn render(&self, xml: &mut String) {
        let parts = [
            ("Title", cut_bytes(&self.title, MAX_TITLE_BYTES)),
            (
                "Description",
                cut_bytes(&self.description, MAX_DESCRIPTION_BYTES),
            ),
            ("PicUrl", &self.pic_url),
            ("Url", &self.url),
        ];
        block(xml, "item", &parts);
    }
}

fn block(xml: &mut String, name: &str, parts: &[(&str, &str)]) {
    begin(xml, name);
    for (part, value) in parts {
        element(xml, part, value);
    }
    close(xml, name);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callback::event::parse;
    use crate::callback::node::Node;
    use crate::model::card::actions::CardAction;
    use crate::model::card::blocks::MainTitle;
    use crate::model::card::notices::TextNotice;
    use crate::model::delivery::Source;
    use crate::model::keys::AesKey;

    fn keys() -> CallbackKeys {
        CallbackKeys {
            token: "QDG6eK".to_owned().into(),
            aes_key: AesKey::parse("jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C").unwrap(),
        }
    }

    fn event(event: &str) -> Event {
        let xml = format!(
            "<xml><ToUserName>ww1</ToUserName><FromUserName>Lin</FromUserName><CreateTime>1</CreateTime>\
             <MsgType>event</MsgType><Event>{event}</Event><EventKey>k</EventKey><TaskId>t</TaskId></xml>"
        );
        parse(Source::Callback, &xml).unwrap()
    }

    /// Sealed, opened as WeCom would, and read.
    fn sent(reply: &Reply) -> Node {
        let addressee = Addressee::of(&event("click")).unwrap();
        let now = Timestamp::from_secs(1_795_305_600);
        let body = addressee.seal(reply, &keys(), "ww1", now, "n", [7; 16]);
        let keyring = Keyring::new(keys(), None, vec!["ww1".into()]);
        let plaintext = open(&keyring, &body).unwrap();
        let node = Node::parse(&plaintext.text()).unwrap();
        assert_eq!(node.text_of("ToUserName"), Some("Lin"));
        assert_eq!(node.text_of("FromUserName"), Some("ww1"));
        assert_eq!(node.text_of("CreateTime"), Some("1795305600"));
        node
    }

    /// What follows the common elements.
    fn content(reply: &Reply) -> serde_json::Value {
        serde_json::to_value(&sent(reply).children[3..]).unwrap()
    }

    #[test]
    fn every_type_is_written_in_wecoms_words() {
        let (media_id, text) = ("m".to_owned(), "a]]>b&<".to_owned());
        let article = Article {
            title: "t".into(),
            description: "d".into(),
            pic_url: "p".into(),
            url: "u".into(),
        };
        let notice = TextNotice::new(MainTitle::new("好"), CardAction::Url("https://a".into()));
        let cases = [
            (
                Reply::Text { content: text },
                r#"[{"MsgType":"text"},{"Content":"a]]>b&<"}]"#,
            ),
            (
                Reply::Image {
                    media_id: media_id.clone(),
                },
                r#"[{"MsgType":"image"},{"Image":[{"MediaId":"m"}]}]"#,
            ),
            (
                Reply::Voice {
                    media_id: media_id.clone(),
                },
                r#"[{"MsgType":"voice"},{"Voice":[{"MediaId":"m"}]}]"#,
            ),
            (
                Reply::Video {
                    media_id,
                    title: "t".into(),
                    description: "d".into(),
                },
                r#"[{"MsgType":"video"},{"Video":[{"MediaId":"m"},{"Title":"t"},{"Description":"d"}]}]"#,
            ),
            (
                Reply::News {
                    articles: vec![article.clone(), article],
                },
                r#"[{"MsgType":"news"},{"ArticleCount":"2"},{"Articles":[
                    {"item":[{"Title":"t"},{"Description":"d"},{"PicUrl":"p"},{"Url":"u"}]},
                    {"item":[{"Title":"t"},{"Description":"d"},{"PicUrl":"p"},{"Url":"u"}]}]}]"#,
            ),
            (
                Reply::UpdateButton {
                    replace_name: "已联系".into(),
                },
                r#"[{"MsgType":"update_button"},{"Button":[{"ReplaceName":"已联系"}]}]"#,
            ),
            (
                Reply::UpdateTemplateCard {
                    card: Box::new(TemplateCard::new(notice).unwrap()),
                    replace_text: None,
                },
                r#"[{"MsgType":"update_template_card"},{"TemplateCard":[{"CardAction":[
                    {"Type":"1"},{"Url":"https://a"}]},{"CardType":"text_notice"},{"MainTitle":[{"Title":"好"}]}]}]"#,
            ),
        ];
        for (reply, expected) in cases {
            let expected: serde_json::Value = serde_json::from_str(expected).unwrap();
            assert_eq!(content(&reply), expected);
        }
    }

    #[test]
    fn texts_are_cut_between_characters() {
        let long = "协".repeat(1000);
        let text = sent(&Reply::Text {
            content: long.clone(),
        });
        assert_eq!(text.text_of("Content").unwrap().len(), 2046);
        let video = sent(&Reply::Video {
            media_id: "m".into(),
            title: long.clone(),
            description: long,
        });
        let video = video.child("Video").unwrap();
        assert_eq!(video.text_of("Title").unwrap().len(), 126);
        assert_eq!(video.text_of("Description").unwrap().len(), 510);
    }

    #[test]
    fn only_what_wecom_lists_may_be_answered() {
        for name in [
            "subscribe",
            "enter_agent",
            "LOCATION",
            "click",
            "view",
            "view_miniprogram",
            "scancode_waitmsg",
            "template_card_menu_event",
        ] {
            assert!(Addressee::of(&event(name)).is_some(), "{name}");
        }
        for name in [
            "unsubscribe",
            "template_card_event",
            "scancode_push",
            "low_active",
            "new",
        ] {
            assert!(Addressee::of(&event(name)).is_none(), "{name}");
        }
    }

    #[test]
    fn a_damaged_reply_is_refused() {
        let addressee = Addressee::of(&event("click")).unwrap();
        let reply = Reply::Text {
            content: "x".into(),
        };
        let body = addressee.seal(
            &reply,
            &keys(),
            "ww1",
            Timestamp::from_secs(1),
            "n",
            [7; 16],
        );
        let keyring = Keyring::new(keys(), None, vec!["ww1".into()]);
        for (from, to, code) in [
            ("<Nonce><![CDATA[n]", "<Nonce><![CDATA[m]", -40001),
            ("Encrypt>", "Encrypted>", -40002),
        ] {
            let problem = open(&keyring, &body.replace(from, to)).unwrap_err();
            assert_eq!(problem.code(), code, "{from}");
        }
    }
}
