//! The pages as people use them: in a real browser, with the simulated WeCom around it. Starting a browser takes longer
//! than most stories, so they share one and are told one after another; each has a world of its own.

mod driver;

mod admin;
mod home;
mod items;
mod login;
mod story;
mod toolbar;
mod window;

use wecom_bridge::model::ids::{ExternalUserId, UserId};
use wecom_bridge::sim::Sim;

use crate::browser::driver::Browser;
use crate::world::{Address, JsSdk, On, Setup, World};

const PHONE: (u32, u32) = (390, 844);
const DESKTOP: (u32, u32) = (1280, 800);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_use_the_pages() {
    let browser = Browser::start().await;
    toolbar::a_member_opens_it_for_a_customer(&browser).await;
    toolbar::two_members_at_one_machine_are_told_apart(&browser).await;
    toolbar::from_elsewhere_it_says_what_to_do(&browser).await;
    toolbar::without_permission_it_says_what_to_check(&browser).await;
    toolbar::only_members_are_let_in(&browser).await;
    toolbar::the_built_in_sdk_talks_to_a_client(&browser).await;
    toolbar::two_items_are_found_and_sent(&browser).await;
    toolbar::what_cannot_be_sent_is_taken_back(&browser).await;
    toolbar::a_lost_answer_leaves_it_maybe_sent(&browser).await;
    toolbar::what_was_sent_is_not_sent_again(&browser).await;
    toolbar::a_late_answer_is_about_its_own_customer(&browser).await;
    toolbar::what_goes_wrong_is_said(&browser).await;
    toolbar::a_customer_is_answered_and_a_form_filled_in(&browser).await;
    toolbar::in_a_group_one_customer_is_chosen(&browser).await;
    toolbar::outside_of_a_chat_links_are_copied(&browser).await;
    login::a_forged_return_is_refused(&browser).await;
    home::it_is_there_on_a_phone(&browser).await;
    home::a_profile_card_leads_to_it(&browser).await;
    home::a_customer_works_with_it(&browser).await;
    home::a_file_comes_with_a_form(&browser).await;
    items::a_form_is_made_on_a_phone(&browser).await;
    items::a_record_is_made_with_a_file(&browser).await;
    story::it_is_told_from_beginning_to_end(&browser).await;
    window::a_button_acts_once(&browser).await;
    window::names_are_never_markup(&browser).await;
    admin::by_password_and_by_wecom(&browser).await;
    admin::a_dead_letter_is_replayed(&browser).await;
    admin::a_sync_is_started(&browser).await;
    admin::names_are_text_and_pages_fit(&browser).await;
}

/// A world whose pages a browser can use, with a member and a customer who know each other.
async fn world(sdk: JsSdk) -> (World, UserId, ExternalUserId) {
    let setup = Setup {
        address: Address::Here(sdk),
        ..Setup::default()
    };
    let world = World::with(On::Embedded, setup).await;
    let (member, customer) = world.people();
    world.sim.customer_adds(&member, &customer).await.unwrap();
    world.settle().await;
    (world, member, customer)
}

/// A page of the simulator.
fn at(sim: &Sim, path: &str) -> String {
    sim.base().join(path).unwrap().into()
}

/// A page of the service, opened as `member:ID` or `contact:ID`.
fn opened_as(world: &World, who: &str, path: &str) -> String {
    let mut url = world.sim.base().join("open").unwrap();
    let to = world.base.join(path).unwrap();
    url.query_pairs_mut()
        .append_pair("as", who)
        .append_pair("to", to.as_str());
    url.into()
}
