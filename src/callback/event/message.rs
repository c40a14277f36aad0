//! Messages that members send to the app (接收消息, path/90239).

use serde::Serialize;

use crate::callback::event::EventError;
use crate::callback::event::fields::Personal;
use crate::callback::node::Node;
use crate::model::ids::UserId;

/// One message.
#[derive(Debug, Clone, Serialize)]
pub struct Message {
    /// Who sent it.
    pub userid: UserId,
    /// Names it. Documented as a number, but texts have been seen.
    pub msg_id: Option<String>,
    /// What it says.
    pub content: Content,
}

/// What a message says. Media are kept by WeCom for three days.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// `text`.
    Text {
        /// The text; emoji are plain characters.
        content: Personal,
    },
    /// `image`.
    Image {
        /// Where it can be seen.
        pic_url: Option<Personal>,
        /// Fetches it.
        media_id: String,
    },
    /// `voice`.
    Voice {
        /// Fetches it.
        media_id: String,
        /// `amr`, `speex`, …
        format: Option<String>,
    },
    /// `video`.
    Video {
        /// Fetches it.
        media_id: String,
        /// Fetches the still.
        thumb_media_id: Option<String>,
    },
    /// `location`.
    Location {
        /// `Location_X` is the latitude, as decimal text.
        latitude: Personal,
        /// `Location_Y` is the longitude, as decimal text.
        longitude: Personal,
        /// Zoom of the map.
        scale: Option<String>,
        /// The place in words.
        label: Option<Personal>,
        /// `wxwork`; absent from the WeChat plug-in.
        app_type: Option<String>,
    },
    /// `link`.
    Link {
        /// What is shown.
        title: Option<Personal>,
        /// More of it.
        description: Option<Personal>,
        /// Where it leads.
        url: Option<Personal>,
        /// Its picture.
        pic_url: Option<Personal>,
    },
    /// `file`: not in the official table, but seen.
    File {
        /// Its name.
        file_name: Option<Personal>,
        /// Fetches it.
        media_id: Option<String>,
    },
}

/// Nothing when the kind of message is not one of these.
pub(in crate::callback::event) fn read(root: &Node) -> Result<Option<Message>, EventError> {
    let content = match root.first("MsgType") {
        "text" => Content::Text {
            content: root
                .personal("Content")
                .ok_or(EventError::Missing("Content"))?,
        },
        "image" => Content::Image {
            pic_url: root.personal("PicUrl"),
            media_id: root.required("MediaId")?.to_owned(),
        },
        "voice" => Content::Voice {
            media_id: root.required("MediaId")?.to_owned(),
            format: root.filled("Format"),
        },
        "video" => Content::Video {
            media_id: root.required("MediaId")?.to_owned(),
            thumb_media_id: root.filled("ThumbMediaId"),
        },
        "location" => Content::Location {
            latitude: Personal::new(root.required("Location_X")?),
            longitude: Personal::new(root.required("Location_Y")?),
            scale: root.filled("Scale"),
            label: root.personal("Label"),
            app_type: root.filled("AppType"),
        },
        "link" => Content::Link {
            title: root.personal("Title"),
            description: root.personal("Description"),
            url: root.personal("Url"),
            pic_url: root.personal("PicUrl"),
        },
        "file" => Content::File {
            file_name: root.personal("FileName"),
            media_id: root.filled("MediaId"),
        },
        _ => return Ok(None),
    };
    Ok(Some(Message {
        userid: root.id("FromUserName", UserId::parse)?,
        msg_id: root.filled("MsgId"),
        content,
    }))
}
