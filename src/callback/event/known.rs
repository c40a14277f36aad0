//! The official names of the events that the service does not act on, as far as a self-built app or the contact-sync
//! receiver can get them: path/90240 and the pages of customer links (97299), chains (95796), schools (92032, 92052),
//! 微信客服 (94670, 97712), approvals (91815), calendars (97728), documents (97833), smart sheets (100986), drives (97899),
//! meetings (98333), mail (97495), rooms (95333) and others. The spelling is WeCom's, `filed` and `deparmtment` included.

/// The name as a constant, if it is official.
pub(in crate::callback::event) fn name(kind: &str) -> Option<&'static str> {
    let place = NAMES.binary_search(&kind).ok()?;
    Some(NAMES[place])
}

/// In byte order.
const NAMES: &[&str] = &[
    "LOCATION",
    "app_email_change/receive_email",
    "book_meeting_room",
    "cancel_meeting_room",
    "change_chain/corp_join",
    "change_chain/create_chain",
    "change_chain/create_group",
    "change_chain/delete_chain",
    "change_chain/delete_group",
    "change_chain/remove_corp",
    "change_chain/update_chain",
    "change_chain/update_corp",
    "change_chain/update_group",
    "change_school_contact/create_deparmtment",
    "change_school_contact/create_department",
    "change_school_contact/create_parent",
    "change_school_contact/create_student",
    "change_school_contact/delete_deparmtment",
    "change_school_contact/delete_department",
    "change_school_contact/delete_parent",
    "change_school_contact/delete_student",
    "change_school_contact/subscribe",
    "change_school_contact/unsubscribe",
    "change_school_contact/update_deparmtment",
    "change_school_contact/update_department",
    "change_school_contact/update_parent",
    "change_school_contact/update_student",
    "customer_acquisition/balance_exhausted",
    "customer_acquisition/balance_increased",
    "customer_acquisition/balance_low",
    "customer_acquisition/customer_start_chat",
    "customer_acquisition/delete_link",
    "customer_acquisition/friend_request",
    "customer_acquisition/link_unavailable",
    "customer_acquisition/message_from_customer",
    "customer_acquisition/open_profile",
    "customer_acquisition/quota_expire_soon",
    "delete_calendar",
    "delete_schedule",
    "doc_change/delete_doc",
    "doc_change/delete_form",
    "doc_change/doc_member_change",
    "doc_change/form_complete",
    "doc_change/form_settings_change",
    "finish_vip_account_approval",
    "kf_account_auth_change",
    "kf_msg_or_event",
    "living_status_change",
    "location_select",
    "meeting_change/cancel_enroll",
    "meeting_change/cancel_meeting",
    "meeting_change/close_screen_share",
    "meeting_change/delete_recording",
    "meeting_change/enroll",
    "meeting_change/join_from_meeting_room",
    "meeting_change/join_meeting",
    "meeting_change/join_meeting_before_host",
    "meeting_change/join_waiting_room",
    "meeting_change/medium_upload",
    "meeting_change/meeting_end",
    "meeting_change/meeting_mute_all",
    "meeting_change/meeting_room_response",
    "meeting_change/meeting_start",
    "meeting_change/meeting_unmute_all",
    "meeting_change/modify_meeting",
    "meeting_change/move_to_waiting_room",
    "meeting_change/open_screen_share",
    "meeting_change/pause_recording",
    "meeting_change/pstn_status_update",
    "meeting_change/quit_meeting",
    "meeting_change/quit_waiting_room",
    "meeting_change/recording_complete",
    "meeting_change/resume_recording",
    "meeting_change/role_change",
    "meeting_change/start_recording",
    "meeting_change/stop_recording",
    "meeting_change/webinar_role_change",
    "meeting_change/webinar_warm_up_upload",
    "meeting_statistics/start_meeting",
    "modify_calendar",
    "modify_schedule",
    "msgaudit_notify",
    "open_approval_change",
    "pic_photo_or_album",
    "pic_sysphoto",
    "pic_weixin",
    "program_notify",
    "public_email_change/receive_email",
    "respond_schedule",
    "scancode_push",
    "scancode_waitmsg",
    "security/change_domain_ip",
    "share_agent_change",
    "share_chain_change",
    "smart_sheet_change/add_filed",
    "smart_sheet_change/add_record",
    "smart_sheet_change/delete_filed",
    "smart_sheet_change/delete_record",
    "smart_sheet_change/update_filed",
    "smart_sheet_change/update_record",
    "submit_vip_account_approval",
    "switch_workbench_mode",
    "sys_approval_change",
    "taskcard_click",
    "upload_media_job_finish",
    "view_miniprogram",
    "wedrive_file_change/create_file",
    "wedrive_file_change/delete_file",
    "wedrive_file_change/move_file",
    "wedrive_file_change/rename_file",
    "wedrive_file_change/update_file",
    "wedrive_insufficient_capacity",
    "wedrive_space_change/dismiss_space",
    "wedrive_space_change/space_member_change",
    "wedrive_space_change/space_security_settings_change",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_found() {
        assert!(NAMES.is_sorted_by(|a, b| a < b));
        for kind in NAMES {
            assert_eq!(name(kind), Some(*kind));
        }
        assert_eq!(name("doc_change"), None);
        assert_eq!(name(""), None);
    }

    #[test]
    fn every_name_has_a_fixture() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/callbacks");
        let folders = std::fs::read_dir(root).unwrap();
        let files = folders.flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap());
        let texts: Vec<_> = files
            .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
            .collect();
        for name in NAMES {
            let expected = format!("\"kind\": \"{name}\"");
            assert!(texts.iter().any(|text| text.contains(&expected)), "{name}");
        }
    }
}
