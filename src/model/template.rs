//! Template messages (模板消息) of a service account: which keys there are, what fits into each, and the reminder that a
//! configured template makes of a reply.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::ids::OpenId;
use crate::model::text::cut_chars;
use crate::model::time::Timestamp;

/// No template has more keys than a message could show.
pub const KEYS_MAX: usize = 16;

/// What a key holds; its name begins with the word for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// Any text, 20 characters.
    Thing,
    /// 32 digits.
    Number,
    /// 32 letters.
    Letter,
    /// 5 symbols.
    Symbol,
    /// 32 characters.
    CharacterString,
    /// A time.
    Time,
    /// A date.
    Date,
    /// A sum of money.
    Amount,
    /// A telephone number, 17 characters.
    PhoneNumber,
    /// A number plate, 8 characters.
    CarNumber,
    /// A name: 10 Chinese characters, or 20 letters.
    Name,
    /// 5 Chinese characters.
    Phrase,
    /// One of the texts that the template lists (枚举).
    Const,
}

/// The words by which keys begin.
const KINDS: [(&str, KeyKind); 14] = [
    ("thing", KeyKind::Thing),
    ("number", KeyKind::Number),
    ("letter", KeyKind::Letter),
    ("symbol", KeyKind::Symbol),
    ("character_string", KeyKind::CharacterString),
    ("time", KeyKind::Time),
    ("date", KeyKind::Date),
    ("amount", KeyKind::Amount),
    ("phone_number", KeyKind::PhoneNumber),
    ("car_number", KeyKind::CarNumber),
    ("name", KeyKind::Name),
    ("phrase", KeyKind::Phrase),
    ("const", KeyKind::Const),
    ("enum", KeyKind::Const),
];

impl KeyKind {
    /// The most characters of a value; none where the list or the format limits it.
    const fn max(self) -> Option<usize> {
        match self {
            Self::Thing | Self::Name => Some(20),
            Self::Number | Self::Letter | Self::CharacterString => Some(32),
            Self::Symbol | Self::Phrase => Some(5),
            Self::PhoneNumber => Some(17),
            Self::CarNumber => Some(8),
            Self::Time | Self::Date | Self::Amount | Self::Const => None,
        }
    }

    /// Whether WeChat takes this value for such a key; else it refuses the whole message (47003). Of a
    /// [`Const`](Self::Const) only the template's list tells.
    pub fn takes(self, value: &str) -> bool {
        let count = value.chars().count();
        let blank = value.trim().is_empty() || value.contains(['\n', '\r']);
        let fits = self.max().is_none_or(|max| count <= max);
        let has_form = match self {
            Self::Number => value.bytes().all(|b| b.is_ascii_digit()),
            Self::Letter => value.bytes().all(|b| b.is_ascii_alphabetic()),
            Self::Time => value.contains(':'),
            Self::Date => value.contains(['年', '-']),
            Self::Amount => value.contains(|c: char| c.is_ascii_digit()),
            Self::Name => value.is_ascii() || count <= 10,
            Self::Phrase => !value.contains(|c: char| c.is_ascii()),
            Self::Thing
            | Self::Symbol
            | Self::CharacterString
            | Self::PhoneNumber
            | Self::CarNumber
            | Self::Const => true,
        };
        !blank && fits && has_form
    }
}

/// The name of one value of a template, such as `thing1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TemplateKey(String);

/// A text that is no key of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no key such as thing1")]
pub struct NotAKey;

impl TemplateKey {
    /// Takes a text as a key: a known word and a number.
    ///
    /// # Errors
    /// [`NotAKey`].
    pub fn parse(text: &str) -> Result<Self, NotAKey> {
        kind(text).map(|_| Self(text.into())).ok_or(NotAKey)
    }

    /// What it holds.
    pub fn kind(&self) -> KeyKind {
        kind(&self.0).expect("the text was looked at when the key was made")
    }

    /// As WeChat spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is left of a text in this key: no line breaks, no more characters than it holds. A cut is shown by `…` where
    /// any character may stand.
    pub fn fit(&self, text: &str) -> String {
        let words: Vec<&str> = text
            .split(|c: char| c.is_whitespace() || c.is_control())
            .filter(|word| !word.is_empty())
            .collect();
        let text = words.join(" ");
        match (self.kind(), self.kind().max()) {
            // An empty value is refused.
            (KeyKind::Thing | KeyKind::Name, _) if text.is_empty() => "-".into(),
            (KeyKind::Thing, Some(max)) if text.chars().count() > max => {
                format!("{}…", cut_chars(&text, max - 1))
            }
            (KeyKind::Name, Some(max)) if !text.is_ascii() => cut_chars(&text, max / 2).into(),
            (_, Some(max)) => cut_chars(&text, max).into(),
            (_, None) => text,
        }
    }
}

impl TryFrom<String> for TemplateKey {
    type Error = NotAKey;
    fn try_from(text: String) -> Result<Self, NotAKey> {
        Self::parse(&text)
    }
}

impl From<TemplateKey> for String {
    fn from(key: TemplateKey) -> Self {
        key.0
    }
}

fn kind(text: &str) -> Option<KeyKind> {
    let word = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = text.len() - word.len();
    let known = KINDS.iter().find(|(name, _)| *name == word);
    known
        .filter(|_| (1..=4).contains(&digits))
        .map(|(_, kind)| *kind)
}

/// What a key of the reply's template shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// What was replied to: the item's title.
    Title,
    /// How the reply begins.
    Text,
    /// Who replied.
    Member,
    /// The corp's name.
    Corp,
    /// When.
    Time,
    /// Always this.
    Fixed(String),
}

impl Part {
    /// Reads the word for it; `=` and a text stand for that text.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "title" => Some(Self::Title),
            "text" => Some(Self::Text),
            "member" => Some(Self::Member),
            "corp" => Some(Self::Corp),
            "time" => Some(Self::Time),
            text => {
                let fixed = text.strip_prefix('=')?.trim();
                (!fixed.is_empty()).then(|| Self::Fixed(fixed.into()))
            }
        }
    }

    /// Whether a key can show it: WeChat refuses a message with a value of another kind (47003).
    pub fn goes_into(&self, key: &TemplateKey) -> bool {
        match (self, key.kind()) {
            (Self::Fixed(text), kind) => kind.takes(text),
            (Self::Time, kind) => matches!(kind, KeyKind::Time | KeyKind::Date | KeyKind::Thing),
            (Self::Member, kind) => matches!(kind, KeyKind::Thing | KeyKind::Name),
            (Self::Title | Self::Text | Self::Corp, kind) => kind == KeyKind::Thing,
        }
    }
}

/// The template by which customers are told of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyTemplate {
    /// Its id in the account.
    pub template_id: String,
    /// What each of its keys shows.
    pub keys: Vec<(TemplateKey, Part)>,
}

/// A reply, as a reminder tells of it.
#[derive(Clone, Copy)]
pub struct Replied<'a> {
    /// What was replied to.
    pub title: &'a str,
    /// What was said.
    pub text: &'a str,
    /// Who said it; empty when it was no member: then it was the corp.
    pub member: &'a str,
    /// The corp's name.
    pub corp: &'a str,
    /// When.
    pub at: Timestamp,
}

impl ReplyTemplate {
    /// The values of a message about this reply.
    pub fn fill(&self, replied: &Replied<'_>) -> Vec<(TemplateKey, String)> {
        let value = |key: &TemplateKey, part: &Part| match part {
            Part::Title => key.fit(replied.title),
            Part::Text => key.fit(replied.text),
            Part::Member if replied.member.is_empty() => key.fit(replied.corp),
            Part::Member => key.fit(replied.member),
            Part::Corp => key.fit(replied.corp),
            Part::Time => in_beijing(replied.at),
            Part::Fixed(text) => text.clone(),
        };
        let filled = |(key, part): &(TemplateKey, Part)| (key.clone(), value(key, part));
        self.keys.iter().map(filled).collect()
    }
}

/// A template message to a follower.
#[derive(Clone, PartialEq, Eq)]
pub struct TemplateMessage {
    /// Who gets it; a follower of the account.
    pub openid: OpenId,
    /// Which template.
    pub template_id: String,
    /// The values; each fits its key.
    pub values: Vec<(TemplateKey, String)>,
    /// What a tap opens; nothing when it is empty.
    pub url: String,
    /// Recognises a repetition within ten minutes, unless it is empty; at most 32 characters are sent.
    pub client_msg_id: String,
}

impl fmt::Debug for TemplateMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            openid,
            template_id,
            client_msg_id,
            ..
        } = self;
        write!(
            f,
            "TemplateMessage({client_msg_id}, {template_id} to {openid})"
        )
    }
}

/// `2026年11月22日 16:08`, by Beijing's clock.
fn in_beijing(at: Timestamp) -> String {
    let Some(at) = at.in_beijing() else {
        return String::new();
    };
    format!(
        "{}年{}月{}日 {:02}:{:02}",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> TemplateKey {
        TemplateKey::parse(text).unwrap()
    }

    #[test]
    fn keys_are_a_known_word_and_a_number() {
        for (text, kind) in [
            ("thing1", KeyKind::Thing),
            ("character_string12", KeyKind::CharacterString),
            ("phone_number3", KeyKind::PhoneNumber),
            ("const5", KeyKind::Const),
            ("enum5", KeyKind::Const),
        ] {
            assert_eq!(key(text).kind(), kind, "{text}");
        }
        for bad in ["", "thing", "1", "first", "remark1", "Thing1", "thing12345"] {
            assert_eq!(TemplateKey::parse(bad), Err(NotAKey), "{bad}");
        }
    }

    #[test]
    fn values_fit_their_keys() {
        let long = "关于您上周提交的装修进度问题的详细回复内容".repeat(2);
        let latin = "Alexandra-Konstantinova".to_owned();
        for (name, text, expected) in [
            ("thing1", "a\r\n b\t c", "a b c"),
            ("thing1", " \n", "-"),
            ("name2", "", "-"),
            ("thing1", &long, "关于您上周提交的装修进度问题的详细回复…"),
            ("thing1", &long[..60], &long[..60]),
            ("name2", "欧阳建国欧阳建国欧阳建国", "欧阳建国欧阳建国欧阳"),
            ("name2", &latin, "Alexandra-Konstantin"),
            ("phrase3", "已经回复了您", "已经回复了"),
            ("symbol4", "!!!!!!!", "!!!!!"),
            ("number5", "1234", "1234"),
            ("const6", "处理中", "处理中"),
            ("car_number7", "京A123456789", "京A123456"),
        ] {
            assert_eq!(key(name).fit(text), expected, "{name}");
        }
    }

    #[test]
    fn parts_go_where_their_kind_is_taken() {
        let fixed = |text: &str| Part::parse(&format!("={text}")).unwrap();
        for (part, name, goes) in [
            (Part::Title, "thing1", true),
            (Part::Title, "name1", false),
            (Part::Member, "name1", true),
            (Part::Time, "time1", true),
            (Part::Time, "number1", false),
            (Part::Text, "time1", false),
            (fixed("已回复"), "phrase1", true),
            (fixed("已经回复了您"), "phrase1", false),
            (fixed("处理中"), "const1", true),
            (fixed("OK"), "phrase1", false),
            (fixed("12"), "number1", true),
            (fixed("abc"), "number1", false),
            (fixed("12"), "letter1", false),
            (fixed("soon"), "time1", false),
            (fixed("8:30"), "time1", true),
            (fixed("soon"), "date1", false),
            (fixed("free"), "amount1", false),
            (fixed("字字字字字字字字字字字"), "name1", false),
        ] {
            assert_eq!(part.goes_into(&key(name)), goes, "{part:?} {name}");
        }
        for bad in ["", "=", "= ", "titel"] {
            assert_eq!(Part::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_reply_fills_the_template() {
        let template = ReplyTemplate {
            template_id: "t".into(),
            keys: vec![
                (key("thing1"), Part::Title),
                (key("time2"), Part::Time),
                (key("phrase3"), Part::Fixed("已回复".into())),
                (key("name4"), Part::Member),
            ],
        };
        // A system that replies has no name; WeChat refuses an empty one.
        for (member, name) in [("张三", "张三"), ("", "示例装修")] {
            let replied = Replied {
                title: "装修\n进度",
                text: "",
                member,
                corp: "示例装修",
                at: Timestamp::from_secs(1_700_000_000),
            };
            let expected = [
                ("thing1", "装修 进度"),
                ("time2", "2023年11月15日 06:13"),
                ("phrase3", "已回复"),
                ("name4", name),
            ];
            let expected = expected.map(|(name, text)| (key(name), text.to_owned()));
            assert_eq!(template.fill(&replied), expected);
        }
    }

    #[test]
    fn debug_shows_no_text() {
        let reminder = TemplateMessage {
            openid: OpenId::parse("oA").unwrap(),
            template_id: "t".into(),
            values: vec![(key("thing1"), "private".into())],
            url: "https://a.example/private".into(),
            client_msg_id: "m".into(),
        };
        assert_eq!(format!("{reminder:?}"), "TemplateMessage(m, t to oA)");
    }
}
