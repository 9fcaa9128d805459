//! The store's contract: every story is told over `dyn Store`, once per place in which a store can live.
#![expect(clippy::unwrap_used, reason = "clippy knows tests by their attribute, and stories get theirs from a macro")]
#![expect(clippy::print_stdout, reason = "measured times are shown with --nocapture")]

use async_trait::async_trait;
use atalaya::store::Store;
use atalaya::store::sqlite::SqliteStore;
use sqlx::ConnectOptions as _;
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnectOptions;
use std::sync::Arc;
use tempfile::TempDir;

mod damage;
mod digest;
mod file;
mod kept;
mod lease;
mod look;
mod notice;
mod outbox;
mod poll;
mod read;
mod report;
mod scale;
mod search;
pub mod words;

/// Where a store lives. Opening twice gives two stores over the same rows: two processes, or one before and after a
/// restart.
#[async_trait]
pub trait Place: Send + Sync {
    /// Opens it, empty the first time.
    async fn open(&self) -> Arc<dyn Store>;
    /// Runs a statement behind the store's back, without its foreign keys.
    async fn sql(&self, statement: &str);
}

/// A folder that goes away with the test.
pub struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().expect("a temporary folder"))
    }
}

#[async_trait]
impl Place for Folder {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(self.0.path()).await.expect("the store opens"))
    }

    async fn sql(&self, statement: &str) {
        let options = SqliteConnectOptions::new().filename(self.0.path().join("atalaya.db")).foreign_keys(false);
        let mut connection = options.connect().await.expect("the database opens");
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.expect("the statement holds");
        connection.close().await.expect("the connection closes");
    }
}

/// A place joins the contract by one more module in here.
macro_rules! contract {
    ($($module:ident: $($story:ident),+;)+) => {
        mod sqlite {
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $story() {
                    super::$module::$story(&super::Folder::new()).await;
                }
            )+)+
        }
    };
}

contract! {
    poll:
        a_new_source_is_due_at_its_first_time,
        what_a_poll_found_is_kept,
        a_push_that_comes_while_its_source_is_polled_is_not_forgotten,
        polls_that_end_together_are_each_kept_and_each_told,
        listing_an_entry_again_is_silent,
        an_absent_source_is_not_asked_and_keeps_its_history,
        a_changed_address_forgets_validators_and_ends_the_lease,
        entries_that_are_not_to_be_read_are_settled_at_once;
    lease:
        two_owners_never_hold_the_same_work,
        an_ended_lease_is_claimable_and_its_late_owner_changes_nothing,
        a_lease_is_spent_by_its_commit,
        a_claim_asks_each_host_no_more_than_it_may,
        a_claim_takes_the_longest_due_first,
        release_gives_everything_back,
        what_is_put_back_was_never_asked,
        the_next_due_time_counts_pauses_and_ends_of_leases,
        what_was_committed_is_there_after_a_restart;
    look:
        a_look_is_due_when_it_was_planned_and_spent_by_its_commit,
        an_update_is_told_under_the_next_revision_or_not_at_all,
        the_ledger_finds_an_update_that_is_out_of_place;
    read:
        a_judged_item_keeps_everything_that_was_decided,
        a_failed_reading_is_tried_again_and_remembered,
        an_unreadable_item_may_be_told_by_its_feed,
        a_copy_is_found_by_address_at_any_time_and_by_text_since,
        a_copy_is_merged_into_its_story,
        a_copy_that_matches_another_rule_is_told_for_that_rule,
        a_twin_that_was_committed_in_between_makes_the_decision_stale,
        a_story_whose_key_is_there_is_the_same_story,
        a_read_article_need_not_be_read_again,
        undecided_rules_are_no_verdicts;
    kept:
        retention_by_age_and_by_size_never_removes_what_an_alert_rests_on,
        readings_that_end_together_are_each_kept_and_each_told_what_became_of_them,
        a_text_that_stands_for_several_items_decides_none_of_them;
    outbox:
        a_try_freezes_the_message_once,
        a_try_without_an_end_stays_in_doubt,
        a_delivery_is_never_made_twice,
        an_answer_settles_the_delivery,
        a_given_up_delivery_begins_anew_on_request,
        a_shortened_id_must_be_unique,
        the_outbox_is_listed_newest_first;
    notice:
        trouble_is_told_once_and_its_end_to_those_who_heard_of_it,
        trouble_that_ends_untold_is_withdrawn,
        a_change_of_kind_before_the_time_is_told_as_what_it_became,
        what_is_due_soon_goes_along,
        a_source_that_is_watched_no_more_or_elsewhere_is_spoken_of_no_more,
        without_operators_remarks_are_dropped_and_nothing_is_due,
        operators_who_are_not_reached_are_told_once_by_the_fallback;
    digest:
        a_digest_tells_what_was_held_and_what_was_heard_and_nothing_twice,
        a_lane_whose_owner_died_is_due_again_and_its_late_owner_changes_nothing,
        five_thousand_in_a_minute_with_a_cap_of_ten_are_all_accounted_for,
        a_silence_holds_until_its_end_or_until_it_is_ended;
    report:
        the_status_counts_what_stands,
        a_way_is_found_by_every_address,
        merges_are_followed_by_their_number;
    damage:
        a_cell_that_cannot_be_read_is_an_error_and_stops_nothing_else,
        the_ledger_finds_every_deleted_row,
        the_ledger_finds_a_row_too_many;
    search:
        words_phrases_beginnings_and_fields_are_found_in_the_index_and_before,
        what_is_found_is_in_order_within_its_days_and_limited,
        an_article_is_found_as_soon_as_it_is_committed,
        two_that_index_at_once_index_everything_once,
        what_is_removed_or_changed_is_found_no_more,
        no_query_breaks_out_of_its_quotes,
        articles_of_one_second_are_told_apart;
    scale:
        a_claim_is_quick_among_many_waiting_items,
        a_reader_sees_sums_that_add_up_while_others_write;
}
