//! What people read about attachments, in two languages.

use actix_web::HttpRequest;

use crate::http::language;

/// The words of one language.
#[derive(Debug)]
pub(in crate::http) struct Words {
    pub(in crate::http) upload: &'static str,
    pub(in crate::http) hint: &'static str,
    pub(in crate::http) remove: &'static str,
    pub(in crate::http) busy: &'static str,
    pub(in crate::http) failed: &'static str,
    pub(in crate::http) title: &'static str,
    pub(in crate::http) done: &'static str,
    pub(in crate::http) off: &'static str,
    pub(in crate::http) foreign: &'static str,
    pub(in crate::http) missing: &'static str,
    pub(in crate::http) closed: &'static str,
    pub(in crate::http) large: &'static str,
    pub(in crate::http) wrong_type: &'static str,
    pub(in crate::http) pixels: &'static str,
    pub(in crate::http) empty: &'static str,
    pub(in crate::http) broken_off: &'static str,
    pub(in crate::http) fast: &'static str,
    pub(in crate::http) many: &'static str,
    pub(in crate::http) malformed: &'static str,
    pub(in crate::http) unavailable: &'static str,
}

/// Chinese.
pub(in crate::http) const ZH: Words = Words {
    upload: "上传",
    hint: "每个文件不超过",
    remove: "移除",
    busy: "附件仍在上传，请稍候再提交。",
    failed: "上传失败，请检查网络后重试。",
    title: "附件",
    done: "附件已上传，请返回上一页继续。",
    off: "本服务未启用附件，请联系管理员。",
    foreign: "登录已失效，请重新打开页面后再上传。",
    missing: "没有可以上传附件的事项。",
    closed: "该事项已关闭，不再接收附件。",
    large: "文件过大，每个文件不超过",
    wrong_type: "不支持这种文件。请上传图片、PDF、Office 文档、UTF-8 文本、压缩包或 MP4 视频。",
    pixels: "图片尺寸过大，请缩小后再上传。",
    empty: "文件是空的。",
    broken_off: "上传中断，请重试。",
    fast: "上传过于频繁，请稍后再试。",
    many: "一次上传的文件过多。",
    malformed: "无法读取上传的内容。",
    unavailable: "暂时无法保存附件，请稍后再试。",
};

/// English.
pub(in crate::http) const EN: Words = Words {
    upload: "Upload",
    hint: "Each file at most",
    remove: "Remove",
    busy: "Attachments are still being uploaded; please submit in a moment.",
    failed: "The upload failed; please check the network and try again.",
    title: "Attachments",
    done: "The attachment is uploaded. Please go back to the page before.",
    off: "Attachments are not set up here; please ask the administrator.",
    foreign: "The session has ended; please open the page again and then upload.",
    missing: "There is no item that takes attachments.",
    closed: "The item is closed and takes no more attachments.",
    large: "The file is too large; each file at most",
    wrong_type: "Files of this type are not taken. Pictures, PDF, Office documents, text in UTF-8, ZIP archives and MP4 films are.",
    pixels: "The picture has too many pixels; please make it smaller.",
    empty: "The file is empty.",
    broken_off: "The upload broke off; please try again.",
    fast: "Too many uploads; please try again later.",
    many: "Too many files at once.",
    malformed: "What was sent cannot be read.",
    unavailable: "Attachments cannot be kept now; please try again later.",
};

impl Words {
    /// The words for a language's code; Chinese for all but `en`.
    pub(in crate::http) fn of(code: &str) -> &'static Self {
        match code {
            "en" => &EN,
            _ => &ZH,
        }
    }

    /// As a browser prefers.
    pub(in crate::http::files) fn for_reader(request: &HttpRequest) -> &'static Self {
        Self::of(language::for_reader(request).code())
    }
}

/// A number of bytes as people read it.
pub(in crate::http) fn size(bytes: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..MIB => format!("{} KB", bytes.div_ceil(1024)),
        _ => format!("{}.{} MB", bytes / MIB, bytes % MIB * 10 / MIB),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        for (bytes, expected) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KB"),
            (1025, "2 KB"),
            (10 * 1024 * 1024, "10.0 MB"),
            (1_600_000, "1.5 MB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }
}
