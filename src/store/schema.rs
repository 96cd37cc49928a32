// @generated from the migrated database; see tests/it/migrations.rs for how.

diesel::table! {
    /// What happened in repositories. Pruned.
    activity (id) {
        id -> BigInt,
        repository_id -> BigInt,
        kind -> Text,
        /// What happened to what, such as `run:7:completed:1`: the same is recorded once.
        key -> Text,
        title -> Text,
        description -> Nullable<Text>,
        actor -> Nullable<Text>,
        url -> Nullable<Text>,
        sha -> Nullable<Text>,
        branch -> Nullable<Text>,
        status -> Nullable<Text>,
        metadata -> Nullable<Jsonb>,
        run_id -> Nullable<BigInt>,
        /// When it happened, by GitHub's clock.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// What agents are called.
    agent_names (key) {
        /// The name in lower case.
        key -> Text,
        /// The name as it was first seen.
        name -> Text,
    }
}

diesel::table! {
    /// Keys that agents have reported under.
    agent_reports (agent_name, idempotency_key) {
        agent_name -> Text,
        /// A key with its owner, see `domain::keys`.
        idempotency_key -> Text,
        /// SHA-256 of the report with its members in order, in hexadecimal digits.
        payload_hash -> Text,
        agent_run_id -> Nullable<BigInt>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// Runs that agents reported.
    agent_runs (id) {
        id -> BigInt,
        /// The name the agent gave, without the `agent/` prefix.
        agent_name -> Text,
        run_type -> Text,
        /// Free text; `success` and `error` have a meaning to the web.
        status -> Text,
        outcome -> Nullable<Text>,
        /// The agent's clock.
        started_at -> Timestamptz,
        /// The agent's clock; null while it runs.
        finished_at -> Nullable<Timestamptz>,
        summary -> Nullable<Text>,
        error_message -> Nullable<Text>,
        notes -> Nullable<Text>,
        touched_issue_urls -> Array<Text>,
        issue_id -> Nullable<BigInt>,
        /// A key with its owner, see `domain::keys`; a second report with it is the first.
        idempotency_key -> Nullable<Text>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// What agents say of their progress. At most one piece of an agent is active.
    agent_work (id) {
        id -> BigInt,
        agent_name -> Text,
        issue_id -> Nullable<BigInt>,
        /// The agent's own name for its run.
        run_id -> Nullable<Text>,
        state -> Text,
        checkpoint -> Text,
        branch -> Nullable<Text>,
        pr_url -> Nullable<Text>,
        /// When the agent counts as gone unless it gives a sign of life; in the past once the work is over.
        lease_expires_at -> Timestamptz,
        last_heartbeat_at -> Timestamptz,
        summary -> Nullable<Text>,
        /// What the work waits for, while it is blocked.
        blocker_reason -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    /// How each piece of an agent's work came to where it stands.
    agent_work_steps (id) {
        id -> BigInt,
        work_id -> BigInt,
        at -> Timestamptz,
        action -> Text,
        state -> Text,
        checkpoint -> Text,
        summary -> Nullable<Text>,
        blocker_reason -> Nullable<Text>,
    }
}

diesel::table! {
    /// Files that runs produced.
    artifacts (id) {
        id -> BigInt,
        run_id -> BigInt,
        github_id -> BigInt,
        name -> Text,
        size_bytes -> BigInt,
        expired -> Bool,
        created_at -> Nullable<Timestamptz>,
        expires_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// What somebody did, and whether it worked. Kept.
    audit_log (id) {
        id -> BigInt,
        actor -> Text,
        action -> Text,
        repository_full_name -> Text,
        issue_number -> Nullable<Integer>,
        issue_id -> Nullable<BigInt>,
        before_labels -> Array<Text>,
        /// The labels GitHub had afterwards; what was wanted while the entry is pending.
        after_labels -> Array<Text>,
        /// The column a move aims at.
        target_status -> Nullable<Text>,
        /// Why the issue is blocked, when that is the move.
        reason -> Nullable<Text>,
        /// Whether it worked; null while pending.
        success -> Nullable<Bool>,
        error_message -> Nullable<Text>,
        notes -> Nullable<Text>,
        /// When it was asked for.
        requested_at -> Timestamptz,
        /// When GitHub's part is over at the latest; afterwards anybody may settle the entry.
        deadline_at -> Nullable<Timestamptz>,
        /// When the outcome was known; null while pending. Readers see settled entries only, in this order.
        settled_at -> Nullable<Timestamptz>,
        /// When to look at GitHub once more, because a late request may still land.
        recheck_at -> Nullable<Timestamptz>,
        /// The text of a comment, when that is what was done.
        comment -> Nullable<Text>,
        /// GitHub's page of that comment; null while it is not known to be there.
        comment_url -> Nullable<Text>,
        /// What kind of caller that was; the name alone proves nothing.
        actor_kind -> Text,
        /// The trace in which it was requested, as 32 hexadecimal digits; null when there was none.
        trace_id -> Nullable<Text>,
    }
}

diesel::table! {
    /// What the automation pages show of a repository as a whole.
    automation_repositories (repository_id) {
        repository_id -> BigInt,
        /// The newest commit of the default branch.
        latest_commit_sha -> Nullable<Text>,
        latest_commit_title -> Nullable<Text>,
        /// GitHub login of its author, or the name in the commit.
        latest_commit_author -> Nullable<Text>,
        latest_commit_url -> Nullable<Text>,
        latest_commit_at -> Nullable<Timestamptz>,
        open_pull_requests -> Integer,
        /// Open alerts of secret scanning; null when they could not be read.
        open_secret_alerts -> Nullable<Integer>,
        /// Parts that the token may not read.
        missing_permissions -> Array<Text>,
        /// The `ETag` of each list request: an unchanged list costs nothing.
        etags -> Jsonb,
        /// When a sync of these data last ended, successful or not.
        attempted_at -> Nullable<Timestamptz>,
        /// When a sync of these data last succeeded.
        synced_at -> Nullable<Timestamptz>,
        /// Why the last sync failed; null after a successful one.
        sync_error -> Nullable<Text>,
        /// When a delivery about one of its runs last arrived, to the minute; null when none did, or when a sync has since found a run that no delivery reported.
        webhooks_seen_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Syncs of the automation data of a repository. Timed ones that found nothing new are not listed. Pruned.
    automation_sync_runs (id) {
        id -> BigInt,
        repository_id -> BigInt,
        status -> Text,
        /// How many requests it sent to GitHub.
        requests -> Integer,
        workflows_fetched -> Integer,
        runs_fetched -> Integer,
        error -> Nullable<Text>,
        notes -> Nullable<Text>,
        started_at -> Timestamptz,
        completed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Issues on which agents failed, or which GitHub refused to change. A row goes when work succeeds or a person edits the issue.
    backoffs (issue_id) {
        issue_id -> BigInt,
        /// How often agents failed on it in a row.
        failed_attempts -> Integer,
        /// How often GitHub refused to change it in a row.
        refusals -> Integer,
        /// What kind of thing happened last.
        cause -> Text,
        /// What happened last, as a part of a sentence.
        reason -> Text,
        /// When that began.
        first_at -> Timestamptz,
        /// When it last happened.
        last_at -> Timestamptz,
        /// When the issue may be served again; where it needs a person, when to tell GitHub so.
        retry_at -> Timestamptz,
        /// Whether what was to be done at that time is done.
        is_over -> Bool,
        /// Whether its attempts are used up, so that it waits for a person.
        needs_human -> Bool,
        /// When GitHub was told that it needs a person.
        escalated_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Issues that wait for something open. Kept by triggers.
    blocked (issue_id) {
        issue_id -> BigInt,
        /// How many open issues and pull requests it waits for.
        open_blockers -> Integer,
    }
}

diesel::table! {
    /// Issues that an issue waits for.
    blockers (issue_id, source, repository, number) {
        issue_id -> BigInt,
        /// A phrase in the body (`text`) or GitHub's own relation (`github`).
        source -> Text,
        /// Full name in lower case.
        repository -> Text,
        number -> Integer,
    }
}

diesel::table! {
    /// How many issues of a repository are on the board in each column. Kept by triggers.
    board_counts (repository_id, status) {
        repository_id -> BigInt,
        status -> Text,
        issues -> Integer,
    }
}

diesel::table! {
    /// Checks on the newest commit of the default branch, except for those of GitHub Actions.
    check_runs (id) {
        id -> BigInt,
        repository_id -> BigInt,
        github_id -> BigInt,
        head_sha -> Text,
        name -> Text,
        /// The app that reports it.
        app -> Nullable<Text>,
        status -> Text,
        conclusion -> Nullable<Text>,
        html_url -> Text,
        started_at -> Nullable<Timestamptz>,
        completed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Comments of issues that somebody looked at. Only a cache: what is deleted is read again.
    conversations (issue_id) {
        issue_id -> BigInt,
        /// The newest ones, newest first.
        comments -> Jsonb,
        /// How many the issue had on GitHub when they were read.
        total_count -> Integer,
        /// How many of the newest ones could not be read and are left out.
        unreadable_count -> Integer,
        /// When the issue had last changed, as GitHub said with the comments.
        github_updated_at -> Nullable<Timestamptz>,
        /// How many comments the cached issue had when they were read.
        seen_comments_count -> Nullable<Integer>,
        /// When the cached issue had last changed when they were read.
        seen_updated_at -> Nullable<Timestamptz>,
        /// When GitHub was asked for them; null before the first answer.
        fetched_at -> Nullable<Timestamptz>,
        /// How many comments were posted through Dispatch since the row exists.
        posted -> BigInt,
        /// How many of those GitHub had when they were read.
        posted_when_read -> BigInt,
        /// While somebody asks GitHub for them: until when that takes at the most.
        reading_until -> Nullable<Timestamptz>,
        /// Why they could not be read the last time.
        problem -> Nullable<Text>,
        /// When GitHub may be asked again after that.
        retry_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// What was served to whom and when, and why nothing else. Pruned.
    decisions (id) {
        id -> BigInt,
        kind -> Text,
        agent -> Text,
        lane -> Nullable<Text>,
        first_at -> Timestamptz,
        /// The last of the equal idle polls that this row stands for.
        last_at -> Timestamptz,
        /// How many equal idle polls the row stands for.
        times -> Integer,
        served_issue_id -> Nullable<BigInt>,
        fencing_token -> Nullable<BigInt>,
        /// Why nothing was served; null when something was.
        idle_reason -> Nullable<Text>,
        /// The first candidates, what was withheld, and counts by reason.
        detail -> Jsonb,
    }
}

diesel::table! {
    /// Issues that were split up into others.
    decompositions (issue_id) {
        issue_id -> BigInt,
        decomposed_at -> Timestamptz,
        decomposed_by -> Text,
        note -> Nullable<Text>,
        /// Pages of the issues that it was split up into.
        follow_up_urls -> Array<Text>,
    }
}

diesel::table! {
    /// Issues whose dependencies changed and for which no event was appended yet. Filled by triggers.
    dependency_changes (issue_id) {
        issue_id -> BigInt,
    }
}

diesel::table! {
    /// Deployments to environments.
    deployments (id) {
        id -> BigInt,
        repository_id -> BigInt,
        github_id -> BigInt,
        environment -> Text,
        git_ref -> Text,
        sha -> Text,
        /// GitHub's word in lower case: `success`, `failure`, `in_progress`, and others.
        state -> Text,
        creator -> Nullable<Text>,
        /// The log of its newest status, or else what was deployed.
        url -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        /// GitHub's id of the run that deployed.
        run_github_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    /// What changed, in order. Pruned; the newest line always stays.
    event_log (id) {
        /// The position. Lines become visible in the order of their ids.
        id -> BigInt,
        topic -> Text,
        kind -> Text,
        at -> Timestamptz,
        actor -> Text,
        issue_id -> Nullable<BigInt>,
        /// The audit entry or agent run that the line announces.
        record_id -> Nullable<BigInt>,
        /// What filters read of the issue, before; null when it was not known.
        before -> Nullable<Jsonb>,
        /// The same, after; null when the issue is gone.
        after -> Nullable<Jsonb>,
        /// Why readers have to start over, on a `resync`.
        reason -> Nullable<Text>,
        /// What kind of caller that was; the name alone proves nothing.
        actor_kind -> Text,
    }
}

diesel::table! {
    /// Issues and pull requests that cached issues wait for and that are not cached themselves.
    foreign_references (repository, number) {
        /// Full name in lower case.
        repository -> Text,
        number -> Integer,
        /// Whether it is open, as GitHub last said; what GitHub does not find is not.
        is_open -> Bool,
        /// When GitHub last said so.
        asked_at -> Timestamptz,
    }
}

diesel::table! {
    /// What is left of GitHub's rate limits.
    github_budgets (principal, resource) {
        /// Whose limit it is: `user:` and a login, or `installation:` and an id.
        principal -> Text,
        /// What GitHub counts apart; `all` for a pause of all requests.
        resource -> Text,
        /// Points of a window; none before GitHub said so.
        points_limit -> Nullable<BigInt>,
        /// Points left of the window.
        remaining -> Nullable<BigInt>,
        /// When the window ends.
        resets_at -> Nullable<Timestamptz>,
        /// Until when GitHub asked not to send requests.
        blocked_until -> Nullable<Timestamptz>,
        /// When a replica last wrote it.
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    /// What all replicas have spent of GitHub's rate limits, by minute.
    github_spending (principal, minute, resource, feature) {
        /// Whose limit it is, as in `github_budgets`.
        principal -> Text,
        /// The beginning of the minute.
        minute -> Timestamptz,
        /// What GitHub counts apart.
        resource -> Text,
        /// What the requests were for.
        feature -> Text,
        /// Points of the window.
        points -> BigInt,
        /// Requests.
        requests -> BigInt,
        /// The requests among them that wrote.
        writes -> BigInt,
    }
}

diesel::table! {
    /// Issues of tracked repositories, as GitHub had them when they were last read.
    issues (id) {
        id -> BigInt,
        repository_id -> BigInt,
        /// GitHub's id.
        node_id -> Text,
        number -> Integer,
        title -> Text,
        body -> Nullable<Text>,
        url -> Text,
        state -> Text,
        /// The column: closed is `done`, else the first status label in board order, else `backlog`.
        status -> Text,
        /// The most urgent `priority/*` label.
        priority -> Nullable<Text>,
        /// Names in GitHub's order.
        labels -> Array<Text>,
        /// GitHub logins.
        assignees -> Array<Text>,
        /// GitHub login; null when the account is gone.
        author -> Nullable<Text>,
        comments_count -> Integer,
        created_at -> Timestamptz,
        /// GitHub's update time, whole seconds.
        updated_at -> Timestamptz,
        closed_at -> Nullable<Timestamptz>,
        /// When GitHub was asked for what this row says.
        read_at -> Timestamptz,
        /// The queue the issue waits in. Ours, not GitHub's.
        lane -> Text,
        /// Why it is blocked, while it is. Ours, not GitHub's.
        blocked_reason -> Nullable<Text>,
        /// Open, or closed inside the done window; false once removed.
        on_board -> Bool,
        /// When a full pass found it deleted or transferred.
        removed_at -> Nullable<Timestamptz>,
        /// The open pull request that is to close it, by GitHub's account.
        pull_request_url -> Nullable<Text>,
        /// The labels in lower case, by which they are compared.
        label_keys -> Array<Text>,
        /// How its author stands to its repository; null when GitHub did not tell.
        author_association -> Nullable<Text>,
        /// Type, parent, sub-issues, kinds of assignees, issue fields and why it was closed, as GitHub has them.
        details -> Jsonb,
    }
}

diesel::table! {
    /// Jobs that are running now.
    job_locks (job) {
        job -> Text,
        /// Who holds it.
        run_id -> Uuid,
        acquired_at -> Timestamptz,
        /// The holder's last sign of life.
        beaten_at -> Timestamptz,
        /// How many parts the run has: repositories, for a sync.
        steps -> Integer,
        /// How many of them are over.
        steps_done -> Integer,
        /// How many things it has read: issues, for a sync.
        items -> Integer,
    }
}

diesel::table! {
    /// Which queue issues were judged to belong in. The newest of an issue counts.
    lane_judgements (id) {
        id -> BigInt,
        issue_id -> BigInt,
        lane -> Text,
        confidence -> Text,
        reason -> Nullable<Text>,
        /// The model that judged; null for a rule or a person.
        model -> Nullable<Text>,
        judged_at -> Timestamptz,
    }
}

diesel::table! {
    /// Messages to holders of issues, each to one lease. Its renewals carry those that it has not said to have read.
    lease_messages (id) {
        id -> BigInt,
        issue_id -> BigInt,
        fencing_token -> BigInt,
        /// Who sent it.
        author -> Text,
        /// What kind of actor that is.
        author_kind -> Text,
        body -> Text,
        sent_at -> Timestamptz,
        /// When the holder said that it has read it.
        read_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Who holds or last held each issue. Live while `state` is not `free` and `expires_at` is to come.
    leases (issue_id) {
        issue_id -> BigInt,
        repository_id -> BigInt,
        /// Only ever grows for an issue; a write with an older one is refused.
        fencing_token -> BigInt,
        agent -> Text,
        /// The queue the issue waited in when it was claimed.
        lane -> Text,
        /// `reserved` while GitHub is asked, then `held`; `free` once it ended.
        state -> Text,
        /// How far the holder says it is.
        checkpoint -> Text,
        /// The claimer's key for its request with its owner, see `domain::keys`; a repeat finds this lease.
        request_id -> Nullable<Text>,
        /// For how long it was claimed or last renewed.
        term_seconds -> Integer,
        acquired_at -> Timestamptz,
        renewed_at -> Timestamptz,
        expires_at -> Timestamptz,
        /// When to try again to put right what an expired lease left on GitHub.
        retry_at -> Nullable<Timestamptz>,
        /// When it ended; null while nobody has put it to an end.
        ended_at -> Nullable<Timestamptz>,
        /// How it ended.
        ending -> Nullable<Text>,
        /// What came of the work, when it was finished.
        outcome -> Nullable<Text>,
        /// SHA-256 of what that request asked for, in hexadecimal digits; tells a repeat from another request.
        request_hash -> Nullable<Text>,
        /// When somebody asked the holder to stop.
        stop_requested_at -> Nullable<Timestamptz>,
        /// Who asked it to.
        stop_requested_by -> Nullable<Text>,
        /// Why.
        stop_reason -> Nullable<Text>,
        /// When the issue is taken from a holder that has not stopped by then.
        release_at -> Nullable<Timestamptz>,
        /// The question whose answer the holder waits for.
        awaiting_input -> Nullable<Text>,
        /// Since when it waits for it.
        awaiting_input_since -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Things that happen once, ever, and when they did.
    milestones (name) {
        name -> Text,
        reached_at -> Timestamptz,
    }
}

diesel::table! {
    /// Packages of the owner that belong to a repository.
    packages (id) {
        id -> BigInt,
        repository_id -> BigInt,
        github_id -> BigInt,
        /// GitHub's word: `container`, `npm`, and others.
        package_type -> Text,
        name -> Text,
        visibility -> Text,
        html_url -> Text,
        version_count -> Integer,
        /// The name of the newest version: a digest for a container.
        latest_version -> Nullable<Text>,
        /// The tags of that version.
        latest_tags -> Array<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    /// Leases whose row another holder has taken since. Filled by a trigger.
    past_leases (issue_id, fencing_token) {
        issue_id -> BigInt,
        repository_id -> BigInt,
        fencing_token -> BigInt,
        agent -> Text,
        lane -> Text,
        state -> Text,
        checkpoint -> Text,
        request_id -> Nullable<Text>,
        term_seconds -> Integer,
        acquired_at -> Timestamptz,
        renewed_at -> Timestamptz,
        expires_at -> Timestamptz,
        retry_at -> Nullable<Timestamptz>,
        ended_at -> Timestamptz,
        ending -> Text,
        outcome -> Nullable<Text>,
        request_hash -> Nullable<Text>,
        stop_requested_at -> Nullable<Timestamptz>,
        stop_requested_by -> Nullable<Text>,
        stop_reason -> Nullable<Text>,
        release_at -> Nullable<Timestamptz>,
        awaiting_input -> Nullable<Text>,
        awaiting_input_since -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// What is paused: no agent is served anything of it. A row goes when the pause ends.
    pauses (id) {
        id -> BigInt,
        /// What kind of thing is paused.
        scope -> Text,
        /// Which one: a repository's full name, a lane's id, an agent's name; empty for everything.
        subject -> Text,
        /// The same in lower case.
        subject_key -> Text,
        /// Whether holders are told to stop; else what is held is finished.
        stops_holders -> Bool,
        /// Why, in the words of who paused it.
        reason -> Nullable<Text>,
        /// Who paused it.
        created_by -> Text,
        created_at -> Timestamptz,
        /// When it ends by itself; when absent, somebody has to end it.
        ends_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Issues that a pull request closes when it is merged.
    pull_request_issues (pull_request_id, repository, number) {
        pull_request_id -> BigInt,
        /// Full name of the issue's repository in lower case.
        repository -> Text,
        number -> Integer,
    }
}

diesel::table! {
    /// Pull requests that are open, or were while the repository was tracked.
    pull_requests (id) {
        id -> BigInt,
        repository_id -> BigInt,
        node_id -> Text,
        number -> Integer,
        title -> Text,
        html_url -> Text,
        state -> Text,
        is_draft -> Bool,
        author -> Nullable<Text>,
        branch -> Text,
        base_branch -> Text,
        head_sha -> Text,
        /// GitHub's word: `APPROVED`, `CHANGES_REQUESTED`, `REVIEW_REQUIRED`; null without a rule.
        review_decision -> Nullable<Text>,
        /// GitHub's word for all checks of its newest commit: `SUCCESS`, `FAILURE`, `PENDING`, `ERROR`, `EXPECTED`; null without checks.
        check_state -> Nullable<Text>,
        /// GitHub's word: `MERGEABLE`, `CONFLICTING`, `UNKNOWN`.
        mergeable -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        merged_at -> Nullable<Timestamptz>,
        closed_at -> Nullable<Timestamptz>,
        /// When its checks, review decision, conflicts and closed issues are to be read from GitHub; null when nothing is due.
        details_due_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Open issues in the columns that work is taken from. Kept by triggers.
    queued (issue_id) {
        issue_id -> BigInt,
        repository_id -> BigInt,
        /// The one agent that the labels name, in lower case: empty when none, null when several.
        agent -> Nullable<Text>,
        /// The queue, in lower case.
        lane -> Text,
        status -> Text,
        /// The priority as a number: 0 for `p0`, 4 for none.
        tier -> Integer,
        /// The day it was opened, counted from 1970-01-01 by UTC.
        day -> Integer,
        /// Whether an open pull request is to close it.
        has_pull_request -> Bool,
        /// Whether it is noted to wait for others, be they open or not.
        refers -> Bool,
        /// Whether a lease on it was not put to an end, be its time over or not.
        has_lease -> Bool,
        /// When it may be served again; infinite where it needs a person.
        not_before -> Timestamptz,
        /// Whether a person works on it, by the rules of its repository.
        with_person -> Bool,
        /// How many open issues wait for it, at most 9: more do not rank it higher.
        unblocks -> Integer,
    }
}

diesel::table! {
    /// Releases.
    releases (id) {
        id -> BigInt,
        repository_id -> BigInt,
        github_id -> BigInt,
        tag_name -> Text,
        name -> Nullable<Text>,
        draft -> Bool,
        prerelease -> Bool,
        target_commit -> Nullable<Text>,
        author -> Nullable<Text>,
        html_url -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        /// Null while it is a draft.
        published_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Repositories that are or were tracked.
    repositories (id) {
        id -> BigInt,
        /// GitHub's id; unknown until the first good sync.
        node_id -> Nullable<Text>,
        /// `owner/name`, spelled as typed until GitHub spells it.
        full_name -> Text,
        /// Whether it is tracked now.
        enabled -> Bool,
        /// Who asked for it first: the settings (`env`) or somebody (`user`).
        source -> Text,
        /// GitHub's default branch; `main` until known.
        default_branch -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        /// When a sync last ended, well or not.
        attempted_at -> Nullable<Timestamptz>,
        /// When a sync last ended well.
        synced_at -> Nullable<Timestamptz>,
        /// Why the last sync failed; null after a good one.
        sync_error -> Nullable<Text>,
        /// High-water mark: the update time up to which every change has been written.
        synced_through -> Nullable<Timestamptz>,
        /// When a full pass last ended.
        fully_synced_at -> Nullable<Timestamptz>,
        /// What an unfinished full pass was reading.
        pass_phase -> Nullable<Text>,
        /// Update time up to which that phase has been written.
        pass_through -> Nullable<Timestamptz>,
        /// GitHub's count of open issues, when a full pass left it different from ours.
        gap_github -> Nullable<Integer>,
        /// Our count beside it. The pass is not repeated until one of the two changes.
        gap_cached -> Nullable<Integer>,
        /// Names it had before, in lower case; GitHub redirects from them until another takes one.
        former_names -> Array<Text>,
        /// Why its issues cannot be changed on GitHub, as of the last sync; null when they can.
        read_only -> Nullable<Text>,
        /// How often GitHub refused to change its issues in a row.
        refusals -> Integer,
        /// What GitHub said the last time.
        refusal -> Nullable<Text>,
        /// When its issues may be served again after that.
        retry_at -> Nullable<Timestamptz>,
        /// Whether agents are served what is In Progress without an agent.
        serves_in_progress -> Bool,
        /// Whether agents are served what is assigned to somebody on GitHub.
        serves_assigned -> Bool,
        /// Whether agents are served what has an `owner/` label.
        serves_owned -> Bool,
        /// What it calls statuses, priorities and agents on GitHub; issues.labels has Dispatch's names.
        label_scheme -> Jsonb,
        /// Digest of GitHub's answer about the repository as a whole, read before its last successful sync; null when the next sync has to read it.
        fingerprint -> Nullable<Text>,
        /// When an event reported a change that only a sync can read; none since the last sync began.
        sync_requested_at -> Nullable<Timestamptz>,
        /// When a delivery about one of its issues last arrived, to the minute; null when none did, or when a sync has since found a change that no delivery reported.
        webhooks_seen_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// The labels of repositories, as of the last sync.
    repository_labels (repository_id, node_id) {
        repository_id -> BigInt,
        /// GitHub's id, which a rename does not change.
        node_id -> Text,
        /// The name in GitHub's spelling.
        name -> Text,
    }
}

diesel::table! {
    /// Requests that name themselves, and what they were answered. Pruned.
    request_keys (caller, request, key) {
        /// The credential of who asks.
        caller -> Text,
        /// Method and path.
        request -> Text,
        /// A key with its owner, see `domain::keys`.
        key -> Text,
        /// SHA-256 of the body, in hexadecimal digits; tells a retry from another request.
        body_hash -> Text,
        /// Who carries it out, or did.
        run_id -> Uuid,
        begun_at -> Timestamptz,
        /// The status of the answer; null while it is carried out.
        status -> Nullable<Integer>,
        answer -> Nullable<Text>,
    }
}

diesel::table! {
    /// Named filters, shared by everybody.
    saved_views (id) {
        id -> BigInt,
        name -> Text,
        /// The query of the board's address: filters, grouping and order.
        query -> Text,
        created_by -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// People who signed in on the page.
    sessions (digest) {
        /// SHA-256 of the session's id and of the token it was opened with, in hexadecimal.
        digest -> Text,
        /// What the person is called.
        name -> Text,
        /// When they signed in.
        created_at -> Timestamptz,
        /// When they have to sign in again.
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    /// Open issues that other open issues wait for. Kept by triggers.
    unblocking (issue_id) {
        issue_id -> BigInt,
        /// How many open issues of tracked repositories wait for it directly.
        issues -> Integer,
    }
}

diesel::table! {
    /// Issues that a sync could not read and asks for again.
    unreadable_issues (id) {
        id -> BigInt,
        repository_id -> BigInt,
        /// GitHub's id; null when GitHub did not even tell that.
        node_id -> Nullable<Text>,
        number -> Nullable<Integer>,
        /// Open or closed by GitHub's account; open when it did not tell.
        state -> Text,
        /// Why it could not be read.
        reason -> Text,
        /// When it was first left out.
        first_at -> Timestamptz,
        /// When reading it last failed.
        last_at -> Timestamptz,
    }
}

diesel::table! {
    /// Signed deliveries of GitHub's webhooks, until they are pruned.
    webhook_deliveries (id) {
        /// Our id, in the order of arrival.
        id -> BigInt,
        /// GitHub's id of the delivery, which a redelivery repeats.
        delivery_id -> Text,
        /// The name of the event, such as `issues`.
        event -> Text,
        /// The action of the event, such as `labeled`; none when the payload has none.
        action -> Nullable<Text>,
        /// The full name of the repository in the payload.
        repository -> Nullable<Text>,
        /// The number of the issue or pull request in the payload.
        issue_number -> Nullable<Integer>,
        /// What the delivery is about. Deliveries of one subject are processed in order.
        subject -> Text,
        /// The JSON text as GitHub sent it.
        payload -> Binary,
        /// Whether it was processed, and with which result.
        state -> Text,
        /// Why it was ignored or quarantined, or why the last attempt failed.
        reason -> Nullable<Text>,
        /// How often it was processed, the attempt in progress included.
        attempts -> Integer,
        /// When it last arrived.
        received_at -> Timestamptz,
        /// When it is processed next. An attempt in progress moves this to when it counts as interrupted.
        next_attempt_at -> Nullable<Timestamptz>,
        /// When it was processed for the last time.
        settled_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// The newest run of each workflow and branch.
    workflow_branches (workflow_id, branch, is_pull_request) {
        workflow_id -> BigInt,
        branch -> Text,
        /// Whether pull requests started the runs: a branch of a fork may have the name of ours.
        is_pull_request -> Bool,
        repository_id -> BigInt,
        latest_run_id -> BigInt,
        /// Whether the newest run is not completed.
        is_running -> Bool,
        /// Whether the newest run that succeeded or failed has failed.
        is_failing -> Bool,
        /// That run, while it failed.
        failing_run_id -> Nullable<BigInt>,
        /// When the first run since the last success that failed was created.
        failing_since -> Nullable<Timestamptz>,
        /// The commit of that first run.
        failing_sha -> Nullable<Text>,
        /// Who started that first run.
        failing_actor -> Nullable<Text>,
    }
}

diesel::table! {
    /// Totals of runs that were pruned.
    workflow_days (workflow_id, day, conclusion) {
        workflow_id -> BigInt,
        /// The day on which they were created, counted from 1970-01-01 by UTC.
        day -> Integer,
        conclusion -> Text,
        runs -> BigInt,
        /// Their durations together.
        seconds -> BigInt,
    }
}

diesel::table! {
    /// Jobs of runs, of the newest attempt that is known.
    workflow_jobs (id) {
        id -> BigInt,
        run_id -> BigInt,
        github_id -> BigInt,
        run_attempt -> Integer,
        name -> Text,
        status -> Text,
        conclusion -> Nullable<Text>,
        created_at -> Timestamptz,
        started_at -> Nullable<Timestamptz>,
        completed_at -> Nullable<Timestamptz>,
        runner_name -> Nullable<Text>,
        /// The labels that its runner must have.
        runner_labels -> Array<Text>,
        /// The name of the first step that failed.
        failed_step -> Nullable<Text>,
        html_url -> Text,
    }
}

diesel::table! {
    /// Runs of workflows. Pruned by age and by number.
    workflow_runs (id) {
        id -> BigInt,
        repository_id -> BigInt,
        workflow_id -> BigInt,
        github_id -> BigInt,
        run_number -> BigInt,
        /// 1, and one more for each time that it was run again.
        run_attempt -> Integer,
        name -> Text,
        /// The title that GitHub displays: of the commit, the pull request, or of the workflow's choice.
        title -> Text,
        /// What started it, such as `push`.
        event -> Text,
        /// GitHub's word: `queued`, `in_progress`, `completed`, and others.
        status -> Text,
        /// GitHub's word: `success`, `failure`, and others; null until it is completed.
        conclusion -> Nullable<Text>,
        branch -> Nullable<Text>,
        head_sha -> Text,
        /// GitHub login of who started this attempt.
        actor -> Nullable<Text>,
        html_url -> Text,
        created_at -> Timestamptz,
        /// When this attempt started.
        started_at -> Timestamptz,
        updated_at -> Timestamptz,
        /// When this attempt completed; null until then.
        completed_at -> Nullable<Timestamptz>,
        /// From start to completion.
        duration_seconds -> Nullable<Integer>,
        pull_request_number -> Nullable<Integer>,
        /// What it waits for, as a sentence; null while it does not wait, or nobody knows.
        waiting_for -> Nullable<Text>,
        /// When all jobs of this attempt were last read.
        jobs_read_at -> Nullable<Timestamptz>,
        /// When its artifacts were last read.
        artifacts_read_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// The newest run of each workflow, and how its newest 100 runs went. Written with the runs.
    workflow_statistics (workflow_id) {
        workflow_id -> BigInt,
        /// The newest run on any branch; null without runs.
        latest_run_id -> Nullable<BigInt>,
        /// The average duration of those that succeeded.
        average_seconds -> Nullable<Integer>,
        /// How many of them succeeded.
        succeeded -> Integer,
        /// How many of them failed.
        failed -> Integer,
        /// Whether a commit both succeeded and failed among them, attempts included.
        is_flaky -> Bool,
    }
}

diesel::table! {
    /// Workflows of GitHub Actions.
    workflows (id) {
        id -> BigInt,
        repository_id -> BigInt,
        github_id -> BigInt,
        name -> Text,
        /// The path of the file that defines it, such as `.github/workflows/ci.yml`.
        path -> Text,
        /// GitHub's word: `active`, `disabled_manually`, and others.
        state -> Text,
        html_url -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        /// When its newest run was created.
        last_run_at -> Nullable<Timestamptz>,
        /// When GitHub no longer listed it.
        deleted_at -> Nullable<Timestamptz>,
        /// The blob of the file that `file` was read from.
        file_sha -> Nullable<Text>,
        /// The triggers in the file; null when it was not read, or is malformed.
        file -> Nullable<Jsonb>,
        /// Why the file could not be read, with the line; null when it could.
        file_error -> Nullable<Text>,
    }
}

diesel::joinable!(activity -> repositories (repository_id));
diesel::joinable!(activity -> workflow_runs (run_id));
diesel::joinable!(agent_reports -> agent_runs (agent_run_id));
diesel::joinable!(agent_runs -> issues (issue_id));
diesel::joinable!(agent_work -> issues (issue_id));
diesel::joinable!(agent_work_steps -> agent_work (work_id));
diesel::joinable!(artifacts -> workflow_runs (run_id));
diesel::joinable!(audit_log -> issues (issue_id));
diesel::joinable!(automation_repositories -> repositories (repository_id));
diesel::joinable!(automation_sync_runs -> repositories (repository_id));
diesel::joinable!(backoffs -> issues (issue_id));
diesel::joinable!(blockers -> issues (issue_id));
diesel::joinable!(board_counts -> repositories (repository_id));
diesel::joinable!(check_runs -> repositories (repository_id));
diesel::joinable!(conversations -> issues (issue_id));
diesel::joinable!(decisions -> issues (served_issue_id));
diesel::joinable!(decompositions -> issues (issue_id));
diesel::joinable!(deployments -> repositories (repository_id));
diesel::joinable!(issues -> repositories (repository_id));
diesel::joinable!(lane_judgements -> issues (issue_id));
diesel::joinable!(lease_messages -> issues (issue_id));
diesel::joinable!(leases -> issues (issue_id));
diesel::joinable!(leases -> repositories (repository_id));
diesel::joinable!(packages -> repositories (repository_id));
diesel::joinable!(past_leases -> issues (issue_id));
diesel::joinable!(past_leases -> repositories (repository_id));
diesel::joinable!(pull_request_issues -> pull_requests (pull_request_id));
diesel::joinable!(pull_requests -> repositories (repository_id));
diesel::joinable!(queued -> issues (issue_id));
diesel::joinable!(queued -> repositories (repository_id));
diesel::joinable!(releases -> repositories (repository_id));
diesel::joinable!(repository_labels -> repositories (repository_id));
diesel::joinable!(unreadable_issues -> repositories (repository_id));
diesel::joinable!(workflow_branches -> workflow_runs (latest_run_id));
diesel::joinable!(workflow_branches -> repositories (repository_id));
diesel::joinable!(workflow_branches -> workflows (workflow_id));
diesel::joinable!(workflow_days -> workflows (workflow_id));
diesel::joinable!(workflow_jobs -> workflow_runs (run_id));
diesel::joinable!(workflow_runs -> repositories (repository_id));
diesel::joinable!(workflow_runs -> workflows (workflow_id));
diesel::joinable!(workflow_statistics -> workflow_runs (latest_run_id));
diesel::joinable!(workflow_statistics -> workflows (workflow_id));
diesel::joinable!(workflows -> repositories (repository_id));

diesel::allow_tables_to_appear_in_same_query!(
    activity,
    agent_names,
    agent_reports,
    agent_runs,
    agent_work,
    agent_work_steps,
    artifacts,
    audit_log,
    automation_repositories,
    automation_sync_runs,
    backoffs,
    blocked,
    blockers,
    board_counts,
    check_runs,
    conversations,
    decisions,
    decompositions,
    dependency_changes,
    deployments,
    event_log,
    foreign_references,
    github_budgets,
    github_spending,
    issues,
    job_locks,
    lane_judgements,
    lease_messages,
    leases,
    milestones,
    packages,
    past_leases,
    pauses,
    pull_request_issues,
    pull_requests,
    queued,
    releases,
    repositories,
    repository_labels,
    request_keys,
    saved_views,
    sessions,
    unblocking,
    unreadable_issues,
    webhook_deliveries,
    workflow_branches,
    workflow_days,
    workflow_jobs,
    workflow_runs,
    workflow_statistics,
    workflows,
);
