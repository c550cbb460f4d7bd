-- One schema for SQLite and PostgreSQL. Ids are text (UUIDv7), instants are milliseconds since 1970
-- UTC, JSON is text, booleans are 0 or 1. Migrations are never edited: add another one.

create table person (
    id text primary key,
    login text not null unique,
    name text not null,
    -- A PHC string ($argon2id$…), or $code$… for a random access code; null while no sign-in is possible.
    secret text,
    created_ms bigint not null,
    disabled_ms bigint
);

create table person_role (
    person_id text not null references person (id),
    role text not null,
    primary key (person_id, role)
);

create table login_session (
    token_hash text primary key,
    person_id text not null references person (id),
    csrf text not null,
    created_ms bigint not null,
    expires_ms bigint not null
);
create index login_session_person on login_session (person_id);

create table one_time_link (
    token_hash text primary key,
    purpose text not null,
    created_ms bigint not null,
    expires_ms bigint not null,
    used_ms bigint
);

create table media (
    hash text primary key,
    mime text not null,
    width bigint not null,
    height bigint not null,
    bytes bytea not null,
    created_ms bigint not null
);

-- An entry of the bank: a question or a case. Its wordings are revisions, which never change.
create table entry (
    id text primary key,
    external_id text not null unique,
    kind text not null,
    status text not null,
    latest bigint not null,
    created_ms bigint not null
);

create table revision (
    entry_id text not null references entry (id),
    number bigint not null,
    hash text not null,
    fingerprint text not null,
    title text not null,
    questions bigint not null,
    tags text not null,
    body text not null,
    origin text not null,
    author_id text not null references person (id),
    created_ms bigint not null,
    primary key (entry_id, number)
);
create index revision_fingerprint on revision (fingerprint);

create table exam (
    id text primary key,
    title text not null,
    -- draft, frozen, open, closed, marked, published
    state text not null,
    -- common: one clock for a site, from its opening; individual: from each candidate's start
    start_mode text not null,
    grace_ms bigint not null,
    instructions text not null,
    -- JSON of the engine's Paper; a draft until frozen_ms, immutable after
    paper text not null,
    paper_hash text,
    frozen_ms bigint,
    published_ms bigint,
    published_version bigint,
    created_ms bigint not null,
    created_by text not null references person (id)
);

create table site (
    id text primary key,
    exam_id text not null references exam (id),
    name text not null,
    unique (exam_id, name)
);

-- A section at a site: when it was opened and closed there, and what an incident gave back.
create table sitting (
    exam_id text not null references exam (id),
    site_id text not null references site (id),
    section_id text not null,
    opened_ms bigint,
    closed_ms bigint,
    compensation_ms bigint not null default 0,
    primary key (exam_id, site_id, section_id)
);

create table candidate (
    exam_id text not null references exam (id),
    person_id text not null references person (id),
    number text not null,
    site_id text not null references site (id),
    factor text not null,
    extra_minutes bigint not null,
    reference text not null,
    primary key (exam_id, person_id),
    unique (exam_id, number)
);
create index candidate_person on candidate (person_id);

create table attempt (
    id text primary key,
    exam_id text not null references exam (id),
    site_id text not null references site (id),
    person_id text not null references person (id),
    section_id text not null,
    seed bigint not null,
    started_ms bigint,
    handed_in_ms bigint,
    extension_ms bigint not null default 0,
    compensation_ms bigint not null default 0,
    streams bigint not null default 0,
    last_position bigint not null default 0,
    last_seen_ms bigint,
    unique (exam_id, person_id, section_id)
);
create index attempt_site on attempt (exam_id, section_id, site_id);

-- The journal of answers: append-only.
create table step (
    exam_id text not null references exam (id),
    attempt_id text not null references attempt (id),
    stream bigint not null,
    seq bigint not null,
    position bigint not null,
    client_ms bigint not null,
    server_ms bigint not null,
    verdict text not null,
    kind text not null,
    question_id text,
    act text not null,
    actor text not null,
    primary key (exam_id, attempt_id, stream, seq)
);

-- Extra time given, each with its author and reason; the sums on attempt and sitting follow it in the
-- same transaction.
create table time_grant (
    id text primary key,
    exam_id text not null references exam (id),
    section_id text not null,
    attempt_id text references attempt (id),
    site_id text references site (id),
    kind text not null,
    ms bigint not null,
    reason text not null,
    author_id text not null references person (id),
    at_ms bigint not null
);
create index time_grant_exam on time_grant (exam_id);

create table ledger_entry (
    exam_id text not null references exam (id),
    version bigint not null,
    at_ms bigint not null,
    author_id text not null references person (id),
    reason text not null,
    decision text not null,
    primary key (exam_id, version)
);

-- Published results, by version of the register: a read cache, derived again at will.
create table result (
    exam_id text not null references exam (id),
    version bigint not null,
    person_id text not null references person (id),
    summary text not null,
    primary key (exam_id, version, person_id)
);

-- What people in charge did, beside the registers above.
create table event (
    id text primary key,
    exam_id text references exam (id),
    at_ms bigint not null,
    author_id text references person (id),
    what text not null,
    detail text not null
);
create index event_exam on event (exam_id, at_ms);
