-- Panels of judges (standard setting) and of experts (script concordance): what each of them said, and
-- what the committee concluded. Judgements are append-only: the last row of a round, judge and target
-- holds, an empty value takes the judgement back.

create table panel (
    id text primary key,
    exam_id text not null references exam (id),
    -- angoff, yes-no-angoff, modified-angoff, ebel, hofstee, bookmark, borderline-group,
    -- borderline-regression, tcs
    method text not null,
    title text not null,
    -- JSON, by method
    options text not null,
    -- 1, or 2 after the discussion of a modified Angoff
    round bigint not null default 1,
    -- Were judges shown how candidates did when this round opened?
    informed bigint not null default 0,
    -- Judgements so far; taken in the transaction that adds them.
    last_position bigint not null default 0,
    created_ms bigint not null,
    created_by text not null references person (id),
    closed_ms bigint
);
create index panel_exam on panel (exam_id, created_ms);

create table panel_judge (
    panel_id text not null references panel (id),
    number bigint not null,
    name text not null,
    -- Their account, where they have one
    person_id text references person (id),
    added_ms bigint not null,
    added_by text not null references person (id),
    primary key (panel_id, number),
    unique (panel_id, name)
);

create table judgement (
    panel_id text not null,
    position bigint not null,
    round bigint not null,
    judge bigint not null,
    -- question:…, cell:…, bound:…, page, candidate:…
    target text not null,
    value text not null,
    at_ms bigint not null,
    author_id text not null references person (id),
    primary key (panel_id, position),
    foreign key (panel_id, judge) references panel_judge (panel_id, number)
);

-- Thresholds that the committee kept, in order; the last one holds.
create table threshold_decision (
    exam_id text not null references exam (id),
    number bigint not null,
    threshold text not null,
    panel_id text references panel (id),
    -- Version of the register that holds it; null while there is no register.
    version bigint,
    reason text not null,
    at_ms bigint not null,
    author_id text not null references person (id),
    primary key (exam_id, number)
);
