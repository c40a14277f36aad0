//! A template card as the XML of a passive reply (path/90241). The API's JSON and this XML have the same structure; only
//! the names are spelled differently, and a list repeats its element.

use serde_json::Value;

use crate::callback::write::{close, element, open};
use crate::model::card::TemplateCard;

/// Appends `<TemplateCard>`. Buttons that open a page have no form in a reply and are left out.
pub(in crate::callback::reply) fn render(
    xml: &mut String,
    card: &TemplateCard,
    replace_text: Option<&str>,
) {
    let card = serde_json::to_value(card).expect("cards are plain structs with text keys");
    open(xml, "TemplateCard");
    children(xml, "", &card);
    if let Some(text) = replace_text {
        element(xml, "ReplaceText", text);
    }
    close(xml, "TemplateCard");
}

fn children(xml: &mut String, parent: &str, value: &Value) {
    for (key, value) in value.as_object().into_iter().flatten() {
        // The reply goes to the card that was used, so the card is not named again.
        let named_elsewhere = (parent, key.as_str()) == ("", "task_id");
        let typed_elsewhere = (parent, key.as_str()) == ("button_list", "type");
        if !named_elsewhere && !typed_elsewhere {
            node(xml, parent, key, value);
        }
    }
}

fn node(xml: &mut String, parent: &str, key: &str, value: &Value) {
    let name = name(parent, key);
    match value {
        Value::Null => {}
        Value::Bool(flag) => element(xml, &name, if *flag { "true" } else { "false" }),
        Value::Number(number) => element(xml, &name, &number.to_string()),
        Value::String(text) => element(xml, &name, text),
        Value::Array(list) => {
            let opens_a_page = |item: &Value| key == "button_list" && item.get("key").is_none();
            for item in list.iter().filter(|item| !opens_a_page(item)) {
                node(xml, parent, key, item);
            }
        }
        Value::Object(_) => {
            open(xml, &name);
            children(xml, key, value);
            close(xml, &name);
        }
    }
}

/// `horizontal_content_list` is `HorizontalContentList`; names that the JSON writes as one word are spelled out.
fn name(parent: &str, key: &str) -> String {
    match (parent, key) {
        ("image_text_area" | "quote_area", "appid") => "Appid".into(),
        (_, "appid") => "AppId".into(),
        (_, "pagepath") => "PagePath".into(),
        (_, "keyname") => "KeyName".into(),
        (_, "userid") => "UserId".into(),
        (_, "checkbox") => "CheckBox".into(),
        _ => key.split('_').map(capitalised).collect(),
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callback::node::Node;

    /// The card as the stored JSON of [`TemplateCard`]; what comes out is compared as `path=text`.
    fn rendered(json: &str, replace_text: Option<&str>) -> String {
        let card: TemplateCard = serde_json::from_str(json).unwrap();
        let mut xml = String::new();
        render(&mut xml, &card, replace_text);
        let mut lines = Vec::new();
        lines_of(&Node::parse(&xml).unwrap(), "", &mut lines);
        lines.join("\n")
    }

    fn lines_of(node: &Node, path: &str, lines: &mut Vec<String>) {
        for child in &node.children {
            let path = format!("{path}{}", child.name);
            if child.children.is_empty() {
                lines.push(format!("{path}={}", child.text));
            } else {
                lines_of(child, &format!("{path}."), lines);
            }
        }
    }

    #[test]
    fn a_notice_with_all_that_it_may_have() {
        let json = r#"{"card_type": "text_notice", "task_id": "t",
            "source": {"icon_url": "i", "desc": "d", "desc_color": 3},
            "action_menu": {"desc": "m", "action_list": [{"text": "a", "key": "k"}, {"text": "b", "key": "l"}]},
            "main_title": {"title": "T", "desc": "D"},
            "quote_area": {"type": 2, "appid": "wx1", "pagepath": "p", "title": "q", "quote_text": "Q"},
            "emphasis_content": {"title": "100", "desc": "e"},
            "sub_title_text": "s",
            "horizontal_content_list": [{"keyname": "n", "value": "v", "type": 3, "userid": "Lin"}],
            "jump_list": [{"type": 2, "title": "j", "appid": "wx2", "pagepath": "p2"}],
            "card_action": {"type": 1, "url": "u"}}"#;
        let expected = "\
            ActionMenu.ActionList.Key=k\nActionMenu.ActionList.Text=a\n\
            ActionMenu.ActionList.Key=l\nActionMenu.ActionList.Text=b\nActionMenu.Desc=m\n\
            CardAction.Type=1\nCardAction.Url=u\nCardType=text_notice\n\
            EmphasisContent.Desc=e\nEmphasisContent.Title=100\n\
            HorizontalContentList.KeyName=n\nHorizontalContentList.Type=3\n\
            HorizontalContentList.UserId=Lin\nHorizontalContentList.Value=v\n\
            JumpList.AppId=wx2\nJumpList.PagePath=p2\nJumpList.Title=j\nJumpList.Type=2\n\
            MainTitle.Desc=D\nMainTitle.Title=T\n\
            QuoteArea.Appid=wx1\nQuoteArea.PagePath=p\nQuoteArea.QuoteText=Q\nQuoteArea.Title=q\nQuoteArea.Type=2\n\
            Source.Desc=d\nSource.DescColor=3\nSource.IconUrl=i\nSubTitleText=s";
        assert_eq!(rendered(json, None), expected);
    }

    #[test]
    fn cards_that_ask_something() {
        let buttons = r#"{"card_type": "button_interaction", "task_id": "t", "main_title": {"title": "T"},
            "button_selection": {"question_key": "q", "selected_id": "1", "option_list": [{"id": "1", "text": "x"}]},
            "button_list": [{"type": 0, "text": "a", "style": 2, "key": "k"}, {"type": 1, "text": "b", "url": "u"}]}"#;
        let expected = "\
            ButtonList.Key=k\nButtonList.Style=2\nButtonList.Text=a\n\
            ButtonSelection.OptionList.Id=1\nButtonSelection.OptionList.Text=x\n\
            ButtonSelection.QuestionKey=q\nButtonSelection.SelectedId=1\n\
            CardType=button_interaction\nMainTitle.Title=T\nReplaceText=done";
        assert_eq!(rendered(buttons, Some("done")), expected);

        let vote = r#"{"card_type": "vote_interaction", "task_id": "t", "main_title": {"title": "T"},
            "checkbox": {"question_key": "q", "mode": 1, "option_list": [{"id": "1", "text": "x", "is_checked": true}]},
            "submit_button": {"text": "s", "key": "k"}}"#;
        let expected = "\
            CardType=vote_interaction\nCheckBox.Mode=1\nCheckBox.OptionList.Id=1\n\
            CheckBox.OptionList.IsChecked=true\nCheckBox.OptionList.Text=x\nCheckBox.QuestionKey=q\n\
            MainTitle.Title=T\nSubmitButton.Key=k\nSubmitButton.Text=s";
        assert_eq!(rendered(vote, None), expected);

        let lists = r#"{"card_type": "multiple_interaction", "task_id": "t", "main_title": {"title": "T"},
            "select_list": [{"question_key": "q", "option_list": [{"id": "1", "text": "x"}]}],
            "submit_button": {"text": "s", "key": "k"}}"#;
        let expected = "\
            CardType=multiple_interaction\nMainTitle.Title=T\n\
            SelectList.OptionList.Id=1\nSelectList.OptionList.Text=x\nSelectList.QuestionKey=q\n\
            SubmitButton.Key=k\nSubmitButton.Text=s";
        assert_eq!(rendered(lists, None), expected);
    }

    #[test]
    fn a_picture_beside_text() {
        let json = r#"{"card_type": "news_notice", "main_title": {"title": "T"},
            "image_text_area": {"type": 2, "appid": "wx1", "pagepath": "p", "title": "i", "image_url": "u"},
            "vertical_content_list": [{"title": "v", "desc": "w"}],
            "card_action": {"type": 2, "appid": "wx1"}}"#;
        let expected = "\
            CardAction.AppId=wx1\nCardAction.Type=2\nCardType=news_notice\n\
            ImageTextArea.Appid=wx1\nImageTextArea.ImageUrl=u\nImageTextArea.PagePath=p\n\
            ImageTextArea.Title=i\nImageTextArea.Type=2\nMainTitle.Title=T\n\
            VerticalContentList.Desc=w\nVerticalContentList.Title=v";
        assert_eq!(rendered(json, None), expected);
    }
}
