//! The types of files (文件类型) that can be taken in.

/// What a file is, as its content shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileType {
    /// A JPEG picture.
    Jpeg,
    /// A PNG picture.
    Png,
    /// A GIF picture.
    Gif,
    /// A WebP picture.
    Webp,
    /// A HEIC picture, as telephones take them.
    Heic,
    /// A PDF document.
    Pdf,
    /// A Word document.
    Docx,
    /// An Excel workbook.
    Xlsx,
    /// A `PowerPoint` presentation.
    Pptx,
    /// Plain text in UTF-8, tables with commas too.
    Text,
    /// A ZIP archive.
    Zip,
    /// An MP4 film.
    Mp4,
}

impl FileType {
    /// Every type.
    pub const ALL: [Self; 12] = [
        Self::Jpeg,
        Self::Png,
        Self::Gif,
        Self::Webp,
        Self::Heic,
        Self::Pdf,
        Self::Docx,
        Self::Xlsx,
        Self::Pptx,
        Self::Text,
        Self::Zip,
        Self::Mp4,
    ];

    /// The word for it in the settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::Webp => "webp",
            Self::Heic => "heic",
            Self::Pdf => "pdf",
            Self::Docx => "docx",
            Self::Xlsx => "xlsx",
            Self::Pptx => "pptx",
            Self::Text => "text",
            Self::Zip => "zip",
            Self::Mp4 => "mp4",
        }
    }

    /// Reads what [`name`](Self::name) gave.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// Its media type. None of them runs in a browser.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Heic => "image/heic",
            Self::Pdf => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Pptx => {
                "application/vnd.openxmlformats-officedocument.presentationml.presentation"
            }
            Self::Text => "text/plain; charset=utf-8",
            Self::Zip => "application/zip",
            Self::Mp4 => "video/mp4",
        }
    }

    /// How the names of its files end; the first is given to a file whose name ends otherwise.
    pub const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Png => &["png"],
            Self::Gif => &["gif"],
            Self::Webp => &["webp"],
            Self::Heic => &["heic", "heif"],
            Self::Pdf => &["pdf"],
            Self::Docx => &["docx"],
            Self::Xlsx => &["xlsx"],
            Self::Pptx => &["pptx"],
            Self::Text => &["txt", "csv", "md", "log"],
            Self::Zip => &["zip"],
            Self::Mp4 => &["mp4", "m4v"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_name_of_its_own_and_an_ending() {
        for known in FileType::ALL {
            assert_eq!(FileType::parse(known.name()), Some(known));
            assert!(!known.endings().is_empty(), "{known:?}");
        }
        assert_eq!(FileType::parse("html"), None);
    }

    #[test]
    fn no_media_type_runs_in_a_browser() {
        for known in FileType::ALL {
            let media_type = known.media_type();
            for bad in ["html", "svg", "script", "xml;", "/xml"] {
                assert!(!media_type.contains(bad), "{media_type}");
            }
        }
    }
}
