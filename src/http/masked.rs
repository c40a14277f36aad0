//! An event's XML as it is shown: without the codes that somebody could still use.

/// Elements whose content is a code for one later use, or a ticket (path/92130, 96458, 90628, 94670).
const CODES: [&str; 7] = [
    "WelcomeCode",
    "ResponseCode",
    "AuthCode",
    "SuiteTicket",
    "PermanentCode",
    "PreAuthCode",
    "Token",
];

/// The XML without the codes in it.
pub(in crate::http) fn masked(xml: &str) -> String {
    let mut shown = xml.to_owned();
    for name in CODES {
        let mut from = 0;
        while let Some((start, end)) = content_of(&shown, name, from) {
            let hidden = if start == end {
                ""
            } else {
                "••••••"
            };
            shown.replace_range(start..end, hidden);
            from = start + hidden.len();
        }
    }
    shown
}

/// Where the content of the next element of this name begins and ends. One that is never closed has everything after
/// it as its content.
fn content_of(xml: &str, name: &str, from: usize) -> Option<(usize, usize)> {
    let mut from = from;
    loop {
        let tag = from + xml[from..].find(&format!("<{name}"))?;
        let after = tag + 1 + name.len();
        from = after;
        let whole =
            xml[after..].starts_with(|c: char| c == '>' || c == '/' || c.is_ascii_whitespace());
        let Some(head) = xml[after..].find('>').filter(|_| whole) else {
            continue;
        };
        let start = after + head + 1;
        if xml[..start].ends_with("/>") {
            continue;
        }
        let blank = xml[start..].len() - xml[start..].trim_start().len();
        // In a CDATA section, a closing tag is text.
        let cdata = xml[start + blank..].starts_with("<![CDATA[");
        let inside = cdata
            .then(|| xml[start..].find("]]>"))
            .flatten()
            .unwrap_or(0);
        let end = xml[start + inside..].find(&format!("</{name}"));
        return Some((start, end.map_or(xml.len(), |end| start + inside + end)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_hidden_and_nothing_else() {
        let table = [
            (
                "<a><WelcomeCode>x</WelcomeCode><b>x</b></a>",
                "<a><WelcomeCode>••••••</WelcomeCode><b>x</b></a>",
            ),
            (
                "<WelcomeCode ><![CDATA[a</WelcomeCode>b]]></WelcomeCode>x",
                "<WelcomeCode >••••••</WelcomeCode>x",
            ),
            (
                "<ResponseCode> <![CDATA[a]]> </ResponseCode ><AuthCode>b</AuthCode>",
                "<ResponseCode>••••••</ResponseCode ><AuthCode>••••••</AuthCode>",
            ),
            (
                "<ResponseCode>a</ResponseCode><ResponseCode>b</ResponseCode>",
                "<ResponseCode>••••••</ResponseCode><ResponseCode>••••••</ResponseCode>",
            ),
            (
                "<Event>kf_msg_or_event</Event><Token>a</Token>",
                "<Event>kf_msg_or_event</Event><Token>••••••</Token>",
            ),
            ("<WelcomeCode/><a>x</a>", "<WelcomeCode/><a>x</a>"),
            ("<WelcomeCode></WelcomeCode>", "<WelcomeCode></WelcomeCode>"),
            (
                "<WelcomeCodes>x</WelcomeCodes>",
                "<WelcomeCodes>x</WelcomeCodes>",
            ),
            ("<WelcomeCode>never closed", "<WelcomeCode>••••••"),
            ("<WelcomeCode", "<WelcomeCode"),
            ("no XML <", "no XML <"),
        ];
        for (xml, expected) in table {
            assert_eq!(masked(xml), expected);
        }
    }
}
