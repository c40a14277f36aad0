//! Every text of these pages, in two languages. A text that one of them lacks does not compile.

mod en;
mod zh;

use crate::decide::rejection::{Denied, Rejection, Wrong};
use crate::http::language::{fill, texts};

texts! {
    pub(in crate::http::items),
    lang other_code other_language product zone skip admin admin_pages system items kinds project
    plan form record approval projects forms records approvals search state any show next scope mine
    all open closed todo doing done dropped agreed declined grant_pending grant_confirmed
    grant_revoked not_given reminded_sent reminded_no_channel reminded_failed nothing_in_part
    nothing_found nothing_mine nothing_yet new_project new_form new_approval new_record hand_over
    hand_over_hint hand_over_now from_whom to_whom member member_hint choose_customer
    search_customers no_customer more_customers holders no_holders news seen not_seen comments
    revoke revoke_hint talk earlier nothing_said nobody_there reply send not_your_customer
    about_item owner owners circle circle_corp circle_followers made changed external_ref picture
    followers nobody remove edit follow unfollow ask_about close reopen give add_follower progress
    no_stages internal change handler save customer fields required steps csv csv_cut no_records
    content step follow_ups follow_up internal_hint no_follow_ups answer about file no_answer back
    title description to_agree more picture_hint cancel changed_meanwhile changed_here conflict_hint
    look_now stage stage_title first_stage task task_title start due internal_task key key_hint up
    down add_task add_stage remove_stage field label field_type customer_use customer_fills_in
    customer_sees customer_nothing kind_again options_hint limits hint min max decimals default
    add_field submissions submissions_one submissions_many steps_hint first_steps files_kept id
    check said_saved said_made said_handed said_commented bad_link_title bad_link not_a_member_title
    not_a_member ended_title ended foreign_title foreign missing_title missing malformed_title
    malformed too_large rejected_title unavailable_title unavailable no_item not_allowed not_yours
    not_authorised is_closed was_submitted was_answered made_already name_reused wrong_missing
    wrong_too_long wrong_too_many wrong_number wrong_below wrong_above wrong_day wrong_days
    wrong_option wrong_member wrong_contact wrong_phone wrong_file wrong_address wrong_characters
    wrong_twice wrong_unknown kind_text kind_long_text kind_number kind_date kind_choice
    kind_choices kind_member kind_phone kind_attachment
}

impl Texts {
    /// What is wrong with a value.
    pub(in crate::http::items) fn wrong(&self, wrong: Wrong) -> String {
        match wrong {
            Wrong::TooLong(max) => fill(self.wrong_too_long, max),
            Wrong::TooMany(max) => fill(self.wrong_too_many, max),
            Wrong::NotANumber(decimals) => fill(self.wrong_number, decimals),
            Wrong::Below(min) => fill(self.wrong_below, min),
            Wrong::Above(max) => fill(self.wrong_above, max),
            Wrong::Missing => self.wrong_missing.to_owned(),
            Wrong::NotADay => self.wrong_day.to_owned(),
            Wrong::OutsideDays => self.wrong_days.to_owned(),
            Wrong::NotAnOption => self.wrong_option.to_owned(),
            Wrong::NotAMember => self.wrong_member.to_owned(),
            Wrong::NotAContact => self.wrong_contact.to_owned(),
            Wrong::NotAPhone => self.wrong_phone.to_owned(),
            Wrong::NotAFile => self.wrong_file.to_owned(),
            Wrong::NotAnAddress => self.wrong_address.to_owned(),
            Wrong::BadCharacters => self.wrong_characters.to_owned(),
            Wrong::Twice => self.wrong_twice.to_owned(),
            Wrong::Unknown => self.wrong_unknown.to_owned(),
        }
    }

    /// Why a command was not carried out.
    pub(in crate::http::items) fn rejection(&self, rejection: &Rejection) -> String {
        let text = match rejection {
            Rejection::NotFound => self.no_item,
            Rejection::NotAllowed(Denied::NotTheirCustomer) => self.not_your_customer,
            Rejection::NotAllowed(Denied::NotTheirItem) => self.not_yours,
            Rejection::NotAllowed(_) => self.not_allowed,
            Rejection::NotAuthorised(_) => self.not_authorised,
            Rejection::Closed => self.is_closed,
            Rejection::AlreadySubmitted(_) => self.was_submitted,
            Rejection::AlreadyAnswered => self.was_answered,
            Rejection::IdTaken => self.made_already,
            Rejection::Changed => self.changed_meanwhile,
            Rejection::Invalid(_) => self.check,
            Rejection::NameReused => self.name_reused,
        };
        text.to_owned()
    }

    /// A kind of fields by its word in JSON; an unknown one is shown as text.
    pub(in crate::http::items) fn field_kind(&self, name: &str) -> &'static str {
        match name {
            "long_text" => self.kind_long_text,
            "number" => self.kind_number,
            "date" => self.kind_date,
            "choice" => self.kind_choice,
            "choices" => self.kind_choices,
            "member" => self.kind_member,
            "phone" => self.kind_phone,
            "attachment" => self.kind_attachment,
            _ => self.kind_text,
        }
    }

    /// Whether a handler that is typed means the customers themselves, in any language.
    pub(in crate::http::items) fn is_customer(text: &str) -> bool {
        [zh::TEXTS.customer, en::TEXTS.customer].contains(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::language::Named;

    #[test]
    fn what_is_wrong_holds_no_markup() {
        for (name, text) in [&zh::TEXTS, &en::TEXTS].into_iter().flat_map(Named::all) {
            assert!(!name.starts_with("wrong_") || !text.contains('<'), "{name}");
        }
    }
}
