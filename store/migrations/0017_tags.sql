-- Tags that a machine proposed: of which question, the only way by which they become tags, and what the machine learned
-- from people's own.

-- What the committee says of accepting several at once; the newest one holds. Nothing there: one by one only.
create table ai_tag_rule (
    id text primary key,
    -- Confidence from which several may be accepted at once, in thousandths; null: one by one only.
    threshold bigint check (threshold between 500 and 1000),
    -- May a language model, where one is configured, put the first candidates in its own order?
    rerank bigint not null,
    -- Of the committee's decision: minutes, date, number.
    reference text not null check (length(trim(reference)) > 0),
    author_id text not null references person (id),
    at_ms bigint not null
);
create unique index ai_tag_rule_threshold on ai_tag_rule (id, threshold);

-- Which question a proposal of tags is about; the tags are in the proposal's body.
create table ai_tag_proposal (
    proposal_id text primary key references ai_proposal (id),
    entry_id text not null references entry (id),
    -- The wording that was read.
    revision bigint not null,
    -- What is proposed first, parted by spaces; empty where the machine would rather say nothing.
    tags text not null,
    -- Of the least sure of them, in thousandths.
    confidence bigint not null,
    -- What is proposed whatever its confidence: the item that comes first, and how sure that is, in thousandths.
    first_tag text not null,
    first_confidence bigint not null,
    -- Words alone, or words with a learned head: its id.
    method text not null
);
create unique index ai_tag_proposal_entry on ai_tag_proposal (proposal_id, entry_id);
create index ai_tag_proposal_of on ai_tag_proposal (entry_id);

-- How many questions of a request were looked at; written with what was proposed of them.
create table ai_tag_progress (
    job_id text primary key references ai_job (id),
    done bigint not null
);

-- A revision whose new tags were proposed by a machine names the decision that let them be. A decision serves once.
alter table revision add column tagged text references ai_decision (accepted);
create unique index revision_tagged on revision (tagged);
create unique index revision_tagged_by on revision (entry_id, number, tagged);

-- A tag of a machine's is one that stands here, and for ever: the decision accepts, it is about a proposal of tags, the
-- proposal is about this entry, and the revision names the decision.
create table ai_tagging (
    -- SQLite lets a text key be null unless told.
    decision text not null primary key,
    proposal_id text not null unique,
    entry_id text not null,
    number bigint not null,
    -- Parted by spaces.
    tags text not null check (length(trim(tags)) > 0),
    -- Of the least sure of them, in thousandths; 0 for one that the reviewer chose.
    confidence bigint not null,
    -- Where several were accepted at once: by which rule of the committee.
    rule text,
    threshold bigint,
    check ((rule is null) = (threshold is null)),
    check (threshold is null or confidence >= threshold),
    foreign key (decision, proposal_id) references ai_decision (accepted, proposal_id),
    foreign key (proposal_id, entry_id) references ai_tag_proposal (proposal_id, entry_id),
    foreign key (entry_id, number, decision) references revision (entry_id, number, tagged),
    foreign key (rule, threshold) references ai_tag_rule (id, threshold)
);
create index ai_tagging_entry on ai_tagging (entry_id);

-- What was learned from validated tags, one row a training; the newest promoted one is in force.
create table ai_tag_head (
    id text primary key,
    created_ms bigint not null,
    person_id text not null references person (id),
    -- Questions learned from, those that set its weight, those held back to measure it.
    learned bigint not null,
    tuned bigint not null,
    held bigint not null,
    -- JSON: measured on those held back, without it (or with the one in force then) and with it.
    before text not null,
    after text not null,
    promoted bigint not null,
    -- JSON of the head, and its SHA-256.
    body text not null,
    hash text not null
);
