-- Comments for patterns of wrong answers: how many students gave each, and what people let be said of it.

-- Which marked exams were read, at which version of their register. These two tables are derived: emptied, they are
-- filled again from the journals.
create table pattern_read (
    exam_id text primary key references exam (id),
    version bigint not null,
    at_ms bigint not null
);

create table pattern_count (
    exam_id text not null references exam (id),
    -- Digest of the four names below.
    slot text not null,
    entry_id text not null references entry (id),
    question_id text not null,
    -- Digest of what is asked and of its key: a comment is good for one wording.
    wording text not null,
    pattern text not null,
    -- Of an open answer: as most wrote it.
    shown text not null,
    students bigint not null check (students > 0),
    primary key (exam_id, slot)
);
create index pattern_count_slot on pattern_count (slot);
create index pattern_count_entry on pattern_count (entry_id);

-- What the keys below point at.
create unique index ai_proposal_function on ai_proposal (id, function);
create unique index ai_decision_proposal on ai_decision (accepted, proposal_id);

-- What students with that pattern read, version by version: an edit is a new row. The database takes nothing born of a
-- machine without a decision that accepts a draft of a comment, and a decision serves once.
create table pattern_comment (
    id text primary key,
    slot text not null,
    entry_id text not null references entry (id),
    question_id text not null,
    wording text not null,
    pattern text not null,
    -- From 1; the greatest holds.
    number bigint not null check (number > 0),
    body text not null check (length(trim(body)) > 0),
    born text not null check (born in ('person', 'ai')),
    ai_decision text unique,
    ai_proposal text,
    ai_function text check (ai_function = 'comment-drafting'),
    -- Who wrote it, or let it be.
    author_id text not null references person (id),
    at_ms bigint not null,
    -- No longer shown, with all versions before.
    withdrawn_ms bigint,
    withdrawn_by text references person (id),
    unique (slot, number),
    check ((born = 'ai') = (ai_decision is not null)),
    check ((ai_decision is null) = (ai_proposal is null)),
    check ((ai_decision is null) = (ai_function is null)),
    check ((withdrawn_ms is null) = (withdrawn_by is null)),
    foreign key (ai_decision, ai_proposal) references ai_decision (accepted, proposal_id),
    foreign key (ai_proposal, ai_function) references ai_proposal (id, function)
);
create index pattern_comment_entry on pattern_comment (entry_id);
