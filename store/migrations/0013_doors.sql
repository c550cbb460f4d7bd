-- What stands at the door of an exam: a browser of a certain kind, addresses of a site. Nothing there: the door is open.
create table locked_browser (
    exam_id text primary key references exam (id),
    -- generated, uploaded, any
    mode text not null,
    -- JSON: what candidates may do, hash of the password, keys, the file brought
    settings text not null,
    updated_by text not null references person (id),
    updated_ms bigint not null
);

-- Addresses from which a site is entered, one range a line.
create table site_addresses (
    site_id text primary key,
    exam_id text not null references exam (id),
    ranges text not null
);

-- A sign-in session whose browser was found to be the one asked for.
create table browser_admitted (
    attempt_id text not null,
    session text not null,
    at_ms bigint not null,
    primary key (attempt_id, session)
);

-- Who was refused, the last time: kind is browser or address.
create table door_refusal (
    exam_id text not null references exam (id),
    person_id text not null references person (id),
    kind text not null,
    at_ms bigint not null,
    detail text not null,
    times bigint not null,
    -- were they composing already?
    composing bigint not null,
    primary key (exam_id, person_id, kind)
);

-- Who was let through all the same, by whom and why.
create table door_waiver (
    exam_id text not null references exam (id),
    person_id text not null references person (id),
    kind text not null,
    author_id text not null references person (id),
    at_ms bigint not null,
    reason text not null,
    primary key (exam_id, person_id, kind)
);
