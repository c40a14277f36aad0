//! Every text of the customer's pages, in two languages. A text that one of them lacks does not compile.

mod en;
mod zh;

use crate::http::language::texts;

texts! {
    pub(in crate::http::home),
    lang other_language other_code product skip link_invalid_title link_invalid missing_title
    missing confirm_title confirm confirm_button stranger_title stranger ended_title ended reopen
    foreign_title foreign malformed_title malformed large_title large unavailable_title unavailable
    kept_title kept retry typed read_only_title read_only preview preview_leave choose_title
    choose_hint choose_none choose_more hello projects approvals forms records no_projects
    no_approvals no_forms no_records all_of unread newer older home kind_project kind_plan kind_form
    kind_record kind_approval open closed tasks_done no_tasks no_plan task_todo task_doing task_done
    task_dropped your_tasks handler you colleague starts due overdue changed step steps values
    no_values files_count follow_ups no_follow_ups comments no_comments comment_label comment_send
    earlier said_commented said_answered approval_waiting approval_agreed approval_declined
    approval_over agree decline remark your_remark about fill_in submitted form_closed
    form_closed_text form_done_text submit sent_title sent_text see_record once_more required choose
    files files_note draft_restored offline sending faults reused now_closed now_changed
    wrong_missing wrong_too_long wrong_too_many wrong_whole wrong_number wrong_below wrong_above
    wrong_day wrong_days wrong_option wrong_phone wrong_file wrong_characters wrong_twice
    wrong_other follow_title follow_text
}
