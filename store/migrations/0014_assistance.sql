-- What a machine may propose, what people decided, and the only way from one to the other.

-- Decisions of the committee on each function; the newest one holds. Nothing there: it is off.
create table ai_switch (
    id text primary key,
    function text not null,
    enabled bigint not null,
    -- Of the committee's decision: minutes, date, number.
    reference text not null check (length(trim(reference)) > 0),
    -- Questions asked for, a day: by one person, by everyone.
    person_daily bigint not null,
    daily bigint not null,
    author_id text not null references person (id),
    at_ms bigint not null
);
create index ai_switch_function on ai_switch (function, at_ms);

create table ai_source (
    id text primary key,
    title text not null,
    -- Where it comes from: an address, a citation, a file's name.
    origin text not null,
    edition text not null,
    published text not null,
    licence text not null,
    -- 0 nobody has said, 1 teaching document, 2 reviewed, 3 official
    trust bigint not null,
    format text not null,
    -- SHA-256 of the bytes that were brought.
    hash text not null,
    chars bigint not null,
    imported_by text not null references person (id),
    imported_ms bigint not null,
    trust_by text not null references person (id),
    -- Not leaned on from then on; null without an end.
    expires_ms bigint,
    withdrawn_ms bigint
);

create table ai_passage (
    source_id text not null references ai_source (id),
    -- From 1, in the document's order.
    number bigint not null,
    page bigint,
    section text not null,
    body text not null,
    hash text not null,
    primary key (source_id, number)
);

-- What was asked, and how far it is. A row that runs and whose lease is over is taken up again.
create table ai_job (
    id text primary key,
    function text not null,
    person_id text not null references person (id),
    folder_id text not null references folder (id),
    -- JSON of what is asked; passages by source and number.
    request text not null,
    wanted bigint not null,
    -- waiting, running, done, failed, cancelled
    state text not null,
    stage text not null default '',
    tries bigint not null default 0,
    runner text not null default '',
    lease_ms bigint not null default 0,
    prompt_tokens bigint not null default 0,
    completion_tokens bigint not null default 0,
    created_ms bigint not null,
    ended_ms bigint
);
create index ai_job_state on ai_job (state, created_ms);
create index ai_job_person on ai_job (person_id, created_ms);

create table ai_proposal (
    id text primary key,
    job_id text not null references ai_job (id),
    number bigint not null,
    function text not null,
    folder_id text not null references folder (id),
    -- JSON of the proposal: what the machine wrote, and where it comes from. Never changed.
    body text not null,
    -- Is a proposition said to be true without a passage that bears it out?
    unsupported bigint not null,
    created_ms bigint not null
);
create index ai_proposal_job on ai_proposal (job_id, number);

-- What a named person did with a proposal; one decision each. Never changed.
create table ai_decision (
    id text primary key,
    proposal_id text not null unique references ai_proposal (id),
    reviewer_id text not null references person (id),
    -- accept, amend, refuse, again
    verdict text not null check (verdict in ('accept', 'amend', 'refuse', 'again')),
    -- Of a refusal, from the short list.
    reason text not null,
    remark text not null,
    -- JSON of the draft as amended; null where it was not.
    amended text,
    -- Part of the proposal's text that stays, 0 to 1.
    survived double precision,
    at_ms bigint not null,
    -- The decision itself where it lets content be, null otherwise: what a revision points at.
    accepted text unique,
    check (accepted is null or (accepted = id and verdict in ('accept', 'amend'))),
    check (verdict not in ('accept', 'amend') or accepted is not null),
    check (verdict <> 'refuse' or length(trim(reason)) > 0)
);

-- A revision says for ever whether a machine wrote it, and then by whose decision it is there: the database takes none
-- without a decision that accepts, and a decision serves once.
alter table revision add column born text not null default 'person' check (born in ('person', 'ai'));
alter table revision add column ai_decision text references ai_decision (accepted)
    check ((born = 'ai') = (ai_decision is not null));
create unique index revision_ai_decision on revision (ai_decision);
