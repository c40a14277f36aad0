//! Elements as WeCom writes them: the value in CDATA.

/// Appends `<name><![CDATA[value]]></name>`. A value can neither leave its CDATA nor bring in characters that XML 1.0
/// does not allow.
pub(crate) fn element(xml: &mut String, name: &str, value: &str) {
    open(xml, name);
    xml.push_str("<![CDATA[");
    for (number, part) in value.split("]]>").enumerate() {
        if number > 0 {
            xml.push_str("]]]]><![CDATA[>");
        }
        xml.extend(part.chars().filter(allowed));
    }
    xml.push_str("]]>");
    close(xml, name);
}

/// Appends `<name>number</name>`.
pub(crate) fn number(xml: &mut String, name: &str, value: i64) {
    open(xml, name);
    xml.push_str(&value.to_string());
    close(xml, name);
}

/// Appends `<name>`.
pub(crate) fn open(xml: &mut String, name: &str) {
    xml.push('<');
    xml.push_str(name);
    xml.push('>');
}

/// Appends `</name>`.
pub(crate) fn close(xml: &mut String, name: &str) {
    xml.push_str("</");
    xml.push_str(name);
    xml.push('>');
}

/// What XML 1.0 allows in a text.
fn allowed(c: &char) -> bool {
    match c {
        '\t' | '\n' | '\r' => true,
        '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callback::node::Node;

    #[test]
    fn every_value_comes_back() {
        for (value, expected) in [
            ("", ""),
            ("<A>&amp;\"'", "<A>&amp;\"'"),
            ("]]>", "]]>"),
            ("]]]]>>]]>x", "]]]]>>]]>x"),
            ("a\u{0}b\u{1b}\u{ffff}c\td", "abc\td"),
            ("协作 😀", "协作 😀"),
        ] {
            let mut xml = String::new();
            element(&mut xml, "A", value);
            assert_eq!(Node::parse(&xml).unwrap().text, expected, "{xml}");
        }
    }
}
