//! The blocks of a card that show something (path/90236). JSON names are WeCom's own.

use serde::{Deserialize, Serialize};

use crate::model::card::actions::{CardAction, Opens};
use crate::model::card::problem::{CardProblem, at_most, cut, cut_optional, present, required};

/// Where the card comes from (卡片来源): a small picture and a name above the title.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Picture, 72×72 pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon_url: Option<String>,
    /// Name, at most 20 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desc: Option<String>,
    /// Colour of the name. Vote and multiple cards have none; there it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desc_color: Option<SourceColor>,
}

impl Source {
    pub(in crate::model::card) fn fit(&mut self) {
        cut_optional(&mut self.desc, 20);
    }

    pub(in crate::model::card) fn fit_plain(&mut self) {
        self.fit();
        self.desc_color = None;
    }
}

/// Colours of [`Source::desc`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum SourceColor {
    /// 0
    Grey,
    /// 1
    Black,
    /// 2
    Red,
    /// 3
    Green,
}

impl From<SourceColor> for u8 {
    fn from(color: SourceColor) -> Self {
        match color {
            SourceColor::Grey => 0,
            SourceColor::Black => 1,
            SourceColor::Red => 2,
            SourceColor::Green => 3,
        }
    }
}

impl TryFrom<u8> for SourceColor {
    type Error = CardProblem;

    fn try_from(number: u8) -> Result<Self, CardProblem> {
        match number {
            0 => Ok(Self::Grey),
            1 => Ok(Self::Black),
            2 => Ok(Self::Red),
            3 => Ok(Self::Green),
            _ => Err(CardProblem::OutOfRange("source.desc_color")),
        }
    }
}

/// Title and the line below it (一级标题).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MainTitle {
    /// At most 36 characters, 16 in a vote. May be empty only in a text notice.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// At most 44 characters, 160 in vote and multiple cards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desc: Option<String>,
}

impl MainTitle {
    /// A title alone.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            desc: None,
        }
    }

    pub(in crate::model::card) fn fit(
        &mut self,
        title: usize,
        desc: usize,
    ) -> Result<(), CardProblem> {
        required("main_title.title", &mut self.title, title)?;
        cut_optional(&mut self.desc, desc);
        Ok(())
    }

    pub(in crate::model::card) fn fit_untitled(&mut self, title: usize, desc: usize) {
        cut(&mut self.title, title);
        cut_optional(&mut self.desc, desc);
    }
}

/// A quotation (引用文献样式).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct QuoteArea {
    /// Where a tap leads.
    #[serde(flatten)]
    pub action: Option<CardAction>,
    /// Its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote_text: Option<String>,
}

impl QuoteArea {
    pub(in crate::model::card) fn fit(&self) -> Result<(), CardProblem> {
        CardAction::fit_optional(self.action.as_ref(), "quote_area.url")
    }
}

/// A large figure (关键数据).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EmphasisContent {
    /// The figure, at most 14 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is, at most 22 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desc: Option<String>,
}

impl EmphasisContent {
    pub(in crate::model::card) fn fit(&mut self) {
        cut_optional(&mut self.title, 14);
        cut_optional(&mut self.desc, 22);
    }
}

/// A line of name and value (二级标题+文本).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HorizontalContent {
    /// The name, at most 5 characters.
    pub keyname: String,
    /// The value, at most 30 characters; for an attachment its file name with extension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What a tap opens.
    #[serde(flatten)]
    pub opens: Option<Opens>,
}

impl HorizontalContent {
    /// A name and a value that opens nothing.
    pub fn new(keyname: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            keyname: keyname.into(),
            value: Some(value.into()),
            opens: None,
        }
    }

    pub(in crate::model::card) fn fit_all(list: &mut [Self]) -> Result<(), CardProblem> {
        at_most("horizontal_content_list", list.len(), 6)?;
        list.iter_mut().try_for_each(Self::fit)
    }

    fn fit(&mut self) -> Result<(), CardProblem> {
        required("horizontal_content_list.keyname", &mut self.keyname, 5)?;
        match &self.opens {
            Some(Opens::Url(url)) => present("horizontal_content_list.url", url)?,
            Some(Opens::Attachment { media_id }) => {
                // A file name is not cut: it would lose the extension that it needs.
                return present("horizontal_content_list.media_id", media_id);
            }
            Some(Opens::Member(_)) | None => {}
        }
        cut_optional(&mut self.value, 30);
        Ok(())
    }
}

/// A title with a text below (卡片二级垂直内容).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VerticalContent {
    /// At most 38 characters.
    pub title: String,
    /// At most 160 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desc: Option<String>,
}

impl VerticalContent {
    pub(in crate::model::card) fn fit_all(list: &mut [Self]) -> Result<(), CardProblem> {
        at_most("vertical_content_list", list.len(), 4)?;
        list.iter_mut().try_for_each(Self::fit)
    }

    fn fit(&mut self) -> Result<(), CardProblem> {
        required("vertical_content_list.title", &mut self.title, 38)?;
        cut_optional(&mut self.desc, 160);
        Ok(())
    }
}

/// A line that leads somewhere (跳转指引).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Jump {
    /// Where.
    #[serde(flatten)]
    pub action: Option<CardAction>,
    /// At most 18 characters.
    pub title: String,
}

impl Jump {
    pub(in crate::model::card) fn fit_all(list: &mut [Self]) -> Result<(), CardProblem> {
        at_most("jump_list", list.len(), 3)?;
        list.iter_mut().try_for_each(Self::fit)
    }

    fn fit(&mut self) -> Result<(), CardProblem> {
        CardAction::fit_optional(self.action.as_ref(), "jump_list.url")?;
        required("jump_list.title", &mut self.title, 18)
    }
}

/// The picture of a news notice: exactly one of the two kinds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Picture {
    /// A large picture.
    CardImage(CardImage),
    /// A small picture beside text.
    ImageTextArea(ImageTextArea),
}

impl Picture {
    pub(in crate::model::card) fn fit(&mut self) -> Result<(), CardProblem> {
        match self {
            Self::CardImage(image) => image.fit(),
            Self::ImageTextArea(area) => area.fit(),
        }
    }
}

/// A large picture (图片样式).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CardImage {
    /// Its address.
    pub url: String,
    /// Width by height, above 1.3 and below 2.25; 1.3 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aspect_ratio: Option<f64>,
}

impl CardImage {
    fn fit(&self) -> Result<(), CardProblem> {
        present("card_image.url", &self.url)?;
        match self.aspect_ratio {
            Some(ratio) if !(1.3..2.25).contains(&ratio) => {
                Err(CardProblem::OutOfRange("card_image.aspect_ratio"))
            }
            _ => Ok(()),
        }
    }
}

/// A small picture beside text (左图右文样式).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ImageTextArea {
    /// Where a tap leads.
    #[serde(flatten)]
    pub action: Option<CardAction>,
    /// Its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desc: Option<String>,
    /// The picture's address.
    pub image_url: String,
}

impl ImageTextArea {
    fn fit(&self) -> Result<(), CardProblem> {
        CardAction::fit_optional(self.action.as_ref(), "image_text_area.url")?;
        present("image_text_area.image_url", &self.image_url)
    }
}
