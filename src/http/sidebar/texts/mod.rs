//! Every text of the toolbar, in two languages. A text that one of them lacks does not compile.

mod en;
mod zh;

use std::collections::BTreeMap;

use crate::decide::rejection::Wrong;
use crate::http::language::{Named, fill, texts};
use crate::model::approval::Consent;
use crate::model::item::ItemKind;

/// What the scripts say begins with this.
const SAID: &str = "say_";

texts! {
    pub(in crate::http::sidebar),
    lang other_code other_language product no_script bad_address_title bad_address
    members_only_title members_only moment_form company rejected ended foreign not_a_member
    not_yours not_your_group not_known_yet missing malformed wecom_silent unavailable not_allowed
    not_authorised closed answered_before name_reused invalid wrong_missing wrong_too_long
    wrong_too_many wrong_number wrong_below wrong_above wrong_day wrong_days wrong_option
    wrong_member wrong_contact wrong_phone wrong_file wrong_address wrong_characters wrong_twice
    wrong_unknown kind_project kind_plan kind_form kind_record kind_approval card_project card_plan
    card_form card_record card_approval line_progress line_plan line_form line_step line_unanswered
    agreed declined grant_pending grant_confirmed grant_revoked no_channel reminder_failed
    followed_by remark me left home_as waiting waits shared none_shared more_shared seen not_seen
    confirm send_again revoke revoke_sure revoke_now give give_hint give_to search_member talk
    earlier no_comments reply reply_send reply_closed send_items search search_items next
    nothing_found has_it fill_in title required optional_choice no_files save save_and_send back
    send copy_links clear people people_hint people_search people_none group group_end group_none
    say_connecting say_reading say_opened say_outside say_elsewhere say_ended say_denied
    say_not_sent say_old say_no_context say_cancelled say_failed say_unknown say_sent say_sending
    say_links say_copy say_copied say_too_many say_trouble say_done say_profile say_group say_retry
    say_check_app say_check_member say_check_domain say_check_agent say_check_version
}

impl Texts {
    /// What the scripts say, as a JSON object.
    pub(in crate::http::sidebar) fn for_scripts(&self) -> String {
        let all = self.all().into_iter();
        let said = all.filter_map(|(name, text)| Some((name.strip_prefix(SAID)?, text)));
        let said: BTreeMap<&str, &str> = said.collect();
        serde_json::to_string(&said).expect("it maps texts to texts")
    }

    /// A kind of items.
    pub(in crate::http::sidebar) const fn kind(&self, kind: ItemKind) -> &'static str {
        match kind {
            ItemKind::Project => self.kind_project,
            ItemKind::Plan => self.kind_plan,
            ItemKind::Form => self.kind_form,
            ItemKind::Record => self.kind_record,
            ItemKind::Approval => self.kind_approval,
        }
    }

    /// What a card says of an item that has no description.
    pub(in crate::http::sidebar) const fn card(&self, kind: ItemKind) -> &'static str {
        match kind {
            ItemKind::Project => self.card_project,
            ItemKind::Plan => self.card_plan,
            ItemKind::Form => self.card_form,
            ItemKind::Record => self.card_record,
            ItemKind::Approval => self.card_approval,
        }
    }

    /// What a customer has answered.
    pub(in crate::http::sidebar) const fn consent(&self, verdict: Consent) -> &'static str {
        match verdict {
            Consent::Agreed => self.agreed,
            Consent::Declined => self.declined,
        }
    }

    /// What is wrong with a value.
    pub(in crate::http::sidebar) fn wrong(&self, wrong: Wrong) -> String {
        let text = match wrong {
            Wrong::TooLong(max) => return fill(self.wrong_too_long, max),
            Wrong::TooMany(max) => return fill(self.wrong_too_many, max),
            Wrong::NotANumber(decimals) => return fill(self.wrong_number, decimals),
            Wrong::Below(min) => return fill(self.wrong_below, min),
            Wrong::Above(max) => return fill(self.wrong_above, max),
            Wrong::Missing => self.wrong_missing,
            Wrong::NotADay => self.wrong_day,
            Wrong::OutsideDays => self.wrong_days,
            Wrong::NotAnOption => self.wrong_option,
            Wrong::NotAMember => self.wrong_member,
            Wrong::NotAContact => self.wrong_contact,
            Wrong::NotAPhone => self.wrong_phone,
            Wrong::NotAFile => self.wrong_file,
            Wrong::NotAnAddress => self.wrong_address,
            Wrong::BadCharacters => self.wrong_characters,
            Wrong::Twice => self.wrong_twice,
            Wrong::Unknown => self.wrong_unknown,
        };
        text.to_owned()
    }
}
