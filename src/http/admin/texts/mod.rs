//! Every text of the admin pages, in two languages. A text that one of them lacks does not compile.

mod en;
mod zh;

use crate::http::language::texts;

texts! {
    pub(in crate::http::admin),
    lang other_code other_language product zone skip corps pages logout to_start look on off yes no
    all show next older time kind state subject attempts since until search name status changed
    reason id nothing_found nothing_here login login_wecom login_wecom_hint login_none password
    by_password wrong_password too_many_title too_many ended_title ended foreign_title foreign
    stranger_title stranger missing_title missing malformed_title malformed unavailable_title
    unavailable overview all_well attention attention_dead_events attention_dead_calls
    attention_sync inbox outbox stored waiting retrying dead done discarded chart chart_received
    service store version last_sync events content masked received settled source receiver urgent
    deadline history no_history replay replay_hint dead_letters queue no_dead replay_all
    replay_all_hint no_filter replay_all_now discard discard_hint discard_now contacts
    search_contacts no_member no_contacts remarks relations last_member_left endings contact_type
    type_wechat type_wecom corp_name position description added_at tags add_way channel_state
    started_by deleted_by_contact welcome welcome_sending welcome_sent welcome_card_owed
    welcome_carded toolbar_opened times ended_by_member ended_by_transfer ended_by_contact members
    member search_members no_members choose link to_do status_active status_disabled status_inactive
    status_left status_hidden link_none link_wanted link_written link_confirmed link_ignored
    link_filled link_failed do_none do_wanted do_ignored do_failed send_link send_link_hint
    links_by_hand sync sync_members sync_links scope scope_all scope_members scope_contacts
    scope_links dry_run start_sync sync_hint syncs no_sync sync_running sync_done sync_failed
    by_admin by_schedule by_switch what found added updated unchanged skipped removed failed chats
    links calls_made without_member seconds auto_sync auto_sync_on auto_sync_off switch_on
    switch_off switch_off_hint switch_off_now outgoing cards cards_hint no_cards sent pressed
    can_change settings settings_hint copy copied not_set qr_code callbacks callbacks_place domain
    domain_place domain_name verify_file no_verify_file toolbar toolbar_place page_url home
    home_place attribute address team team_place doctor doctor_hint check_now checked not_checked
    verdict_ok verdict_warning verdict_fault said_replayed said_more said_discarded said_not_dead
    said_sync said_switched said_sent said_none_chosen said_busy said_forgetting forget forget_hint
    forget_sure forget_now items;
    /// How a contact was added, by `add_way` (path/92114).
    ways: [(i64, &'static str); 23]
}

impl Texts {
    /// An `add_way` in words; an unknown one is its number.
    pub(in crate::http::admin) fn way(&self, add_way: i64) -> String {
        let known = self.ways.iter().find(|(number, _)| *number == add_way);
        known.map_or_else(|| add_way.to_string(), |(_, text)| (*text).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_know_the_same_ways() {
        let numbers = |texts: &Texts| texts.ways.map(|(number, _)| number);
        assert_eq!(numbers(&zh::TEXTS), numbers(&en::TEXTS));
    }
}
